//! Starting: what is printed, what is kept, and what refuses a start.

use crate::place::{Place, Server};
use serde_json::{Value, json};

#[test]
fn the_ready_line_has_what_a_script_needs() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let keys: Vec<&String> = server.ready.as_object().unwrap().keys().collect();
        let expected = [
            "url",
            "egress",
            "token",
            "userId",
            "teamId",
            "teamSlug",
            "projectIds",
            "integrationId",
            "clientSecret",
            "configurationId",
            "logKey",
        ];
        assert_eq!(keys, expected);
        assert_eq!(server.ready["egress"], json!({ "loopback": true, "allow": [] }));
        assert!(server.text("url").starts_with("http://127.0.0.1:"));
        assert_eq!(server.get("/v2/user")["user"]["id"], server.ready["userId"]);
        assert_eq!(server.get("/v9/projects")["projects"].as_array().unwrap().len(), 2);
        server.stop();
    }
}

#[test]
fn without_dev_there_is_only_an_address() {
    let place = Place::new();
    let server = place.serve(&[]);
    let keys: Vec<&String> = server.ready.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["url", "egress"]);
    assert_eq!(server.ready["egress"], json!({ "loopback": false, "allow": [] }));
    assert_eq!(server.call("nobody", "GET", "/v2/user", None).0, 403);
    server.stop();
}

#[test]
fn a_restart_keeps_everything_and_prints_the_same_values() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let project = serde_json::json!({ "name": "third" });
        assert_eq!(server.call(server.text("token"), "POST", "/v11/projects", Some(project)).0, 200);
        let (first, hooks) = (server.ready.clone(), server.get("/v1/webhooks"));
        server.stop();

        let again = place.serve(&["--dev"]);
        for key in
            ["token", "userId", "teamId", "teamSlug", "integrationId", "clientSecret", "configurationId"]
        {
            assert_eq!(again.ready[key], first[key], "{key}");
        }
        assert_eq!(again.ready["projectIds"].as_array().unwrap().len(), 3);
        assert_eq!(again.get("/v1/webhooks"), hooks);
        again.stop();
    }
}

#[test]
fn a_demo_that_was_interrupted_is_made_anew() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let first = server.ready.clone();
    server.stop();
    // As if the power had gone before the last step.
    place.damage("DELETE FROM meta WHERE key = 'demo'; INSERT INTO meta VALUES ('demo_begun', x'')");
    let server = place.serve(&["--dev"]);
    assert_ne!(server.ready["teamId"], first["teamId"]);
    assert_eq!(server.get("/v2/teams")["teams"].as_array().unwrap().len(), 1);
    server.stop();
    assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
}

#[test]
fn a_demo_token_that_was_revoked_is_replaced() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let token = server.text("token").to_owned();
        assert_eq!(server.call(&token, "DELETE", "/v3/user/tokens/current", None).0, 200);
        server.stop();
        let server = place.serve(&["--dev"]);
        assert_ne!(server.text("token"), token);
        let again = server.text("token").to_owned();
        assert_eq!(server.get("/v2/user")["user"]["id"], server.ready["userId"]);
        server.stop();
        let server = place.serve(&["--dev"]);
        assert_eq!(server.text("token"), again);
        server.stop();
    }
}

#[test]
fn a_demo_that_was_deleted_is_said_to_be() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let (token, team) = (server.text("token"), server.text("teamId"));
    assert_eq!(server.call(token, "DELETE", &format!("/v1/teams/{team}"), None).0, 200);
    server.stop();
    let line = "the team of the demo workspace was deleted: start without --dev, or with a new --data folder";
    place.run(&["serve", "--dev", "--log", "off"]).fails(1, line);
    place.serve(&[]).stop();
}

#[test]
fn an_installation_that_was_disabled_for_too_long_goes_without_being_asked() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let id = server.text("configurationId").to_owned();
        server.stop();
        let doc = "replace(doc, '\"createdAt\"', '\"disabledAt\":1,\"createdAt\"')";
        place.damage(&format!("UPDATE configurations SET disabled_at = 1, doc = {doc}"));
        let server = place.serve(&["--dev"]);
        let path = format!("/pintle/v1/removals/{id}");
        let receipt = server.eventually(&path);
        assert_eq!(
            (&receipt["reason"], &receipt["removedBy"]["type"]),
            (&json("disabled-too-long"), &json("system"))
        );
        server.stop();
    }
}

fn json(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn the_demo_says_so_when_its_names_are_taken() {
    let place = Place::new();
    place.write("pintle.yaml", "users:\n  - { username: demo, email: demo@example.com }\n");
    let ended = place.run(&["serve", "--dev", "--log", "off"]);
    ended.fails(1, "the demo workspace needs the name `demo`, which is taken");
}

#[test]
fn a_second_server_on_a_folder_is_refused_and_names_the_first() {
    let place = Place::new();
    let first = place.serve(&[]);
    let holder = format!("process {}, {}", first.pid(), first.text("url"));
    place.run(&["serve"]).fails(1, &format!("the folder data is in use by another pintle: {holder}"));
    first.stop();
    place.serve(&[]).stop();
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let ready = server.ready.clone();
    drop(server);
    let again = place.serve(&["--dev"]);
    assert_eq!(again.ready["token"], ready["token"]);
    again.stop();
}

#[test]
fn a_port_in_use_is_one_line() {
    let place = Place::new();
    let other = Place::new().serve(&[]);
    let address = other.text("url").trim_start_matches("http://").to_owned();
    let ended = place.run(&["serve", "--listen", &address]);
    ended.fails(1, &format!("cannot listen on {address}: Address already in use (os error 98)"));
}

#[test]
fn a_database_that_is_not_there_is_one_line() {
    let place = Place::new();
    let ended = place.run(&["serve", "--database", "postgres://nobody@127.0.0.1:1/nothing"]);
    let text = "cannot connect to PostgreSQL: error connecting to server: Connection refused (os error 111)";
    ended.fails(1, text);
    assert!(!place.path("data").exists());
}

#[test]
fn a_file_that_is_no_database_is_one_line() {
    let place = Place::new();
    place.write("other.db", &"no database at all. ".repeat(100));
    let ended = place.run(&["serve", "--database", "sqlite:other.db"]);
    ended.fails(1, "other.db: file is not a database");
}

#[test]
fn a_newer_schema_is_refused() {
    let place = Place::new();
    place.serve(&["--dev"]).stop();
    place.damage("INSERT INTO schema_migrations VALUES (99, 'of the future')");
    let before = place.dump();
    let ended = place.run(&["serve"]);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(
        ended.err.starts_with("pintle: the database has schema version 99, but this program knows only ")
    );
    assert!(ended.err.ends_with(": start a newer pintle\n"));
    assert_eq!(place.dump(), before);
}

#[test]
fn two_servers_share_a_postgresql_database_with_one_key() {
    let Some(place) = Place::each().into_iter().find(|place| !place.on_sqlite()) else { return };
    let (first, second) = (place.serve(&["--dev"]), place.serve(&["--dev"]));
    assert_eq!(first.ready["token"], second.ready["token"]);
    let configuration = format!("/v1/integrations/configuration/{}", first.text("configurationId"));
    assert_eq!(first.call(first.text("token"), "DELETE", &configuration, None).0, 204);
    assert_eq!(second.call(first.text("token"), "GET", &configuration, None).0, 404);
    first.stop();
    second.stop();
}

#[test]
fn the_text_for_people_names_the_address_and_the_token() {
    let place = Place::new();
    let (server, text) = crate::demo::with_text(&place);
    for key in ["token", "teamId", "teamSlug", "integrationId", "configurationId"] {
        assert!(text.contains(server.text(key)), "{key} in {text}");
    }
    assert!(text.contains(" is ready at http://127.0.0.1:"), "{text}");
}

#[test]
fn the_limits_are_those_of_the_options() {
    let place = Place::new();
    let server = place.serve(&["--dev", "--rate-limit", "3", "--body-limit", "100"]);
    let token = server.text("token");
    let big = Value::String("x".repeat(200));
    assert_eq!(server.call(token, "POST", "/v1/webhooks", Some(big)).0, 413);
    let statuses: Vec<u16> = (0..3).map(|_| server.call(token, "GET", "/v2/user", None).0).collect();
    assert_eq!(statuses, [200, 200, 429]);
    server.stop();
}

#[test]
fn every_option_can_come_from_the_environment() {
    let place = Place::new();
    let mut command = place.command(&["serve"]);
    command.env("PINTLE_JSON", "1").env("PINTLE_DEV", "yes").env("PINTLE_RATE_LIMIT", "1");
    let server = Server::start(&mut command);
    let token = server.text("token");
    assert_eq!(server.call(token, "GET", "/v2/user", None).0, 200);
    assert_eq!(server.call(token, "GET", "/v2/user", None).0, 429);
    server.stop();
}
