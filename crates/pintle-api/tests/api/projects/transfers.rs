use pintle_core::clock::DAY;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

const OFFER: &str = "/projects/site/transfer-request";

async fn code(team: &Caller) -> String {
    team.post(OFFER, json!({})).await.ok(200)["code"].as_str().unwrap().to_owned()
}

async fn take(team: &Caller, code: &str, body: Value) -> pintle_testing::Answer {
    team.request(axum::http::Method::PUT, &format!("/projects/transfer-request/{code}"), Some(body)).await
}

/// A team whose project has everything that a project can have; answers the team and the project.
async fn furnished(pintle: &Pintle) -> (Caller, String) {
    let team = pintle.team("acme").await;
    let native = team.install_native("store").await;
    pintle.product(&native, "db").await;
    let partner = pintle.partner_of(&native).await;
    let project = team.project("site").await;
    let store = native.import("r1", json!([{ "name": "URL", "value": "secret" }])).await;
    drop(partner);
    let connection = json!({ "projectId": project });
    let path = format!("/v1/integrations/installations/{}/resources/{store}/connections", native.id);
    team.post(&path, connection).await.ok(201);
    let scopes = ["read-write:project-env-vars", "read-write:project"];
    let app = team.install_with("bridge", &scopes, json!({ "projects": [project] })).await;
    let variable = |key: &str| json!({ "key": key, "value": "v", "type": "plain", "target": ["preview"] });
    app.caller.post("/v10/projects/site/env", variable("THEIRS")).await.ok(201);
    app.caller.patch("/v1/projects/site/protection-bypass", json!({})).await.ok(200);
    team.post("/v10/projects/site/env", variable("OURS")).await.ok(201);
    team.patch("/v1/projects/site/protection-bypass", json!({})).await.ok(200);
    team.post("/v9/projects/site/custom-environments", json!({ "slug": "staging" })).await.ok(201);
    team.post("/v10/projects/site/domains", json!({ "name": "example.com" })).await.ok(200);
    team.post(&format!("/pintle/v1/projects/{project}/log-keys"), json!({ "name": "feeder" })).await.ok(201);
    team.post(&format!("/pintle/v1/logs?projectId={project}"), json!({ "message": "hello" })).await.ok(200);
    let hook =
        json!({ "url": "https://example.com/a", "events": ["project.removed"], "projectIds": [project] });
    team.post("/v1/webhooks", hook).await.ok(200);
    let shared = json!({
        "evs": [{ "key": "SHARED", "value": "v" }], "type": "encrypted", "target": ["preview"], "projectId": [project],
    });
    team.post("/v1/env", shared).await.ok(201);
    (team, project)
}

#[tokio::test]
async fn what_is_the_projects_goes_along_and_what_is_the_teams_stays() {
    on_each_engine(async |pintle| {
        let (team, project) = furnished(pintle).await;
        let taker = pintle.team("taker").await;
        let code = code(&team).await;
        let answer = take(&taker, &code, json!({ "newProjectName": "ours" })).await.ok(202);
        assert_eq!(answer["resourceTransferErrors"].as_array().unwrap().len(), 1);

        team.get("/v9/projects/site").await.fails(404, "not_found");
        let moved = taker.get("/v9/projects/ours").await.ok(200);
        assert_eq!((&moved["id"], &moved["accountId"]), (&json!(project), &json!(taker.team)));
        assert_eq!(moved["protectionBypass"].as_object().unwrap().len(), 1);
        let keys: Vec<Value> = taker.get("/v10/projects/ours/env").await.ok(200)["envs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|variable| variable["key"].clone())
            .collect();
        assert_eq!(keys, ["OURS"]);
        assert_eq!(
            taker.get("/v9/projects/ours/domains").await.ok(200)["domains"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            taker.get("/v9/projects/ours/custom-environments").await.ok(200)["environments"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        take(&taker, &code, json!({})).await.fails(404, "not_found");
        assert_eq!(pintle.audited("project-move-out-success").await, 1);
        assert_eq!(pintle.audited("project-move-in-success").await, 1);
        nothing_ties(pintle, &team, &project).await;
    })
    .await;
}

/// No row that names both the project and the team that gave it, but for history and what is still to be told of it.
async fn nothing_ties(pintle: &Pintle, team: &Caller, project: &str) {
    let owner = team.team.clone().unwrap().to_string();
    let history = ["events", "deliveries", "delivery_contents"];
    for table in pintle.core.db.tables().await.unwrap() {
        for row in pintle.core.db.rows(&table).await.unwrap() {
            let tied = row.contains(&owner) && row.contains(project);
            assert!(!tied || history.contains(&table.as_str()), "{table}: {row}");
        }
    }
    for table in [
        "log_keys",
        "log_deployments",
        "shared_env_projects",
        "resource_connections",
        "configuration_projects",
    ] {
        assert!(pintle.core.db.rows(table).await.unwrap().is_empty(), "{table}");
    }
}

#[tokio::test]
async fn a_code_is_for_another_team_for_a_day_and_a_name_must_be_free() {
    on_each_engine(async |pintle| {
        let (team, taker) = (pintle.team("acme").await, pintle.team("taker").await);
        team.project("site").await;
        taker.project("site").await;
        let old = code(&team).await;
        pintle.clock.advance(DAY);
        take(&taker, &old, json!({ "newProjectName": "new" })).await.fails(404, "not_found");
        let code = code(&team).await;
        take(&team, &code, json!({})).await.fails(400, "bad_request");
        take(&taker, &code, json!({})).await.fails(422, "conflict");
        take(&taker, &code, json!({ "newProjectName": "No Name" })).await.fails(400, "bad_request");
        take(&taker, "unknown", json!({})).await.fails(404, "not_found");
        assert_eq!(team.get("/v9/projects/site").await.ok(200)["accountId"], json!(team.team));
        let member = pintle.member(&team, "member", Role::Member).await;
        member.post(OFFER, json!({})).await.fails(403, "forbidden");
        take(&taker, &code, json!({ "newProjectName": "site-2" })).await.ok(202);
        pintle_core::projects::transfers::sweep(&pintle.core).await.unwrap();
        assert!(pintle.core.db.rows("project_transfers").await.unwrap().is_empty());
    })
    .await;
}
