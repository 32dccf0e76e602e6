//! createProjectEnv: one variable or many, each of which may fail alone (semantics.md 7.3).

use super::insert::{Outcome, insert};
use super::policy::Policy;
use super::rules::{self, failure};
use super::{Kind, Reach, Target, Variable, Visibility};
use crate::ids::{EnvId, UserId};
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope, projects};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The body: an object answers with an object, an array with an array.
pub enum Body {
    One(NewVariable),
    Many(Vec<NewVariable>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewVariable {
    pub key: String,
    pub value: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub target: Option<OneOrMany<Target>>,
    pub git_branch: Option<String>,
    pub comment: Option<String>,
    pub custom_environment_ids: Option<Vec<String>>,
    pub visibility: Option<Visibility>,
}

/// Clients send a single target as text, too.
#[derive(Debug, Clone)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

/// By hand, since an untagged enum would not say which of the two is wrong, and how.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("sequence")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(OneOrMany::One)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

/// A variable that keeps the rules by itself, with its value sealed; or why it does not.
pub(super) type Draft = Result<(Variable, String, Vec<u8>)>;

/// What is to be inserted, prepared outside the transaction so that the writer need not wait for it.
pub(in crate::projects) struct Drafts(pub(super) Vec<Draft>);

impl Drafts {
    /// `within` says where they stand in the body: nothing for an object, `[0].` for an array.
    ///
    /// # Errors
    /// 400 for what breaks the contract's schema, which fails the whole body.
    pub(in crate::projects) fn new(
        core: &Core,
        scope: &Scope,
        variables: Vec<NewVariable>,
        policy: Policy,
        within: impl Fn(usize) -> String,
    ) -> Result<Self> {
        for (at, input) in variables.iter().enumerate() {
            let at = within(at);
            if input.target.is_none() && input.custom_environment_ids.is_none() {
                return Err(Error::invalid(format_args!("missing required property `{at}target`.")));
            }
            rules::lengths(&at, input.git_branch.as_deref(), input.comment.as_deref())?;
        }
        Ok(Self(variables.into_iter().map(|input| draft(core, scope, policy, input)).collect()))
    }

    /// # Errors
    /// 403 where one of them is of production and the caller may not touch those.
    pub(super) fn check(&self, reach: &Reach<'_>) -> Result<()> {
        self.0.iter().flatten().try_for_each(|(variable, ..)| reach.check(variable))
    }
}

fn draft(core: &Core, scope: &Scope, policy: Policy, input: NewVariable) -> Draft {
    let mut target = input.target.map(OneOrMany::into_vec).unwrap_or_default();
    let mut custom_environment_ids = input.custom_environment_ids.unwrap_or_default();
    unique(&mut target);
    unique(&mut custom_environment_ids);
    let user = author(scope);
    let mut variable = Variable {
        kind: input.kind,
        id: EnvId::at(core.clock.now(), &core.entropy),
        key: input.key,
        target,
        custom_environment_ids,
        git_branch: input.git_branch.filter(|branch| !branch.is_empty()),
        comment: input.comment,
        visibility: input.visibility,
        configuration_id: scope.configuration().cloned(),
        content_hint: None,
        created_at: 0,
        updated_at: 0,
        created_by: user.clone(),
        updated_by: user,
    };
    policy.apply(&mut variable)?;
    rules::check(&variable, &input.value)?;
    let sealed = core.vault.seal(variable.id.as_str(), input.value.as_bytes(), &core.entropy)?;
    Ok((variable, input.value, sealed))
}

/// The user who acts; an installation's variables name the installation instead.
pub(super) fn author(scope: &Scope) -> Option<UserId> {
    match &scope.principal {
        Principal::User { id, .. } => Some(id.clone()),
        _ => None,
    }
}

/// Drops what is there twice and keeps the order.
pub(super) fn unique<T: PartialEq + Clone>(list: &mut Vec<T>) {
    let mut seen: Vec<T> = Vec::with_capacity(list.len());
    list.retain(|item| {
        let first = !seen.contains(item);
        if first {
            seen.push(item.clone());
        }
        first
    });
}

/// createProjectEnv: answers `{created, failed}` as it goes on the wire. With `upsert`, a variable of the same key, branch and set
/// of environments is updated instead of refused.
///
/// # Errors
/// Where nothing was created: 400 with the variable's own code for an object, 400 `BAD_REQUEST` with `failed` beside it for an
/// array. 400 for a body that breaks the schema, 403 for production without the right to it, 404 for an unknown project.
pub async fn create(core: &Core, scope: &Scope, project: &str, body: Body, upsert: bool) -> Result<String> {
    let now = core.clock.now();
    let (one, variables) = match body {
        Body::One(variable) => (true, vec![variable]),
        Body::Many(variables) => (false, variables),
    };
    let policy = Policy::of(core, scope).await?;
    let within = |at| if one { String::new() } else { format!("[{at}].") };
    let drafts = Drafts::new(core, scope, variables, policy, within)?;
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    let outcome = core
        .clone()
        .db
        .write(async move |tx| {
            let project = projects::locate(tx, &scope, &project).await?;
            insert(tx, &core, &scope, &project, &drafts, upsert, now).await
        })
        .await?;
    answer(one, outcome)
}

fn answer(one: bool, Outcome { created, failed }: Outcome) -> Result<String> {
    let items: Vec<Json> = failed.iter().map(failed_item).collect();
    let created = match (created.as_slice(), failed.into_iter().next()) {
        ([], Some(error)) if one => return Err(error),
        ([], _) => {
            let error = failure("BAD_REQUEST", "No environment variables were created");
            return Err(error.beside("failed", items));
        }
        ([only], _) if one => only.clone(),
        (many, _) => format!("[{}]", many.join(",")),
    };
    Ok(format!("{{\"created\":{created},\"failed\":{}}}", Json::Array(items)))
}

pub(super) fn failed_item(error: &Error) -> Json {
    let mut item = json!({ "code": error.code, "message": error.message });
    for (key, value) in &error.details {
        item[key] = value.clone();
    }
    json!({ "error": item })
}
