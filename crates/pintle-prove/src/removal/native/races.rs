//! Removals of native installations that race with everything that the team and the partner may do to them meanwhile.

use super::super::build::text;
use super::super::world::World;
use super::market::{import, provision};
use super::{Home, Market, Store};
use crate::agreement;
use crate::partner::{Mood, secrets};
use axum::http::Method;
use pintle_testing::{Answer, Caller, Pintle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Barrier;

/// How often each kind of act came before the removal and after it.
pub type Sides = BTreeMap<&'static str, (usize, usize)>;

pub struct Races {
    world: World,
    market: Market,
    serial: usize,
    pub sides: Sides,
    pub removals: usize,
}

/// A request of a race.
struct Act {
    name: &'static str,
    caller: Caller,
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Act {
    async fn run(&self) -> Answer {
        self.caller.request(self.method.clone(), &self.path, self.body.clone()).await
    }
}

const REMOVE: &str = "remove";

impl Races {
    pub async fn new(pintle: Pintle, seed: u64) -> Self {
        let mut world = World::for_races(pintle, seed).await;
        let market = Market::open(&mut world).await;
        Self { world, market, serial: 0, sides: Sides::new(), removals: 0 }
    }

    pub async fn round(&mut self) {
        let home = self.home().await;
        let moods: [&[Mood]; 4] =
            [&[Mood::Behaves], &[Mood::Slow], &[Mood::Slow, Mood::Behaves], &[Mood::Unheard, Mood::Behaves]];
        self.market.partner.memory().keeps_bills = self.world.dice.chance(50);
        let moods = *self.world.dice.pick(&moods);
        self.market.partner.feels(moods);
        let (acts, imported) = self.acts(&home);
        let done = self.run(acts).await;
        self.judge(&home, &done, &imported);
        self.market.partner.feels(&[Mood::Behaves]);
        self.market.pass(&self.world.pintle, 26).await;
        self.assert_after(&home).await;
    }

    /// An installation with a connected resource, another, and one that the partner imported.
    async fn home(&mut self) -> Home {
        let mut home = self.market.buy(&mut self.world, 0, 0).await;
        for number in 0..2 {
            let name = format!("race-{}-{number}", self.serial);
            let owner = &self.world.tenants[0].owner;
            let made =
                owner.post("/v1/storage/stores/integration/direct", provision(&home.id, &name)).await.ok(200);
            let id = text(&made["store"]["id"]);
            home.stores.push(Store {
                id,
                resource: text(&made["store"]["externalResourceId"]),
                connections: 0,
            });
        }
        self.serial += 1;
        let path = format!("/v1/storage/stores/{}/connections", home.stores[0].id);
        self.world.tenants[0].owner.post(&path, self.connection("FIRST")).await.ok(201);
        home
    }

    fn connection(&self, prefix: &str) -> Value {
        json!({ "projectId": self.world.tenants[0].projects[0].id, "envVarPrefix": prefix })
    }

    /// What happens at once, and what the partner imports with it.
    fn acts(&mut self, home: &Home) -> (Vec<Act>, String) {
        let tenant = &self.world.tenants[0];
        let (owner, token) = (tenant.owner.clone(), home.token.clone());
        let act = |name, caller: &Caller, method, path, body| Act {
            name,
            caller: caller.clone(),
            method,
            path,
            body,
        };
        let configuration = format!("/v1/integrations/configuration/{}", home.id);
        let removers = [owner.clone(), tenant.member.clone().expect("a member"), token.clone()];
        let mut acts =
            vec![act(REMOVE, self.world.dice.pick(&removers), Method::DELETE, configuration.clone(), None)];
        if self.world.dice.chance(40) {
            acts.push(act(
                REMOVE,
                self.world.dice.pick(&removers),
                Method::DELETE,
                configuration.clone(),
                None,
            ));
        }
        let [first, second] = home.stores.as_slice() else { panic!("two resources") };
        let name = format!("late-{}", self.serial);
        let resource = self.market.partner.memory().add(&home.id, &name, false);
        let at = format!("/v1/installations/{}/resources", home.id);
        let body = import(&resource, &name, "owned");
        acts.push(act("import", &token, Method::PUT, format!("{at}/{resource}"), Some(body)));
        let body = json!({ "secrets": secrets(&first.resource, 1) });
        acts.push(act(
            "secrets",
            &token,
            Method::PUT,
            format!("{at}/{}/secrets", first.resource),
            Some(body),
        ));
        let body = provision(&home.id, &format!("made-{}", self.serial));
        acts.push(act(
            "provision",
            &owner,
            Method::POST,
            "/v1/storage/stores/integration/direct".into(),
            Some(body),
        ));
        let store = |store: &Store, below: &str| format!("/v1/storage/stores/{}{below}", store.id);
        let body = self.connection("SECOND");
        acts.push(act("connect", &owner, Method::POST, store(second, "/connections"), Some(body)));
        acts.push(act("rotate", &owner, Method::POST, store(first, "/secrets/rotate"), Some(json!({}))));
        acts.push(act("disconnect", &owner, Method::DELETE, store(first, "/connections"), None));
        let body = json!({ "billingPlanId": "pro" });
        acts.push(act("plan", &owner, Method::PATCH, configuration, Some(body)));
        if self.world.dice.chance(30) {
            let path = format!("/v1/storage/stores/integration/{}", second.id);
            acts.push(act("delete", &owner, Method::DELETE, path, None));
        }
        (acts, resource)
    }

    /// All of them at once, each after a short random wait.
    async fn run(&mut self, acts: Vec<Act>) -> Vec<(&'static str, Answer)> {
        let start = Arc::new(Barrier::new(acts.len()));
        let mut tasks = Vec::new();
        for act in acts {
            let start = start.clone();
            let pause = self.world.dice.between(0, if act.name == REMOVE { 30 } else { 45 }) as u64;
            tasks.push(tokio::spawn(async move {
                start.wait().await;
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                (act.name, act.run().await)
            }));
        }
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        done
    }

    /// Each came first and was done, or came late and was refused.
    fn judge(&mut self, home: &Home, done: &[(&'static str, Answer)], imported: &str) {
        let removed = done.iter().filter(|(name, answer)| *name == REMOVE && answer.status == 204).count();
        assert!(removed > 0, "nobody's removal came through: {:?}", statuses(done));
        for (name, answer) in done {
            let good = (200..300).contains(&answer.status);
            let refused = matches!(answer.status, 403 | 404 | 409 | 502);
            assert!(good || refused, "{} answered {} {}", answer.request, answer.status, answer.text);
            if *name != REMOVE {
                let sides = self.sides.entry(name).or_default();
                if good { sides.0 += 1 } else { sides.1 += 1 }
            }
            if *name == "import" && !good {
                // An honest partner then has it no more.
                if let Some(known) = self.market.partner.memory().installations.get_mut(&home.id) {
                    known.resources.remove(imported);
                }
            }
        }
        self.removals += 1;
    }

    async fn assert_after(&mut self, home: &Home) {
        self.market.assert_served(home, false);
        let memory = self.market.partner.memory().clone();
        agreement::assert(&self.world.pintle.core.db, &memory).await;
        let owner = &self.world.tenants[0].owner;
        let receipt = owner.get(&format!("/pintle/v1/removals/{}", home.id)).await.ok(200);
        assert_eq!(receipt["closing"]["state"], "closed", "{receipt}");
        let project = &self.world.tenants[0].projects[0].id;
        let left = owner.get(&format!("/v10/projects/{project}/env")).await.ok(200);
        assert_eq!(
            left["envs"].as_array().map_or(0, Vec::len),
            0,
            "variables that outlived the installation: {left}"
        );
        let stores = owner.get("/v1/storage/stores").await.ok(200);
        assert_eq!(stores["stores"], json!([]), "resources that outlived the installation");
    }
}

fn statuses(done: &[(&'static str, Answer)]) -> Vec<(&'static str, u16)> {
    done.iter().map(|(name, answer)| (*name, answer.status)).collect()
}
