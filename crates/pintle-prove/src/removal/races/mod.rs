//! Removals that race with creations, and with each other.
//!
//! In every round an installation with one thing of each kind is removed, by one or two callers, while its token attaches more,
//! changes and deletes, exchanges a code, and a user changes its projects, takes it over, or installs the integration again: all at
//! once, on several threads. Afterwards each creation either came first, and is in the receipt, or was refused; and nothing is left.

mod act;

use super::build::{exchange_form, text};
use super::dump::Dump;
use super::expect::Expected;
use super::kinds::Kind;
use super::world::{Installation, Thing, World};
use act::{Act, Remover};
use pintle_store::{Engine, params};
use pintle_testing::{Answer, Pintle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

/// How often each kind of act came before the removal and after it.
pub type Sides = BTreeMap<&'static str, (usize, usize)>;

pub struct Races {
    world: World,
    tables: Vec<String>,
    serial: usize,
    /// The installation that was made after a removal, while others still raced with it.
    reborn: Option<String>,
    pub sides: Sides,
    pub removals: usize,
}

impl Races {
    pub async fn new(pintle: Pintle, seed: u64) -> Self {
        let world = World::for_races(pintle, seed).await;
        let mut tables = world.pintle.core.db.tables().await.expect("a list of tables");
        // History only grows: it is asked, not compared.
        tables.retain(|table| {
            !["events", "removals", "deliveries", "delivery_contents"].contains(&table.as_str())
        });
        Self { world, tables, serial: 0, reborn: None, sides: Sides::new(), removals: 0 }
    }

    pub async fn round(&mut self) {
        let before = Dump::take(&self.world.pintle.core.db, &self.tables).await;
        let project = self.world.tenants[0].projects.first().map(|p| p.id.clone()).unwrap_or_default();
        let index = self.install().await;
        let installation = self.world.installations[index].clone();
        let acts = self.acts(&installation, &project);
        let done = self.run(&installation, acts, &project).await;
        let expected = self.judge(installation, &done, &project);
        self.assert_after(&expected, &before).await;
    }

    /// An installation with a token, a code, and things of some kinds.
    async fn install(&mut self) -> usize {
        let projects = self.world.tenants[0].project_ids();
        // The first project stays in reach, or no variable could be made.
        let selection = self.world.dice.chance(50).then(|| projects.iter().take(1).cloned().collect());
        let index = self.world.install_with(0, 0, selection).await;
        self.world.exchange(index).await;
        self.world.another_code(index).await;
        let kinds: Vec<Kind> = Kind::of_installations().collect();
        for kind in kinds {
            if self.world.dice.chance(60) {
                self.world.attach(index, kind).await;
            }
        }
        index
    }

    /// A body under a name that nothing else has.
    fn body(&mut self, kind: Kind) -> Value {
        self.serial += 1;
        let name = match kind.row().named {
            "url" => format!("https://race.example.com/{}", self.serial),
            "key" => format!("RACE_{}", self.serial),
            _ => format!("race-{}", self.serial),
        };
        let mut body = (kind.row().body)(&mut self.world.dice, &[]);
        body[kind.row().named] = json!(name);
        body
    }

    fn acts(&mut self, installation: &Installation, project: &str) -> Vec<Act> {
        let removers = [Remover::Owner, Remover::Member, Remover::OwnToken, Remover::Uninstall];
        let mut acts = vec![Act::Remove(*self.world.dice.pick(&removers))];
        if self.world.dice.chance(60) {
            acts.push(Act::Remove(*self.world.dice.pick(&removers)));
        }
        // Sometimes the removals are among themselves, and sometimes the installation never stops.
        match self.world.dice.between(0, 9) {
            0 => return acts,
            1 => {
                let storms = self.world.dice.between(1, 6);
                acts.extend((0..storms).map(|_| Act::Storm(self.body(Kind::Webhook))));
                return acts;
            }
            _ => {}
        }
        let kinds: Vec<Kind> = Kind::of_installations().collect();
        for kind in kinds {
            let body = self.body(kind);
            acts.push(Act::Create(kind, body));
        }
        if !project.is_empty() {
            let bodies = (0..3).map(|_| self.body(Kind::Variable)).collect();
            acts.push(Act::Variables(bodies));
        }
        if let Some(code) = installation.codes.first() {
            acts.push(Act::Exchange(exchange_form(&self.world.apps[0], code)));
        }
        let projects = self.world.tenants[0].project_ids();
        acts.push(Act::Select(self.world.dice.chance(50).then(|| projects.clone())));
        let things: Vec<Thing> = self.world.things_of(&installation.id).cloned().collect();
        if !things.is_empty() {
            acts.push(Act::Delete(self.world.dice.pick(&things).clone()));
        }
        acts.extend(things.into_iter().find(|thing| thing.kind == Kind::Variable).map(Act::Edit));
        acts.extend([Act::TakeOver, Act::InstallAgain]);
        acts
    }

    /// All acts at once, each after a short random wait.
    async fn run(
        &mut self,
        installation: &Installation,
        acts: Vec<Act>,
        project: &str,
    ) -> Vec<(Act, Answer)> {
        let engine = self.world.pintle.engine();
        let start = Arc::new(Barrier::new(acts.len()));
        let mut tasks = Vec::new();
        for act in acts {
            let actor = act.actor(&self.world, &installation.tokens[0]);
            let app = self.world.apps[0].slug.clone();
            let (start, id, project) = (start.clone(), installation.id.clone(), project.to_owned());
            // On PostgreSQL a removal takes as long as several creations, and starts again when one comes between.
            let (turns, pause) = match (engine, &act) {
                (Engine::Sqlite, Act::Remove(_)) => (self.world.dice.between(0, 40), 0),
                (Engine::Sqlite, _) => (self.world.dice.between(0, 20), 0),
                (Engine::Postgres, Act::Remove(_)) => (0, self.world.dice.between(0, 4)),
                (Engine::Postgres, _) => (0, self.world.dice.between(0, 20)),
            };
            tasks.push(tokio::spawn(async move {
                start.wait().await;
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                if pause > 0 {
                    tokio::time::sleep(Duration::from_millis(pause as u64)).await;
                }
                let mut done = vec![(act.clone(), act.run(&actor, &id, &app, &project).await)];
                while matches!(act, Act::Storm(_))
                    && done.last().is_some_and(|(_, answer)| answer.status == 200)
                {
                    done.push((act.clone(), act.run(&actor, &id, &app, &project).await));
                }
                done
            }));
        }
        let mut done = Vec::new();
        for task in tasks {
            done.extend(task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        done
    }

    /// What was there when the removal came, by what each act was answered.
    fn judge(&mut self, mut installation: Installation, done: &[(Act, Answer)], project: &str) -> Expected {
        let id = installation.id.clone();
        let mut things: Vec<Thing> = self.world.things_of(&id).cloned().collect();
        let born = |kind: Kind, body: &Value, answer: &Value| Thing {
            kind,
            id: text(&answer["id"]),
            tenant: 0,
            owner: Some(id.clone()),
            project: (kind == Kind::Variable).then(|| project.to_owned()),
            body: body.clone(),
            secret: None,
        };
        let mut removers = Vec::new();
        for (act, answer) in done {
            let good = (200..300).contains(&answer.status);
            let after = if good { None } else { Some(answer.status) };
            match (act, after) {
                (Act::Remove(remover), _) => removers.push((*remover, answer.status)),
                (Act::Exchange(_), Some(400)) | (Act::InstallAgain, Some(409)) => {}
                (Act::InstallAgain, None) => {
                    self.reborn = Some(text(&answer.json()["configuration"]["id"]));
                }
                (_, Some(403 | 404)) | (Act::Edit(_) | Act::TakeOver, None) => {}
                (_, Some(_)) => panic!("{} answered {} {}", answer.request, answer.status, answer.text),
                (Act::Create(Kind::Variable, body), None) => {
                    things.push(born(Kind::Variable, body, &answer.json()["created"]));
                }
                (Act::Storm(body), None) => things.push(born(Kind::Webhook, body, &answer.json())),
                (Act::Create(kind, body), None) => things.push(born(*kind, body, &answer.json())),
                (Act::Variables(bodies), None) => {
                    let created = answer.json()["created"].take();
                    let created = created.as_array().map(Vec::as_slice).unwrap_or_default();
                    assert_eq!(created.len(), bodies.len(), "{} answered {}", answer.request, answer.text);
                    let pairs = bodies.iter().zip(created);
                    things.extend(pairs.map(|(body, answer)| born(Kind::Variable, body, answer)));
                }
                (Act::Exchange(_), None) => {
                    installation.codes.clear();
                    let token = text(&answer.json()["access_token"]);
                    installation.tokens.push(self.world.tenants[0].owner.with_token(token));
                }
                (Act::Select(projects), None) => installation.selection = projects.clone(),
                (Act::Delete(thing), None) => things.retain(|other| other.id != thing.id),
            }
            if !matches!(act, Act::Remove(_) | Act::Storm(_)) {
                let sides = self.sides.entry(act.name()).or_default();
                if good != matches!(act, Act::InstallAgain) { sides.0 += 1 } else { sides.1 += 1 }
            }
        }
        assert_one_removal(&removers);
        Expected { installation, things, bypasses: Vec::new(), targets: Vec::new() }
    }

    async fn assert_after(&mut self, expected: &Expected, before: &Dump) {
        // What was installed again is untouched; it goes, so that the next round finds what this one found.
        if let Some(id) = self.reborn.take() {
            let owner = &self.world.tenants[0].owner;
            let path = format!("/v1/integrations/configuration/{id}");
            owner.get(&path).await.ok(200);
            owner.delete(&path).await.ok(204);
            let receipt = owner.get(&format!("/pintle/v1/removals/{id}")).await.ok(200);
            assert_eq!(receipt["removed"]["codes"], 1, "{receipt}");
        }
        let db = &self.world.pintle.core.db;
        let after = Dump::take(db, &self.tables).await;
        before.assert_same_size(&after);
        after.assert_no_mention(expected.id(), expected.things.iter().map(|thing| thing.id.as_str()));
        let conn = db.read().await.expect("a connection");
        let once =
            "SELECT COUNT(*) FROM events WHERE hook = 'integration-configuration.removed' AND doc LIKE $1";
        let (events,): (i64,) =
            conn.one(once, &params![format!("%{}%", expected.id())]).await.expect("a count");
        assert_eq!(events, 1, "removed events of {}", expected.id());
        drop(conn);
        let owner = &self.world.tenants[0].owner;
        let receipt = owner.get(&format!("/pintle/v1/removals/{}", expected.id())).await.ok(200);
        expected.assert_listed(&receipt["removed"]);
        for token in &expected.installation.tokens {
            assert_eq!(token.get("/v1/webhooks").await.fails(403, "forbidden")["invalidToken"], true);
        }
        self.removals += 1;
        self.world.installations.clear();
        self.world.things.clear();
        self.world.secrets.clear();
    }
}

/// Exactly one removal came first; the others found nothing, or were asked for by the token that had ended.
fn assert_one_removal(removers: &[(Remover, u16)]) {
    let first = removers.iter().filter(|(_, status)| *status == 204).count();
    let late = |(remover, status): &(Remover, u16)| {
        *status == 204 || *status == 404 || *status == 403 && *remover == Remover::OwnToken
    };
    assert!(first == 1 && removers.iter().all(late), "removals answered {removers:?}");
}
