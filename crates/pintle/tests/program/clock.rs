//! `pintle clock`.

use crate::place::{Ended, Place, Server, Signal, finish};
use serde_json::json;

fn clock(place: &Place, server: &Server, args: &[&str]) -> Ended {
    let mut command = place.command(&[&["clock"], args].concat());
    command.env("PINTLE_URL", server.text("url"));
    if let Some(token) = server.ready["token"].as_str() {
        command.env("PINTLE_TOKEN", token);
    }
    finish(&mut command)
}

#[test]
fn a_move_lasts_and_what_waited_for_the_time_happens_at_once() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        assert!(clock(&place, &server, &[]).succeeds().ends_with("Z  0s ahead\n"));
        let id = server.text("configurationId").to_owned();
        let disable = format!("/pintle/v1/integrations/configurations/{id}/disable");
        assert_eq!(server.call(server.text("token"), "POST", &disable, None).0, 200);
        assert!(clock(&place, &server, &["advance", "24h"]).succeeds().ends_with("Z  1d ahead\n"));
        server.stop();

        let server = place.serve(&["--dev"]);
        assert!(clock(&place, &server, &[]).succeeds().ends_with("Z  1d ahead\n"));
        assert!(clock(&place, &server, &["advance", "29d"]).succeeds().ends_with("Z  30d ahead\n"));
        let receipt = server.eventually(&format!("/pintle/v1/removals/{id}"));
        assert_eq!(receipt["reason"], json!("disabled-too-long"));
        server.stop();
    }
}

#[test]
fn it_says_what_it_cannot_do() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let ended = clock(&place, &server, &["advance", "tomorrow"]);
    ended.fails(
        2,
        "`tomorrow` is not a whole number and a unit (ms, s, m, h, d), such as 24h; time only goes forward",
    );
    clock(&place, &server, &["advance", "1h"]).succeeds();
    let token = server.text("token").to_owned();
    server.stop();

    let server = place.serve(&[]);
    let text = "This path is for development: start the server with --dev (404, not_found)";
    clock(&place, &server, &["--token", &token]).fails(1, text);
    server.signal(Signal::TERM);
    let (code, said) = server.ended();
    assert!(code == 0 && said.contains("the time of this database was moved forward with --dev"), "{said}");
}
