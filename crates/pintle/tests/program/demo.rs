//! The demo workspace, and the commands that are printed to try.

use crate::place::{Place, Server};
use serde_json::Value;
use std::io::Read;
use std::process::{Child, Command, Stdio};

/// A server with the demo that has printed its text for a person. The values are those that it prints for a script.
pub fn with_text(place: &Place) -> (Server, String) {
    let server = place.serve(&["--dev"]);
    let mut ready = server.ready.clone();
    server.stop();
    let (child, text) = printed(place, &["serve", "--dev"], "END\n");
    let first = text.lines().next().unwrap();
    ready["url"] = first[first.find("http://").unwrap()..].into();
    (Server::adopt(child, ready), text)
}

/// A server, and what it prints at once, until its end: the pipe stays open while it runs.
fn printed(place: &Place, args: &[&str], end: &str) -> (Child, String) {
    let mut child = place.command(args).spawn().unwrap();
    let mut text = String::new();
    let out = child.stdout.as_mut().unwrap();
    let mut byte = [0];
    while !text.ends_with(end) && out.read(&mut byte).unwrap() == 1 {
        text.push(char::from(byte[0]));
    }
    (child, text)
}

/// Everything that the team has, by what a reader sees.
fn everything(server: &Server) -> Vec<Value> {
    let mut things = Vec::new();
    let mut add = |list: &Value| things.extend(list.as_array().unwrap().iter().cloned());
    add(&server.get("/v1/webhooks"));
    add(&server.get("/v1/log-drains")["drains"]);
    add(&server.get("/v1/drains")["drains"]);
    add(&server.get("/v1/integrations/configurations?view=account"));
    add(&server.get("/v9/projects")["projects"]);
    add(&server.get("/v2/teams")["teams"]);
    for project in server.ready["projectIds"].as_array().unwrap() {
        add(&server.get(&format!("/v9/projects/{}/env", project.as_str().unwrap()))["envs"]);
    }
    things
}

/// Whether the installation attached it, or is it.
fn of_the_installation(thing: &Value, configuration: &str) -> bool {
    let url = thing["url"].as_str().unwrap_or_default();
    thing["id"] == configuration
        || thing["configurationId"] == configuration
        || url.starts_with("https://log-bridge.example/")
}

#[test]
fn the_demo_has_one_of_everything() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let configuration = server.text("configurationId");
        let hooks = server.get("/v1/webhooks");
        let own = |list: &Value| {
            list.as_array().unwrap().iter().filter(|thing| of_the_installation(thing, configuration)).count()
        };
        assert_eq!((hooks.as_array().unwrap().len(), own(&hooks)), (3, 2));
        let drains = server.get("/v1/drains")["drains"].clone();
        assert_eq!((drains.as_array().unwrap().len(), own(&drains)), (2, 2));
        let ids: Vec<_> =
            drains.as_array().unwrap().iter().map(|drain| drain["id"].as_str().unwrap()).collect();
        assert!(
            ids.iter().any(|id| id.starts_with("ld_")) && ids.iter().any(|id| id.starts_with("drn_")),
            "{ids:?}"
        );
        let mut variables = Vec::new();
        for project in ["storefront", "docs"] {
            variables.extend(
                server.get(&format!("/v9/projects/{project}/env"))["envs"].as_array().unwrap().clone(),
            );
        }
        let variables = Value::Array(variables);
        assert_eq!((variables.as_array().unwrap().len(), own(&variables)), (6, 5));
        let person = variables.as_array().unwrap().iter().find(|v| v["configurationId"].is_null()).unwrap();
        let same_key = variables.as_array().unwrap().iter().filter(|v| v["key"] == person["key"]);
        assert!(same_key.count() > 1);
        server.stop();
    }
}

#[test]
fn the_printed_curl_removes_exactly_what_the_installation_attached() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    for place in Place::each() {
        let (server, text) = with_text(&place);
        let before = everything(&server);
        let configuration = server.text("configurationId").to_owned();
        let curl = text.lines().find(|line| line.starts_with("curl ")).unwrap();
        let output = Command::new("sh").args(["-c", curl]).stderr(Stdio::null()).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"), "{curl}: {answer}");

        let left: Vec<_> =
            before.iter().filter(|thing| !of_the_installation(thing, &configuration)).cloned().collect();
        assert_eq!(everything(&server), left);
        // 2 webhooks, 2 drains, one of which both APIs show, 5 variables and the configuration itself.
        assert_eq!(before.len() - left.len(), 11);
        server.stop();
        assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
    }
}

#[test]
fn the_printed_snippet_has_the_real_values() {
    let place = Place::new();
    let (server, text) = with_text(&place);
    let url = server.text("url");
    let value = |key: &str| server.text(key);
    let lines = [
        format!(
            "const vercel = new Vercel({{ bearerToken: \"{}\", serverURL: \"{url}\" }});",
            value("token")
        ),
        "await vercel.integrations.deleteConfiguration({".to_owned(),
        format!("  id: \"{}\",", value("configurationId")),
        format!("  teamId: \"{}\",", value("teamId")),
        format!("  slug: \"{}\",", value("teamSlug")),
    ];
    for line in lines {
        assert!(text.lines().any(|printed| printed == line), "{line} in {text}");
    }
}

#[test]
fn the_printed_snippet_removes_the_installation() {
    // Where `cargo xtask test` has installed the SDK.
    let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/sdk");
    if !std::path::Path::new(sdk).join("node_modules/@vercel/sdk").exists() {
        eprintln!("skipped: the SDK is not installed (cargo xtask test installs it)");
        return;
    }
    let place = Place::new();
    let (server, text) = with_text(&place);
    let snippet = &text[text.find("node --input-type").unwrap()..];
    let output = Command::new("sh").args(["-c", snippet]).current_dir(sdk).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = format!("/v1/integrations/configuration/{}", server.text("configurationId"));
    assert_eq!(server.call(server.text("token"), "GET", &path, None).0, 404);
    server.stop();
}

#[test]
fn a_server_that_nobody_could_call_says_so() {
    let place = Place::new();
    let text = |end: &str| {
        let (child, text) = printed(&place, &["serve"], end);
        Server::adopt(child, Value::Null).stop();
        text
    };
    let empty = text("--dev.\n");
    assert!(empty.contains("\nIt has no users yet: "), "{empty}");
    place.write("pintle.yaml", "users: [{ username: ada, email: ada@example.com }]\n");
    let line = text("\n");
    assert!(line.starts_with("Pintle ") && !line.contains("no users"), "{line}");
}

#[test]
fn after_a_removal_the_demo_says_how_to_install_again() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let token = server.text("token").to_owned();
    let path = format!("/v1/integrations/configuration/{}", server.text("configurationId"));
    assert_eq!(server.call(&token, "DELETE", &path, None).0, 204);
    server.stop();
    let server = place.serve(&["--dev"]);
    assert_eq!(server.ready["configurationId"], Value::Null);
    let install = format!("/pintle/v1/integrations/{}/install", server.text("integrationId"));
    let (status, made) = server.call(&token, "POST", &install, None);
    assert_eq!(status, 201, "{made}");
    server.stop();
    let server = place.serve(&["--dev"]);
    assert_eq!(server.ready["configurationId"], made["configuration"]["id"]);
    server.stop();
}

#[test]
fn the_printed_commands_log_something_and_read_it() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl");
        return;
    }
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let ready = server.ready.clone();
    server.stop();
    let last = format!("/pintle/v1/logs?teamId={}\"\n", ready["teamId"].as_str().unwrap());
    let (child, text) = printed(&place, &["serve", "--dev"], &last);
    let commands: Vec<&str> = text.lines().filter(|line| line.contains("/pintle/v1/logs")).collect();
    let answers = commands.iter().map(|curl| {
        let output = Command::new("sh").args(["-c", curl]).stderr(Stdio::null()).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    });
    let answers: Vec<Value> = answers.collect();
    assert_eq!((&answers[0]["accepted"], &answers[1]["message"]), (&1.into(), &"hello".into()));
    Server::adopt(child, ready).stop();
}
