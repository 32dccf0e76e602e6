//! `pintle logs`.

use crate::place::{Ended, Place, Server, UNKNOWN_TOKEN, finish};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

fn logs(place: &Place, server: &Server, token: &str, args: &[&str]) -> Command {
    let mut command = place.command(&[&["logs"], args].concat());
    command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text(token));
    command
}

fn run(place: &Place, server: &Server, token: &str, args: &[&str]) -> Ended {
    finish(&mut logs(place, server, token, args))
}

fn messages(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_file_is_sent_and_shown() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let mut text = String::from("plain text\n\n{\"message\":\"json\",\"level\":\"error\"}\n");
        (0..2500).for_each(|n| text.push_str(&format!("line {n}\n")));
        place.write("app.log", &text);
        assert_eq!(run(&place, &server, "logKey", &["send", "app.log"]).succeeds(), "sent 2502 lines\n");
        let shown = run(&place, &server, "token", &["tail", "-n", "3"]).succeeds();
        assert_eq!(messages(&shown), ["line 2497", "line 2498", "line 2499"]);
        let shown =
            run(&place, &server, "token", &["tail", "-n", "9999", "--project", "storefront"]).succeeds();
        assert_eq!(messages(&shown)[..3], ["plain text", "json", "line 0"]);
        assert_eq!(run(&place, &server, "token", &["tail", "--project", "docs"]).succeeds(), "");
        server.stop();
    }
}

#[test]
fn what_is_wrong_is_told_by_its_line_in_the_file() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let mut text = "good\n".repeat(1500);
    text.push_str("{\"level\":\"loud\"}\n");
    place.write("app.log", &text);
    let args = ["send", "--project", "docs", "app.log"];
    let ended = run(&place, &server, "token", &args);
    let allowed = "should be equal to one of the allowed values \"info, warning, error, fatal\".";
    let expected = format!("line 1501: `level` {allowed}\npintle: sent 1500 lines; 1 was not accepted\n");
    assert_eq!((ended.code, ended.err), (1, expected));
    place.write("app.log", "{}}\n");
    let ended = run(&place, &server, "token", &args);
    assert!(ended.err.ends_with("pintle: sent 0 lines; 1 was not accepted\n"), "{}", ended.err);
    let ended = run(&place, &server, "token", &["send", "app.log"]);
    let missing = "Invalid request: missing required property `projectId`. (400, bad_request)";
    ended.fails(1, &format!("{missing}: say which with --project"));
    run(&place, &server, "logKey", &["tail"]).fails(1, UNKNOWN_TOKEN);
    server.stop();
}

#[test]
fn what_comes_is_shown_as_it_comes() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let mut tail = logs(&place, &server, "token", &["tail", "--follow"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn().unwrap();
    let mut sender = logs(&place, &server, "logKey", &["send"]);
    let mut sender = sender.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut input = sender.stdin.take().unwrap();
    for text in ["one", "two", "three"] {
        writeln!(input, "{text}").unwrap();
        assert_eq!(messages(&shown.next().unwrap().unwrap()), [text]);
    }
    drop(input);
    assert_eq!(sender.wait_with_output().unwrap().stdout, b"sent 3 lines\n");
    // The end of the server ends who follows.
    server.stop();
    assert!(shown.next().is_none());
    assert!(tail.wait().unwrap().success());
}

#[test]
fn a_restart_of_the_server_loses_no_line_and_does_not_end_who_sends() {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let serve = || place.serve(&["--dev", "--listen", &format!("127.0.0.1:{port}")]);
    let server = serve();
    let mut sender = logs(&place, &server, "logKey", &["send"]);
    let mut sender =
        sender.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = sender.stdin.take().unwrap();
    writeln!(input, "before").unwrap();
    while messages(&run(&place, &server, "token", &["tail"]).succeeds()).is_empty() {}
    server.stop();
    writeln!(input, "meanwhile").unwrap();
    let mut said = BufReader::new(sender.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("lost the server: cannot reach "));
    let server = serve();
    drop(input);
    assert_eq!(sender.wait_with_output().unwrap().stdout, b"sent 2 lines\n");
    let shown = run(&place, &server, "token", &["tail"]).succeeds();
    assert_eq!(messages(&shown), ["before", "meanwhile"]);
    server.stop();
}
