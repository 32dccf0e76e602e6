use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_project_is_paused_and_goes_on() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let id = team.project("site").await;
        for (act, paused) in [("pause", true), ("pause", true), ("unpause", false)] {
            team.post(&format!("/v1/projects/{id}/{act}"), json!({})).await.ok(200);
            assert_eq!(team.get("/v9/projects/site").await.ok(200)["paused"], paused);
        }
        assert_eq!(
            (pintle.audited("project-paused").await, pintle.audited("project-unpaused").await),
            (1, 1)
        );
        team.post("/v1/projects/prj_unknown/pause", json!({})).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn the_data_cache_is_switched() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let id = team.project("site").await;
        let path = format!("/v1/data-cache/projects/{id}");
        for disabled in [true, false] {
            let shown = team.patch(&path, json!({ "disabled": disabled })).await.ok(200);
            assert_eq!(shown["dataCache"]["userDisabled"], disabled);
            assert_eq!(team.get("/v9/projects/site").await.ok(200), shown);
        }
    })
    .await;
}
