//! Protection bypasses of projects: made by installations and by users, in one project side by side. The wire has them inside the project,
//! by their secrets; a receipt names them by their notes.

use super::expect::Expected;
use super::world::World;
use crate::dice::Dice;
use pintle_testing::Caller;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub struct Bypass {
    pub secret: String,
    pub tenant: usize,
    pub project: String,
    /// The configuration that owns it.
    pub owner: Option<String>,
    pub note: String,
    /// Deployments are told of it: of one in each project, and of no installation's.
    pub is_env_var: bool,
}

/// Few, so that neighbours have the same ones.
const NOTES: [&str; 3] = ["end-to-end tests", "crawler", ""];

impl World {
    /// An installation makes one in a project that it reaches.
    pub async fn attach_bypass(&mut self, index: usize) {
        let installation = self.installations[index].clone();
        let Some(caller) = installation.token() else { return };
        let tenant = installation.tenant;
        let reachable = installation.selection.clone().unwrap_or_else(|| self.tenants[tenant].project_ids());
        if !reachable.is_empty() {
            let project = self.dice.pick(&reachable).clone();
            let made = new(&mut self.dice, tenant, project, Some(installation.id.clone()));
            self.generate_bypass(caller, made).await;
        }
    }

    /// A user makes one, lets deployments be told of another, or takes one back, whoever made it.
    pub async fn own_bypass(&mut self, tenant: usize) {
        let caller = self.editor(tenant);
        let projects = self.tenants[tenant].project_ids();
        let there: Vec<Bypass> = self.bypasses.iter().filter(|one| one.tenant == tenant).cloned().collect();
        if there.is_empty() || self.dice.chance(50) {
            if !projects.is_empty() {
                let project = self.dice.pick(&projects).clone();
                let made = new(&mut self.dice, tenant, project, None);
                self.generate_bypass(&caller, made).await;
            }
            return;
        }
        let chosen = self.dice.pick(&there).clone();
        if self.dice.chance(50) {
            self.tell_deployments(&caller, &chosen).await;
        } else {
            self.revoke_bypass(&caller, &chosen).await;
        }
    }

    pub async fn generate_bypass(&mut self, caller: &Caller, made: Bypass) {
        let wanted = json!({ "generate": { "secret": made.secret, "note": made.note } });
        let answer = caller.patch(&path(&made.project), wanted).await.ok(200);
        self.secrets.push(made.secret.clone());
        let (project, owner) = (made.project.clone(), made.owner.clone());
        self.bypasses.push(made);
        self.read_bypasses(&project, owner.as_deref(), &answer["protectionBypass"]);
    }

    async fn tell_deployments(&mut self, caller: &Caller, chosen: &Bypass) {
        let wanted = json!({ "update": { "secret": chosen.secret, "isEnvVar": true } });
        let answer = caller.patch(&path(&chosen.project), wanted).await;
        if chosen.owner.is_some() {
            answer.fails(400, "bad_request");
            return;
        }
        let answer = answer.ok(200);
        assert_eq!(answer["protectionBypass"][&chosen.secret]["isEnvVar"], true, "{answer}");
        self.read_bypasses(&chosen.project, None, &answer["protectionBypass"]);
    }

    async fn revoke_bypass(&mut self, caller: &Caller, chosen: &Bypass) {
        let wanted = json!({ "revoke": { "secret": chosen.secret, "regenerate": false } });
        let answer = caller.patch(&path(&chosen.project), wanted).await.ok(200);
        self.bypasses.retain(|one| (&one.project, &one.secret) != (&chosen.project, &chosen.secret));
        self.read_bypasses(&chosen.project, None, &answer["protectionBypass"]);
    }

    /// An installation is shown its own, a user all of the project; which one deployments are told of is Pintle's choice in part.
    fn read_bypasses(&mut self, project: &str, reader: Option<&str>, shown: &Value) {
        self.assert_bypasses(project, reader, shown, false);
        for bypass in self.bypasses.iter_mut().filter(|one| one.project == project && reader.is_none()) {
            bypass.is_env_var = shown[&bypass.secret]["isEnvVar"] == true;
        }
    }

    /// That exactly those are shown that the world knows; `whole`: and that none of them has changed.
    fn assert_bypasses(&self, project: &str, reader: Option<&str>, shown: &Value, whole: bool) {
        let of_project = self.bypasses.iter().filter(|one| one.project == project);
        let known = of_project.filter(|one| reader.is_none() || one.owner.as_deref() == reader);
        let known: Vec<&Bypass> = known.collect();
        let told = shown.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(told, known.len(), "bypasses of {project} for {reader:?}: {shown}, not {known:?}");
        for bypass in &known {
            let there = &shown[&bypass.secret];
            let owner = there["configurationId"].as_str();
            assert!(there.is_object() && owner == bypass.owner.as_deref(), "{shown} has not {bypass:?}");
            let kept = there["note"] == bypass.note.as_str() && there["isEnvVar"] == bypass.is_env_var;
            assert!(kept || !whole, "{bypass:?} has become {there}");
        }
        let told_of = known.iter().filter(|one| shown[&one.secret]["isEnvVar"] == true);
        let told_of: Vec<_> = told_of.map(|one| &one.owner).collect();
        let due = usize::from(known.iter().any(|one| one.owner.is_none()));
        assert!(
            told_of.len() == due && told_of.iter().all(|owner| owner.is_none()),
            "deployments of {project} are told of {told_of:?}: {shown}"
        );
    }

    /// Those of a removed installation open nothing, and cannot be taken back any more.
    pub async fn assert_bypasses_gone(&self, expected: &Expected) {
        let owner = &self.tenants[expected.installation.tenant].owner;
        for bypass in &expected.bypasses {
            let wanted = json!({ "revoke": { "secret": bypass.secret, "regenerate": false } });
            owner.patch(&path(&bypass.project), wanted).await.fails(404, "not_found");
        }
    }

    /// All others are as they were.
    pub async fn assert_bypasses_kept(&self) {
        for tenant in &self.tenants {
            for project in tenant.project_ids() {
                let shown = tenant.owner.get(&format!("/v9/projects/{project}")).await.ok(200);
                self.assert_bypasses(&project, None, &shown["protectionBypass"], true);
            }
        }
    }
}

fn new(dice: &mut Dice, tenant: usize, project: String, owner: Option<String>) -> Bypass {
    // 32 letters and digits.
    let secret = dice.word() + &dice.word();
    let note = (*dice.pick(&NOTES)).to_owned();
    Bypass { secret, tenant, project, owner, note, is_env_var: false }
}

fn path(project: &str) -> String {
    format!("/v1/projects/{project}/protection-bypass")
}

/// How a plan or receipt names them: by note and project, sorted.
pub fn named<'a>(bypasses: impl Iterator<Item = &'a Bypass>) -> Vec<(&'a str, &'a str)> {
    let mut named: Vec<_> = bypasses.map(|one| (one.note.as_str(), one.project.as_str())).collect();
    named.sort_unstable();
    named
}
