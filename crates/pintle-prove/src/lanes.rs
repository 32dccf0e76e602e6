//! Lanes: what hangs holds up nobody else. A hundred targets get every event; first all of them answer, then one of them does and
//! ninety-nine hang. The one's 99th percentile, from the event's own time to its arrival, must be no later than before, but for
//! 20 ms or a tenth.

use crate::client::Client;
use crate::server::{self, Program, pause};
use crate::{failure, plants};
use parking_lot::Mutex;
use pintle_core::clock::{Clock, Millis};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TARGETS: usize = 100;
/// Between two events.
const PACE: Duration = Duration::from_millis(100);
/// How much later the 99th percentile may be, at least.
const MORE: Millis = 20;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Events of each of the two parts.
    #[arg(long, default_value_t = 400)]
    events: usize,
    /// The server program; without it, it is built first.
    #[arg(long)]
    server: Option<PathBuf>,
    #[command(flatten)]
    plants: plants::Choice,
}

/// Runs the proof and prints what it measured.
///
/// # Errors
/// Where the healthy target had to wait.
pub fn run(options: &Options) -> Result<(), String> {
    failure::install();
    if options.plants.proof() {
        let path = server::program(options.server.as_deref())?;
        failure::catch(|| prove(path, options.events))?;
    }
    options.plants.run(&plants::LANES)
}

fn prove(path: PathBuf, events: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let targets = runtime.block_on(Targets::start());
    let program = Program { path, data: folder.path().join("data"), database: None, options: Vec::new() };
    let server = program.start();
    let client = Client::new(&server.url, &server.ready);
    let token = subscribe(&client, &targets);
    let measure = |hang: bool, from: usize| {
        targets.hang.store(hang, Ordering::Relaxed);
        targets.delays.lock().clear();
        for n in from..from + events {
            let made =
                client.send_as(&token, "POST", "/v11/projects", Some(&json!({ "name": format!("p-{n}") })));
            assert!(made.expect("a running server").is_good());
            pause(PACE);
        }
        let began = Instant::now();
        while targets.delays.lock().len() < events {
            let arrived = targets.delays.lock().len();
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{arrived} of {events} arrived at the one that answers"
            );
            pause(Duration::from_millis(20));
        }
        percentiles(targets.delays.lock().clone())
    };
    let healthy = measure(false, 0);
    let beside = measure(true, events);
    let line = |(half, most): (Millis, Millis)| format!("half within {half} ms, 99 % within {most} ms");
    println!("lanes: {events} events, all {TARGETS} targets answer: {}", line(healthy));
    println!("lanes: {events} events, {} of {TARGETS} hang: {}", TARGETS - 1, line(beside));
    let allowed = healthy.1 + MORE.max(healthy.1 / 10);
    assert!(
        beside.1 <= allowed,
        "99 % within {} ms beside those that hang, {} ms without",
        beside.1,
        healthy.1
    );
}

fn percentiles(mut delays: Vec<Millis>) -> (Millis, Millis) {
    delays.sort_unstable();
    (delays[delays.len() / 2], delays[(delays.len() * 99).div_ceil(100) - 1])
}

/// An installation with a webhook for each target; answers its token. An account may have only twenty.
fn subscribe(client: &Client, targets: &Targets) -> String {
    let scopes = ["read-write:integration-configuration", "read-write:project"];
    let redirect = "https://example.com/callback";
    let app =
        json!({ "name": "Lanes", "slug": "lanes-of-the-proof", "redirectUrl": redirect, "scopes": scopes });
    let ask = |path: &str, body| {
        let answer = client.send("POST", path, Some(&body)).expect("a running server");
        assert!(answer.is_good(), "{}", answer.unexpected());
        answer.body
    };
    let app = ask("/pintle/v1/integrations", app);
    let made = ask("/pintle/v1/integrations/lanes-of-the-proof/install", json!({}));
    let exchange = json!({
        "client_id": app["id"], "client_secret": app["clientSecret"], "code": made["code"], "redirect_uri": redirect,
    });
    let token = ask("/v2/oauth/access_token", exchange)["access_token"].as_str().expect("a token").to_owned();
    for target in 0..TARGETS {
        let body = json!({ "url": targets.url(target), "events": ["project.created"] });
        let made = client.send_as(&token, "POST", "/v1/webhooks", Some(&body)).expect("a running server");
        assert!(made.is_good(), "{}", made.unexpected());
    }
    token
}

struct Targets {
    address: String,
    hang: Arc<AtomicBool>,
    /// From an event's own time to its arrival at the first target.
    delays: Arc<Mutex<Vec<Millis>>>,
}

impl Targets {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (hang, delays): (Arc<AtomicBool>, Arc<Mutex<Vec<Millis>>>) = Default::default();
        let targets = Self { address, hang: hang.clone(), delays: delays.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (hang, delays) = (hang.clone(), delays.clone());
                tokio::spawn(async move { drop(serve(stream, &hang, &delays).await) });
            }
        });
        targets
    }

    fn url(&self, target: usize) -> String {
        format!("http://{}/{target}", self.address)
    }
}

async fn serve(mut stream: TcpStream, hang: &AtomicBool, delays: &Mutex<Vec<Millis>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        while !is_whole(&bytes) {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        if bytes.starts_with(b"POST /0 ") {
            let text = String::from_utf8_lossy(&bytes);
            let at = text.split_once("\"createdAt\":").and_then(|(_, rest)| rest.split_once(','));
            let at: Millis = at.and_then(|(at, _)| at.parse().ok()).expect("the time of the event");
            delays.lock().push(Clock::default().now() - at);
        } else if hang.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        bytes.clear();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

/// Whether head and body of a request are there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split_once("content-length:").and_then(|(_, rest)| rest.lines().next());
    let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    bytes.len() >= end + 4 + length
}
