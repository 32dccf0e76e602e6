//! `pintle trigger`.

use crate::place::{Ended, OTHERS_TEAM, Place, Server, finish};

fn trigger(place: &Place, server: &Server, args: &[&str]) -> Ended {
    let mut command = place.command(&[&["trigger"], args].concat());
    command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
    finish(&mut command)
}

#[test]
fn it_says_what_it_sent_and_to_how_many() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let project = server.ready["projectIds"][0].as_str().unwrap();
        let set = ["--set", "payload.target=staging", "--set", "payload.plan=null", "--project", project];
        let said = trigger(&place, &server, &[&["deployment.ready"], &set[..]].concat()).succeeds();
        assert!(said.starts_with("uev_") && said.contains("  deployment.ready  "), "{said}");
        let hook = serde_json::json!({ "url": "http://127.0.0.1:1/hook", "events": ["deployment.ready"] });
        assert_eq!(server.call(server.text("token"), "POST", "/v1/webhooks", Some(hook)).0, 200);
        let more = trigger(&place, &server, &[&["deployment.ready"], &set[..]].concat()).succeeds();
        assert!(more.ends_with(" to 1 subscriber\n") || more.ends_with(" subscribers\n"), "{more}");
        let deliveries = server.get("/pintle/v1/deliveries?eventType=deployment.ready");
        let id = deliveries["deliveries"][0]["id"].as_str().unwrap();
        let body = server.get(&format!("/pintle/v1/deliveries/{id}"))["body"].as_str().unwrap().to_owned();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["payload"]["target"], "staging");
        assert_eq!(body["payload"]["plan"], serde_json::Value::Null);
        assert_eq!(body["payload"]["project"]["id"], project);
        server.stop();
    }
}

#[test]
fn it_says_what_it_cannot_send() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let ended = trigger(&place, &server, &["deployment.ready", "--set", "payload"]);
    ended.fails(2, "`payload` is not PATH=VALUE, such as payload.target=staging");
    let ended = trigger(&place, &server, &["deployment.raedy"]);
    let near = "no such event; did you mean deployment.ready? (see pintle --help)";
    ended.fails(2, &format!("invalid value 'deployment.raedy' for '<EVENT>': {near}"));
    let ended = trigger(&place, &server, &["test-webhook", "--team", "nobodys"]);
    ended.fails(1, OTHERS_TEAM);
    server.stop();
}
