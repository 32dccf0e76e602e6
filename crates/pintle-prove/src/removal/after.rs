//! What must be true after a removal, as the wire tells it.

use super::expect::{Expected, ids};
use super::kinds::Kind;
use super::step::Way;
use super::world::{Thing, World};
use crate::SECRET;
use pintle_testing::{Answer, Caller};
use serde_json::{Value, json};

impl World {
    pub fn assert_no_secret(&self, answer: &Answer) {
        assert!(!answer.text.contains(SECRET), "{} tells a value: {}", answer.request, answer.text);
        for secret in &self.secrets {
            assert!(
                !answer.text.contains(secret.as_str()),
                "{} tells {secret}: {}",
                answer.request,
                answer.text
            );
        }
    }

    /// Every way to reach what is gone says so.
    pub async fn assert_gone(&self, expected: &Expected) {
        let installation = &expected.installation;
        let owner = &self.tenants[installation.tenant].owner;
        let path = format!("/v1/integrations/configuration/{}", installation.id);
        owner.get(&path).await.fails(404, "not_found");
        owner.delete(&path).await.fails(404, "not_found");
        owner
            .post(&format!("/v2/integrations/installations/{}/uninstall", expected.id()), json!({}))
            .await
            .ok(404);
        let plan = format!("/pintle/v1/integrations/configurations/{}/removal", expected.id());
        owner.get(&plan).await.fails(404, "not_found");
        for thing in &expected.things {
            let answer = owner.get(&thing.path(thing.kind.row().read)).await;
            assert_eq!(answer.status, 404, "{} answered {}", answer.request, answer.text);
        }
        self.assert_bypasses_gone(expected).await;
        for token in &installation.tokens {
            assert_eq!(token.get("/v1/webhooks").await.fails(403, "forbidden")["invalidToken"], true);
            assert_eq!(token.delete(&path).await.fails(403, "forbidden")["invalidToken"], true);
        }
        let app = &self.apps[installation.app];
        for code in &installation.codes {
            let body = super::build::exchange_form(app, code);
            owner.post("/v2/oauth/access_token", body).await.fails(400, "invalid_grant");
        }
    }

    pub async fn assert_receipt(&self, expected: &Expected, plan: &Value, way: Way) {
        let owner = &self.tenants[expected.installation.tenant].owner;
        let answer = owner.get(&format!("/pintle/v1/removals/{}", expected.id())).await;
        self.assert_no_secret(&answer);
        let receipt = answer.ok(200);
        expected.assert_listed(&receipt["removed"]);
        assert_eq!(receipt["removed"], *plan, "the receipt is not the plan");
        assert_eq!(receipt["configurationId"], expected.id());
        let tenant = &self.tenants[expected.installation.tenant];
        let user = |caller: &Caller| json!(caller.user.as_str());
        let (actor, reason) = match way {
            Way::Owner | Way::Uninstall => (user(&tenant.owner), "requested"),
            Way::Member => (tenant.member.as_ref().map_or(Value::Null, user), "requested"),
            Way::Manager => (tenant.manager.as_ref().map_or(Value::Null, user), "requested"),
            Way::OwnToken => (json!(expected.id()), "requested"),
            Way::Sweep => (Value::Null, "disabled-too-long"),
        };
        assert_eq!((&receipt["removedBy"]["id"], &receipt["reason"]), (&actor, &json!(reason)));
        let listed = ids_of_receipts(&owner.get("/pintle/v1/removals?limit=100").await.ok(200));
        assert_eq!(listed.iter().filter(|id| *id == expected.id()).count(), 1, "receipts: {listed:?}");
    }

    /// One event, with a delivery to everybody who must hear of it, and the secret that signs each.
    pub async fn assert_event(&self, expected: &Expected) {
        let events = self.pintle.outbox("integration-configuration.removed").await;
        let of_it: Vec<_> =
            events.iter().filter(|told| told.payload["configuration"]["id"] == expected.id()).collect();
        let [told] = of_it.as_slice() else { panic!("{} removed events of {}", of_it.len(), expected.id()) };
        let said = format!("{} {}", told.audit, told.payload);
        assert!(
            self.secrets.iter().all(|secret| !said.contains(secret.as_str())),
            "an event tells a secret: {said}"
        );
        assert_eq!(told.receivers, expected.targets, "who hears of the removal of {}", expected.id());
    }

    /// Everything else still answers.
    pub async fn assert_neighbours(&mut self) {
        for (index, tenant) in self.tenants.iter().enumerate() {
            for kind in Kind::of_users() {
                let places = match kind {
                    Kind::Variable => tenant.project_ids(),
                    _ => vec![String::new()],
                };
                for project in places {
                    let path = kind.row().list.replace("{project}", &project);
                    let told = ids(&tenant.owner.get(&path).await.ok(200), kind.row().under);
                    let of_project =
                        |thing: &&Thing| project.is_empty() || thing.project.as_ref() == Some(&project);
                    let known =
                        self.things.iter().filter(|thing| thing.tenant == index && thing.kind == kind);
                    for thing in known.filter(of_project) {
                        assert!(told.contains(&thing.id), "{path} has lost {thing:?}");
                    }
                }
            }
            self.tally.neighbours += self.things.iter().filter(|thing| thing.tenant == index).count();
        }
        self.assert_bypasses_kept().await;
        self.tally.neighbours += self.bypasses.len();
        for installation in &self.installations {
            let path = format!("/v1/integrations/configuration/{}", installation.id);
            match (installation.tokens.first(), installation.disabled) {
                (Some(token), false) => drop(token.get(&path).await.ok(200)),
                (Some(token), true) => {
                    drop(token.get(&path).await.fails(403, "integration_configuration_disabled"))
                }
                (None, _) => drop(self.tenants[installation.tenant].owner.get(&path).await.ok(200)),
            }
        }
        self.tally.neighbours += self.installations.len();
    }
}

fn ids_of_receipts(answer: &Value) -> Vec<String> {
    let list = answer["removals"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|receipt| receipt["configurationId"].as_str()).map(str::to_owned).collect()
}
