//! The end of an installation, through the wire.

use pintle_core::permissions::Role;
use pintle_testing::{Answer, Caller, Installed, on_each_engine, on_sqlite};
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/v1/integrations/configuration/{id}")
}

async fn post(caller: &Caller, path: &str, body: Value) -> Value {
    let answer = caller.post(path, body).await;
    assert!(matches!(answer.status, 200 | 201), "{} answered {}", answer.request, answer.text);
    answer.json()
}

/// Attaches one of everything that an installation can, under names that the caller chooses, and answers the secrets that
/// nobody may see again.
async fn attach(caller: &Caller, projects: [&str; 2], name: &str) -> Vec<String> {
    let url = format!("https://example.com/{name}");
    let hook = json!({ "url": url, "events": ["project.created"] });
    let hook = post(caller, "/v1/webhooks", hook).await;
    let drain = json!({ "name": name, "url": url, "deliveryFormat": "json", "secret": "a-drains-secret" });
    post(caller, "/v2/integrations/log-drains", drain).await;
    let delivery = json!({ "type": "http", "endpoint": url, "encoding": "json", "headers": { "authorization": "a-drains-header" } });
    let drain = json!({ "name": name, "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery });
    post(caller, "/v1/drains", drain).await;
    for (project, target) in
        [(projects[0], "production"), (projects[1], "production"), (projects[1], "development")]
    {
        let variable =
            json!({ "key": name, "value": "a-variables-value", "type": "encrypted", "target": [target] });
        post(caller, &format!("/v10/projects/{project}/env"), variable).await;
    }
    let branch = json!({
        "key": name, "value": "a-branchs-value", "type": "plain", "target": ["preview"], "gitBranch": "feature",
    });
    post(caller, &format!("/v10/projects/{}/env", projects[0]), branch).await;
    let secret = hook["secret"].as_str().unwrap().to_owned();
    ["a-drains-secret", "a-drains-header", "a-variables-value", "a-branchs-value"]
        .map(str::to_owned)
        .into_iter()
        .chain([secret, caller.token.clone()])
        .collect()
}

/// Everything that a caller sees of its owner, but for the log of what happened.
async fn everything(caller: &Caller, projects: [&str; 2]) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/v1/integrations/configurations?view=account",
        "/v1/webhooks",
        "/v1/drains",
        "/v1/log-drains",
        "/v10/projects",
    ] {
        seen.push(caller.get(path).await.ok(200));
    }
    for project in projects {
        seen.push(caller.get(&format!("/v9/projects/{project}/env?decrypt=true")).await.ok(200));
    }
    seen
}

#[tokio::test]
async fn everything_that_it_attached_goes_and_nothing_else() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let projects = [one.as_str(), two.as_str()];
        // Neighbours: the team's own things, another installation, and the same integration in another team, under the same names.
        let neighbour = team.install("neighbour").await;
        attach(&neighbour.caller, projects, "OTHER").await;
        let app = json!({
            "name": "Bridge", "redirectUrl": "https://example.com/callback", "scopes": [
                "read-write:integration-configuration", "read-write:project", "read-write:project-env-vars",
                "read-write:log-drain", "read-write:drain",
            ],
        });
        let app = post(&team, "/pintle/v1/integrations", app).await;
        let other = pintle.team("other").await;
        let (three, four) = (other.project("one").await, other.project("two").await);
        let elsewhere = other.install_app(&app, json!({})).await;
        attach(&elsewhere.caller, [&three, &four], "BRIDGE").await;
        let hook = json!({ "url": "https://example.com/BRIDGE", "events": ["project.created"] });
        post(&team, "/v1/webhooks", hook).await;
        let own = json!({ "key": "BRIDGE", "value": "mine", "type": "encrypted", "target": ["preview"] });
        post(&team, &format!("/v10/projects/{one}/env"), own).await;
        let before = (everything(&team, projects).await, everything(&other, [&three, &four]).await);

        let mut last = String::new();
        for round in 0..2 {
            let installed = team.install_app(&app, json!({})).await;
            assert_ne!(installed.id, last, "an id is never used again");
            attach(&installed.caller, projects, "BRIDGE").await;
            assert_ne!(everything(&team, projects).await, before.0);
            let remover = if round == 0 { &team } else { &installed.caller };
            let answer = remover.delete(&path(&installed.id)).await;
            assert_eq!((answer.status, answer.text.as_str(), answer.header("content-type")), (204, "", None));

            assert_eq!(everything(&team, projects).await, before.0);
            assert_eq!(everything(&other, [&three, &four]).await, before.1);
            team.get(&path(&installed.id)).await.fails(404, "not_found");
            team.delete(&path(&installed.id)).await.fails(404, "not_found");
            for way in ["/v1/webhooks", "/v1/drains", "/v2/user", &path(&installed.id)] {
                let error = installed.caller.get(way).await.fails(403, "forbidden");
                assert_eq!(
                    (&error["invalidToken"], &error["message"]),
                    (&json!(true), &json!("Not authorized"))
                );
            }
            neighbour.caller.get("/v1/webhooks").await.ok(200);
            elsewhere.caller.get("/v1/webhooks").await.ok(200);
            last = installed.id;
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_tells_what_the_removal_does_and_changes_nothing() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let installed = team.install_with("bridge", &SCOPES, json!({ "projects": [one, two] })).await;
        attach(&installed.caller, [&one, &two], "BRIDGE").await;
        let again = json!({ "source": "deploy-button" });
        post(&team, "/pintle/v1/integrations/bridge/install", again).await;
        let before = everything(&team, [&one, &two]).await;
        let plan_path = format!("/pintle/v1/integrations/configurations/{}/removal", installed.id);
        let plan = team.get(&plan_path).await.ok(200);
        assert_eq!(team.get(&plan_path).await.ok(200), plan);
        assert_eq!(everything(&team, [&one, &two]).await, before);
        assert_eq!(
            installed.caller.get(&plan_path).await.ok(200),
            plan,
            "an installation may know what it attached"
        );
        assert_eq!(plan["configuration"]["id"], json!(installed.id));

        let removes = &plan["removes"];
        let names = |kind: &str| -> Vec<&str> {
            removes[kind].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
        };
        assert_eq!(names("webhooks"), ["https://example.com/BRIDGE"]);
        assert_eq!(names("drains"), ["BRIDGE"; 2]);
        assert_eq!(names("environmentVariables"), ["BRIDGE"; 4]);
        let mut projects = [one.clone(), two.clone()];
        projects.sort();
        assert_eq!(removes["projects"], json!(projects));
        assert_eq!((&removes["tokens"], &removes["codes"]), (&json!(1), &json!(1)));
        let in_two = removes["environmentVariables"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v["projectId"] == json!(two));
        assert_eq!(in_two.count(), 2);

        team.delete(&path(&installed.id)).await.ok(204);
        let receipt = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
        assert_eq!(&receipt["removed"], removes);
        team.get(&plan_path).await.fails(404, "not_found");
        let neighbour = team.install("neighbour").await;
        let plan_path = format!("/pintle/v1/integrations/configurations/{}/removal", neighbour.id);
        let third = team.install("third").await;
        third.caller.get(&plan_path).await.fails(404, "not_found");
    })
    .await;
}

const SCOPES: [&str; 5] = [
    "read-write:integration-configuration",
    "read-write:project",
    "read-write:project-env-vars",
    "read-write:log-drain",
    "read-write:drain",
];

#[tokio::test]
async fn of_two_removals_at_once_one_wins() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let member = pintle.member(&team, "mem", Role::Member).await;
        for round in 1..=10 {
            let installed = team.install(&format!("app-{round}")).await;
            let path = path(&installed.id);
            let (one, two) = tokio::join!(team.delete(&path), member.delete(&path));
            let mut statuses = [one.status, two.status];
            statuses.sort();
            assert_eq!(statuses, [204, 404], "{} {}", one.text, two.text);
            let winner = if one.status == 204 { &team } else { &member };
            let receipt = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
            assert_eq!(receipt["removedBy"]["id"], json!(winner.user));
            assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), round);
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_born_under_a_removed_installation() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("one").await;
        for round in 0..8 {
            let installed = team.install(&format!("app-{round}")).await;
            let url = "https://example.com/late";
            let hook = json!({ "url": url, "events": ["project.created"] });
            let drain = json!({ "name": "late", "url": url, "deliveryFormat": "json" });
            let variable = json!({ "key": "LATE", "value": "v", "type": "plain", "target": ["production"] });
            let caller = &installed.caller;
            let own = path(&installed.id);
            let (removed, hook, drain, variable) = tokio::join!(
                team.delete(&own),
                caller.post("/v1/webhooks", hook),
                caller.post("/v2/integrations/log-drains", drain),
                async { caller.post(&format!("/v10/projects/{project}/env"), variable).await },
            );
            removed.ok(204);
            for late in [&hook, &drain, &variable] {
                assert!(matches!(late.status, 200 | 201 | 403), "{} answered {}", late.request, late.text);
            }
            assert_eq!(team.get("/v1/webhooks").await.ok(200), json!([]));
            assert_eq!(team.get("/v1/drains").await.ok(200)["drains"], json!([]));
            assert_eq!(team.get(&format!("/v9/projects/{project}/env")).await.ok(200)["envs"], json!([]));
        }
    })
    .await;
}

#[tokio::test]
async fn the_event_keeps_whom_it_is_for() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("one").await;
        let installed = team.install_with("bridge", &SCOPES, json!({ "projects": [project] })).await;
        let neighbour = team.install("neighbour").await;
        let hook = async |caller: &Caller, path: &str, event: &str| {
            pintle.clock.advance(1);
            let url = format!("https://example.com/{path}");
            let made = post(caller, "/v1/webhooks", json!({ "url": url, "events": [event] })).await;
            (url, made["secret"].as_str().unwrap().to_owned())
        };
        let own = hook(&installed.caller, "own", "integration-configuration.removed").await;
        hook(&installed.caller, "own-other", "project.created").await;
        let account = hook(&team, "account", "integration-configuration-removed").await;
        hook(&team, "account-other", "project.created").await;
        hook(&neighbour.caller, "neighbour", "integration-configuration.removed").await;
        let elsewhere = pintle.team("other").await;
        hook(&elsewhere, "elsewhere", "integration-configuration.removed").await;
        installed.caller.delete(&path(&installed.id)).await.ok(204);
        let rotated = post(&team, "/pintle/v1/integrations/bridge/rotate-secret", json!({})).await;
        assert_ne!(rotated["clientSecret"], json!(installed.client_secret));

        let events = pintle.outbox("integration-configuration.removed").await;
        let [event] = events.as_slice() else { panic!("one event, not {}", events.len()) };
        let expected = json!({
            "configuration": { "id": installed.id, "projectSelection": "selected", "projects": [project] },
            "team": { "id": team.team }, "user": { "id": team.user },
        });
        assert_eq!(event.payload, expected);
        assert_eq!(
            (event.kind.as_str(), event.owner.as_str()),
            ("integration-installation-removed", team.team.as_ref().unwrap().as_str())
        );
        let names = ["configurationId", "integrationId", "integrationSlug", "integrationName"]
            .map(|key| event.audit[key].clone());
        assert_eq!(json!(names), json!([installed.id, installed.integration, "bridge", "bridge"]));

        let app = ("https://example.com/hook".to_owned(), installed.client_secret.clone());
        let mut expected = vec![app, own, account];
        expected.sort();
        assert_eq!(event.receivers, expected);
    })
    .await;
}

#[tokio::test]
async fn receipts_are_listed_newest_first_and_keep_no_secret() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let mut secrets = Vec::new();
        let mut removed: Vec<Installed> = Vec::new();
        for slug in ["first", "second", "third"] {
            let installed = team.install(slug).await;
            secrets.extend(attach(&installed.caller, [&one, &two], "KEY").await);
            secrets.push(installed.client_secret.clone());
            pintle.clock.advance(10);
            team.delete(&path(&installed.id)).await.ok(204);
            removed.push(installed);
        }
        let list = async |query: &str| team.get(&format!("/pintle/v1/removals{query}")).await;
        let slugs = |answer: Answer| -> (Vec<String>, Value) {
            let body = answer.ok(200);
            let slug = |receipt: &Value| receipt["slug"].as_str().unwrap().to_owned();
            (body["removals"].as_array().unwrap().iter().map(slug).collect(), body["pagination"].clone())
        };
        let whole = list("").await;
        for secret in &secrets {
            assert!(!whole.text.contains(secret), "{secret} stands in a receipt");
        }
        assert_eq!(slugs(whole).0, ["third", "second", "first"]);
        let (page, pagination) = slugs(list("?limit=2").await);
        assert_eq!(page, ["third", "second"]);
        assert_eq!(pagination["count"], 2);
        let (page, pagination) = slugs(list(&format!("?limit=2&until={}", pagination["next"])).await);
        assert_eq!((page, &pagination["next"]), (vec!["first".to_owned()], &Value::Null));
        list("?limit=101").await.fails(400, "bad_request");

        let last = &removed[2];
        let receipt_path = format!("/pintle/v1/removals/{}", last.id);
        let receipt = team.get(&receipt_path).await.ok(200);
        let by = json!({ "type": "user", "id": team.user, "username": "acme-owner" });
        assert_eq!((&receipt["removedBy"], &receipt["reason"]), (&by, &json!("requested")));
        let ids = ["configurationId", "integrationId", "ownerId"].map(|key| receipt[key].clone());
        assert_eq!(json!(ids), json!([last.id, last.integration, team.team]));
        assert!(receipt["removedAt"].is_i64());

        pintle.member(&team, "vera", Role::Viewer).await.get(&receipt_path).await.ok(200);
        let other = pintle.team("other").await;
        other.get(&receipt_path).await.says(404, "not_found", "Removal not found");
        assert_eq!(slugs(other.get("/pintle/v1/removals").await).0.len(), 0);
        let neighbour = team.install("neighbour").await;
        neighbour.caller.get(&receipt_path).await.fails(404, "not_found");
        assert_eq!(slugs(neighbour.caller.get("/pintle/v1/removals").await).0.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_installation_removes_itself_with_and_without_naming_its_team() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        for (slug, named) in [("named", true), ("unnamed", false)] {
            let installed = team.install(slug).await;
            let caller = if named { installed.caller.clone() } else { installed.caller.without_team() };
            caller.delete(&path(&installed.id)).await.ok(204);
            let receipt = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
            assert_eq!(receipt["removedBy"], json!({ "type": "installation", "id": installed.id }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_deleted_teams_installations_end_with_their_events() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let app = json!({ "name": "Bridge", "redirectUrl": "https://example.com/callback", "webhookUrl": "https://example.com/hook" });
        let app = post(&developer, "/pintle/v1/integrations", app).await;
        let team = pintle.team("acme").await;
        let installed = team.install_app(&app, json!({})).await;
        let delete = async |caller: &Caller| {
            let id = caller.team.clone().unwrap();
            caller.without_team().delete(&format!("/v1/teams/{id}")).await
        };
        delete(&developer).await.fails(409, "integration_installed");
        team.get(&path(&installed.id)).await.ok(200);
        delete(&team).await.ok(200);
        let events = pintle.outbox("integration-configuration.removed").await;
        assert_eq!((events.len(), events[0].owner.as_str()), (1, team.team.as_ref().unwrap().as_str()));
        assert_eq!(events[0].receivers, [("https://example.com/hook".to_owned(), installed.client_secret.clone())]);
        let sql = "SELECT doc FROM removals";
        let rows: Vec<(String,)> = pintle.core.db.read().await.unwrap().all(sql, &[]).await.unwrap();
        let receipt: Value = serde_json::from_str(&rows[0].0).unwrap();
        assert_eq!((&receipt["reason"], rows.len()), (&json!("owner-deleted"), 1));
        delete(&developer).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_plan_and_a_receipt_name_what_the_reader_could_list_itself_and_count_the_rest() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let installed = team.install_with("bridge", &SCOPES, json!({})).await;
        attach(&installed.caller, [&one, &two], "BRIDGE").await;
        for project in [&one, &two] {
            let made = json!({ "generate": {} });
            installed.caller.patch(&format!("/v1/projects/{project}/protection-bypass"), made).await.ok(200);
        }
        let [developer, viewer, narrow, nobody] = [
            ("dev", Role::Developer),
            ("vic", Role::Viewer),
            ("con", Role::Contributor),
            ("new", Role::Contributor),
        ]
        .map(async |(name, role)| pintle.member(&team, name, role).await);
        let (developer, viewer) = (developer.await, viewer.await);
        let (narrow, nobody) = (narrow.await, nobody.await);
        let given = json!({ "uid": narrow.user, "role": "PROJECT_DEVELOPER" });
        team.post(&format!("/v1/projects/{two}/members"), given).await.ok(200);

        let plan_path = format!("/pintle/v1/integrations/configurations/{}/removal", installed.id);
        let receipt_path = format!("/pintle/v1/removals/{}", installed.id);
        let readers = [
            (&team, [2, 4, 1, 2], json!(null)),
            (&installed.caller, [2, 4, 1, 2], json!(null)),
            (&developer, [0, 4, 0, 0], json!({ "drains": 2, "protectionBypasses": 2, "webhooks": 1 })),
            (
                &viewer,
                [0, 0, 0, 0],
                json!({ "drains": 2, "environmentVariables": 4, "protectionBypasses": 2, "webhooks": 1 }),
            ),
            (
                &narrow,
                [0, 2, 0, 0],
                json!({ "drains": 2, "environmentVariables": 2, "protectionBypasses": 2, "webhooks": 1 }),
            ),
            (
                &nobody,
                [0, 0, 0, 0],
                json!({ "drains": 2, "environmentVariables": 4, "protectionBypasses": 2, "webhooks": 1 }),
            ),
        ];
        let seen = |removes: &Value| {
            ["drains", "environmentVariables", "webhooks", "protectionBypasses"]
                .map(|kind| removes[kind].as_array().unwrap().len())
        };
        for (reader, counts, hidden) in &readers {
            let plan = reader.get(&plan_path).await.ok(200);
            assert_eq!((&seen(&plan["removes"]), &plan["removes"]["hidden"]), (counts, hidden));
        }
        let of_two = narrow.get(&plan_path).await.ok(200);
        for variable in of_two["removes"]["environmentVariables"].as_array().unwrap() {
            assert_eq!(variable["projectId"], json!(two));
        }
        team.delete(&path(&installed.id)).await.ok(204);
        for (reader, counts, hidden) in
            readers.iter().filter(|(reader, ..)| reader.token != installed.caller.token)
        {
            let receipt = reader.get(&receipt_path).await.ok(200);
            assert_eq!((&seen(&receipt["removed"]), &receipt["removed"]["hidden"]), (counts, hidden));
            let list = reader.get("/pintle/v1/removals").await.ok(200);
            assert_eq!(list["removals"], json!([receipt]));
        }
        // What is gone from sight is gone from the receipt.
        team.delete(&format!("/v9/projects/{two}")).await.ok(204);
        let receipt = narrow.get(&receipt_path).await.ok(200);
        assert_eq!(receipt["removed"]["hidden"]["environmentVariables"], 4);
    })
    .await;
}
