//! `pintle listen`: to a receiver of the test's own, through restarts, and over TLS.

use crate::place::{OTHER_SERVER, Place, Server, Signal, finish};
use pintle_testing::identity;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A request that arrived.
struct Arrived {
    signature: String,
    body: String,
}

impl Arrived {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers every request with 200, and hands it on.
fn answer(stream: &mut (impl Read + Write), arrived: &Sender<Arrived>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut signature, mut line) = (0, String::new(), String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let Some((name, value)) = line.trim().split_once(": ") else {
                if line.trim().is_empty() {
                    break;
                } else {
                    continue;
                };
            };
            match name {
                "content-length" => length = value.parse().unwrap(),
                "x-vercel-signature" => signature = value.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let stream = reader.get_mut();
        drop(
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").and_then(|()| stream.flush()),
        );
        drop(arrived.send(Arrived { signature, body: String::from_utf8(body).unwrap() }));
    }
}

/// Its URL, and what arrives.
fn receiver(tls: Option<Arc<rustls::ServerConfig>>) -> (String, Receiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://localhost:{}/hook", listener.local_addr().unwrap().port());
    let (tell, arrived) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            match &tls {
                None => answer(&mut stream, &tell),
                Some(config) => {
                    let session = rustls::ServerConnection::new(config.clone()).unwrap();
                    answer(&mut rustls::StreamOwned::new(session, stream), &tell);
                }
            }
        }
    });
    (url, arrived)
}

/// A shell that listens, and what it says.
struct Shell {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    secret: String,
}

impl Shell {
    fn start(place: &Place, server: &Server, url: &str, more: &[&str]) -> Self {
        let mut command = place.command(&[&["listen", "--forward-to", url], more].concat());
        command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut shell = Self { child, lines, secret: String::new() };
        assert!(shell.line().ends_with(&format!("forwarding to {url}")));
        let signed = shell.line();
        shell.secret = signed.trim_start_matches("signing secret: ").to_owned();
        shell
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// As Ctrl-C does.
    fn interrupt(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, Signal::INT).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn trigger(server: &Server, event: &str) -> String {
    let body = json!({ "type": event });
    let (status, made) = server.call(server.text("token"), "POST", "/pintle/v1/events/trigger", Some(body));
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

fn next(arrived: &Receiver<Arrived>) -> Arrived {
    arrived.recv_timeout(PATIENCE).expect("an event")
}

#[test]
fn events_are_forwarded_signed_and_told() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let (url, arrived) = receiver(None);
        let mut shell =
            Shell::start(&place, &server, &url, &["--events", "deployment.ready,project.created"]);
        trigger(&server, "deployment.error");
        let id = trigger(&server, "deployment.ready");
        let event = next(&arrived);
        assert_eq!((&event.json()["type"], &event.json()["id"]), (&json!("deployment.ready"), &json!(id)));
        let signature = pintle_core::signature::sign(&shell.secret, event.body.as_bytes()).unwrap();
        assert_eq!(event.signature, signature);
        let said = shell.line();
        assert!(
            said.contains(&format!("Z  deployment.ready  {id}  200  ")) && said.ends_with("ms"),
            "{said}"
        );

        let project = json!({ "name": "third" });
        assert_eq!(server.call(server.text("token"), "POST", "/v11/projects", Some(project)).0, 200);
        assert_eq!(next(&arrived).json()["payload"]["project"]["name"], "third");
        assert!(shell.line().contains("  project.created  "));
        let delivered = server.get("/pintle/v1/deliveries?eventType=deployment.ready&state=delivered");
        let delivery =
            delivered["deliveries"].as_array().unwrap().iter().find(|one| one["kind"] == "listener");
        assert_eq!(delivery.unwrap()["url"], url.as_str());
        let listener = delivery.unwrap()["listenerId"].as_str().unwrap().to_owned();
        shell.interrupt();
        let path = format!("/pintle/v1/listeners/{listener}/stream");
        assert_eq!(server.call(server.text("token"), "GET", &path, None).0, 404, "it was closed");
        server.stop();
    }
}

#[test]
fn an_integrations_events_are_signed_with_its_client_secret() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let (url, arrived) = receiver(None);
    let events = ["--integration", "log-bridge", "--events", "integration-configuration.removed"];
    let shell = Shell::start(&place, &server, &url, &events);
    let integration = server.text("integrationId");
    assert_eq!(shell.secret, format!("signed with the client secret of {integration}"));
    let path = format!("/v1/integrations/configuration/{}", server.text("configurationId"));
    assert_eq!(server.call(server.text("token"), "DELETE", &path, None).0, 204);
    let event = next(&arrived);
    assert_eq!(event.json()["payload"]["configuration"]["id"], server.text("configurationId"));
    let signature = pintle_core::signature::sign(server.text("clientSecret"), event.body.as_bytes()).unwrap();
    assert_eq!(event.signature, signature);
    shell.interrupt();
    server.stop();
}

#[test]
fn nothing_is_lost_when_the_server_is_killed_and_comes_back() {
    for place in Place::each() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let serve = || place.serve(&["--dev", "--listen", &address]);
        let server = serve();
        let (url, arrived) = receiver(None);
        let mut shell = Shell::start(&place, &server, &url, &["--events", "test-webhook"]);
        let mut sent = BTreeSet::from([trigger(&server, "test-webhook")]);
        let mut came = BTreeSet::from([next(&arrived).json()["id"].as_str().unwrap().to_owned()]);
        assert!(shell.line().contains("  200  "));
        sent.extend((0..20).map(|_| trigger(&server, "test-webhook")));
        server.signal(Signal::KILL);
        drop(server.ended());

        let server = serve();
        sent.extend((0..20).map(|_| trigger(&server, "test-webhook")));
        while came.len() < sent.len() {
            came.insert(next(&arrived).json()["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(came, sent);
        shell.interrupt();
        server.stop();
    }
}

#[test]
fn a_certificate_is_verified_unless_told_otherwise() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let (url, arrived) = receiver(Some(identity().1));
    let mut strict = Shell::start(&place, &server, &url, &["--events", "test-webhook"]);
    let id = trigger(&server, "test-webhook");
    let said = strict.line();
    assert!(
        said.contains(&format!("  test-webhook  {id}  failed  ")) && said.contains("certificate"),
        "{said}"
    );
    // The delivery, by which it can be sent again.
    let delivery = said.split("  ").find(|part| part.starts_with("dlv_")).unwrap();
    assert_eq!(server.get(&format!("/pintle/v1/deliveries/{delivery}"))["eventId"], id.as_str());
    strict.interrupt();
    let mut easy = Shell::start(&place, &server, &url, &["--events", "test-webhook", "--skip-verify"]);
    let id = trigger(&server, "test-webhook");
    assert_eq!(next(&arrived).json()["id"], id.as_str());
    assert!(easy.line().contains("  200  "));
    easy.interrupt();
    server.stop();
}

#[test]
fn it_says_what_it_cannot_do() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let listen = |args: &[&str]| {
        let mut command = place.command(&[&["listen"], args].concat());
        command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
        finish(&mut command)
    };
    listen(&["--forward-to", "localhost:3000"]).fails(2, "`localhost:3000` is not an http or https URL");
    let url = "http://localhost:3000";
    let ended = listen(&["--forward-to", url, "--integration", "none"]);
    ended.fails(1, "Integration not found (404, not_found)");
    let ended = listen(&["--forward-to", url, "--url", "http://127.0.0.1:1"]);
    ended.fails(
        1,
        &format!("cannot reach http://127.0.0.1:1: io: Connection refused (os error 111). {OTHER_SERVER}"),
    );
    server.stop();
}
