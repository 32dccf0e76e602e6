//! A whole server: what its API takes, and where its deliveries go.

use super::canary::{Allowed, Canary};
use super::spellings::Spelling;
use super::{ALLOWED, Options, Tally, names};
use crate::client::Client;
use crate::server::{Program, Server, pause};
use pintle_store::Db;
use pintle_testing::NameServer;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// An owner has no more account webhooks than this.
const WEBHOOKS: usize = 20;
const TOKEN: &str = "token_of_the_proof";
/// How long deliveries may take to be tried, and tried again.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a connection that should not be would need to show.
const AFTER: Duration = Duration::from_millis(500);

/// The world around the server, on the proof's own runtime.
struct Field {
    canary: Canary,
    port: u16,
    allowed: Allowed,
    shared_port: u16,
    names: NameServer,
}

/// Tries a guarded server and one for development.
pub fn run(runtime: &Runtime, program: PathBuf, spellings: &[Spelling], options: &Options) -> Tally {
    let folder = tempfile::tempdir().expect("a folder");
    // Names have addresses, and a header has no spelling of a name.
    let turning: Vec<Spelling> = spread(spellings, options.delivered, |spelling| spelling.address.is_some());
    let field = runtime.block_on(Field::new(&turning));
    let mut tally = Tally::default();

    let teams = (3 * turning.len()).div_ceil(WEBHOOKS).max(1);
    let config = folder.path().join("pintle.yaml");
    std::fs::write(&config, yaml(teams)).expect("a file");
    let data = folder.path().join("data");
    let options_of_server = ["--dev=false", "--config"].map(str::to_owned).into_iter().chain([
        config.display().to_string(),
        "--dns".to_owned(),
        field.names.address.to_string(),
        "--allow-egress".to_owned(),
        ALLOWED.to_string(),
    ]);
    let guarded = Program { path: program, data, database: None, options: options_of_server.collect() };
    let server = guarded.start();
    let doors = json!({ "loopback": false, "allow": [format!("{ALLOWED}/32")] });
    assert_eq!(server.ready["egress"], doors, "not what was opened");
    let clients: Vec<Client> = (0..teams).map(|team| member(&server, team)).collect();
    for (index, spelling) in spread(spellings, options.created, |_| true).iter().enumerate() {
        refused(&clients[0], index, &spelling.url(field.port));
        tally.count("refused at creation");
    }
    field.deliver(&clients, &turning, &guarded, runtime, &mut tally);
    drop(server);
    let hits = field.canary.hits();
    assert!(hits.is_empty(), "{} connections to what is forbidden, the first to {}", hits.len(), hits[0]);

    let dev = Program { data: folder.path().join("dev"), options: Vec::new(), ..guarded };
    field.reached_in_development(&dev, spellings, &mut tally);
    tally
}

/// So many of the spellings that are wanted, from all over the list.
fn spread(spellings: &[Spelling], count: usize, wanted: impl Fn(&Spelling) -> bool) -> Vec<Spelling> {
    let list: Vec<&Spelling> = spellings.iter().filter(|spelling| wanted(spelling)).collect();
    let count = count.min(list.len());
    (0..count).map(|index| list[index * list.len() / count].clone()).collect()
}

/// One user in so many teams.
fn yaml(teams: usize) -> String {
    let teams: String = (0..teams)
        .map(|team| format!("  - {{ slug: team{team}, members: [{{ user: prover, role: OWNER }}] }}\n"))
        .collect();
    let user = "users:\n  - { username: prover, email: prover@example.com }\n";
    format!("{user}tokens:\n  - {{ user: prover, name: proof, value: {TOKEN} }}\nteams:\n{teams}")
}

fn member(server: &Server, team: usize) -> Client {
    let slug = format!("team{team}");
    let personal = Client::new(&server.url, &json!({ "token": TOKEN, "teamId": "" }));
    let id = personal.get(&format!("/v2/teams/{slug}"))["id"].clone();
    Client::new(&server.url, &json!({ "token": TOKEN, "teamId": id }))
}

/// Nothing that sends takes this URL.
fn refused(client: &Client, index: usize, url: &str) {
    let delivery = json!({ "type": "http", "endpoint": url, "encoding": "json", "headers": {} });
    let schemas = json!({ "log": { "version": "v1" } });
    let (path, body) = match index % 4 {
        0 => ("/v1/webhooks", json!({ "url": url, "events": ["project.created"] })),
        1 => (
            "/v1/drains",
            json!({ "name": "d", "projects": "all", "schemas": schemas, "delivery": delivery }),
        ),
        2 => ("/v1/log-drains", json!({ "url": url, "deliveryFormat": "json", "sources": ["build"] })),
        _ => ("/pintle/v1/integrations", json!({ "name": format!("app {index}"), "webhookUrl": url })),
    };
    let answer = client.send("POST", path, Some(&body)).expect("a running server");
    assert_eq!(answer.status, 400, "{url:?}: {}", answer.unexpected());
    let message = answer.body["error"]["message"].as_str().unwrap_or_default();
    // What does not begin as the contract wants it is not even looked at.
    let good = !url.starts_with("http://") || message.contains("is refused: ");
    assert!(good, "{url:?}: {}", answer.unexpected());
}

impl Field {
    async fn new(turning: &[Spelling]) -> Self {
        let canary = Canary::default();
        let port = canary.everywhere().await;
        let allowed = Allowed::new(turning.iter().map(|spelling| spelling.location(port)).collect());
        let shared_port = allowed.start_beside(&canary).await;
        let addresses: Vec<Option<IpAddr>> = turning.iter().map(|spelling| spelling.address).collect();
        let names = NameServer::start(move |name, before| names::answer(&addresses, name, before)).await;
        Self { canary, port, allowed, shared_port, names }
    }

    /// Webhooks that were taken, since they led nowhere inside then, and an event for each.
    fn deliver(
        &self,
        clients: &[Client],
        turning: &[Spelling],
        program: &Program,
        runtime: &Runtime,
        tally: &mut Tally,
    ) {
        let ways = |index: usize| {
            [
                format!("http://{ALLOWED}:{}/r/{index}", self.shared_port),
                format!("http://turn{index}.test:{}/", self.port),
                format!("http://retry{index}.test:{}/", self.shared_port),
            ]
        };
        for (place, url) in (0..turning.len()).flat_map(ways).enumerate() {
            let body = json!({ "url": url, "events": ["project.created"] });
            created(&clients[place / WEBHOOKS], "/v1/webhooks", &body);
        }
        for client in clients {
            created(client, "/v11/projects", &json!({ "name": "site" }));
        }
        let database = program.database_file().expect("a database file");
        let count = turning.len();
        await_that("every redirect is met", || {
            (0..count).all(|index| self.allowed.seen(&format!("/r/{index}")) > 0)
        });
        await_that("every name that turned is tried, and refused", || {
            runtime.block_on(refusals(&database)) >= 2 * count
        });
        pause(AFTER);
        for index in 0..count {
            let turned = self.names.lookups(&format!("turn{index}.test"));
            let retried = self.names.lookups(&format!("retry{index}.test"));
            assert!(turned > 1 && retried > 2, "{turned} and {retried} look-ups of names that turned");
            tally.count("redirected inside");
            tally.count("by a name that turned after creation");
            tally.count("by a name that turned before a retry");
        }
    }

    /// The same list, where this machine is open.
    fn reached_in_development(&self, program: &Program, spellings: &[Spelling], tally: &mut Tally) {
        let server = program.start();
        let doors = json!({ "loopback": true, "allow": [] });
        assert_eq!(server.ready["egress"], doors, "not what was opened");
        let client = Client::new(&server.url, &server.ready);
        let inside = |spelling: &Spelling| spelling.loopback && spelling.url(0).starts_with("http://");
        let list = spread(spellings, WEBHOOKS - 5, inside);
        for spelling in &list {
            let body = json!({ "url": spelling.url(self.port), "events": ["project.created"] });
            created(&client, "/v1/webhooks", &body);
        }
        created(&client, "/v11/projects", &json!({ "name": "fresh" }));
        await_that("every spelling of loopback is delivered to", || self.canary.hits().len() >= list.len());
        list.iter().for_each(|_| tally.count("delivered to loopback in development"));
    }
}

fn created(client: &Client, path: &str, body: &Value) {
    let answer = client.send("POST", path, Some(body)).expect("a running server");
    assert!(answer.is_good(), "{body}: {}", answer.unexpected());
}

/// Deliveries that a try was refused of.
async fn refusals(database: &Path) -> usize {
    let db = Db::sqlite_read_only(database).expect("the database");
    let sql =
        "SELECT COUNT(DISTINCT delivery_id) FROM delivery_tries WHERE doc LIKE '%\"error\":\"refused: %'";
    let (count,): (i64,) = db.read().await.expect("a connection").one(sql, &[]).await.expect("a count");
    count as usize
}

fn await_that(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "not within {} s: {what}", PATIENCE.as_secs());
        pause(Duration::from_millis(100));
    }
}
