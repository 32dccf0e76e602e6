//! Which projects a shared variable is in.

use super::{pulled, share, sharing, text};
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn links_are_set_added_and_cut() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let mut projects =
            [team.project("site").await, team.project("two").await, team.project("three").await];
        projects.sort();
        let [a, b, c] = projects;
        let id = text(&share(&team, sharing("KEY", "a", &["preview"], &[&a, &a])).await["id"]);
        let change = async |change: Value| {
            let updates = json!({ "updates": { &id: change } });
            team.patch("/v1/env", updates).await.ok(200)["updated"][0]["projectId"].clone()
        };
        assert_eq!(change(json!({})).await, json!([a]));
        assert_eq!(change(json!({ "projectIdUpdates": { "link": [b, c] } })).await, json!([a, b, c]));
        let both = json!({ "projectIdUpdates": { "link": [c], "unlink": [b, "prj_none"] } });
        assert_eq!(change(both).await, json!([a, c]));
        assert_eq!(change(json!({ "projectId": [b, c] })).await, json!([b, c]));
        let refused = json!({ "updates": { &id: { "projectIdUpdates": { "link": [a, "prj_none"] } } } });
        team.patch("/v1/env", refused).await.fails(404, "not_found");
        let foreign = pintle.team("other").await.project("site").await;
        let refused = json!({ "updates": { &id: { "projectId": [foreign] } } });
        team.patch("/v1/env", refused).await.fails(404, "not_found");

        let unlink = |project: &str| format!("/v1/env/{id}/unlink/{project}");
        for _ in 0..2 {
            assert_eq!(team.patch(&unlink(&b), json!({})).await.ok(200), json!({ "id": id }));
        }
        team.patch(&unlink("prj_none"), json!({})).await.fails(404, "not_found");
        team.patch(&format!("/v1/env/env_none/unlink/{c}"), json!({})).await.fails(404, "not_found");
        assert_eq!(team.get(&format!("/v1/env/{id}")).await.ok(200)["projectId"], json!([c]));
        assert_eq!(
            pintle.audited("shared-env-variable-update").await,
            5,
            "to cut what is cut already is no change"
        );
    })
    .await;
}

#[tokio::test]
async fn a_link_goes_with_its_project_and_a_variable_with_its_team() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        let other = team.project("other").await;
        let id = text(&share(&team, sharing("KEY", "a", &["preview"], &[&site, &other])).await["id"]);
        assert_eq!(pulled(&team, "preview").await, ["KEY=a"]);
        team.post("/v9/projects/site/custom-environments", json!({ "slug": "staging" })).await.ok(201);
        team.delete("/v9/projects/site").await.ok(204);
        assert_eq!(team.get(&format!("/v1/env/{id}")).await.ok(200)["projectId"], json!([other]));
        let team_path = format!("/v1/teams/{}", team.team.as_ref().unwrap());
        team.request(Method::DELETE, &team_path, Some(json!({}))).await.ok(200);
        for table in ["shared_envs", "shared_env_targets", "shared_env_projects", "custom_environments"] {
            assert_eq!(pintle.core.db.rows(table).await.unwrap(), Vec::<String>::new(), "{table}");
        }
    })
    .await;
}
