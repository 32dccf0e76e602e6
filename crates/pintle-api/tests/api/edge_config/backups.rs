use super::{made, patched};
use pintle_core::clock::{self, DAY, HOUR};
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

fn set(value: Value) -> Value {
    json!([{ "operation": "upsert", "key": "a", "value": value, "description": "a letter" }])
}

#[tokio::test]
async fn there_is_one_for_each_write_and_they_are_paged() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 0 })).await;
        let made_at = team.get(&path).await.ok(200)["updatedAt"].as_i64().unwrap();
        for value in 1..=4 {
            pintle.clock.advance(1_000);
            patched(&team, &path, set(json!(value))).await.ok(200);
        }
        let list = async |query: &str| team.get(&format!("{path}/backups?{query}")).await;
        let all = list("").await.ok(200);
        assert_eq!(all["pagination"], json!({ "hasNext": false }));
        let ids: Vec<&str> = all["backups"].as_array().unwrap().iter().map(|b| b["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 5);
        let first = list("limit=2").await.ok(200);
        assert_eq!(first["pagination"], json!({ "hasNext": true, "next": ids[1] }));
        assert_eq!(first["backups"][0].get("metadata"), None);
        let rest = list(&format!("limit=50&next={}&metadata=true", ids[1])).await.ok(200);
        assert_eq!(rest["pagination"], json!({ "hasNext": false }));
        let told: Vec<&str> = rest["backups"].as_array().unwrap().iter().map(|b| b["id"].as_str().unwrap()).collect();
        assert_eq!(told, ids[2..]);
        let metadata = &rest["backups"][2]["metadata"];
        let expected =
            json!({ "updatedAt": clock::text(made_at), "updatedBy": team.user, "itemsCount": 1, "itemsBytes": 7 });
        assert_eq!(metadata, &expected);
        let none = list("limit=0").await.ok(200);
        assert_eq!((&none["backups"], &none["pagination"]["hasNext"]), (&json!([]), &json!(true)));
        let next = none["pagination"]["next"].as_str().unwrap();
        assert_eq!(list(&format!("limit=2&next={next}")).await.ok(200), first);
        list("limit=51").await.fails(400, "bad_request");
        list("next=x").await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn one_shows_what_there_was_and_brings_it_back() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 0 })).await;
        let first = team.get(&path).await.ok(200);
        pintle.clock.advance(1_000);
        patched(&team, &path, set(json!("changed"))).await.ok(200);
        let second = team.get(&path).await.ok(200);
        let list = team.get(&format!("{path}/backups")).await.ok(200);
        let id = |index: usize| list["backups"][index]["id"].as_str().unwrap();
        let newest = team.get(&format!("{path}/backups/{}", id(0))).await.ok(200);
        let item = json!({
            "value": "changed", "description": "a letter",
            "createdAt": first["createdAt"], "updatedAt": second["updatedAt"],
        });
        let content = json!({
            "digest": second["digest"], "items": { "a": item }, "slug": "settings", "updatedAt": second["updatedAt"],
        });
        assert_eq!(newest["backup"], content);
        assert_eq!(newest["user"]["id"], json!(team.user));
        assert_eq!(newest["user"]["username"], "acme-owner");
        let oldest = format!("{path}/backups/{}", id(1));
        assert_eq!(team.get(&oldest).await.ok(200)["backup"]["digest"], first["digest"]);
        pintle.clock.advance(1_000);
        let restored = team.post(&format!("{oldest}/restore"), json!({})).await.ok(200);
        let expected = json!({
            "status": "ok", "digest": first["digest"], "previousDigest": second["digest"], "restoredFrom": id(1),
        });
        assert_eq!(restored, expected);
        assert_eq!(team.get(&format!("{path}/item/a")).await.ok(200)["value"], 0);
        assert_eq!(team.get(&format!("{path}/backups")).await.ok(200)["backups"].as_array().unwrap().len(), 3);
        for unknown in ["99", "x"] {
            team.get(&format!("{path}/backups/{unknown}")).await.fails(404, "not_found");
            team.post(&format!("{path}/backups/{unknown}/restore"), json!({})).await.fails(404, "not_found");
        }
    })
    .await;
}

#[tokio::test]
async fn are_kept_for_a_year() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 0 })).await;
        pintle.clock.advance(365 * DAY - HOUR);
        patched(&team, &path, set(json!(1))).await.ok(200);
        let count = async || {
            let list = team.get(&format!("{path}/backups")).await.ok(200);
            list["backups"].as_array().unwrap().len()
        };
        assert_eq!(count().await, 2);
        pintle.clock.advance(2 * HOUR);
        patched(&team, &path, set(json!(2))).await.ok(200);
        assert_eq!(count().await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_one_that_was_just_replaced_is_kept_however_old() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 0 })).await;
        let ids = async || {
            let list = team.get(&format!("{path}/backups")).await.ok(200);
            let ids = list["backups"].as_array().unwrap().iter().map(|backup| backup["id"].clone());
            ids.collect::<Vec<Value>>()
        };
        pintle.clock.advance(400 * DAY);
        patched(&team, &path, set(json!(1))).await.ok(200);
        assert_eq!(ids().await, ["2", "1"]);
        patched(&team, &path, set(json!(2))).await.ok(200);
        assert_eq!(ids().await, ["3", "2"]);
    })
    .await;
}
