//! Ending: what is under way is finished, and the exit code is 0.

use crate::place::{Place, Server, Signal};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn both_signals_end_it_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let server = place.serve(&["--dev"]);
        server.signal(signal);
        assert_eq!(server.ended().0, 0);
        // Closed: what was in the log is in the file.
        assert!(!place.path("data/pintle.db-wal").exists());
    }
}

/// A POST of which only a part was sent.
fn begin(server: &Server) -> TcpStream {
    let address = server.text("url").trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let token = server.text("token");
    let head = format!(
        "POST /v11/projects HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-length: 15\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"{\"name\"").unwrap();
    stream
}

#[test]
fn a_request_that_is_under_way_is_finished() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let mut stream = begin(&server);
    let idle = TcpStream::connect(server.text("url").trim_start_matches("http://")).unwrap();
    assert!(server.get("/v2/user").is_object(), "by now the part has arrived");
    server.signal(Signal::TERM);
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "nothing is answered yet, and the connection is open");
    stream.set_read_timeout(None).unwrap();
    stream.write_all(b":\"late\"}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    drop(idle);
    let (code, err) = server.ended();
    assert_eq!(code, 0, "{err}");
    let again = place.serve(&["--dev"]);
    assert_eq!(again.get("/v9/projects/late")["name"], "late");
}

#[test]
fn a_delivery_that_is_under_way_arrives_once() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let endpoint = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", endpoint.local_addr().unwrap());
    let post = |path: &str, body| server.call(server.text("token"), "POST", path, Some(body)).1;
    let webhook = post("/v1/webhooks", json!({ "url": url, "events": ["project.created"] }));
    assert_eq!(post("/v11/projects", json!({ "name": "late" }))["name"], "late");
    let (mut under_way, _) = endpoint.accept().unwrap();
    server.signal(Signal::TERM);
    std::thread::park_timeout(Duration::from_millis(300));
    under_way.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    let (code, err) = server.ended();
    assert_eq!(code, 0, "{err}");
    let again = place.serve(&["--dev"]);
    let path = format!("/pintle/v1/deliveries?webhookId={}", webhook["id"].as_str().unwrap());
    let told = again.get(&path)["deliveries"][0].clone();
    assert_eq!((&told["state"], &told["tries"]), (&json!("delivered"), &json!(1)), "{err}");
}

#[test]
fn a_request_that_never_finishes_does_not_hold_the_end_for_ever() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let _stream = begin(&server);
    assert!(server.get("/v2/user").is_object());
    server.signal(Signal::TERM);
    let start = Instant::now();
    let (code, err) = server.ended();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("some requests did not finish in time"), "{err}");
    assert!((8..15).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(!place.path("data/pintle.db-wal").exists());
}

/// A database that takes connections and never says anything.
fn silence() -> (std::net::TcpListener, String) {
    let silence = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/nothing", silence.local_addr().unwrap());
    (silence, url)
}

#[test]
fn a_start_that_waits_can_be_ended() {
    let place = Place::new();
    let (silence, url) = silence();
    let mut child = place.command(&["serve", "--database", &url]).spawn().unwrap();
    let _held = silence.accept().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_database_that_does_not_answer_is_one_line() {
    let (_silence, url) = silence();
    let ended = Place::new().run(&["serve", "--database", &url]);
    ended.fails(1, "cannot connect to PostgreSQL: no answer within 10 seconds");
}

#[test]
fn a_second_signal_does_not_wait() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let _stream = begin(&server);
    assert!(server.get("/v2/user").is_object());
    let start = Instant::now();
    server.signal(Signal::TERM);
    std::thread::park_timeout(Duration::from_millis(300));
    server.signal(Signal::TERM);
    let (code, err) = server.ended();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("a second signal"), "{err}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
