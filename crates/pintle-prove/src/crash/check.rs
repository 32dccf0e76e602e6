//! After the restart: what was answered is there, what was not is whole, and a removal is all or nothing.

use super::lane::text;
use super::ledger::{Fate, Installation, Kind, Ledger, Thing};
use crate::client::Client;
use pintle_store::Db;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the wire shows: every thing by its name.
struct Shown(BTreeMap<String, Item>);

struct Item {
    id: String,
    comment: Option<String>,
}

/// Holds the ledger against the server, and brings it up to date with what it found.
pub fn check(client: &Client, ledger: &mut Ledger) {
    let shown = Shown::read(client, ledger);
    adopt_installations(client, ledger);
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut found = 0;
    known.extend(ledger.own.iter().map(|thing| thing.name.clone()));
    let own = std::mem::take(&mut ledger.own);
    ledger.own = shown.settle(own, &mut found);
    let mut installations = std::mem::take(&mut ledger.installations);
    for installation in &mut installations {
        known.extend(installation.things.iter().map(|thing| thing.name.clone()));
        match client.status(&format!("/v1/integrations/configuration/{}", installation.id)) {
            200 => alive(client, &shown, installation, &mut found),
            404 => removed(client, &shown, installation, ledger),
            status => panic!("the configuration {} answers {status}", installation.id),
        }
    }
    installations.retain(|installation| installation.removal == Fate::Never);
    let unknown: Vec<&String> =
        shown.0.keys().filter(|name| is_ours(name) && !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "nobody made {unknown:?}, and they are there");
    ledger.tally.found += found;
    ledger.count("things of users", ledger.own.len());
    ledger.count("installations", installations.len());
    ledger.count("their things", installations.iter().map(|i| i.things.len()).sum());
    ledger.installations = installations;
}

impl Ledger {
    fn count(&mut self, what: &'static str, count: usize) {
        *self.tally.checked.entry(what).or_default() += count;
    }
}

/// Not of the demo workspace.
fn is_ours(name: &str) -> bool {
    name.to_lowercase().starts_with("crash") || name.starts_with("https://crash.")
}

/// An installation that was asked for and not answered may be there.
fn adopt_installations(client: &Client, ledger: &mut Ledger) {
    let all = client.get("/v1/integrations/configurations?view=account");
    let all = all.as_array().cloned().unwrap_or_default();
    let of = |app: &str| {
        all.iter().filter(|c| c["integrationId"] == app).map(|c| text(&c["id"])).collect::<Vec<_>>()
    };
    for lane in 0..ledger.apps.len() {
        let app = ledger.apps[lane].clone();
        let found = of(&app.id);
        assert!(found.len() < 2, "{} is installed as {found:?}", app.slug);
        for id in found {
            if ledger.installation(&id).is_none() {
                assert!(app.installing, "nobody installed {id}, and it is there");
                ledger.installations.push(Installation::new(lane, id));
                ledger.tally.found += 1;
            }
        }
        ledger.apps[lane].installing = false;
    }
}

impl Shown {
    fn read(client: &Client, ledger: &Ledger) -> Self {
        let mut shown = BTreeMap::new();
        let mut add = |list: &Value, name: &str| {
            for item in list.as_array().expect("a list") {
                let comment = item["comment"].as_str().filter(|c| !c.is_empty()).map(str::to_owned);
                let entry = Item { id: text(&item["id"]), comment };
                let twice =
                    shown.insert(text(&item[name]), entry).is_some_and(|_| is_ours(&text(&item[name])));
                assert!(!twice, "there are two of {}", item[name]);
            }
        };
        add(&client.get("/v1/webhooks"), "url");
        add(&client.get("/v1/drains")["drains"], "name");
        let projects: BTreeSet<&String> = ledger.apps.iter().map(|app| &app.project).collect();
        for project in projects {
            add(&client.get(&format!("/v10/projects/{project}/env"))["envs"], "key");
        }
        Self(shown)
    }

    /// Compares the things of an owner that exists with what is shown. Answers those that are there.
    fn settle(&self, things: Vec<Thing>, found: &mut usize) -> Vec<Thing> {
        self.assert_whole_requests(&things);
        let mut there = Vec::new();
        for mut thing in things {
            let Some(item) = self.0.get(&thing.name) else {
                assert!(!thing.must_be(), "{thing:?} was answered and is lost");
                *found += usize::from(thing.deleted == Fate::Asked);
                continue;
            };
            assert!(thing.may_be(), "{thing:?} is there and may not be");
            assert!(thing.id.as_ref().is_none_or(|id| *id == item.id), "{thing:?} is now {}", item.id);
            let comments = [&thing.comment, &thing.next_comment];
            assert!(comments.contains(&&item.comment), "{thing:?} has the comment {:?}", item.comment);
            *found += usize::from(thing.created == Fate::Asked);
            thing.id = Some(item.id.clone());
            thing.comment = item.comment.clone();
            thing.next_comment = None;
            (thing.created, thing.deleted) = (Fate::Done, Fate::Never);
            there.push(thing);
        }
        there
    }

    /// Of a request that was not answered, all came to be or none.
    fn assert_whole_requests(&self, things: &[Thing]) {
        let mut requests: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for thing in things.iter().filter(|thing| thing.created == Fate::Asked) {
            let request = requests.entry(thing.request).or_default();
            request.0 += 1;
            request.1 += usize::from(self.0.contains_key(&thing.name));
        }
        for (asked, there) in requests.values() {
            assert!(*there == 0 || there == asked, "of a request for {asked} things, {there} are there");
        }
    }
}

/// An installation that is there: with all it has attached, and nothing of its removal.
fn alive(client: &Client, shown: &Shown, installation: &mut Installation, found: &mut usize) {
    let id = &installation.id;
    assert_ne!(installation.removal, Fate::Done, "{id} was removed and is there");
    let things = std::mem::take(&mut installation.things);
    installation.things = shown.settle(things, found);
    let plan = client.get(&format!("/pintle/v1/integrations/configurations/{id}/removal"));
    let told = listed(&plan["removes"]);
    let known: BTreeSet<(&str, &str)> =
        installation.things.iter().map(|thing| (thing.kind.receipt(), thing.name.as_str())).collect();
    assert_eq!(
        told.iter().map(|(kind, name)| (*kind, name.as_str())).collect::<BTreeSet<_>>(),
        known,
        "things of {id}"
    );
    let tokens = plan["removes"]["tokens"].as_u64().unwrap_or_default() as usize;
    let (asked, answered) = installation.exchanges;
    assert!(
        (answered..=asked).contains(&tokens),
        "{tokens} tokens of {id} after {asked} exchanges, {answered} answered"
    );
    installation.exchanges = (tokens, tokens);
    let receipt = client.status(&format!("/pintle/v1/removals/{id}"));
    assert_eq!(receipt, 404, "{id} is there and has a receipt");
    if let Some(token) = &installation.token {
        let answer = client.send_as(token, "GET", &format!("/v1/integrations/configuration/{id}"), None);
        assert_eq!(answer.expect("a running server").status, 200, "the token of {id}");
    }
    installation.removal = Fate::Never;
}

/// An installation that is gone: with all of it, and its receipt says so.
fn removed(client: &Client, shown: &Shown, installation: &mut Installation, ledger: &mut Ledger) {
    let id = &installation.id;
    assert_ne!(installation.removal, Fate::Never, "{id} is gone, and nobody removed it");
    ledger.tally.removals += 1;
    ledger.tally.removals_unanswered += usize::from(installation.removal == Fate::Asked);
    for thing in &installation.things {
        assert!(!shown.0.contains_key(&thing.name), "{id} is gone, and {thing:?} is there");
    }
    let receipt = client.get(&format!("/pintle/v1/removals/{id}"));
    let told = listed(&receipt["removed"]);
    for (kind, name) in &told {
        let thing =
            installation.things.iter().find(|thing| thing.kind.receipt() == *kind && thing.name == *name);
        let right = thing.is_some_and(Thing::may_be);
        assert!(right, "the receipt of {id} lists {name}, which was not there: {thing:?}");
    }
    for thing in installation.things.iter().filter(|thing| thing.must_be()) {
        let there = told.contains(&(thing.kind.receipt(), thing.name.clone()));
        assert!(there, "the receipt of {id} has forgotten {thing:?}");
    }
    if let Some(token) = &installation.token {
        let answer = client.send_as(token, "GET", "/v1/webhooks", None).expect("a running server");
        assert_eq!(answer.body["error"]["invalidToken"], true, "{}", answer.unexpected());
    }
    *ledger.tally.checked.entry("receipts").or_default() += 1;
    *ledger.tally.checked.entry("things in receipts").or_default() += told.len();
    installation.removal = Fate::Done;
}

/// What a plan or receipt lists.
fn listed(attached: &Value) -> BTreeSet<(&'static str, String)> {
    let fields: BTreeSet<&'static str> = Kind::ALL.into_iter().map(Kind::receipt).collect();
    let of = |field: &'static str| {
        let list = attached[field].as_array().expect("a list");
        list.iter().map(move |item| (field, text(&item["name"]))).collect::<Vec<_>>()
    };
    fields.into_iter().flat_map(of).collect()
}

/// What the wire does not show: each removal has one event, each thing the event of its creation, each variable its targets.
pub async fn check_rows(db: &Db, ledger: &Ledger, removed: &[String]) {
    let damage = db.damage().await.expect("an integrity check");
    assert!(damage.is_empty(), "the database is damaged: {damage:?}");
    let conn = db.read().await.expect("a connection");
    let events: Vec<(Option<String>, String)> =
        conn.all("SELECT hook, doc FROM events", &[]).await.expect("events");
    for id in removed {
        let of_it = |(hook, doc): &&(Option<String>, String)| {
            hook.as_deref() == Some("integration-configuration.removed") && doc.contains(id.as_str())
        };
        assert_eq!(events.iter().filter(of_it).count(), 1, "removed events of {id}");
    }
    let docs: String = events.into_iter().map(|(_, doc)| doc).collect();
    let told: BTreeSet<&str> = docs.split('"').collect();
    let things = ledger.installations.iter().flat_map(|i| &i.things).chain(&ledger.own);
    for thing in things {
        let id = thing.id.as_deref().unwrap_or_default();
        assert!(told.contains(id), "{thing:?} is there, and no event tells of it");
    }
    let sql =
        "SELECT COUNT(*) FROM envs e WHERE NOT EXISTS (SELECT 1 FROM env_targets t WHERE t.env_id = e.id)";
    let (without,): (i64,) = conn.one(sql, &[]).await.expect("a count");
    assert_eq!(without, 0, "variables without a target");
}
