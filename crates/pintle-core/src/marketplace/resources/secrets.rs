//! The secrets of a resource: what its connected projects get as variables. They are sealed, and shown to nobody.

use super::naming::variable_name;
use crate::ids::ResourceId;
use crate::projects::env::{Target, Wanted};
use crate::{Core, Error, Result, validate};
use serde::{Deserialize, Serialize};

/// Of one resource.
const LIMIT: usize = 200;
/// Bytes of one value, as of a variable's.
const VALUE: usize = 64 << 10;

/// As a partner sends it (semantics.md 4.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    pub name: String,
    pub value: String,
    /// Stands before the name of the variable, unless the user chose another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_overrides: Option<Overrides>,
}

/// Values for single environments.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub development: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production: Option<String>,
}

/// What is shown of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub name: String,
    /// Characters of the value.
    pub length: usize,
}

impl Secret {
    pub(super) fn shown(&self) -> Shown {
        Shown { name: self.name.clone(), length: self.value.chars().count() }
    }

    fn value_for(&self, target: Target) -> &str {
        let overridden = self.environment_overrides.as_ref().and_then(|overrides| match target {
            Target::Development => overrides.development.as_deref(),
            Target::Preview => overrides.preview.as_deref(),
            Target::Production => overrides.production.as_deref(),
        });
        overridden.unwrap_or(&self.value)
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let overrides = self.environment_overrides.iter();
        let overrides = overrides.flat_map(|o| [&o.development, &o.preview, &o.production]);
        std::iter::once(self.value.as_str()).chain(overrides.flatten().map(String::as_str))
    }
}

/// # Errors
/// 400 for a list or a value beyond its limits, a name that no variable could have, or two secrets of one name.
pub fn check(secrets: &[Secret]) -> Result<()> {
    validate::items("secrets", secrets, 0, LIMIT)?;
    for (at, secret) in secrets.iter().enumerate() {
        validate::length(&format!("secrets[{at}].name"), &secret.name, 256)?;
        validate::at_most(
            &format!("secrets[{at}].prefix"),
            secret.prefix.as_deref().unwrap_or_default(),
            128,
        )?;
        if let Some(value) = secret.values().find(|value| value.len() > VALUE) {
            let text = format!(
                "The secret `{}` has a value of {} bytes; {VALUE} are allowed",
                secret.name,
                value.len()
            );
            return Err(Error::bad_request(text));
        }
        // With some prefix a name may begin with anything, so any letter will do here.
        variable_name(&secret.name, secret.prefix.as_deref(), None)
            .or_else(|_| variable_name(&secret.name, None, Some("A")))?;
        if secrets[..at].iter().any(|other| other.name == secret.name) {
            return Err(Error::bad_request(format!("The secret `{}` is given twice", secret.name)));
        }
    }
    Ok(())
}

/// What a resource has after an update: the given ones and no others, or with `partial` the given ones over those that it had.
///
/// # Errors
/// 400 where that is too many.
pub fn merge(before: Vec<Secret>, given: Vec<Secret>, partial: bool) -> Result<Vec<Secret>> {
    if !partial {
        return Ok(given);
    }
    let mut after = before;
    for secret in given {
        match after.iter_mut().find(|known| known.name == secret.name) {
            Some(known) => *known = secret,
            None => after.push(secret),
        }
    }
    validate::items("secrets", &after, 0, LIMIT)?;
    Ok(after)
}

/// The variables of a connection: for each secret one for each of its distinct values, in these environments.
///
/// # Errors
/// 400 where a name is none, or two secrets would be the same variable.
pub fn variables(secrets: &[Secret], prefix: Option<&str>, environments: &[Target]) -> Result<Vec<Wanted>> {
    let mut wanted: Vec<Wanted> = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let key = variable_name(&secret.name, secret.prefix.as_deref(), prefix)?;
        if wanted.iter().any(|other| other.key == key) {
            return Err(Error::bad_request(format!("Two secrets would be the variable `{key}`")));
        }
        let mut values: Vec<(&str, Vec<Target>)> = Vec::new();
        for target in environments {
            let value = secret.value_for(*target);
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, targets)) => targets.push(*target),
                None => values.push((value, vec![*target])),
            }
        }
        wanted.extend(values.into_iter().map(|(value, target)| Wanted {
            key: key.clone(),
            value: value.to_owned(),
            target,
        }));
    }
    Ok(wanted)
}

pub(super) fn seal(core: &Core, id: &ResourceId, secrets: &[Secret]) -> Result<Vec<u8>> {
    core.vault.seal(id.as_str(), serde_json::to_string(secrets)?.as_bytes(), &core.entropy)
}

pub(super) fn open(core: &Core, id: &ResourceId, sealed: Option<&[u8]>) -> Result<Vec<Secret>> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    Ok(serde_json::from_str(&core.vault.open_text(id.as_str(), sealed)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Target::{Development, Preview, Production};

    fn secret(name: &str, value: &str) -> Secret {
        Secret { name: name.into(), value: value.into(), prefix: None, environment_overrides: None }
    }

    #[test]
    fn a_secret_is_one_variable_for_each_distinct_value() {
        let overrides =
            Overrides { development: Some("dev".into()), preview: Some("main".into()), production: None };
        let overridden = Secret { environment_overrides: Some(overrides), ..secret("URL", "main") };
        let all = [Production, Preview, Development];
        let of = |environments: &[Target]| {
            let wanted = variables(std::slice::from_ref(&overridden), Some("DB"), environments).unwrap();
            wanted.into_iter().map(|w| (w.key, w.value, w.target)).collect::<Vec<_>>()
        };
        let main = |target: &[Target]| ("DB_URL".to_owned(), "main".to_owned(), target.to_vec());
        let dev = ("DB_URL".to_owned(), "dev".to_owned(), vec![Development]);
        assert_eq!(of(&all), [main(&[Production, Preview]), dev.clone()]);
        assert_eq!(of(&[Preview]), [main(&[Preview])]);
        assert_eq!(of(&[Development]), [dev]);
    }

    #[test]
    fn a_partial_update_leaves_the_others() {
        let before = vec![secret("A", "1"), secret("B", "2")];
        let given = vec![secret("B", "3"), secret("C", "4")];
        let partial = merge(before.clone(), given.clone(), true).unwrap();
        assert!(partial == [secret("A", "1"), secret("B", "3"), secret("C", "4")]);
        assert!(merge(before, given.clone(), false).unwrap() == given);
        let many: Vec<Secret> = (0..=LIMIT).map(|n| secret(&format!("S{n}"), "x")).collect();
        assert!(merge(vec![], many, true).is_err());
    }

    #[test]
    fn secrets_that_cannot_be_variables_are_refused() {
        let cases = [
            (vec![secret("", "x")], "should NOT be shorter"),
            (vec![secret("A.B", "x")], "A.B"),
            (vec![secret("A", "x"), secret("A", "y")], "given twice"),
            (vec![secret("A", &"x".repeat(VALUE + 1))], "65537 bytes"),
        ];
        for (secrets, text) in cases {
            let message = check(&secrets).unwrap_err().message;
            assert!(message.contains(text), "{message}");
        }
        check(&[secret("9TH", "x"), secret("a b", "")]).unwrap();
        let same = variables(&[secret("A-B", "1"), secret("A_B", "2")], None, &[Preview]);
        assert!(same.err().unwrap().message.contains("`A_B`"));
    }
}
