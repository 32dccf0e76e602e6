//! Native installations in random worlds: bought, furnished with resources that projects use, and removed, whatever their partner says to
//! it. In the end both sides agree.

mod after;
mod market;
pub mod races;
mod remove;

pub use market::{Home, Market, Store};

use super::world::World;
use crate::agreement::{self, Agreed};
use pintle_core::clock::HOUR;
use pintle_core::marketplace::{billing::settle, calls, installations::closing};
use pintle_store::Engine;
use pintle_testing::Pintle;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// What was proven.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub worlds: usize,
    pub bought: usize,
    /// Removals by what the partner said.
    pub removals: BTreeMap<&'static str, usize>,
    pub resources: usize,
    pub connections: usize,
    pub variables: usize,
    pub invoices: usize,
    pub teams: usize,
    pub refused: usize,
    pub agreed: Agreed,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.worlds += other.worlds;
        self.bought += other.bought;
        for (said, count) in &other.removals {
            *self.removals.entry(said).or_default() += count;
        }
        self.resources += other.resources;
        self.connections += other.connections;
        self.variables += other.variables;
        self.invoices += other.invoices;
        self.teams += other.teams;
        self.refused += other.refused;
        self.agreed.add(other.agreed);
    }
}

/// A world with native installations, some of which are removed.
pub async fn prove(pintle: Pintle, seed: u64) -> (Pintle, Tally) {
    let mut world = World::random(pintle, seed).await;
    let tables = &world.pintle.core.db.tables().await.expect("a list of tables");
    let mut market = Market::open(&mut world).await;
    market.furnish(&mut world).await;
    market.assert_agreed(&world).await;
    if world.dice.chance(25) {
        // Native installations are neighbours like any other.
        market.settle_down(&mut world).await;
        world.prove(tables).await;
    }
    for _ in 0..world.dice.between(1, 3) {
        if !market.homes.is_empty() {
            market.remove_one(&mut world, tables).await;
            market.assert_agreed(&world).await;
        }
    }
    if world.dice.chance(30) {
        market.delete_team(&mut world).await;
        market.assert_agreed(&world).await;
    }
    (world.pintle, market.tally)
}

pub fn report(engine: Engine, tally: &Tally, took: Duration) {
    let removals: Vec<String> =
        tally.removals.iter().map(|(said, count)| format!("{said} {count}")).collect();
    let Agreed { installations, resources, connections, variables } = tally.agreed;
    println!(
        "{engine:?}: {} worlds with {} native installations; removals by what the partner said: {}; {} of them uninstalled and refused, \
         {} teams deleted, {} invoices left open; {} resources, {} connections, {} variables gone; both sides agreed on \
         {installations} installations, {resources} resources, {connections} connections, {variables} variables; {:.1} s",
        tally.worlds,
        tally.bought,
        removals.join(", "),
        tally.refused,
        tally.teams,
        tally.invoices,
        tally.resources,
        tally.connections,
        tally.variables,
        took.as_secs_f64(),
    );
}

impl Market {
    /// So many hours pass, with the relay and the background jobs at work.
    pub async fn pass(&self, pintle: &Pintle, hours: i64) {
        for _ in 0..3 * hours {
            pintle.clock.advance(HOUR / 3);
            loop {
                let due = calls::claim(&pintle.core, &HashSet::new()).await.expect("what is due");
                if due.is_empty() {
                    break;
                }
                for call in due {
                    calls::run_claimed(&pintle.core, &call).await.expect("a call");
                }
            }
            closing::sweep(&pintle.core).await.expect("a sweep");
            settle::sweep(&pintle.core).await.expect("a sweep");
        }
    }

    async fn assert_agreed(&mut self, world: &World) {
        let memory = self.partner.memory().clone();
        self.tally.agreed.add(agreement::assert(&world.pintle.core.db, &memory).await);
    }
}
