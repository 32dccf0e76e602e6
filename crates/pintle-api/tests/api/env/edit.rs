use super::{create, environment, values, variable, with};
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/v9/projects/site/env/{id}")
}

#[tokio::test]
async fn what_is_absent_stays_and_null_takes_away() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let body = with(variable("KEY", &["preview"]), json!({ "gitBranch": "main", "comment": "why" }));
        let id = create(&team, body).await;
        pintle.clock.advance(10);
        let changed = team.patch(&path(&id), json!({ "value": "new", "visibility": "config" })).await.ok(200);
        assert_eq!((&changed["gitBranch"], &changed["comment"]), (&json!("main"), &json!("why")));
        assert_eq!((&changed["decrypted"], &changed["visibility"]), (&json!(false), &json!("config")));
        assert!(changed["updatedAt"].as_i64() > changed["createdAt"].as_i64(), "{changed}");
        let changed = team.patch(&path(&id), json!({ "gitBranch": null, "comment": null })).await.ok(200);
        assert_eq!((&changed["gitBranch"], &changed["comment"]), (&Value::Null, &Value::Null));
        let unknown = json!({ "customEnvironmentIds": ["env_a"], "gitBranch": null });
        team.patch(&path(&id), unknown).await.fails(400, "ID_NOT_FOUND");
        let staging = environment(&team, "staging").await;
        let custom = json!({ "target": null, "customEnvironmentIds": [staging], "key": "RENAMED" });
        let changed = team.patch(&format!("/v10/projects/site/env/{id}"), custom).await.ok(200);
        assert_eq!((&changed["target"], &changed["customEnvironmentIds"]), (&json!([]), &json!([staging])));
        assert_eq!(values(&team).await, [("RENAMED".to_owned(), "new".to_owned())]);
        // Its old places are free again.
        create(&team, variable("KEY", &["preview"])).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_keeps_the_rules() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        create(&team, variable("TAKEN", &["production"])).await;
        let id = create(&team, variable("KEY", &["preview"])).await;
        let cases = [
            (json!({ "key": "TAKEN", "target": ["production", "development"] }), "ENV_CONFLICT"),
            (json!({ "key": "TZ" }), "RESERVED_ENV_VARIABLE"),
            (json!({ "target": [] }), "MISSING_TARGET"),
            (json!({ "target": null }), "MISSING_TARGET"),
            (json!({ "target": ["production"], "gitBranch": "main" }), "BAD_REQUEST"),
            (json!({ "target": ["development"], "type": "sensitive" }), "BAD_REQUEST"),
            (json!({ "value": "x".repeat(65537) }), "VALUE_INVALID_LENGTH"),
            (json!({ "type": "system", "value": "a" }), "SYSTEM_ENV_WITH_VALUE"),
            (json!({ "configurationId": "icfg_a" }), "bad_request"),
            (json!({ "comment": "c".repeat(1001) }), "bad_request"),
            (json!({ "value": 1 }), "bad_request"),
        ];
        for (body, code) in cases {
            team.patch(&path(&id), body).await.fails(400, code);
        }
        team.patch(&path("none"), json!({})).await.fails(404, "not_found");
        let other = team.project("other").await;
        team.patch(&format!("/v9/projects/{other}/env/{id}"), json!({})).await.fails(404, "not_found");
        let same = team.get(&path(&id)).await.ok(200);
        assert_eq!(
            (&same["key"], &same["target"], &same["value"]),
            (&json!("KEY"), &json!(["preview"]), &json!("value of KEY"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_sensitive_value_is_never_readable_again() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let body = with(variable("KEY", &["preview"]), json!({ "type": "sensitive", "value": "hush" }));
        let made = team.post("/v10/projects/site/env", body).await.ok(201)["created"].clone();
        let id = made["id"].as_str().unwrap().to_owned();
        let turned = create(&team, variable("TURNED", &["preview"])).await;
        team.patch(&path(&turned), json!({ "type": "sensitive" })).await.ok(200);
        for answer in [
            team.patch(&path(&id), json!({ "value": "hush2", "target": ["production"] })).await,
            team.get(&path(&id)).await,
            team.get(&path(&turned)).await,
            team.get("/v10/projects/site/env?decrypt=true").await,
        ] {
            assert!(!answer.text.contains("hush") && !answer.text.contains("value of"), "{}", answer.text);
            answer.ok(200);
        }
        assert_eq!((&made["value"], &made["decrypted"]), (&json!(""), &json!(false)));
        for body in
            [json!({ "type": "plain" }), json!({ "type": "encrypted", "value": "a" }), json!({ "key": "K" })]
        {
            team.patch(&path(&id), body).await.fails(400, "BAD_REQUEST");
        }
        team.patch(&path(&id), json!({ "target": ["development"] })).await.fails(400, "BAD_REQUEST");
        team.patch(&path(&id), json!({ "key": "KEY", "type": "sensitive" })).await.ok(200);
    })
    .await;
}
