//! Variables and projects: the things with rules of their own.

use super::build::text;
use super::kinds::{self, Kind};
use super::world::{Thing, World};
use pintle_testing::{Answer, Caller};
use serde_json::{Value, json};

impl World {
    /// Makes one variable, or several at once, or changes what is there by upsert.
    pub async fn make_variables(
        &mut self,
        tenant: usize,
        owner: Option<String>,
        caller: &Caller,
        project: &str,
    ) {
        let bodies: Vec<Value> = match self.dice.chance(30) {
            true => (0..self.dice.between(1, 4)).map(|_| kinds::variable(&mut self.dice)).collect(),
            false => vec![kinds::variable(&mut self.dice)],
        };
        let many = bodies.len() > 1;
        let upsert = self.dice.chance(30);
        self.post_variables(tenant, owner, caller, project, bodies, many, upsert).await;
    }

    /// Posts variables and follows the answer: which of them came to be, which changed another, which failed.
    #[expect(clippy::too_many_arguments, reason = "who, where and what of one request")]
    pub async fn post_variables(
        &mut self,
        tenant: usize,
        owner: Option<String>,
        caller: &Caller,
        project: &str,
        bodies: Vec<Value>,
        many: bool,
        upsert: bool,
    ) {
        let path = format!("/v10/projects/{project}/env{}", if upsert { "?upsert=true" } else { "" });
        let sent = if many { json!(bodies) } else { bodies[0].clone() };
        let expected = self.expect_variables(tenant, &owner, project, &bodies, upsert);
        let answer = caller.post(&path, sent.clone()).await;
        let created = created(&answer);
        let fates: Vec<&Fate> = expected.iter().map(|(_, fate)| fate).collect();
        let good = expected.iter().filter(|(_, fate)| *fate != Fate::Conflict).count();
        assert_eq!(created.len(), good, "of {sent}, expected {fates:?}, {}: {}", answer.request, answer.text);
        let mut ids = created.iter().map(|variable| text(&variable["id"]));
        for (mut thing, fate) in expected {
            let Some(id) = (fate != Fate::Conflict).then(|| ids.next()).flatten() else { continue };
            match fate {
                Fate::Changes(before) if before == NEW || before == id => {
                    match self.things.iter_mut().find(|t| t.id == id) {
                        Some(existing) => existing.body = thing.body,
                        None => panic!("an upsert answered with an unknown id: {}", answer.text),
                    }
                }
                Fate::Changes(before) => panic!("an upsert of {before} answered {}", answer.text),
                Fate::Born => {
                    assert!(self.things.iter().all(|t| t.id != id), "the id {id} was used before");
                    thing.id = id;
                    self.things.push(thing);
                }
                Fate::Conflict => {}
            }
        }
    }

    /// What must become of each: in the order in which they were sent.
    fn expect_variables(
        &self,
        tenant: usize,
        owner: &Option<String>,
        project: &str,
        bodies: &[Value],
        upsert: bool,
    ) -> Vec<(Thing, Fate)> {
        let mut there: Vec<Thing> =
            self.things.iter().filter(|thing| thing.kind == Kind::Variable).cloned().collect();
        let mut expected = Vec::new();
        for body in bodies {
            let thing = Thing {
                kind: Kind::Variable,
                id: NEW.to_owned(),
                tenant,
                owner: owner.clone(),
                project: Some(project.to_owned()),
                body: body.clone(),
                secret: None,
            };
            // A user may change any variable; an installation sees only its own.
            let mine = |other: &Thing| owner.is_none() || other.owner == *owner;
            let in_the_way: Vec<&Thing> = there.iter().filter(|other| thing.conflicts(other)).collect();
            let fate = match in_the_way.as_slice() {
                [] => Fate::Born,
                [other] if upsert && thing.same_place(other) && mine(other) => {
                    Fate::Changes(other.id.clone())
                }
                _ => Fate::Conflict,
            };
            if fate == Fate::Born {
                there.push(thing.clone());
            }
            expected.push((thing, fate));
        }
        expected
    }

    /// A user changes a variable: its value, its key, or where it holds.
    pub async fn edit_variable(&mut self, tenant: usize) {
        let Some(index) = self.any_thing(tenant, |thing| thing.kind == Kind::Variable) else { return };
        let mut change = json!({});
        let sensitive = self.things[index].body["type"] == "sensitive";
        match self.dice.between(0, 2) {
            0 if !sensitive => change["key"] = json!(kinds::key(&mut self.dice)),
            1 if !sensitive => {
                let (targets, branch) = kinds::place(&mut self.dice);
                change["target"] = json!(targets);
                change["gitBranch"] = json!(branch);
            }
            _ => change["value"] = json!(kinds::secret(&mut self.dice)),
        }
        let mut edited = self.things[index].clone();
        for (field, value) in change.as_object().into_iter().flatten() {
            edited.body[field] = value.clone();
        }
        let conflict = self.things.iter().any(|other| other.id != edited.id && edited.conflicts(other));
        let path = edited.path("/v9/projects/{project}/env/{id}");
        let answer = self.editor(tenant).patch(&path, change).await;
        if conflict {
            assert!([400, 403, 409].contains(&answer.status), "{} answered {}", answer.request, answer.text);
        } else {
            answer.ok(200);
            self.things[index] = edited;
        }
    }

    /// A user gives a drain another name, whichever API it was made with.
    pub async fn rename_drain(&mut self, tenant: usize) {
        let Some(index) = self.any_thing(tenant, |thing| thing.kind.row().table == "drains") else { return };
        let name = kinds::drain_name(&mut self.dice);
        let path = format!("/v1/drains/{}", self.things[index].id);
        self.editor(tenant).patch(&path, json!({ "name": name })).await.ok(200);
        self.things[index].body["name"] = json!(name);
    }

    /// A user deletes a thing, or the installation that owns it does.
    pub async fn delete_thing(&mut self, tenant: usize) {
        let Some(index) = self.any_thing(tenant, |_| true) else { return };
        let thing = self.things[index].clone();
        let own = self.installations.iter().find(|i| Some(&i.id) == thing.owner.as_ref());
        let reachable = |i: &&super::world::Installation| match (&i.selection, &thing.project) {
            (Some(selection), Some(project)) => selection.contains(project),
            _ => true,
        };
        let token = own.filter(reachable).and_then(|installation| installation.token()).cloned();
        let caller = match token.filter(|_| self.dice.chance(50)) {
            Some(token) => token,
            None => self.editor(tenant),
        };
        caller.delete(&thing.path(thing.kind.row().delete)).await.ok(thing.kind.row().deleted);
        self.things.remove(index);
    }

    fn any_thing(&mut self, tenant: usize, which: impl Fn(&Thing) -> bool) -> Option<usize> {
        let all = 0..self.things.len();
        let fitting: Vec<usize> =
            all.filter(|index| self.things[*index].tenant == tenant && which(&self.things[*index])).collect();
        (!fitting.is_empty()).then(|| *self.dice.pick(&fitting))
    }

    pub async fn rename_project(&mut self, tenant: usize) {
        let count = self.tenants[tenant].projects.len();
        if count == 0 {
            return;
        }
        let index = self.dice.between(0, count - 1);
        let name = format!("{}-{}", self.tenants[tenant].projects[index].name, self.dice.between(0, 9));
        let taken = self.tenants[tenant].projects.iter().any(|project| project.name == name);
        let path = format!("/v9/projects/{}", self.tenants[tenant].projects[index].id);
        let answer = self.editor(tenant).patch(&path, json!({ "name": name })).await;
        if taken {
            assert!(answer.status >= 400, "{} answered {}", answer.request, answer.text);
        } else {
            answer.ok(200);
            self.tenants[tenant].projects[index].name = name;
        }
    }

    /// A project goes with its variables; not the last one, and none that a webhook or drain names.
    pub async fn delete_project(&mut self, tenant: usize) {
        let named = |id: &str| {
            let others = self.things.iter().filter(|thing| thing.kind != Kind::Variable);
            others.flat_map(Thing::projects).any(|project| project == id)
        };
        let projects = self.tenants[tenant].project_ids();
        let free: Vec<String> = projects.iter().filter(|id| !named(id)).cloned().collect();
        if projects.len() < 2 || free.is_empty() {
            return;
        }
        let id = self.dice.pick(&free).clone();
        self.editor(tenant).delete(&format!("/v9/projects/{id}")).await.ok(204);
        self.tenants[tenant].projects.retain(|project| project.id != id);
        self.things.retain(|thing| thing.project.as_ref() != Some(&id));
        self.bypasses.retain(|bypass| bypass.project != id);
        for installation in &mut self.installations {
            if let Some(selection) = &mut installation.selection {
                selection.retain(|project| *project != id);
            }
        }
    }
}

/// The id of a variable that has none yet.
const NEW: &str = "new";

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Born,
    /// An upsert changes the variable of this id.
    Changes(String),
    Conflict,
}

/// The variables that an answer calls created.
fn created(answer: &Answer) -> Vec<Value> {
    match answer.status {
        201 => match answer.json()["created"].take() {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            one => vec![one],
        },
        400 | 403 | 409 => Vec::new(),
        _ => panic!("{} answered {}", answer.request, answer.text),
    }
}
