//! Which doors are open: by options, environment and file, as it is printed, and as it holds.

use crate::demo::with_text;
use crate::place::{Place, Server};
use serde_json::json;

fn status_of_webhook(server: &Server, token: &str, url: &str) -> u16 {
    let body = json!({ "url": url, "events": ["project.created"] });
    server.call(token, "POST", "/v1/webhooks", Some(body)).0
}

const ADA: &str = "\
users:
  - { username: ada, email: ada@example.com }
tokens:
  - { user: ada, name: t, value: token_of_ada }
";

#[test]
fn nothing_is_open_unless_it_is_said() {
    let place = Place::new();
    place.write("pintle.yaml", ADA);
    let server = place.serve(&[]);
    for url in ["http://127.0.0.1/", "http://localhost:3000/", "http://10.1.2.3/", "http://[fd12::1]/"] {
        assert_eq!(status_of_webhook(&server, "token_of_ada", url), 400, "{url}");
    }
    assert_eq!(status_of_webhook(&server, "token_of_ada", "https://hooks.example/"), 200);
    server.stop();
}

#[test]
fn networks_are_opened_by_option_environment_and_file() {
    let place = Place::new();
    let asked = [
        (vec!["--allow-egress", "10.1.2.3/16,fd12::/32", "--allow-egress", "10.9.9.9"], None),
        (vec![], Some("10.1.0.0/16,fd12::/32,10.9.9.9")),
        (vec![], None),
    ];
    let file = format!("{ADA}allowEgress: [10.1.0.0/16, 'fd12::/32', 10.9.9.9]\n");
    for (options, environment) in asked {
        let from_file = options.is_empty() && environment.is_none();
        place.write("pintle.yaml", if from_file { &file } else { ADA });
        let mut command = place.command(&[vec!["serve", "--json"], options].concat());
        command.envs(environment.map(|value| ("PINTLE_ALLOW_EGRESS", value)));
        let server = Server::start(&mut command);
        let doors = json!({ "loopback": false, "allow": ["10.1.0.0/16", "fd12::/32", "10.9.9.9/32"] });
        assert_eq!(server.ready["egress"], doors);
        for (url, status) in
            [("http://10.1.2.3/", 200), ("http://[fd12::1]/", 200), ("http://10.2.0.1/", 400)]
        {
            assert_eq!(status_of_webhook(&server, "token_of_ada", url), status, "{url}");
        }
        server.stop();
    }
}

#[test]
fn a_network_in_the_file_that_is_none_is_blamed() {
    let place = Place::new();
    place.write("pintle.yaml", "log: info\nallowEgress:\n  - 10.0.0.0/40\n");
    let ended = place.run(&["serve"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.err.contains("pintle.yaml:3") && ended.err.contains("expected ADDRESS/LENGTH"),
        "{}",
        ended.err
    );
}

#[test]
fn a_person_is_told_which_doors_are_open() {
    let place = Place::new();
    let (server, text) = with_text(&place);
    assert!(text.contains("\nWebhooks and drains may also connect to this machine (--dev)\n"), "{text}");
    assert_eq!(status_of_webhook(&server, server.text("token"), "http://localhost:3000/"), 200);
    assert_eq!(status_of_webhook(&server, server.text("token"), "http://10.1.2.3/"), 400);
    server.stop();
}
