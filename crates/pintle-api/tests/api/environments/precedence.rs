//! What a deployment gets, over random variables, against a model that asks each variable whether it is meant and takes the nearest.

use super::{environment, pulled};
use pintle_core::entropy::Entropy;
use pintle_testing::{Caller, on_each_engine};
use serde_json::json;
use std::collections::BTreeMap;

const TARGETS: [&str; 3] = ["production", "preview", "development"];
const BRANCHES: [&str; 3] = ["", "one", "two"];
const KEYS: [&str; 4] = ["A", "B", "C", "D"];

/// A variable as the model knows it.
#[derive(Debug)]
struct Known {
    key: &'static str,
    value: String,
    /// Targets, and slugs of custom environments; `custom` is all of these.
    places: Vec<String>,
    branch: &'static str,
    shared: bool,
    linked: bool,
}

impl Known {
    fn is_meant(&self, place: &str, branch: &str) -> bool {
        let custom = !TARGETS.contains(&place);
        let here = self.places.iter().any(|one| one == place)
            || self.shared && custom && self.places.iter().any(|one| one == "custom");
        here && (!self.shared || self.linked) && (self.branch.is_empty() || self.branch == branch)
    }

    /// The nearer, the larger.
    fn nearness(&self) -> u8 {
        match (self.shared, self.branch) {
            (true, _) => 0,
            (false, "") => 1,
            (false, _) => 2,
        }
    }
}

struct World<'a> {
    team: &'a Caller,
    site: String,
    other: String,
    /// Slugs and ids.
    custom: Vec<(&'static str, String)>,
    known: Vec<Known>,
    dice: Entropy,
}

impl World<'_> {
    fn roll(&self, sides: usize) -> usize {
        usize::from(self.dice.base62(1).as_bytes()[0]) % sides
    }

    fn some(&self, names: &[&str]) -> Vec<String> {
        names.iter().filter(|_| self.roll(2) == 0).map(|name| (*name).to_owned()).collect()
    }

    async fn add_own(&mut self, value: String) {
        let branch = if self.roll(2) == 0 { BRANCHES[self.roll(3)] } else { "" };
        let targets = if branch.is_empty() { self.some(&TARGETS) } else { vec!["preview".to_owned()] };
        let slugs = if branch.is_empty() { self.some(&["staging", "qa"]) } else { vec![] };
        let ids: Vec<&String> = self
            .custom
            .iter()
            .filter(|(slug, _)| slugs.iter().any(|one| one == slug))
            .map(|(_, id)| id)
            .collect();
        let key = KEYS[self.roll(4)];
        let body = json!({
            "key": key, "value": value, "type": if self.roll(2) == 0 { "plain" } else { "encrypted" },
            "target": targets, "customEnvironmentIds": ids, "gitBranch": branch,
        });
        let answer = self.team.post("/v10/projects/site/env", body).await;
        if answer.status == 201 {
            let places = [targets, slugs].concat();
            self.known.push(Known { key, value, places, branch, shared: false, linked: false });
        }
    }

    async fn add_shared(&mut self, value: String) {
        let targets = self.some(&TARGETS);
        let everywhere = self.roll(2) == 0;
        let linked = self.roll(3) > 0;
        let key = KEYS[self.roll(4)];
        let body = json!({
            "evs": [{ "key": key, "value": value }], "target": targets, "applyToAllCustomEnvironments": everywhere,
            "projectId": [if linked { &self.site } else { &self.other }],
        });
        if self.team.post("/v1/env", body).await.status == 201 {
            let mut places = targets;
            places.extend(everywhere.then(|| "custom".to_owned()));
            self.known.push(Known { key, value, places, branch: "", shared: true, linked });
        }
    }

    fn expected(&self, place: &str, branch: &str) -> Vec<String> {
        let mut nearest: BTreeMap<&str, &Known> = BTreeMap::new();
        for known in self.known.iter().filter(|known| known.is_meant(place, branch)) {
            let best = nearest.entry(known.key).or_insert(known);
            if known.nearness() > best.nearness() {
                *best = known;
            }
        }
        nearest.iter().map(|(key, known)| format!("{key}={}", known.value)).collect()
    }
}

#[tokio::test]
async fn a_deployment_gets_the_nearest_of_each_name() {
    on_each_engine(async |pintle| {
        for seed in 0..8 {
            let team = pintle.team(&format!("team-{seed}")).await;
            let (site, other) = (team.project("site").await, team.project("other").await);
            let mut custom = Vec::new();
            for slug in ["staging", "qa"] {
                custom.push((slug, environment(&team, json!({ "slug": slug })).await));
            }
            let dice = Entropy::seeded(seed);
            let mut world = World { team: &team, site, other, custom, known: Vec::new(), dice };
            for step in 0..30 {
                match world.roll(3) {
                    0 => world.add_shared(format!("shared-{step}")).await,
                    _ => world.add_own(format!("own-{step}")).await,
                }
            }
            assert!(world.known.len() > 8, "seed {seed} made too little to tell: {:?}", world.known);
            for place in TARGETS.into_iter().chain(["staging", "qa"]) {
                for branch in BRANCHES {
                    let path = if branch.is_empty() { place.to_owned() } else { format!("{place}/{branch}") };
                    let (found, expected) = (pulled(&team, &path).await, world.expected(place, branch));
                    assert_eq!(found, expected, "seed {seed}, {path}: {:#?}", world.known);
                }
            }
        }
    })
    .await;
}
