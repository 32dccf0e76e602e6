//! Queries: what a person types goes to the partner once, and nowhere else.

use super::asked::{created, with_partner};
use pintle_testing::partner::Act;
use pintle_testing::{Answer, Caller, on_each_engine};
use serde_json::{Value, json};

async fn query(by: &Caller, id: &str, body: Value) -> Answer {
    by.post(&format!("/pintle/v1/stores/{id}/repl"), body).await
}

#[tokio::test]
async fn a_query_is_between_its_user_and_the_partner() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let before = team.get("/pintle/v1/deliveries?kind=partner").await.ok(200);
        let said = query(&team, &id, json!({ "input": "select 'hush'", "readOnly": true })).await.ok(200);
        assert_eq!(said, json!([{ "type": "paragraph", "text": "select 'hush'" }]));
        let [asked] = &server.asked_for("POST", "/resources/res_1/repl")[..] else { panic!("one try") };
        assert_eq!(asked.body, json!({ "input": "select 'hush'", "readOnly": true }));
        assert_eq!(
            (asked.header("x-vercel-auth"), &asked.claims["installation_id"]),
            ("user", &json!(installed.id))
        );
        assert!(!asked.header("idempotency-key").is_empty());

        assert_eq!(team.get("/pintle/v1/deliveries?kind=partner").await.ok(200), before);
        let events = team.get("/v3/events?withPayload=true").await.ok(200).to_string();
        assert!(events.contains("queried resource main") && !events.contains("hush"), "{events}");
        assert_eq!(pintle.audited("storage-accessed-data-browser").await, 1);

        let lines = "{\"type\":\"paragraph\",\"text\":\"a\"}\n{\"type\":\"table\",\"rows\":[]}\n";
        server.then(Act::Text(200, lines));
        let answer = query(&team, &id, json!({ "input": "stream" })).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, lines));
    })
    .await;
}

#[tokio::test]
async fn what_a_partner_says_to_a_query_reaches_the_user_as_elsewhere() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let refusal = json!({ "error": { "code": "syntax", "message": "x", "user": { "message": "A word is missing" } } });
        server.then(Act::Answer(422, refusal));
        query(&team, &id, json!({ "input": "select" })).await.says(422, "syntax", "A word is missing");
        let unusable = [
            (Act::Answer(503, json!({})), "it answered 503"),
            (Act::Text(200, "hello"), "list of blocks"),
            (Act::Answer(200, json!({ "text": "a" })), "list of blocks"),
            (Act::DoneUnheard, "did not answer"),
        ];
        for (act, text) in unusable {
            let before = server.asked().len();
            server.then(act);
            let error = query(&team, &id, json!({ "input": "select 1" })).await.fails(502, "partner_unavailable");
            assert!(error["message"].as_str().unwrap().contains(text), "{error}");
            assert_eq!(server.asked().len(), before + 1, "it is asked once");
        }
    })
    .await;
}

#[tokio::test]
async fn not_everything_can_be_queried() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let before = server.asked().len();
        query(&team, "store_none", json!({ "input": "x" })).await.fails(404, "not_found");
        for body in
            [json!({}), json!({ "input": "" }), json!({ "input": 1 }), json!({ "input": "x", "mode": "ro" })]
        {
            query(&team, &id, body).await.fails(400, "bad_request");
        }
        let product = format!("/pintle/v1/integrations/{}/products/db", installed.integration);
        let repl = |enabled: bool| json!({ "enabled": enabled, "supportsReadOnlyMode": false });
        for (repl, body, code) in [
            (repl(true), json!({ "input": "x", "readOnly": true }), "read_only_not_supported"),
            (repl(false), json!({ "input": "x" }), "repl_not_enabled"),
        ] {
            let storage = json!({ "status": "enabled", "repl": repl });
            team.patch(&product, json!({ "protocols": { "storage": storage } })).await.ok(200);
            query(&team, &id, body).await.fails(400, code);
        }
        assert_eq!(server.asked().len(), before);
    })
    .await;
}
