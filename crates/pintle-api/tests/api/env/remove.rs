use super::{create, environment, values, variable, with};
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_removal_answers_with_what_it_removed() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let staging = environment(&team, "staging").await;
        let id =
            create(&team, with(variable("KEY", &["preview"]), json!({ "customEnvironmentIds": [staging] })))
                .await;
        let path = format!("/v8/projects/site/env/{id}");
        team.delete(&format!("{path}?customEnvironmentId=env_b")).await.fails(404, "not_found");
        let removed = team.delete(&format!("{path}?customEnvironmentId={staging}")).await.ok(200);
        assert_eq!((&removed["id"], &removed["key"]), (&json!(id), &json!("KEY")));
        team.delete(&path).await.fails(404, "not_found");
        team.get(&path).await.fails(404, "not_found");
        create(&team, variable("KEY", &["preview"])).await;
        let events = pintle.core.db.rows("events").await.unwrap();
        assert_eq!(events.iter().filter(|row| row.contains("project.env-variable.deleted")).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn many_are_removed_at_once_and_unknown_ids_count_for_nothing() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let other = team.project("other").await;
        let foreign = team
            .post(&format!("/v10/projects/{other}/env"), variable("KEY", &["preview"]))
            .await
            .ok(201)["created"]["id"]
            .clone();
        let mut ids = Vec::new();
        for n in 0..60 {
            ids.push(create(&team, variable(&format!("K{n}"), &["preview"])).await);
        }
        let kept = ids.pop().unwrap();
        let mut asked = json!(ids);
        asked.as_array_mut().unwrap().extend([json!("none"), foreign, json!(ids[0])]);
        let path = "/v1/projects/site/env";
        let answer = team.request(Method::DELETE, path, Some(json!({ "ids": asked }))).await.ok(200);
        assert_eq!(answer["deleted"], 59);
        let mut removed: Vec<String> = serde_json::from_value(answer["ids"].clone()).unwrap();
        removed.sort();
        ids.sort();
        assert_eq!(removed, ids);
        assert_eq!(values(&team).await.len(), 1);
        assert_eq!(team.get(&format!("{path}/{kept}")).await.ok(200)["key"], "K59");
        team.get("/v10/projects/other/env").await.ok(200)["envs"][0]["id"].as_str().unwrap();

        let cases = [
            (json!({}), "missing required property `ids`."),
            (json!({ "ids": [] }), "`ids` should NOT have fewer than 1 items."),
            (json!({ "ids": vec!["a"; 1001] }), "`ids` should NOT have more than 1000 items."),
            (json!({ "ids": ["a"], "all": true }), "should NOT have additional property `all`."),
        ];
        for (body, message) in cases {
            let answer = team.request(Method::DELETE, path, Some(body)).await;
            answer.says(400, "bad_request", &format!("Invalid request: {message}"));
        }
    })
    .await;
}
