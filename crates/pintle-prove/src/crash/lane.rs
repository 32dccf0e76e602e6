//! One of the clients: it attaches, edits, deletes, installs and removes until the server is gone.

use super::ledger::{Fate, Installation, Kind, Ledger, Thing};
use crate::client::{Answer, Client};
use crate::dice::Dice;
use parking_lot::Mutex;
use serde_json::{Value, json};

pub struct Lane<'a> {
    pub number: usize,
    pub client: Client,
    pub ledger: &'a Mutex<Ledger>,
    pub dice: Dice,
}

/// The server is gone.
pub struct Gone;

pub const REDIRECT: &str = "https://app.example.com/callback";
/// The user's own webhooks are few: the contract allows twenty.
const OWN_WEBHOOKS: usize = 12;

impl Lane<'_> {
    pub fn run(&mut self) {
        while self.step().is_ok() {}
    }

    fn step(&mut self) -> Result<(), Gone> {
        let mine = {
            let ledger = self.ledger.lock();
            let mine =
                ledger.installations.iter().find(|i| i.lane == self.number && i.removal == Fate::Never);
            mine.cloned()
        };
        let Some(mine) = mine else { return self.install() };
        let Some(_) = &mine.token else { return self.exchange(&mine.id, None) };
        match self.dice.between(0, 99) {
            0..58 => self.attach(),
            58..66 => self.own_thing(),
            66..74 => self.edit(),
            74..88 => self.delete(),
            _ if mine.things.len() < 3 => self.attach(),
            _ => self.remove(&mine),
        }
    }

    /// Counts the answer; none ends this client.
    fn answered(&self, answer: Option<Answer>) -> Result<Answer, Gone> {
        let mut ledger = self.ledger.lock();
        match answer {
            Some(answer) => {
                ledger.tally.answered += 1;
                Ok(answer)
            }
            None => {
                ledger.tally.unanswered += 1;
                Err(Gone)
            }
        }
    }

    fn install(&mut self) -> Result<(), Gone> {
        let app = {
            let mut ledger = self.ledger.lock();
            ledger.apps[self.number].installing = true;
            ledger.apps[self.number].clone()
        };
        let path = format!("/pintle/v1/integrations/{}/install", app.slug);
        let answer = self.answered(self.client.send("POST", &path, Some(&json!({}))))?;
        assert_eq!(answer.status, 201, "{}", answer.unexpected());
        let id = text(&answer.body["configuration"]["id"]);
        {
            let mut ledger = self.ledger.lock();
            ledger.apps[self.number].installing = false;
            ledger.installations.push(Installation::new(self.number, id.clone()));
        }
        self.exchange(&id, Some(text(&answer.body["code"])))
    }

    /// Gets a token with a code, or with a new one.
    fn exchange(&mut self, id: &str, code: Option<String>) -> Result<(), Gone> {
        let app = self.ledger.lock().apps[self.number].clone();
        let code = match code {
            Some(code) => code,
            None => {
                let path = format!("/pintle/v1/integrations/{}/install", app.slug);
                let body = json!({ "source": "deploy-button" });
                let answer = self.answered(self.client.send("POST", &path, Some(&body)))?;
                assert_eq!(answer.body["configuration"]["id"], id, "{}", answer.unexpected());
                text(&answer.body["code"])
            }
        };
        if let Some(installation) = self.ledger.lock().installation(id) {
            installation.exchanges.0 += 1;
        }
        let form = json!({
            "client_id": app.id, "client_secret": app.client_secret, "code": code, "redirect_uri": REDIRECT,
        });
        let answer = self.answered(self.client.send("POST", "/v2/oauth/access_token", Some(&form)))?;
        assert_eq!(answer.status, 200, "{}", answer.unexpected());
        if let Some(installation) = self.ledger.lock().installation(id) {
            installation.exchanges.1 += 1;
            installation.token = Some(text(&answer.body["access_token"]));
        }
        Ok(())
    }

    /// Attaches to this client's own installation, or to another's, which may be removed at this moment.
    fn attach(&mut self) -> Result<(), Gone> {
        let candidates: Vec<(String, String, String)> = {
            let ledger = self.ledger.lock();
            let usable = ledger.installations.iter().filter(|i| i.removal == Fate::Never);
            let own = self.dice.chance(65);
            let near = usable.filter(|i| !own || i.lane == self.number);
            near.filter_map(|i| Some((i.id.clone(), i.token.clone()?, ledger.apps[i.lane].project.clone())))
                .collect()
        };
        if candidates.is_empty() {
            return Ok(());
        }
        let (id, token, project) = self.dice.pick(&candidates).clone();
        let kind = *self.dice.pick(&Kind::ALL);
        self.create(kind, Some(id), Some(token), project)
    }

    fn own_thing(&mut self) -> Result<(), Gone> {
        let project = self.ledger.lock().apps[self.number].project.clone();
        let kind = *self.dice.pick(&[Kind::Webhook, Kind::Drain, Kind::Variable, Kind::Variable]);
        let hooks = self.ledger.lock().own.iter().filter(|thing| thing.kind == Kind::Webhook).count();
        // Each of the other clients may be about to make one.
        if kind == Kind::Webhook && hooks >= OWN_WEBHOOKS {
            return Ok(());
        }
        self.create(kind, None, None, project)
    }

    fn create(
        &mut self,
        kind: Kind,
        owner: Option<String>,
        token: Option<String>,
        project: String,
    ) -> Result<(), Gone> {
        let many = kind == Kind::Variable && self.dice.chance(40);
        let names = self.enter(kind, owner.as_deref(), &project, if many { 3 } else { 1 });
        let Some(names) = names else { return Ok(()) };
        let bodies: Vec<Value> = names.iter().map(|name| body(kind, name)).collect();
        let sent = if many { json!(bodies) } else { bodies[0].clone() };
        let path = kind.create(&project);
        let answer = match &token {
            Some(token) => self.client.send_as(token, "POST", &path, Some(&sent)),
            None => self.client.send("POST", &path, Some(&sent)),
        };
        let answer = self.answered(answer)?;
        let mut ledger = self.ledger.lock();
        let ending = ledger.is_ending(owner.as_deref());
        let refused = matches!(answer.status, 403 | 404) && ending;
        assert!(answer.is_good() || refused, "{}", answer.unexpected());
        let created = match (kind, many) {
            (Kind::Variable, true) => answer.body["created"].as_array().cloned().unwrap_or_default(),
            (Kind::Variable, false) => vec![answer.body["created"].clone()],
            _ => vec![answer.body],
        };
        for (index, name) in names.iter().enumerate() {
            let Some(thing) = ledger.thing(owner.as_deref(), name) else { continue };
            thing.created = if refused { Fate::Refused } else { Fate::Done };
            thing.id = created.get(index).and_then(|made| made["id"].as_str()).map(str::to_owned);
            assert!(
                refused || thing.id.is_some(),
                "{path} answered {} without an id for {name}",
                answer.status
            );
        }
        Ok(())
    }

    /// Writes down what is about to be made; `None` where the owner is going.
    fn enter(&mut self, kind: Kind, owner: Option<&str>, project: &str, count: usize) -> Option<Vec<String>> {
        let mut ledger = self.ledger.lock();
        if ledger.is_ending(owner) {
            return None;
        }
        let request = ledger.next();
        let mut names = Vec::new();
        for _ in 0..count {
            let serial = ledger.next();
            let name = match kind {
                Kind::Webhook => format!("https://crash.example.com/{serial}"),
                Kind::Variable => format!("CRASH_{serial}"),
                _ => format!("crash {serial}"),
            };
            let thing = Thing {
                kind,
                name: name.clone(),
                project: project.to_owned(),
                id: None,
                lane: self.number,
                request,
                created: Fate::Asked,
                deleted: Fate::Never,
                comment: None,
                next_comment: None,
            };
            ledger.things(owner)?.push(thing);
            names.push(name);
        }
        Some(names)
    }

    /// One of this client's things that is there, of a kind.
    fn pick(&mut self, which: impl Fn(&Thing) -> bool) -> Option<(Option<String>, Thing)> {
        let mut found: Vec<(Option<String>, Thing)> = Vec::new();
        {
            let ledger = self.ledger.lock();
            let mine = |thing: &&Thing| {
                thing.lane == self.number && thing.must_be() && thing.deleted == Fate::Never && which(thing)
            };
            found.extend(ledger.own.iter().filter(mine).map(|thing| (None, thing.clone())));
            for installation in ledger.installations.iter().filter(|i| i.removal == Fate::Never) {
                let things = installation.things.iter().filter(mine);
                found.extend(things.map(|thing| (Some(installation.id.clone()), thing.clone())));
            }
        }
        (!found.is_empty()).then(|| self.dice.pick(&found).clone())
    }

    fn delete(&mut self) -> Result<(), Gone> {
        let Some((owner, thing)) = self.pick(|_| true) else { return Ok(()) };
        self.with(&owner, &thing.name, |thing| thing.deleted = Fate::Asked);
        let path = thing.kind.item(&thing.project, thing.id.as_deref().unwrap_or_default());
        let answer = self.answered(self.client.send("DELETE", &path, None))?;
        let refused = answer.status == 404 && self.ledger.lock().is_ending(owner.as_deref());
        assert!(answer.is_good() || refused, "{}", answer.unexpected());
        self.with(&owner, &thing.name, |thing| {
            thing.deleted = if refused { Fate::Refused } else { Fate::Done }
        });
        Ok(())
    }

    fn edit(&mut self) -> Result<(), Gone> {
        let Some((owner, thing)) = self.pick(|thing| thing.kind == Kind::Variable) else { return Ok(()) };
        let comment = self.dice.word();
        self.with(&owner, &thing.name, |thing| thing.next_comment = Some(comment.clone()));
        let path = thing.kind.item(&thing.project, thing.id.as_deref().unwrap_or_default());
        let answer = self.answered(self.client.send("PATCH", &path, Some(&json!({ "comment": comment }))))?;
        let refused = answer.status == 404 && self.ledger.lock().is_ending(owner.as_deref());
        assert!(answer.is_good() || refused, "{}", answer.unexpected());
        self.with(&owner, &thing.name, |thing| {
            thing.next_comment = None;
            if !refused {
                thing.comment = Some(comment.clone());
            }
        });
        Ok(())
    }

    fn with(&self, owner: &Option<String>, name: &str, change: impl FnOnce(&mut Thing)) {
        if let Some(thing) = self.ledger.lock().thing(owner.as_deref(), name) {
            change(thing);
        }
    }

    fn remove(&mut self, mine: &Installation) -> Result<(), Gone> {
        if let Some(installation) = self.ledger.lock().installation(&mine.id) {
            installation.removal = Fate::Asked;
        }
        let path = format!("/v1/integrations/configuration/{}", mine.id);
        let answer = match self.dice.chance(50) {
            true => self.client.send_as(mine.token.as_deref().unwrap_or_default(), "DELETE", &path, None),
            false => self.client.send("DELETE", &path, None),
        };
        let answer = self.answered(answer)?;
        assert_eq!(answer.status, 204, "{}", answer.unexpected());
        if let Some(installation) = self.ledger.lock().installation(&mine.id) {
            installation.removal = Fate::Done;
        }
        Ok(())
    }
}

impl Installation {
    pub fn new(lane: usize, id: String) -> Self {
        Self { lane, id, token: None, exchanges: (0, 0), removal: Fate::Never, things: Vec::new() }
    }
}

fn body(kind: Kind, name: &str) -> Value {
    match kind {
        Kind::Webhook => {
            json!({ "url": name, "events": ["project.created", "integration-configuration.removed"] })
        }
        Kind::LogDrain => {
            json!({ "name": name, "url": "https://logs.example.com", "deliveryFormat": "json" })
        }
        Kind::Drain => json!({
            "name": name, "projects": "all", "schemas": { "log": { "version": "v1" } },
            "delivery": { "type": "http", "endpoint": "https://logs.example.com", "encoding": "json", "headers": {} },
        }),
        Kind::Variable => {
            json!({ "key": name, "value": "kept", "type": "encrypted", "target": ["production", "preview"] })
        }
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
