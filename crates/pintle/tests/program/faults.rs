//! Faults over a restart.

use crate::place::{Place, Server, finish};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn order(server: &Server) -> String {
    let fault = json!({ "route": "getTeams", "status": 500 });
    let (status, made) = server.call(server.text("token"), "POST", "/pintle/v1/faults", Some(fault));
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_start_lists_those_that_are_on() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        assert_eq!(server.ready.get("faults"), None);
        let id = order(&server);
        server.stop();

        let server = place.serve(&["--dev"]);
        assert_eq!(server.ready["faults"][0]["id"], id.as_str());
        assert_eq!(server.call(server.text("token"), "GET", "/v2/teams", None).0, 500);
        let token = server.text("token").to_owned();
        server.stop();

        let mut child = place.command(&["serve", "--dev"]).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let named = format!("  getTeams id={id} status=500");
        assert!(lines.any(|line| line == "Faults are on:") && lines.any(|line| line == named));
        drop(Server::adopt(child, json!({})));

        let server = place.serve(&[]);
        assert_eq!(server.ready.get("faults"), None);
        assert_eq!(server.call(&token, "GET", "/v2/teams", None).0, 200);
        server.stop();
        assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
    }
}

#[test]
fn they_are_ordered_listed_and_taken_away_by_command() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let faults = |args: &[&str]| {
        let mut command = place.command(&[&["faults"], args].concat());
        command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
        finish(&mut command)
    };
    assert_eq!(faults(&[]).succeeds(), "no faults\n");
    let made = faults(&["add", "route=GET /v2/teams", "status=503", "times=2"]).succeeds();
    assert!(made.starts_with("getTeams id=flt_") && made.ends_with(" status=503 times=2\n"), "{made}");
    let other = faults(&["add", "target=http://localhost:3000/hook", "dropAnswer"]).succeeds();
    assert_eq!(server.call(server.text("token"), "GET", "/v2/teams", None).0, 503);
    assert_eq!(faults(&[]).succeeds(), made.replace("times=2", "times=1") + &other);
    let id = made.split("id=").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(faults(&["clear", id]).succeeds(), "");
    assert_eq!(faults(&[]).succeeds(), other);
    assert_eq!(faults(&["clear"]).succeeds(), "");
    assert_eq!(faults(&[]).succeeds(), "no faults\n");
    faults(&["clear", id]).fails(1, "Fault not found (404, not_found)");
    faults(&["add", "=503"]).fails(2, "`=503` is not KEY=VALUE, such as status=503");
    server.stop();
}
