//! `pintle keys rotate`, and who the server says it is.

use crate::place::{Place, Server};
use serde_json::Value;

fn kids(server: &Server) -> Vec<String> {
    let jwks = server.get("/.well-known/jwks");
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    jwks["keys"].as_array().unwrap().iter().map(kid).collect()
}

#[test]
fn a_new_key_signs_beside_a_running_server_and_the_old_one_stays_known() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let [old] = kids(&server).try_into().unwrap();
        let new = place.run(&["keys", "rotate"]).succeeds().trim().to_owned();
        assert_eq!(kids(&server), [new.clone(), old.clone()]);
        // The server still writes.
        let (status, _) = server.call(
            server.text("token"),
            "POST",
            "/v11/projects",
            Some(serde_json::json!({ "name": "after" })),
        );
        assert_eq!(status, 200);
        server.stop();
        let newest = place.run(&["keys", "rotate"]).succeeds().trim().to_owned();
        let server = place.serve(&["--dev"]);
        assert_eq!(kids(&server), [newest, new, old]);
        server.stop();
        assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
    }
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let place = Place::new();
    place.run(&["keys", "rotate"]).fails(1, "there is no database data/pintle.db");
    assert!(!place.path("data/pintle.db").exists());
}

#[test]
fn partners_are_told_the_address_that_the_operator_says_or_the_servers_own() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let document = server.get("/.well-known/openid-configuration");
    let own = server.text("url");
    assert_eq!(
        (document["issuer"].as_str(), document["jwks_uri"].as_str()),
        (Some(own), Some(&*format!("{own}/.well-known/jwks")))
    );
    server.stop();
    place.write("pintle.yaml", "issuer: https://pintle.example.com\n");
    let server = place.serve(&["--dev"]);
    assert_eq!(
        server.get("/.well-known/openid-configuration")["jwks_uri"],
        "https://pintle.example.com/.well-known/jwks"
    );
    server.stop();
    let server = place.serve(&["--dev", "--issuer", "https://other.example.com/pintle"]);
    assert_eq!(server.get("/.well-known/openid-configuration")["issuer"], "https://other.example.com/pintle");
    server.stop();
}
