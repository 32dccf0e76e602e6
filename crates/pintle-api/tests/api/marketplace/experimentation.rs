//! Flags, and the configuration that a partner pushes.

use axum::body::Body;
use axum::http::Request;
use pintle_core::clock::DAY;
use pintle_testing::{Answer, Installed, Pintle, on_each_engine};
use serde_json::{Value, json};

/// A request to the pushed configuration with one condition.
async fn conditional(
    pintle: &Pintle,
    at: &Installed,
    method: &str,
    condition: (&str, &str),
    body: Value,
) -> Answer {
    let request =
        Request::builder().method(method).uri(format!("{}/experimentation/edge-config", at.resource("db-1")));
    let request = request
        .header("authorization", format!("Bearer {}", at.caller.token))
        .header(condition.0, condition.1);
    pintle.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn items_are_kept_changed_and_forgotten() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        pintle.product(&partner, "db").await;
        let store = partner.import("db-1", json!([])).await;
        let path = format!("{}/experimentation/items", partner.resource("db-1"));
        let item = |id: &str| json!({ "id": id, "slug": "dark", "origin": "https://example.com", "category": "flag" });
        partner.caller.post(&path, json!({ "items": [item("a"), item("b")] })).await.ok(204);
        let patch = json!({ "slug": "darker", "origin": "https://example.com", "isArchived": true });
        partner.caller.patch(&format!("{path}/a"), patch.clone()).await.ok(204);
        partner.caller.patch(&format!("{path}/none"), patch).await.fails(404, "not_found");
        let list = format!("/pintle/v1/stores/{store}/experimentation/items");
        let items = team.get(&list).await.ok(200)["items"].clone();
        let darker = json!({
            "id": "a", "slug": "darker", "origin": "https://example.com", "category": "flag", "isArchived": true,
        });
        assert_eq!(items, json!([darker, item("b")]));
        partner.caller.delete(&format!("{path}/a")).await.ok(204);
        partner.caller.delete(&format!("{path}/a")).await.fails(404, "not_found");
        let many: Vec<Value> = (0..51).map(|n| item(&n.to_string())).collect();
        partner.caller.post(&path, json!({ "items": many })).await.fails(400, "bad_request");
        partner.caller.post(&path, json!({ "items": [{ "id": "a", "slug": "x" }] })).await.fails(400, "bad_request");
        pintle.team("other").await.get(&list).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn what_is_pushed_has_a_tag() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        pintle.product(&partner, "db").await;
        partner.import("db-1", json!([])).await;
        let get = async |condition| conditional(pintle, &partner, "GET", condition, Value::Null).await;
        let push = async |condition, data: Value| {
            conditional(pintle, &partner, "PUT", condition, json!({ "data": data })).await
        };
        let empty = get(("x-none", "1")).await;
        let tag = empty.header("etag").unwrap().to_owned();
        assert_eq!(empty.ok(200)["items"], json!({}));
        pintle.clock.advance(DAY);
        push(("if-match", "\"other\""), json!({ "dark": true })).await.fails(412, "precondition_failed");
        let pushed = push(("if-match", &tag), json!({ "dark": true })).await;
        let next = pushed.header("etag").unwrap().to_owned();
        let pushed = pushed.ok(200);
        assert_eq!(
            (&pushed["items"], format!("\"{}\"", pushed["digest"].as_str().unwrap())),
            (&json!({ "dark": true }), next.clone())
        );
        push(("if-match", &tag), json!({})).await.fails(412, "precondition_failed");
        push(("if-none-match", "*"), json!({})).await.fails(412, "precondition_failed");
        let same = get(("if-none-match", &next)).await;
        assert_eq!((same.status, same.text.as_str()), (304, ""));
        assert_eq!(get(("if-none-match", &tag)).await.ok(200), pushed);
        // Newer clients call it so.
        let newer = format!("{}/experimentation/global-config", partner.resource("db-1"));
        assert_eq!(partner.caller.get(&newer).await.ok(200), pushed);
        push(("x-none", "1"), json!({ "a b": 1 })).await.fails(400, "bad_request");
        push(("x-none", "1"), json!([])).await.fails(400, "bad_request");
        assert_eq!(pintle.audited("edge-config-created").await, 1);
        push(("if-match", &next), json!({ "dark": false })).await.ok(200);
        assert_eq!(pintle.audited("edge-config-items-updated").await, 1);
    })
    .await;
}
