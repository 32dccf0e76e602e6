//! The demo workspace, and the commands that are printed to try.

use crate::place::{Place, Server};
use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};

/// What a start with the demo prints for a person.
pub fn text(place: &Place) -> String {
    printed_until(place, &["serve", "--dev"], "END\n")
}

/// What is printed at once, until its end: the pipe stays open while the server runs.
fn printed_until(place: &Place, args: &[&str], end: &str) -> String {
    let mut child = place.command(args).spawn().unwrap();
    let mut text = String::new();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while !text.ends_with(end) && out.read(&mut byte).unwrap() == 1 {
        text.push(char::from(byte[0]));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    assert!(child.wait().unwrap().success());
    text
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
        let server = place.serve(&["--dev"]);
        let before = everything(&server);
        let configuration = server.text("configurationId").to_owned();
        // The same values are printed for a person as for a script, except the port, which is free for this start.
        let url = server.text("url").to_owned();
        let printed = printed(&place, server);
        let server = place.serve(&["--dev", "--listen", url.trim_start_matches("http://")]);
        let curl = printed.lines().find(|line| line.starts_with("curl ")).unwrap();
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

/// What the next start on the same address would print, which is what this one would have.
fn printed(place: &Place, server: Server) -> String {
    let address = server.text("url").trim_start_matches("http://").to_owned();
    server.stop();
    let text = text(place);
    let start = text.find("http://127.0.0.1:").unwrap();
    let port = text[start..].lines().next().unwrap().to_owned();
    text.replace(&port, &format!("http://{address}"))
}

#[test]
fn the_printed_snippet_has_the_real_values() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let ready = server.ready.clone();
    let url = server.text("url").to_owned();
    let text = printed(&place, server);
    let value = |key: &str| ready[key].as_str().unwrap().to_owned();
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
fn a_server_that_nobody_could_call_says_so() {
    let place = Place::new();
    let text = printed_until(&place, &["serve"], "--dev.\n");
    assert!(text.contains("\nIt has no users yet: "), "{text}");
    place.write("pintle.yaml", "users: [{ username: ada, email: ada@example.com }]\n");
    let text = printed_until(&place, &["serve"], "\n");
    assert!(text.starts_with("Pintle ") && !text.contains("no users"), "{text}");
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
