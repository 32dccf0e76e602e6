//! `pintle remove`.

use crate::place::{Ended, OTHER_SERVER, OTHERS_TEAM, Place, Server, UNKNOWN_TOKEN, finish};
use std::io::Write;
use std::process::Stdio;

fn remove(place: &Place, server: &Server, args: &[&str]) -> Ended {
    let mut command = place.command(&[&["remove"], args].concat());
    command.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
    finish(&mut command)
}

#[test]
fn a_dry_run_lists_and_changes_nothing() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let id = server.text("configurationId");
        let plan = server.get(&format!("/pintle/v1/integrations/configurations/{id}/removal"));
        let listed = remove(&place, &server, &[id, "--dry-run"]).succeeds();
        assert!(listed.starts_with(&format!("log-bridge ({id}) would be removed, with\n")), "{listed}");
        for line in ["  2 webhooks\n", "  2 drains\n", "  5 environment variables\n", "  1 token\n"] {
            assert!(listed.contains(line), "{line} in {listed}");
        }
        for list in ["webhooks", "drains", "environmentVariables"] {
            for item in plan["removes"][list].as_array().unwrap() {
                let entry =
                    format!("    {}  {}", item["id"].as_str().unwrap(), item["name"].as_str().unwrap());
                assert!(listed.contains(&entry), "{entry} in {listed}");
            }
        }
        assert_eq!(server.get(&format!("/v1/integrations/configuration/{id}"))["id"], id);
        server.stop();
    }
}

#[test]
fn it_asks_first_and_without_a_terminal_it_must_be_told() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let id = server.text("configurationId");
    let ended = remove(&place, &server, &[id]);
    let line = "pintle: nothing was removed: without a terminal to ask on, say --yes\n";
    assert_eq!((ended.code, ended.err.as_str()), (2, line));
    assert_eq!(server.get(&format!("/v1/integrations/configuration/{id}"))["id"], id);

    let done = remove(&place, &server, &[id, "--yes", "--team", server.text("teamSlug")]).succeeds();
    let receipt = format!("removed {id}, with 2 webhooks, 2 drains, 5 environment variables and 1 token\n");
    assert!(done.ends_with(&receipt), "{done}");
    let gone = remove(&place, &server, &[id, "--yes"]);
    gone.fails(1, "Integration configuration not found (404, not_found)");
    server.stop();
}

/// Types an answer at the question, on a terminal that `script` makes.
fn typed(place: &Place, server: &Server, answer: &str) -> Option<(i32, String)> {
    let command = format!("{} remove {}", env!("CARGO_BIN_EXE_pintle"), server.text("configurationId"));
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(place.path("."));
    script.env("PINTLE_URL", server.text("url")).env("PINTLE_TOKEN", server.text("token"));
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.as_mut().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn a_person_is_asked() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let Some((code, text)) = typed(&place, &server, "n") else {
        eprintln!("skipped: there is no script (util-linux)");
        return;
    };
    assert!(text.contains("Remove it? [y/N] ") && text.contains("nothing was removed"), "{text}");
    assert_eq!(code, 1);
    let (code, text) = typed(&place, &server, "y").unwrap();
    assert!(text.contains("removed icfg_"), "{text}");
    assert_eq!(code, 0);
    server.stop();
}

#[test]
fn what_the_server_refuses_is_said_in_its_words() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let id = server.text("configurationId");
    remove(&place, &server, &[id, "--yes", "--token", "nobody"]).fails(1, UNKNOWN_TOKEN);
    let other = remove(&place, &server, &[id, "--yes", "--team", "nowhere"]);
    other.fails(1, OTHERS_TEAM);
    // Nothing listens on port 1.
    let url = "http://127.0.0.1:1";
    let unreachable = remove(&place, &server, &[id, "--yes", "--url", url]);
    unreachable
        .fails(1, &format!("cannot reach {url}: io: Connection refused (os error 111). {OTHER_SERVER}"));
    server.stop();
}
