use super::{named, run};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

fn names(listed: &Value) -> String {
    let names =
        listed["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn roles_decide_who_changes_a_project() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let id = team.project("site").await;
        for (name, role, creates, changes) in [
            ("mia", Role::Member, true, true),
            ("dev", Role::Developer, true, false),
            ("vic", Role::Viewer, false, false),
            ("bill", Role::Billing, false, false),
        ] {
            let member = pintle.member(&team, name, role).await;
            assert!(names(&member.get("/v10/projects").await.ok(200)).contains("site"), "{name}");
            let status = |yes: bool, good: u16| if yes { good } else { 403 };
            assert_eq!(
                member.post("/v11/projects", named(name)).await.status,
                status(creates, 200),
                "{name}"
            );
            let changed = member.patch("/v9/projects/site", json!({ "gitLFS": true })).await;
            assert_eq!(changed.status, status(changes, 200), "{name}");
            if creates {
                let removed = member.delete(&format!("/v9/projects/{name}")).await;
                assert_eq!(removed.status, status(changes, 204), "{name}");
            }
        }
        let stranger = pintle.team("other").await;
        stranger.get(&format!("/v9/projects/{id}")).await.fails(404, "not_found");
        stranger.patch(&format!("/v9/projects/{id}"), json!({})).await.fails(404, "not_found");
        stranger.delete(&format!("/v9/projects/{id}")).await.fails(404, "not_found");
        team.get(&format!("/v9/projects/{id}")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_contributor_sees_the_projects_it_was_given() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        team.project("other").await;
        let guest = pintle.member(&team, "guest", Role::Contributor).await;
        assert_eq!(names(&guest.get("/v10/projects").await.ok(200)), "");
        guest.get("/v9/projects/site").await.fails(404, "not_found");
        let sql = format!(
            "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ('{site}', '{}', 'PROJECT_VIEWER', 1)",
            guest.user
        );
        run(pintle, sql).await;
        assert_eq!(names(&guest.get("/v10/projects").await.ok(200)), "site");
        guest.get("/v9/projects/site").await.ok(200);
        guest.get("/v9/projects/other").await.fails(404, "not_found");
        guest.patch("/v9/projects/site", json!({})).await.fails(403, "forbidden");
        guest.delete("/v9/projects/site").await.fails(403, "forbidden");
        run(pintle, "UPDATE project_members SET role = 'ADMIN'".into()).await;
        guest.patch("/v9/projects/site", json!({ "gitLFS": true })).await.ok(200);
        guest.post("/v11/projects", named("new")).await.fails(403, "forbidden");
        guest.delete("/v9/projects/site").await.ok(204);
    })
    .await;
}

#[tokio::test]
async fn an_installation_needs_the_scope_and_keeps_to_its_selection() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        team.project("other").await;
        let reader = team.install_with("reader", &["read:project"], json!({})).await.caller;
        assert_eq!(names(&reader.get("/v10/projects").await.ok(200)), "other site");
        reader.patch("/v9/projects/site", json!({})).await.fails(403, "forbidden");
        reader.delete("/v9/projects/site").await.fails(403, "forbidden");
        reader.post("/v11/projects", named("new")).await.fails(403, "forbidden");
        let none = team.install_with("none", &["read-write:project-env-vars"], json!({})).await.caller;
        none.get("/v10/projects").await.fails(403, "forbidden");
        none.get("/v9/projects/site").await.fails(403, "forbidden");

        let body = json!({ "projects": [site] });
        let app = team.install_with("bridge", &["read-write:project"], body).await.caller;
        assert_eq!(names(&app.get("/v10/projects").await.ok(200)), "site");
        app.patch("/v9/projects/site", json!({ "gitLFS": true })).await.ok(200);
        app.get("/v9/projects/other").await.fails(403, "forbidden");
        app.delete("/v9/projects/other").await.fails(403, "forbidden");
        app.get("/v9/projects/nothing").await.fails(404, "not_found");
        app.post("/v11/projects", named("new")).await.fails(403, "forbidden");
        app.delete("/v9/projects/site").await.ok(204);
        assert_eq!(names(&app.get("/v10/projects").await.ok(200)), "");
    })
    .await;
}
