use super::{made, patched};
use axum::body::Body;
use axum::http::Request;
use pintle_testing::{Answer, Pintle, on_each_engine};
use serde_json::json;

/// A request of an application, with these headers.
async fn read(pintle: &Pintle, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    pintle.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn applications_read_items_with_a_token() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "dark": { "on": [true] }, "none": null, "text": "hello" })).await;
        let id = path.rsplit('/').next().unwrap();
        let config = team.get(&path).await.ok(200);
        let made = team.post(&format!("{path}/token"), json!({ "label": "site" })).await.ok(201);
        let token = made["token"].as_str().unwrap();
        let bearer = format!("Bearer {token}");
        let get = async |what: &str| {
            read(pintle, "GET", &format!("/{id}/{what}"), &[("authorization", &bearer)]).await
        };
        let dark = get("item/dark?version=1").await;
        assert_eq!(dark.header("x-edge-config-digest"), config["digest"].as_str());
        assert_eq!(dark.header("x-edge-config-updated-at"), Some(config["updatedAt"].to_string().as_str()));
        assert_eq!(dark.ok(200), json!({ "on": [true] }));
        assert_eq!(get("item/none").await.text, "null");
        let all = json!({ "dark": { "on": [true] }, "none": null, "text": "hello" });
        assert_eq!(get("items").await.ok(200), all);
        let some = get("items?version=1&key=text&key=unknown&key=dark").await.ok(200);
        assert_eq!(some, json!({ "text": "hello", "dark": { "on": [true] } }));
        assert_eq!(get("digest").await.ok(200), config["digest"]);
        // The token may stand in the query.
        assert_eq!(
            read(pintle, "GET", &format!("/{id}/item/text?token={token}"), &[]).await.ok(200),
            "hello"
        );
        let head = read(pintle, "HEAD", &format!("/{id}/item/text"), &[("authorization", &bearer)]).await;
        assert_eq!(head.status, 200);
        // With the digest: the item is not there; without: the edge config is not.
        let missing = get("item/unknown").await;
        assert!(missing.header("x-edge-config-digest").is_some());
        missing.fails(404, "edge_config_item_not_found");
        let unknown = read(pintle, "GET", "/ecfg_unknown/item/text", &[("authorization", &bearer)]).await;
        assert_eq!(unknown.header("x-edge-config-digest"), None);
        unknown.fails(404, "edge_config_not_found");
        read(pintle, "GET", "/unknown/items", &[]).await.fails(404, "not_found");
        // What is written is read at once.
        patched(&team, &path, json!([{ "operation": "update", "key": "text", "value": "bye" }]))
            .await
            .ok(200);
        assert_eq!(get("item/text").await.ok(200), "bye");
        team.delete(&path).await.ok(204);
        get("item/text").await.fails(404, "edge_config_not_found");
    })
    .await;
}

#[tokio::test]
async fn nobody_else_reads() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let [path, other] = [made(&team, json!({ "a": 1 })).await, made(&team, json!({})).await];
        let id = path.rsplit('/').next().unwrap();
        let create =
            async |path: &str| team.post(&format!("{path}/token"), json!({ "label": "" })).await.ok(201);
        let (own, stranger) = (create(&path).await, create(&other).await);
        let get = async |token: &str| read(pintle, "GET", &format!("/{id}/item/a?token={token}"), &[]).await;
        for token in
            ["", "unknown", stranger["token"].as_str().unwrap(), own["id"].as_str().unwrap(), &team.token]
        {
            for what in ["item/a", "items", "digest"] {
                let answer = read(pintle, "GET", &format!("/{id}/{what}?token={token}"), &[]).await;
                assert_eq!(answer.header("x-edge-config-digest"), None);
                answer.fails(401, "unauthorized");
            }
        }
        let token = own["token"].as_str().unwrap();
        get(token).await.ok(200);
        let body = json!({ "tokens": [token] });
        team.request(axum::http::Method::DELETE, &format!("{path}/tokens"), Some(body)).await.ok(204);
        get(token).await.fails(401, "unauthorized");
        // It is a token for nothing else.
        team.with_token(create(&path).await["token"].as_str().unwrap())
            .get("/v1/edge-config")
            .await
            .fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "a": 1 })).await;
        let id = path.rsplit('/').next().unwrap();
        let made = team.post(&format!("{path}/token"), json!({ "label": "" })).await.ok(201);
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        for what in ["item/a", "items", "items?key=a", "digest"] {
            let get = async |tag: &str| {
                let headers = [("authorization", bearer.as_str()), ("if-none-match", tag)];
                read(pintle, "GET", &format!("/{id}/{what}"), &headers).await
            };
            let tag = get("\"other\"").await.header("etag").unwrap().to_owned();
            let again = get(&tag).await;
            assert_eq!(
                (again.status, again.text.as_str(), again.header("etag")),
                (304, "", Some(tag.as_str()))
            );
            assert!(again.header("x-edge-config-digest").is_some());
            assert_eq!(get(&format!("W/{tag}, \"x\"")).await.status, 304);
        }
    })
    .await;
}
