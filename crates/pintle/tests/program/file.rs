//! `pintle.yaml`.

use crate::place::{Place, Server};
use serde_json::{Value, json};

/// The example of the documentation, without what a test must choose itself.
fn example() -> String {
    let docs = include_str!("../../../../docs/configuration.md");
    let (_, rest) = docs.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    example.replace("listen: 127.0.0.1:4400\n", "").replace("database: sqlite:./pintle-data/pintle.db\n", "")
}

fn start(place: &Place, yaml: &str) -> Server {
    place.write("pintle.yaml", yaml);
    place.serve(&[])
}

#[test]
fn the_documented_example_applies_and_twice_changes_nothing() {
    for place in Place::each() {
        let server = start(&place, &example());
        let ada = |path: &str| server.call("ci_token_of_ada", "GET", path, None);
        let user = ada("/v2/user").1;
        assert_eq!(user["user"]["username"], "ada");
        let team = ada("/v2/teams/acme").1;
        assert_eq!((&team["name"], &team["membership"]["role"]), (&json!("Acme"), &json!("OWNER")));
        let project = ada("/v9/projects/storefront").1;
        assert_eq!((&project["framework"], &project["rootDirectory"]), (&json!("nextjs"), &json!("web")));
        let app = ada("/pintle/v1/integrations/log-bridge").1;
        assert_eq!(
            (&app["ownerId"], &app["scopes"][0]),
            (&team["id"], &json!("read-write:integration-configuration"))
        );
        let product = ada("/pintle/v1/integrations/acme-db/products/acme-postgres").1;
        let region = &product["metadataSchema"]["properties"]["region"];
        assert_eq!((&region["ui:options"][0], &product["tags"]), (&json!("iad1"), &json!(["sql"])));
        let bob = |path: &str| server.call("laptop_token_of_bob", "GET", path, None);
        assert_eq!(bob("/v9/projects/playground").0, 200);
        assert_eq!(bob("/v2/teams/acme").1["membership"]["role"], "DEVELOPER");
        assert_eq!(bob("/pintle/v1/integrations/log-bridge?teamId=acme").0, 403);
        server.stop();

        let before = rows(&place);
        place.serve(&[]).stop();
        assert_eq!(rows(&place), before);
        assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
    }
}

/// All rows, but for when a token was last used.
fn rows(place: &Place) -> Vec<(String, Vec<String>)> {
    place.dump().into_iter().filter(|(table, _)| table != "tokens").collect()
}

/// Another integration after those of `SMALL`, whose products follow.
const NATIVE: &str = "  - team: acme\n    name: Store\n    kind: marketplace\n    products:\n";

const SMALL: &str = "\
users:
  - { username: ada, email: ada@example.com }
  - { username: bob, email: bob@example.com }
teams:
  - slug: acme
    members:
      - { user: ada, role: OWNER }
      - { user: bob, role: MEMBER }
tokens:
  - { user: ada, name: t, value: token_of_ada }
  - { user: bob, name: t, value: token_of_bob, team: acme }
projects:
  - { team: acme, name: site, framework: nextjs }
integrations:
  - { team: acme, name: Tool, redirectUrl: 'https://tool.example/cb', scopes: ['read:project'], clientSecret: first }
";

#[test]
fn values_that_changed_are_changed_and_the_rest_stays() {
    for place in Place::each() {
        let server = start(&place, SMALL);
        let ada = |server: &Server, method: &str, path: &str, body: Option<Value>| {
            let (status, answer) = server.call("token_of_ada", method, path, body);
            assert!(status < 300, "{path}: {answer}");
            answer
        };
        let team = ada(&server, "GET", "/v2/teams/acme", None);
        let project = ada(&server, "GET", "/v9/projects/site?slug=acme", None);
        let body = json!({ "buildCommand": "make" });
        ada(&server, "PATCH", "/v9/projects/site?slug=acme", Some(body));
        server.stop();

        let changed = SMALL
            .replace("email: ada@example.com", "email: ada@acme.example, name: Ada, defaultTeam: acme")
            .replace("slug: acme\n", "slug: acme\n    name: Acme\n")
            .replace("role: MEMBER", "role: VIEWER")
            .replace("value: token_of_bob, team: acme", "value: token_of_bob, rateLimit: 2")
            .replace("framework: nextjs", "framework: vite")
            .replace("['read:project']", "['read:project', 'read:user']")
            .replace("clientSecret: first", "clientSecret: second");
        let server = start(&place, &changed);
        let user = ada(&server, "GET", "/v2/user", None)["user"].clone();
        assert_eq!(user["email"], "ada@acme.example");
        assert_eq!((&user["name"], &user["defaultTeamId"]), (&json!("Ada"), &team["id"]));
        let now = ada(&server, "GET", "/v2/teams/acme", None);
        assert_eq!((&now["id"], &now["name"]), (&team["id"], &json!("Acme")));
        let now = ada(&server, "GET", "/v9/projects/site", None);
        assert_eq!((&now["id"], &now["framework"]), (&project["id"], &json!("vite")));
        assert_eq!(now["buildCommand"], "make", "what the file does not name stays");
        let app = ada(&server, "GET", "/pintle/v1/integrations/tool", None);
        assert_eq!(app["scopes"], json!(["read:project", "read:user"]));
        let exchange = json!({ "client_id": app["id"], "client_secret": "second", "code": "x" });
        let refused = server.call("", "POST", "/v2/oauth/access_token", Some(exchange)).1;
        assert_eq!(refused["error"]["code"], "invalid_grant", "the secret is known: {refused}");
        let bob = |path: &str| server.call("token_of_bob", "GET", path, None);
        assert_eq!(bob("/v2/teams/acme").1["membership"]["role"], "VIEWER");
        assert_eq!((bob("/v9/projects").0, bob("/v9/projects").0), (200, 429), "two a minute");
        server.stop();

        // What is no longer listed stays.
        let server = start(&place, "cors: true\n");
        assert_eq!(ada(&server, "GET", "/v9/projects/site", None)["id"], project["id"]);
        server.stop();
    }
}

#[test]
fn a_member_who_may_no_longer_install_loses_what_the_role_upheld() {
    let place = Place::new();
    let server = start(&place, SMALL);
    let installed =
        server.call("token_of_bob", "POST", "/pintle/v1/integrations/tool/install", Some(json!({})));
    assert_eq!(installed.0, 201, "{}", installed.1);
    server.stop();
    let server = start(&place, &SMALL.replace("role: MEMBER", "role: VIEWER"));
    let id = installed.1["configuration"]["id"].as_str().unwrap();
    let path = format!("/v1/integrations/configuration/{id}?slug=acme");
    let configuration = server.call("token_of_ada", "GET", &path, None).1;
    assert_eq!(configuration["disabledReason"], "original-owner-role-downgraded", "{configuration}");
    server.stop();
}

#[test]
fn owners_can_change_places() {
    for place in Place::each() {
        start(&place, SMALL).stop();
        let swapped =
            SMALL.replace("OWNER", "x").replace("MEMBER", "OWNER").replace("role: x", "role: MEMBER");
        let server = start(&place, &swapped);
        let role =
            |token: &str| server.call(token, "GET", "/v2/teams/acme", None).1["membership"]["role"].clone();
        assert_eq!((role("token_of_ada"), role("token_of_bob")), (json!("MEMBER"), json!("OWNER")));
        server.stop();
    }
}

#[test]
fn a_bad_file_is_one_line_with_file_line_and_key_and_changes_nothing() {
    let with = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        SMALL.replacen(from, to, 1)
    };
    let stems = "integration-configuration, deployment, deployment-check, edge-config, project, project-env-vars, \
        global-project-env-vars, team, user, log-drain, drain, domain, billing, otel-endpoint, monitoring";
    let unknown_scope = format!(
        "15: integrations[0].scopes: `scopes` should hold `read:X` or `read-write:X` with X one of \"{stems}\", not `read:all`."
    );
    let cases: Vec<(String, &str)> = vec![
        // Not of the form.
        ("listen: [".into(), "1: listen: "),
        ("- a\n".into(), "1: expected mapping start"),
        ("cors: true: b\n".into(), "1: mapping values are not allowed in this context"),
        ("cors: true\ncors: false\n".into(), "2: duplicate mapping key `cors` is not allowed here"),
        ("\n\nlisten: '4400'\n".into(), "3: listen: expected HOST:PORT, such as 127.0.0.1:4400"),
        ("database: mysql://x\n".into(), "1: database: expected sqlite:PATH or postgres://USER@HOST/NAME"),
        ("rateLimit: many\n".into(), "1: rateLimit: expected a whole number"),
        ("rateLimit: 0\n".into(), "1: rateLimit: it must be at least 1"),
        ("cors: maybe\n".into(), "1: cors: invalid boolean"),
        ("port: 80\n".into(), "1: port: unknown field `port`, expected one of "),
        ("users: ada\n".into(), "1: users: expected sequence start"),
        (with("username: ada, ", ""), "2: users[0]: missing field `username`"),
        (with("email: ada", "emial: ada"), "2: users[0].emial: unknown field `emial`"),
        (with("role: MEMBER", "role: KING"), "8: teams[0].members[1].role: unknown variant `KING`"),
        (
            with("name: t, value", "name: t, rateLimit: -1, value"),
            "10: tokens[0].rateLimit: it must be at least 1",
        ),
        (
            with("name: t, value", "name: t, expiresAt: soon, value"),
            "10: tokens[0].expiresAt: expected a whole number",
        ),
        // Of the form, but against a rule.
        (with("username: ada", "username: Ada L"), "2: users[0].username: `username` should match pattern"),
        (with("ada@example.com", "nowhere"), "2: users[0].email: `email` should match format \"email\"."),
        (
            with("token_of_ada", "token-of-ada"),
            "10: tokens[0].value: `value` should match pattern \"^[A-Za-z0-9_]+$\".",
        ),
        (with("name: site", "name: My Site"), "13: projects[0].name: `name` should match pattern"),
        (
            with("framework: nextjs", "framework: cobol"),
            "13: projects[0].framework: `framework` should be equal to one of",
        ),
        (with("read:project", "read:all"), &unknown_scope),
        (
            with("https://tool.example/cb", "tool"),
            "15: integrations[0].redirectUrl: `redirectUrl` should match pattern",
        ),
        // Contradictions.
        (
            with("username: bob", "username: ada"),
            "3: users[1].username: `ada` stands at users[0].username already",
        ),
        (
            with("bob@example.com", "ADA@example.com"),
            "3: users[1].email: `ada@example.com` stands at users[0].email already",
        ),
        (with("slug: acme", "slug: ada"), "5: teams[0].slug: `ada` stands at users[0].username already"),
        (
            with("{ user: bob, role", "{ user: eve, role"),
            "8: teams[0].members[1].user: there is no user `eve` in `users`",
        ),
        (
            with("{ user: bob, role", "{ user: ada, role"),
            "8: teams[0].members[1].user: `ada` stands at teams[0].members[0].user already",
        ),
        (with("role: OWNER", "role: MEMBER"), "6: teams[0].members: one of them must have the role OWNER"),
        (with("token_of_bob", "token_of_ada"), "11: tokens[1].value: the same value stands at another token"),
        (with("team: acme }", "team: other }"), "11: tokens[1].team: there is no team `other` in `teams`"),
        (with("user: bob, name", "user: eve, name"), "11: tokens[1].user: there is no user `eve` in `users`"),
        (
            with("      - { user: bob, role: MEMBER }\n", ""),
            "10: tokens[1].team: `bob` is no member of the team `acme`",
        ),
        (
            with("{ team: acme, name: site", "{ team: acme, user: ada, name: site"),
            "13: projects[0].user: it cannot belong to a team and to a user",
        ),
        (
            with("{ team: acme, name: site", "{ name: site"),
            "13: projects[0]: it needs an owner: a `team` or a `user`",
        ),
        (
            format!("{SMALL}  - {{ user: bob, name: Tool }}\n"),
            "16: integrations[1].name: `tool` stands at integrations[0].name already",
        ),
        (
            with("clientSecret: first", "clientSecret: first, products: [{ name: DB }]"),
            "15: integrations[0].products: only an integration of kind `marketplace` has products",
        ),
        (
            format!("{SMALL}{NATIVE}      - {{ slug: pg }}\n"),
            "20: integrations[1].products[0]: missing required property `name`.",
        ),
        (
            format!("{SMALL}{NATIVE}      - {{ name: PG }}\n      - {{ name: Other, slug: pg }}\n"),
            "21: integrations[1].products[1]: the product `pg` stands at products[0] already",
        ),
        (
            format!(
                "{SMALL}{NATIVE}      - name: PG\n        metadataSchema:\n          type: object\n          properties:\n            size:\n              type: string\n              ui:control: toggle\n"
            ),
            "25: integrations[1].products[0].metadataSchema.properties.size.type: `metadataSchema.properties.size.type` should be equal to one of the allowed values \"boolean\".",
        ),
        (
            with("email: bob@example.com", "email: bob@example.com, defaultTeam: nowhere"),
            "3: users[1].defaultTeam: there is no team `nowhere` in `teams`",
        ),
    ];
    let mut wrong = Vec::new();
    for (yaml, expected) in cases {
        let place = Place::new();
        place.write("pintle.yaml", &yaml);
        let ended = place.run(&["serve"]);
        let started = ended.err.starts_with(&format!("pintle: pintle.yaml:{expected}"));
        if !started || (ended.code, ended.out.as_str(), ended.err.lines().count()) != (2, "", 1) {
            wrong.push(format!("{yaml}\nexpected {expected}\n{}", ended.err));
        }
        assert!(!place.path("data").exists(), "{yaml}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn names_that_the_database_has_given_to_something_else_change_nothing() {
    for place in Place::each() {
        let server = start(&place, SMALL);
        let app = json!({ "name": "Other", "slug": "other" });
        assert_eq!(server.call("token_of_ada", "POST", "/pintle/v1/integrations", Some(app)).0, 201);
        let issued = json!({ "name": "made over the API" });
        let token = server.call("token_of_ada", "POST", "/v3/user/tokens", Some(issued)).1;
        let token = token["bearerToken"].as_str().unwrap().to_owned();
        server.stop();
        let before = rows(&place);
        let cases = [
            (
                "users: [{ username: acme, email: c@example.com }]\n".to_owned(),
                "1: users[0].username: `acme` is a team",
            ),
            (
                "users: [{ username: new, email: ada@example.com }]\n".to_owned(),
                "1: users[0].email: The e-mail address is taken",
            ),
            (
                format!("{SMALL}  - {{ team: acme, name: Mine, slug: other }}\n"),
                "16: integrations[1].slug: `other`: an integration of another owner has it",
            ),
            (
                SMALL.replace("value: token_of_bob, team: acme", &format!("value: {token}")),
                "11: tokens[1].value: it is the token of somebody else",
            ),
            (
                SMALL.replace("name: Tool,", "name: Tool, kind: marketplace,"),
                "15: integrations[0].kind: the kind of an integration cannot change",
            ),
        ];
        for (yaml, expected) in cases {
            // What comes before the conflict must not stay.
            place.write("pintle.yaml", &yaml.replace("email: bob@example.com", "email: changed@example.com"));
            place.run(&["serve"]).fails(2, &format!("pintle.yaml:{expected}"));
            assert_eq!(rows(&place), before, "{yaml}");
        }
    }
}

#[test]
fn options_count_before_the_environment_and_that_before_the_file() {
    let place = Place::new();
    let limit = |server: &Server| {
        let path = format!("{}/v2/user", server.text("url"));
        let answer =
            ureq::get(&path).header("authorization", format!("Bearer {}", "token_of_ada")).call().unwrap();
        answer.headers()["x-ratelimit-limit"].to_str().unwrap().to_owned()
    };
    place.write("pintle.yaml", &format!("rateLimit: 11\n{SMALL}"));
    let server = place.serve(&[]);
    assert_eq!(limit(&server), "11");
    server.stop();
    let mut command = place.command(&["serve", "--json"]);
    let server = Server::start(command.env("PINTLE_RATE_LIMIT", "12"));
    assert_eq!(limit(&server), "12");
    server.stop();
    let mut command = place.command(&["serve", "--json", "--rate-limit", "13"]);
    let server = Server::start(command.env("PINTLE_RATE_LIMIT", "12"));
    assert_eq!(limit(&server), "13");
    server.stop();
}

#[test]
fn the_file_can_say_where_the_data_is() {
    let place = Place::new();
    place.write("other.yaml", "data: elsewhere\n");
    let mut command = place.command(&["serve", "--json", "--config", "other.yaml"]);
    Server::start(command.env_remove("PINTLE_DATA")).stop();
    assert!(place.path("elsewhere/pintle.db").exists() && !place.path("data").exists());
    let mut doctor = place.command(&["doctor", "--config", "other.yaml"]);
    assert!(crate::place::finish(doctor.env_remove("PINTLE_DATA")).succeeds().starts_with("sound"));
}

#[test]
fn a_product_that_changed_in_the_file_changes_and_what_it_does_not_name_stays() {
    let place = Place::new();
    let native = |product: &str| format!("{SMALL}{NATIVE}      - {{ {product} }}\n");
    let path = "/pintle/v1/integrations/store/products?teamId=acme";
    let server = start(&place, &native("name: PG, tags: [sql], shortDescription: Postgres"));
    let before = server.call("token_of_ada", "GET", path, None).1["products"][0].clone();
    assert_eq!((&before["slug"], &before["tags"]), (&json!("pg"), &json!(["sql"])));
    let other = json!({ "name": "KV" });
    assert_eq!(server.call("token_of_ada", "POST", path, Some(other)).0, 201);
    server.stop();
    let server = start(&place, &native("name: Postgres, slug: pg, tags: []"));
    let after = server.call("token_of_ada", "GET", path, None).1;
    assert_eq!(after["products"].as_array().unwrap().len(), 2);
    let product = &after["products"][0];
    assert_eq!(
        (&product["id"], &product["name"], &product["tags"]),
        (&before["id"], &json!("Postgres"), &json!([]))
    );
    assert_eq!(product["shortDescription"], "Postgres");
    server.stop();
}
