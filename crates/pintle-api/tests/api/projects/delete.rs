use super::{events, run};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_project_goes_with_its_variables_and_members_and_its_name_is_free() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let id = team.project("site").await;
        let body = json!({ "key": "A", "value": "a", "type": "plain", "target": ["preview"] });
        team.post("/v10/projects/site/env", body.clone()).await.ok(201);
        let guest = pintle.member(&team, "guest", Role::Contributor).await;
        let sql = format!("INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ('{id}', '{}', 'ADMIN', 1)", guest.user);
        run(pintle, sql).await;
        team.delete("/v2/projects/site").await.ok(204);
        team.delete("/v9/projects/site").await.fails(404, "not_found");
        team.get("/v10/projects/site/env").await.fails(404, "not_found");
        for table in ["projects", "envs", "env_targets", "project_members"] {
            assert!(pintle.core.db.rows(table).await.unwrap().is_empty(), "{table}");
        }
        assert_eq!(events(pintle, "project.removed").await, 1);
        assert_ne!(team.project("site").await, id);
        team.post("/v10/projects/site/env", body).await.ok(201);
    })
    .await;
}

#[tokio::test]
async fn what_named_the_project_names_it_no_more_and_never_widens() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (site, other) = (team.project("site").await, team.project("other").await);
        let scopes = ["read-write:integration-configuration", "read-write:project", "read-write:drain"];
        let app = team.install_with("bridge", &scopes, json!({ "projects": [site] })).await;
        let hook =
            |ids| json!({ "url": "https://example.com/a", "events": ["project.removed"], "projectIds": ids });
        let one = team.post("/v1/webhooks", hook(json!([site]))).await.ok(200);
        let two = team.post("/v1/webhooks", hook(json!([site, other]))).await.ok(200);
        team.delete("/v9/projects/site").await.ok(204);

        let told = pintle.outbox("project.removed").await;
        assert_eq!(told[0].receivers.len(), 2, "a webhook hears of the end of its own project");

        let left = async |hook: &serde_json::Value| {
            team.get(&format!("/v1/webhooks/{}", hook["id"].as_str().unwrap())).await.ok(200)["projectIds"]
                .clone()
        };
        assert_eq!((left(&one).await, left(&two).await), (json!([]), json!([other])));
        let configuration = team.get(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(200);
        assert_eq!(
            (&configuration["projects"], &configuration["projectSelection"]),
            (&json!([]), &json!("selected"))
        );
        assert_eq!(app.caller.get("/v10/projects").await.ok(200)["projects"], json!([]));
        app.caller.get("/v9/projects/other").await.fails(403, "forbidden");
        for table in pintle.core.db.tables().await.unwrap() {
            // History: the event, and what is sent of it.
            if !["events", "delivery_contents"].contains(&table.as_str()) {
                let rows = pintle.core.db.rows(&table).await.unwrap();
                assert!(!rows.iter().any(|row| row.contains(&site)), "{table}: {rows:?}");
            }
        }
    })
    .await;
}
