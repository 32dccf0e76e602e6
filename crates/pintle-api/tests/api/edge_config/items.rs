use super::{made, patched};
use axum::body::Body;
use axum::http::Request;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn are_created_updated_upserted_and_deleted_in_one_patch() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "old": 1, "kept": { "deep": [1, 2.5, null, "x"] } })).await;
        let created_at = team.get(&path).await.ok(200)["createdAt"].as_i64().unwrap();
        pintle.clock.advance(1_000);
        let changes = json!([
            { "operation": "create", "key": "new", "value": null, "description": "what it is for" },
            { "operation": "upsert", "key": "newer", "value": [] },
            { "operation": "upsert", "key": "kept", "description": "as it was" },
            { "operation": "update", "key": "newer", "value": true },
            { "operation": "delete", "key": "old" },
        ]);
        assert_eq!(patched(&team, &path, changes).await.ok(200), json!({ "status": "ok" }));
        let id = path.rsplit('/').next().unwrap();
        let now = team.get(&path).await.ok(200)["updatedAt"].as_i64().unwrap();
        let item = |key: &str, value: Value, at: i64| {
            json!({ "key": key, "value": value, "createdAt": at, "updatedAt": now, "edgeConfigId": id })
        };
        let mut expected = [
            item("kept", json!({ "deep": [1, 2.5, null, "x"] }), created_at),
            item("new", json!(null), now),
            item("newer", json!(true), now),
        ];
        expected[0]["description"] = json!("as it was");
        expected[1]["description"] = json!("what it is for");
        assert_eq!(team.get(&format!("{path}/items")).await.ok(200), json!(expected));
        assert_eq!(team.get(&format!("{path}/item/new")).await.ok(200), expected[1]);
        team.get(&format!("{path}/item/old")).await.fails(404, "not_found");
        let cleared = json!([{ "operation": "update", "key": "new", "description": null }]);
        patched(&team, &path, cleared).await.ok(200);
        assert_eq!(team.get(&format!("{path}/item/new")).await.ok(200).get("description"), None);
    })
    .await;
}

#[tokio::test]
async fn a_patch_is_applied_whole_or_not_at_all() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 1 })).await;
        let before = team.get(&path).await.ok(200);
        let refused = [
            (json!({ "operation": "create", "key": "a", "value": 2 }), 409, "edge_config_item_exists"),
            (json!({ "operation": "update", "key": "b", "value": 2 }), 404, "not_found"),
            (json!({ "operation": "delete", "key": "b" }), 404, "not_found"),
            (json!({ "operation": "upsert", "key": "b", "description": "no value" }), 400, "bad_request"),
            (json!({ "operation": "create", "key": "b" }), 400, "bad_request"),
            (json!({ "operation": "update", "key": "a" }), 400, "bad_request"),
            (json!({ "operation": "replace", "key": "a", "value": 1 }), 400, "bad_request"),
            (json!({ "operation": "upsert", "key": "a b", "value": 1 }), 400, "bad_request"),
            (json!({ "operation": "upsert", "value": 1 }), 400, "bad_request"),
            (
                json!({ "operation": "upsert", "key": "a", "value": 1, "description": "x".repeat(513) }),
                400,
                "bad_request",
            ),
        ];
        for (change, status, code) in refused {
            let good = json!({ "operation": "upsert", "key": "a", "value": "changed" });
            patched(&team, &path, json!([good, change])).await.fails(status, code);
        }
        assert_eq!(team.get(&path).await.ok(200), before);
        assert_eq!(team.get(&format!("{path}/item/a")).await.ok(200)["value"], 1);
        assert_eq!(pintle.audited("edge-config-items-updated").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_is_no_write() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 1 })).await;
        let before = team.get(&path).await.ok(200);
        pintle.clock.advance(1);
        patched(&team, &path, json!([])).await.ok(200);
        patched(&team, &path, json!([{ "operation": "upsert", "key": "a", "value": 1 }])).await.ok(200);
        assert_eq!(team.get(&path).await.ok(200), before);
        assert_eq!(
            team.get(&format!("{path}/backups")).await.ok(200)["backups"].as_array().unwrap().len(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn have_half_a_megabyte_of_room() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({})).await;
        let change = |size: usize| json!([{ "operation": "upsert", "key": "a", "value": "x".repeat(size) }]);
        // {"a":""}
        let room = (512 << 10) - 8;
        patched(&team, &path, change(room)).await.ok(200);
        assert_eq!(team.get(&path).await.ok(200)["sizeInBytes"], 512 << 10);
        patched(&team, &path, change(room + 1)).await.fails(400, "edge_config_too_large");
        let body = json!({ "slug": "settings", "items": { "a": "x".repeat(room + 1) } });
        team.post("/v1/edge-config", body).await.fails(400, "edge_config_too_large");
    })
    .await;
}

#[tokio::test]
async fn are_changed_only_where_they_are_those_that_the_request_names() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 1 })).await;
        let digest = team.get(&path).await.ok(200)["digest"].as_str().unwrap().to_owned();
        let send = async |tag: String| {
            let body = json!({ "items": [{ "operation": "update", "key": "a", "value": 2 }] });
            let uri = format!("{path}/items?teamId={}", team.team.as_ref().unwrap());
            let request = Request::patch(uri).header("authorization", format!("Bearer {}", team.token));
            pintle.send(request.header("if-match", tag).body(Body::from(body.to_string())).unwrap()).await
        };
        for other in ["\"another\"", "\"é\""] {
            send(other.to_owned()).await.fails(412, "precondition_failed");
        }
        send(format!("\"{digest}\"")).await.ok(200);
        send(format!("\"{digest}\"")).await.fails(412, "precondition_failed");
    })
    .await;
}
