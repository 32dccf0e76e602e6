//! The end of a whole tenant: a team is deleted, or the user of a personal account. Everything that it owned goes, nothing else does, and
//! the receipt says what went.

use super::dump::{Dump, Ended};
use super::world::World;
use crate::SECRET;
use pintle_testing::{Answer, Caller};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl World {
    /// The last that happens to half of the worlds; to none with native installations, of which the model here knows nothing.
    pub async fn end_somebody(&mut self, tables: &[String]) {
        if self.dice.chance(50) {
            return;
        }
        let index = self.dice.between(0, self.tenants.len() - 1);
        let owner = self.tenants[index].owner.clone();
        if owner.team.is_some() {
            self.furnish(index).await;
        }
        let before = Dump::take(&self.pintle.core.db, tables).await;
        // The first tenant develops what the others have installed.
        let needed = index == 0 && self.installations.iter().any(|installed| installed.tenant != 0);
        let answer = end(&owner).await;
        let after = Dump::take(&self.pintle.core.db, tables).await;
        after.assert_sealed(SECRET);
        self.assert_no_secret(&answer);
        if needed {
            answer.fails(409, "integration_installed");
            before.assert_same(&after, "a refused deletion");
            return;
        }
        let (receipt, removals) = self.receipts(index, answer).await;
        let ended = Ended::new(id_of(&owner), &receipt, &removals);
        before.assert_ended(&after, &ended);
        self.assert_named(index, &receipt, &removals);
        self.tally.ended += 1;
        self.take_out(index);
        self.assert_neighbours().await;
    }

    /// A group with a member and a project, somebody who is invited, somebody who asks to come in.
    async fn furnish(&mut self, index: usize) {
        let tenant = &self.tenants[index];
        let (owner, team) = (&tenant.owner, id_of(&tenant.owner));
        let projects: Vec<Value> = tenant
            .projects
            .iter()
            .map(|project| json!({ "projectId": project.id, "role": "ADMIN" }))
            .collect();
        let members: Vec<Value> = tenant.viewer.iter().map(|viewer| json!(viewer.user)).collect();
        let group = json!({ "name": "group", "projects": projects, "membersToAdd": members });
        owner.post("/v1/access-groups", group).await.ok(200);
        let invited = json!({ "email": "nobody@example.com" });
        owner.post(&format!("/v1/teams/{team}/members"), invited).await.ok(200);
        let ask = json!({ "joinedFrom": { "origin": "teams" } });
        let asking = self.pintle.user("somebody").await;
        asking.post(&format!("/v1/teams/{team}/request"), ask).await.ok(200);
    }

    /// The receipt of the deletion, and those of the tenant's installations.
    async fn receipts(&self, index: usize, answer: Answer) -> (Value, Vec<Value>) {
        let owner = &self.tenants[index].owner;
        let Some(team) = &owner.team else {
            // Its bearer is gone: of what was removed with the account the database tells.
            let receipt = answer.ok(202)["receipt"].clone();
            return (receipt, self.removals_of(&id_of(owner)).await);
        };
        answer.ok(200);
        let own = owner.without_team();
        let found = own.get(&format!("/pintle/v1/deletions/{team}")).await;
        self.assert_no_secret(&found);
        let receipt = found.ok(200);
        let mut removals = Vec::new();
        for installed in receipt["installations"].as_array().into_iter().flatten() {
            let id = installed["id"].as_str().expect("an id");
            removals.push(own.get(&format!("/pintle/v1/removals/{id}")).await.ok(200));
        }
        (receipt, removals)
    }

    async fn removals_of(&self, owner: &str) -> Vec<Value> {
        let conn = self.pintle.core.db.read().await.expect("a connection");
        let sql = "SELECT doc FROM removals WHERE owner_id = $1";
        let rows: Vec<(String,)> = conn.all(sql, &[owner.into()]).await.expect("the receipts");
        let docs = rows.iter().map(|(doc,)| serde_json::from_str::<Value>(doc).expect("a receipt"));
        docs.filter(|doc| doc["reason"] == "owner-deleted").collect()
    }

    /// What the model knows of the tenant stands in a receipt: its own things in the deletion's, what installations attached in theirs.
    fn assert_named(&self, index: usize, receipt: &Value, removals: &[Value]) {
        let named =
            |list: &Value, id: &str| list.as_array().into_iter().flatten().any(|item| item["id"] == id);
        for thing in self.things.iter().filter(|thing| thing.tenant == index) {
            let field = thing.kind.row().receipt;
            let list = match &thing.owner {
                None => &receipt["deleted"][field],
                Some(id) => {
                    let removal = removals.iter().find(|removal| removal["configurationId"] == id.as_str());
                    &removal.expect("a receipt of the installation")["removed"][field]
                }
            };
            assert!(named(list, &thing.id), "no receipt names {thing:?}");
        }
        for project in &self.tenants[index].projects {
            assert!(
                named(&receipt["deleted"]["projects"], &project.id),
                "the receipt forgets {}",
                project.name
            );
        }
        let installed: BTreeSet<&str> =
            self.installations.iter().filter(|one| one.tenant == index).map(|one| one.id.as_str()).collect();
        let listed = receipt["installations"].as_array().into_iter().flatten();
        let listed: BTreeSet<&str> = listed.filter_map(|item| item["id"].as_str()).collect();
        assert_eq!(listed, installed, "the installations that the receipt names");
    }

    fn take_out(&mut self, index: usize) {
        self.tenants.remove(index);
        self.things.retain(|thing| thing.tenant != index);
        self.bypasses.retain(|bypass| bypass.tenant != index);
        self.installations.retain(|installation| installation.tenant != index);
        let moved = |tenant: &mut usize| *tenant -= usize::from(*tenant > index);
        self.things.iter_mut().for_each(|thing| moved(&mut thing.tenant));
        self.bypasses.iter_mut().for_each(|bypass| moved(&mut bypass.tenant));
        self.installations.iter_mut().for_each(|installation| moved(&mut installation.tenant));
    }
}

fn id_of(owner: &Caller) -> String {
    owner.team.as_ref().map_or_else(|| owner.user.to_string(), ToString::to_string)
}

async fn end(owner: &Caller) -> Answer {
    match &owner.team {
        Some(team) => owner.delete(&format!("/v1/teams/{team}")).await,
        None => owner.delete("/v1/user").await,
    }
}
