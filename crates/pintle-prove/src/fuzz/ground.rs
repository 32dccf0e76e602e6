//! What a server has before it is fuzzed: people, teams, a partner with installations and resources, and some of what hangs on them.

use super::callers::Caller;
use super::memory::Memory;
use crate::client::Client;
use crate::dice::Dice;
use crate::partner::Partner;
use crate::server::Server;
use crate::stage::{SLUG, Stage};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// People beside the demo workspace's own, each with a token of this form.
const GUESTS: [&str; 4] = ["ann", "bea", "cem", "dov"];

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

/// Makes the ground, and notes in the memory what a client needs to know of it.
pub fn lay(server: &Server, partner: Partner, memory: &mut Memory, dice: &mut Dice) -> Stage {
    let client = Client::new(&server.url, &server.ready);
    let mut stage = Stage::set(client, partner, Dice::new(dice.between(0, 1 << 30) as u64));
    let text = |name: &str| server.ready[name].as_str().expect("a demo workspace");
    // First of all the one who makes most requests.
    memory.add_caller(Caller::user(text("token"), text("teamId")), dice);
    memory.learn("/nothing", &[], &server.ready, dice);
    memory.note("integrationslug", SLUG, dice);
    let product = format!("/pintle/v1/integrations/{SLUG}/products/db");
    stage.good("PATCH", &product, json!({ "deploymentActions": [{ "slug": "migrate", "name": "Migrate" }] }));
    for _ in 0..3 {
        let (kept, given) = (stage.store(), stage.store());
        stage.connect(&kept);
        let code = stage.offer(&given);
        memory.note("transfercode", &code, dice);
    }
    let (team, guest) = stage.guest();
    memory.note("team", &team, dice);
    memory.add_caller(Caller::user(text("token"), &team), dice);
    for guest in GUESTS {
        memory.add_caller(Caller::user(&token(guest), text("teamId")), dice);
    }
    let own = stage.installed();
    for id in [own.as_str(), &guest] {
        let token = stage.partner.memory().installations[id].token.clone();
        memory.add_caller(Caller::installation(&token, id), dice);
    }
    stage.bought_credits(&own);
    memory.add_caller(Caller::key(text("logKey")), dice);
    exchange(&stage, server, &team, memory, dice);
    stage
}

/// The demo's integration is installed by the guest's team as well, and its server exchanges the code.
fn exchange(stage: &Stage, server: &Server, team: &str, memory: &mut Memory, dice: &mut Dice) {
    let text = |name: &str| server.ready[name].as_str().expect("a demo workspace");
    let (integration, secret) = (text("integrationId"), text("clientSecret"));
    memory.note("external", integration, dice);
    memory.note("externalsecret", secret, dice);
    memory.note("redirect", REDIRECT, dice);
    let client = stage.client.for_team(team);
    let send = |path: &str, body: Json| {
        let answer = client.send("POST", path, Some(&body)).expect("a running server");
        assert!(answer.is_good(), "{}", answer.unexpected());
        answer.body
    };
    let installed = send(&format!("/pintle/v1/integrations/{integration}/install"), json!({}));
    let form = json!({
        "client_id": integration, "client_secret": secret, "code": installed["code"], "redirect_uri": REDIRECT,
    });
    memory.learn("/v2/oauth/access_token", &[], &send("/v2/oauth/access_token", form), dice);
}
