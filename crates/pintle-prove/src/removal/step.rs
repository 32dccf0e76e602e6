//! A removal by any of the ways that lead to one, and everything that must be true before, at and after it.

use super::bypasses::Bypass;
use super::dump::Dump;
use super::expect::{Expected, gone};
use super::world::{Tally, World};
use crate::SECRET;
use pintle_core::clock::{DAY, SECOND};
use pintle_core::configurations::lifecycle;
use pintle_testing::Caller;
use serde_json::{Value, json};

/// Ways that lead to a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Owner,
    Member,
    Manager,
    OwnToken,
    Uninstall,
    /// Disabled for thirty days.
    Sweep,
}

impl World {
    /// Removes installations, sometimes until none is left, and installs some of them again.
    pub async fn prove(&mut self, tables: &[String]) {
        let mut left = if self.dice.chance(15) { self.installations.len() } else { self.dice.between(1, 3) };
        let to_none = left == self.installations.len();
        while left > 0 && !self.installations.is_empty() {
            left -= 1;
            let index = self.dice.between(0, self.installations.len() - 1);
            let removed = self.remove(index, tables).await;
            // At least the last is installed again.
            for expected in removed {
                if !to_none && (left == 0 || self.dice.chance(50)) {
                    self.install_again(expected).await;
                }
            }
        }
    }

    async fn remove(&mut self, index: usize, tables: &[String]) -> Vec<Expected> {
        let way = self.choose_way(index);
        let removed: Vec<usize> = match way {
            Way::Sweep => self.disable_for_thirty_days(index).await,
            _ => vec![index],
        };
        let expected: Vec<Expected> = removed.iter().map(|index| self.expect(*index)).collect();
        let before = Dump::take(&self.pintle.core.db, tables).await;
        before.assert_sealed(SECRET);
        for bypass in &self.bypasses {
            before.assert_sealed(&bypass.secret);
        }
        // A plan changes nothing: whatever it wrote would look like the removal's doing.
        let mut plans = Vec::new();
        for expected in &expected {
            plans.push(self.plan(expected).await);
        }
        if self.dice.chance(30) {
            self.refuse(index).await;
            before.assert_same(&Dump::take(&self.pintle.core.db, tables).await, "a refused removal");
        }
        self.go(way, index, expected.len()).await;
        let after = Dump::take(&self.pintle.core.db, tables).await;
        after.assert_sealed(SECRET);
        before.assert_removed(&after, &gone(&expected));
        for (expected, plan) in expected.iter().zip(&plans) {
            self.forget(expected);
            self.assert_gone(expected).await;
            self.assert_receipt(expected, plan, way).await;
            self.assert_event(expected).await;
        }
        self.assert_neighbours().await;
        expected
    }

    fn choose_way(&mut self, index: usize) -> Way {
        let installation = &self.installations[index];
        let tenant = &self.tenants[installation.tenant];
        let mut ways = vec![Way::Owner, Way::Uninstall, Way::Sweep];
        ways.extend(tenant.member.is_some().then_some(Way::Member));
        ways.extend(tenant.manager.is_some().then_some(Way::Manager));
        if installation.token().is_some() {
            ways.extend([Way::OwnToken; 2]);
        }
        *self.dice.pick(&ways)
    }

    /// Answers what the next sweep must remove: everything that is disabled. After twenty-nine days it removes nothing, but
    /// codes that nobody redeemed have expired.
    async fn disable_for_thirty_days(&mut self, index: usize) -> Vec<usize> {
        if !self.installations[index].disabled {
            self.disable(index).await;
        }
        self.pintle.clock.advance(29 * DAY);
        let early = lifecycle::sweep(&self.pintle.core).await.expect("a sweep");
        assert_eq!(early, 0, "a sweep after 29 days removed something");
        for installation in &mut self.installations {
            installation.codes.clear();
        }
        self.pintle.clock.advance(DAY + SECOND);
        // A token's use is noted once a minute: let it be noted now, not between the two dumps.
        for caller in self.callers() {
            caller.get("/v1/webhooks").await;
        }
        (0..self.installations.len()).filter(|index| self.installations[*index].disabled).collect()
    }

    pub fn callers(&self) -> Vec<Caller> {
        let users = self.tenants.iter().flat_map(|tenant| {
            [Some(&tenant.owner), tenant.member.as_ref(), tenant.manager.as_ref(), tenant.viewer.as_ref()]
        });
        let tokens = self.installations.iter().flat_map(|installation| &installation.tokens);
        users.flatten().chain(tokens).cloned().collect()
    }

    /// The plan says what the world knows, and the installation's own lists do.
    async fn plan(&self, expected: &Expected) -> Value {
        let owner = &self.tenants[expected.installation.tenant].owner;
        let path = format!("/pintle/v1/integrations/configurations/{}/removal", expected.id());
        let answer = owner.get(&path).await;
        self.assert_no_secret(&answer);
        let mut plan = answer.ok(200);
        expected.assert_listed(&plan["removes"]);
        if let Some(token) = expected.installation.token() {
            expected.assert_lists(token).await;
        }
        plan["removes"].take()
    }

    /// Those who may not remove it: a viewer, another tenant, another installation.
    async fn refuse(&mut self, index: usize) {
        let installation = &self.installations[index];
        let path = format!("/v1/integrations/configuration/{}", installation.id);
        let uninstall = format!("/v2/integrations/installations/{}/uninstall", installation.id);
        if let Some(viewer) = &self.tenants[installation.tenant].viewer {
            viewer.delete(&path).await.fails(403, "forbidden");
            viewer.post(&uninstall, json!({})).await.fails(403, "forbidden");
            self.tally.refused += 2;
        }
        for (other, tenant) in
            self.tenants.iter().enumerate().filter(|(other, _)| *other != installation.tenant)
        {
            tenant.owner.delete(&path).await.fails(404, "not_found");
            tenant.owner.post(&uninstall, json!({})).await.fails(404, "not_found");
            self.tally.refused += 2;
            debug_assert_ne!(other, installation.tenant);
        }
        let others = self.installations.iter().filter(|other| other.id != installation.id);
        for token in others.filter_map(|other| other.token()) {
            let answer = token.delete(&path).await;
            assert_eq!(answer.status, 404, "{} answered {}", answer.request, answer.text);
            self.tally.refused += 1;
        }
    }

    async fn go(&mut self, way: Way, index: usize, count: usize) {
        let installation = self.installations[index].clone();
        // Clients have it under other versions, and without one.
        let version = self.dice.pick(&["/v1", "/v1", "/v2", "/api/v1", ""]);
        let path = format!("{version}/integrations/configuration/{}", installation.id);
        let tenant = &self.tenants[installation.tenant];
        let missing = || panic!("chose {way:?}, which is not there");
        let answer = match way {
            Way::Owner => tenant.owner.delete(&path).await,
            Way::Member => tenant.member.as_ref().unwrap_or_else(missing).delete(&path).await,
            Way::Manager => tenant.manager.as_ref().unwrap_or_else(missing).delete(&path).await,
            Way::OwnToken => installation.token().unwrap_or_else(missing).delete(&path).await,
            Way::Uninstall => {
                let path = format!("/v2/integrations/installations/{}/uninstall", installation.id);
                tenant.owner.post(&path, json!({})).await
            }
            Way::Sweep => {
                let removed = lifecycle::sweep(&self.pintle.core).await.expect("a sweep");
                assert_eq!(removed, count, "removals of a sweep after 30 days");
                return;
            }
        };
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{} by {way:?}", answer.request);
        assert_eq!(answer.header("content-type"), None, "{}", answer.request);
    }

    /// Takes it out of the record.
    fn forget(&mut self, expected: &Expected) {
        self.installations.retain(|installation| installation.id != expected.id());
        self.things.retain(|thing| thing.owner.as_deref() != Some(expected.id()));
        self.bypasses.retain(|bypass| bypass.owner.as_deref() != Some(expected.id()));
        let table =
            |name: &str| expected.things.iter().filter(|thing| thing.kind.row().table == name).count();
        self.tally.add(&Tally {
            removals: 1,
            webhooks: table("webhooks"),
            drains: table("drains"),
            edge_configs: table("edge_configs"),
            variables: table("envs"),
            bypasses: expected.bypasses.len(),
            tokens: expected.installation.tokens.len(),
            codes: expected.installation.codes.len(),
            ..Tally::default()
        });
    }

    /// The whole once more, under the same names: nothing is in its way.
    async fn install_again(&mut self, expected: Expected) {
        let before = &expected.installation;
        let mut selection = before.selection.clone();
        if let Some(selection) = &mut selection {
            let named = expected.things.iter().flat_map(|thing| thing.projects());
            let named = named.chain(expected.bypasses.iter().map(|bypass| bypass.project.as_str()));
            selection.extend(named.map(str::to_owned));
            selection.sort();
            selection.dedup();
        }
        // Nobody can consent to no project at all.
        let selection = selection.filter(|projects| !projects.is_empty());
        let index = self.install_with(before.tenant, before.app, selection).await;
        self.exchange(index).await;
        let (id, token) = (self.installations[index].id.clone(), self.installations[index].tokens[0].clone());
        for thing in expected.things {
            match &thing.project {
                Some(project) => {
                    let (bodies, project) = (vec![thing.body.clone()], project.clone());
                    self.post_variables(
                        thing.tenant,
                        Some(id.clone()),
                        &token,
                        &project,
                        bodies,
                        false,
                        false,
                    )
                    .await;
                }
                None => self.create(thing.kind, thing.tenant, Some(id.clone()), &token, thing.body).await,
            }
        }
        for bypass in expected.bypasses.clone() {
            self.generate_bypass(&token, Bypass { owner: Some(id.clone()), ..bypass }).await;
        }
        let again = self.things_of(&id).count();
        assert!(again == self.expect(index).things.len());
        self.tally.reinstalled += 1;
    }
}
