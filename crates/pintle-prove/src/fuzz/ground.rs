//! What a server has before it is fuzzed: people, teams, a partner with installations and resources, and some of what hangs on them.

use super::callers::Caller;
use super::memory::Memory;
use crate::client::Client;
use crate::dice::Dice;
use crate::partner::{Partner, secrets};
use crate::server::Server;
use crate::stage::{SLUG, Stage};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// People beside the demo workspace's own, each with a token of this form; the first ones are members of its team.
const GUESTS: [&str; 5] = ["ann", "bea", "cem", "dov", "eva"];
const MEMBERS: usize = 3;

/// Where the demo's integration wants its codes.
const REDIRECT: &str = "https://log-bridge.example/callback";

fn token(guest: &str) -> String {
    format!("token_of_{guest}")
}

/// Writes down the people, as a server's operator does.
pub fn config(folder: &Path) -> PathBuf {
    let users = GUESTS.map(|guest| format!("  - {{ username: {guest}, email: {guest}@example.com }}\n"));
    let tokens =
        GUESTS.map(|guest| format!("  - {{ user: {guest}, name: fuzz, value: {} }}\n", token(guest)));
    let path = folder.join("pintle.yaml");
    std::fs::write(&path, format!("users:\n{}tokens:\n{}", users.concat(), tokens.concat())).expect("a file");
    path
}

/// What it is made with, and what is noted of it.
struct Ground<'a> {
    stage: Stage,
    memory: &'a mut Memory,
    dice: &'a mut Dice,
    ready: &'a Json,
    /// The team of the demo workspace, and another of the same user.
    team: String,
    guest: String,
}

/// Makes the ground, and notes in the memory what a client needs to know of it. The partner lives as long as the stage.
pub fn lay(server: &Server, partner: Partner, memory: &mut Memory, dice: &mut Dice) -> Stage {
    let client = Client::new(&server.url, &server.ready);
    let stage = Stage::set(client, partner, Dice::new(dice.between(0, 1 << 30) as u64));
    let team = text(&server.ready["teamId"]);
    let mut ground = Ground { stage, memory, dice, ready: &server.ready, team, guest: String::new() };
    ground.people();
    ground.native();
    ground.resources();
    ground.external();
    ground.edge_config();
    ground.stage
}

impl Ground<'_> {
    fn note(&mut self, kind: &str, name: &str) {
        self.memory.note(kind, name, self.dice);
    }

    fn caller(&mut self, caller: Caller) {
        self.memory.add_caller(caller, self.dice);
    }

    /// Sends what must succeed, and learns from it.
    fn send(&mut self, method: &str, path: &str, parameters: &[&str], body: Json) -> Json {
        let mut values = parameters.iter();
        let part = |part: &str| match part.starts_with('{') {
            true => values.next().map_or("none", |value| value).to_owned(),
            false => part.to_owned(),
        };
        let filled: Vec<String> = path.split('/').map(part).collect();
        let answer = self.stage.good(method, &filled.join("/"), body);
        let parameters: Vec<String> = parameters.iter().map(|value| (*value).to_owned()).collect();
        self.memory.learn(path, &parameters, &answer, self.dice);
        answer
    }

    /// First of all the one who makes most requests.
    fn people(&mut self) {
        let (ready, team) = (self.ready, self.team.clone());
        self.caller(Caller::user(&text(&ready["token"]), &team));
        self.memory.learn("/nothing", &[], ready, self.dice);
        let project = text(&ready["projectIds"][0]);
        let shown = self.send("GET", "/v2/teams/{teamId}", &[&team], Json::Null);
        for guest in GUESTS {
            self.caller(Caller::user(&token(guest), &team));
        }
        for guest in &GUESTS[..MEMBERS] {
            let body = json!({ "inviteCode": shown["inviteCode"] });
            let join = format!("/v1/teams/{team}/members/teams/join");
            let joined = self.stage.client.send_as(&token(guest), "POST", &join, Some(&body));
            let joined = joined.expect("a running server");
            assert!(joined.is_good(), "{}", joined.unexpected());
            let body = json!({ "username": guest, "role": "ADMIN" });
            self.send("POST", "/v1/projects/{idOrName}/members", &[&project], body);
        }
        self.caller(Caller::key(&text(&ready["logKey"])));
        self.note("deployment", "dpl_one");
    }

    /// The native integration, which can do all that the fuzz may ask of it, and its installations.
    fn native(&mut self) {
        let partner = self.stage.partner.url.clone();
        let pages = json!({
            "redirectLoginUrl": format!("{partner}/login"), "importResourceUrl": format!("{partner}/import"),
        });
        self.send("PATCH", "/pintle/v1/integrations/{idOrSlug}", &[SLUG], pages);
        let repl = json!({ "enabled": true, "supportsReadOnlyMode": true });
        let able = json!({
            "deploymentActions": [{ "slug": "migrate", "name": "Migrate" }],
            "protocols": { "storage": { "status": "enabled", "repl": repl } },
        });
        let product = "/pintle/v1/integrations/{idOrSlug}/products/{productIdOrSlug}";
        self.send("PATCH", product, &[SLUG, "db"], able);
        self.note("action", "migrate");
        let path = "/pintle/v1/integrations/{idOrSlug}/rotate-secret";
        let client = self.send("POST", path, &[SLUG], Json::Null);
        let shown = self.send("GET", "/pintle/v1/integrations/{idOrSlug}", &[SLUG], Json::Null);
        self.note("native", &text(&shown["id"]));
        self.note("nativesecret", &text(&client["clientSecret"]));
        self.note("integrationslug", SLUG);
        let own = self.stage.installed();
        let (team, guest) = self.stage.guest();
        self.note("team", &team);
        let owner = text(&self.ready["token"]);
        self.caller(Caller::user(&owner, &team).owning(&guest));
        for id in [&own, &guest] {
            let token = self.stage.partner.memory().installations[id].token.clone();
            self.caller(Caller::installation(&token, id));
        }
        self.guest = team;
        self.stage.bought_credits(&own);
    }

    /// Resources that are connected, offered, or nobody's yet.
    fn resources(&mut self) {
        for _ in 0..3 {
            let (kept, given) = (self.stage.store(), self.stage.store());
            self.stage.connect(&kept);
            let code = self.stage.offer(&given);
            self.note("transfercode", &code);
        }
        let own = self.stage.installed();
        let token = self.stage.partner.memory().installations[&own].token.clone();
        for ownership in ["sandbox", "linked"] {
            let id = self.stage.partner.memory().add(&own, ownership, true);
            let body = json!({
                "productId": "db", "name": ownership, "status": "ready", "ownership": ownership,
                "secrets": secrets(&id, 1),
            });
            let path = format!("/v1/installations/{own}/resources/{id}");
            let made =
                self.stage.client.send_as(&token, "PUT", &path, Some(&body)).expect("a running server");
            assert!(made.is_good(), "{}", made.unexpected());
            self.note("resource", &id);
        }
        self.note("item", "one");
    }

    /// The demo's integration is installed by the other team as well, and its server exchanges the code; a removal of a third one stays in
    /// history, and the first one waits for a change of its scopes to be confirmed.
    fn external(&mut self) {
        let (integration, secret) = (text(&self.ready["integrationId"]), text(&self.ready["clientSecret"]));
        for (kind, name) in [("external", &*integration), ("externalsecret", &secret), ("redirect", REDIRECT)]
        {
            self.note(kind, name);
        }
        let client = self.stage.client.for_team(&self.guest);
        let good = |method: &str, path: &str, body: Json| {
            let answer = client.send(method, path, Some(&body)).expect("a running server");
            assert!(answer.is_good(), "{}", answer.unexpected());
            answer.body
        };
        let install = format!("/pintle/v1/integrations/{integration}/install");
        let removed = good("POST", &install, json!({}));
        let removed = text(&removed["configuration"]["id"]);
        good("DELETE", &format!("/v1/integrations/configuration/{removed}"), Json::Null);
        let installed = good("POST", &install, json!({}));
        let form = json!({
            "client_id": integration, "client_secret": secret, "code": installed["code"], "redirect_uri": REDIRECT,
        });
        let path = "/v2/oauth/access_token";
        self.memory.learn(path, &[], &good("POST", path, form), self.dice);
        let scopes = json!({ "scopes": ["read-write:integration-configuration", "read-write:domain", "read-write:log-drain"] });
        self.send("PATCH", "/pintle/v1/integrations/{idOrSlug}", &[&integration], scopes);
    }

    fn edge_config(&mut self) {
        self.send("POST", "/v11/projects", &[], json!({ "name": "n0" }));
        // Names that the content comes upon as well.
        for slug in ["n0", "n1"] {
            let body = json!({ "slug": slug, "items": { "dark": true } });
            let made = self.send("POST", "/v1/edge-config", &[], body);
            let path = "/v1/edge-config/{edgeConfigId}/token";
            self.send("POST", path, &[&text(&made["id"])], json!({ "label": "fuzz" }));
        }
        self.note("edgeconfigitemkey", "dark");
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
