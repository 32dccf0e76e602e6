//! A removal of a native installation, by any of the ways, and with every answer that a partner may give.

use super::super::dump::Dump;
use super::super::world::World;
use super::{Home, Market};
use crate::SECRET;
use crate::partner::Mood;
use axum::http::Method;
use pintle_core::clock::MINUTE;
use pintle_core::configurations::install::CODE_LIFETIME;
use pintle_core::configurations::lifecycle;
use pintle_testing::{Answer, Caller};
use serde_json::{Value, json};

/// What the partner says to a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Finalized,
    TookNote,
    /// It refuses with this status.
    Refuses(u16),
    /// It does not know the installation.
    Unknown,
    /// 400, which holds nobody.
    Misunderstands,
    /// Nothing at first.
    Late,
    /// It does it, and the first answers are lost.
    Unheard,
    /// Nothing at first, and then no.
    LateRefusal,
    /// Nothing for a day and more.
    Nothing,
}

const ALL: [Says; 10] = [
    Says::Finalized,
    Says::TookNote,
    Says::Refuses(403),
    Says::Refuses(409),
    Says::Unknown,
    Says::Misunderstands,
    Says::Late,
    Says::Unheard,
    Says::LateRefusal,
    Says::Nothing,
];

impl Says {
    fn name(self) -> &'static str {
        match self {
            Says::Finalized => "finalized",
            Says::TookNote => "took note",
            Says::Refuses(_) => "refused",
            Says::Unknown => "unknown to it",
            Says::Misunderstands => "misunderstood",
            Says::Late => "late",
            Says::Unheard => "unheard",
            Says::LateRefusal => "refused too late",
            Says::Nothing => "silent",
        }
    }

    fn moods(self) -> Vec<Mood> {
        use Mood::{Away, Behaves, Fails, Refuses, Unheard};
        match self {
            Says::Finalized | Says::TookNote | Says::Unknown => vec![Behaves],
            Says::Refuses(status) => vec![Refuses(status)],
            Says::Misunderstands => vec![Refuses(400)],
            Says::Late => vec![Fails, Fails, Fails, Behaves],
            Says::Unheard => vec![Unheard, Unheard, Behaves],
            Says::LateRefusal => vec![Fails, Fails, Refuses(409)],
            Says::Nothing => vec![Away],
        }
    }

    /// Whether the installation stays.
    pub fn keeps(self) -> bool {
        matches!(self, Says::Refuses(_))
    }

    /// Whether the partner never hears of the end, or does not want to.
    fn leaves_partner_behind(self) -> bool {
        matches!(self, Says::Misunderstands | Says::LateRefusal | Says::Nothing)
    }
}

impl Market {
    pub async fn remove_one(&mut self, world: &mut World, tables: &[String]) {
        let index = world.dice.between(0, self.homes.len() - 1);
        let home = self.homes[index].clone();
        let says = *world.dice.pick(&ALL);
        let (who, by_command) = remover(world, &home);
        self.settle_down(world).await;
        let path = format!("/v1/integrations/configuration/{}", home.id);
        let uninstall = format!("/v2/integrations/installations/{}/uninstall", home.id);
        let before = Dump::take(&world.pintle.core.db, tables).await;
        before.assert_sealed(SECRET);
        let plan = self.plan(world, &home).await;
        if by_command && !home.stores.is_empty() {
            who.post(&uninstall, json!({})).await.fails(403, "resources_exist");
            before.assert_kept(&Dump::take(&world.pintle.core.db, tables).await, "uninstall with resources");
            self.tally.refused += 1;
        }
        self.prepare(&home, says);
        let answer = match by_command && home.stores.is_empty() {
            true => who.post(&uninstall, json!({})).await,
            false => who.delete(&path).await,
        };
        let after = Dump::take(&world.pintle.core.db, tables).await;
        after.assert_sealed(SECRET);
        *self.tally.removals.entry(says.name()).or_default() += 1;
        if says.keeps() {
            assert_refused(&answer, says);
            before.assert_kept(&after, "a removal that the partner refused");
            self.partner.feels(&[Mood::Behaves]);
            self.pass(&world.pintle, 1).await;
            return;
        }
        assert_eq!(answer.status, 204, "{} with a partner that is {says:?}: {}", answer.request, answer.text);
        before.assert_taken(&after, &home.id, &plan);
        self.homes.remove(index);
        self.assert_removed(world, &home, &plan, says).await;
        self.end(world, &home, says).await;
    }

    /// Everybody's use of a token is noted now, not between two dumps, and codes that nobody redeemed have expired.
    pub async fn settle_down(&self, world: &mut World) {
        world.pintle.clock.advance(CODE_LIFETIME + MINUTE);
        lifecycle::sweep(&world.pintle.core).await.expect("a sweep");
        for installation in &mut world.installations {
            installation.codes.clear();
        }
        let tokens = self.homes.iter().map(|home| &home.token);
        for caller in world.callers().iter().chain(tokens) {
            caller.get("/v1/webhooks").await;
        }
    }

    /// What the removal says beforehand that it takes is what this side knows.
    async fn plan(&mut self, world: &World, home: &Home) -> Value {
        let path = format!("/pintle/v1/integrations/configurations/{}/removal", home.id);
        let plan = world.tenants[home.tenant].owner.get(&path).await.ok(200)["removes"].take();
        let count = |field: &str| plan[field].as_array().map_or(0, Vec::len);
        let connections = home.stores.iter().map(|store| store.connections).sum::<usize>();
        assert_eq!((count("resources"), count("connections")), (home.stores.len(), connections), "{plan}");
        for store in &home.stores {
            let named = plan["resources"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|item| item["id"] == store.id.as_str());
            assert!(named, "{plan} does not name {store:?}");
        }
        plan
    }

    fn prepare(&self, home: &Home, says: Says) {
        let mut memory = self.partner.memory();
        memory.keeps_bills = says != Says::Finalized && says != Says::Late;
        if says == Says::Unknown {
            memory.forget(&home.id);
        }
        drop(memory);
        self.partner.feels(&says.moods());
    }

    /// Time passes, until the installation is closed: within a day, unless an invoice is open.
    async fn end(&mut self, world: &mut World, home: &Home, says: Says) {
        if says == Says::TookNote && home.invoice.is_none() && world.dice.chance(50) {
            let path = format!("/v1/installations/{}/billing/finalize", home.id);
            home.token.post(&path, json!({})).await.ok(204);
            assert_eq!(self.closing(world, home).await["state"], "closed");
        }
        self.pass(&world.pintle, 2).await;
        if says.leaves_partner_behind() {
            self.assert_served(home, true);
        } else {
            self.assert_served(home, false);
        }
        self.pass(&world.pintle, 24).await;
        let mut closing = self.closing(world, home).await;
        if let Some(invoice) = &home.invoice {
            assert_eq!((&closing["state"], &closing["openInvoices"]), (&json!("closing"), &json!([invoice])));
            let owner = &world.tenants[home.tenant].owner;
            owner.post(&format!("/pintle/v1/invoices/{invoice}/pay"), json!({})).await.ok(200);
            self.pass(&world.pintle, 1).await;
            closing = self.closing(world, home).await;
        }
        assert_eq!(closing["state"], "closed", "{} with a partner that is {says:?}: {closing}", home.id);
        let answer = home.token.get(&format!("/v1/installations/{}/billing/invoices/none", home.id)).await;
        assert_eq!(answer.fails(403, "forbidden")["invalidToken"], true);
        if says.leaves_partner_behind() {
            // Somebody tidies up by hand.
            self.partner.memory().forget(&home.id);
        }
        self.partner.feels(&[Mood::Behaves]);
    }

    /// The team is deleted, and with it its installations; the partner hears of that in the background.
    pub async fn delete_team(&mut self, world: &mut World) {
        let last = world.tenants.len() - 1;
        let owner = world.tenants[last].owner.clone();
        let Some(team) = owner.team.clone().filter(|_| last > 0) else { return };
        self.partner.memory().keeps_bills = world.dice.chance(50);
        self.partner.feels(&[Mood::Fails, Mood::Unheard, Mood::Behaves]);
        let path = format!("/v1/teams/{team}");
        owner.without_team().request(Method::DELETE, &path, Some(json!({}))).await.ok(200);
        let homes: Vec<Home> = self.homes.extract_if(.., |home| home.tenant == last).collect();
        self.pass(&world.pintle, 26).await;
        for home in &homes {
            self.assert_served(home, false);
            self.assert_rows_of_deleted(world, home).await;
        }
        self.partner.feels(&[Mood::Behaves]);
        self.tally.teams += 1;
    }
}

/// Who removes it, and whether as the command line does.
fn remover(world: &mut World, home: &Home) -> (Caller, bool) {
    match world.dice.between(0, 3) {
        0 => (home.token.clone(), false),
        1 => (world.editor(home.tenant), true),
        _ => (world.editor(home.tenant), false),
    }
}

fn assert_refused(answer: &Answer, says: Says) {
    let Says::Refuses(status) = says else { return };
    assert_eq!(answer.status, status, "{} answered {}", answer.request, answer.text);
}
