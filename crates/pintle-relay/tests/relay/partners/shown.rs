//! Calls as they are shown among the deliveries, and what is kept of them.

use super::World;
use http::Method;
use pintle_core::marketplace::calls::Operation;
use pintle_testing::partner::Act;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::json;

#[tokio::test]
async fn a_call_shows_both_sides_and_no_secret() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let mut install = world
            .call(Method::PUT, &[], json!({ "scopes": [], "credentials": { "access_token": "vca_s3cret", "token_type": "Bearer" } }))
            .await;
        (install.operation, install.secret) = (Operation::Install, true);
        let id = world.intend(install).await;
        assert!(world.run(&id).await.is_known());
        assert_eq!(world.partner.asked()[0].body["credentials"]["access_token"], "vca_s3cret");

        let mut provision = world
            .call(Method::POST, &["resources"], json!({ "productId": "kv", "name": "store", "metadata": { "region": "iad1" }, "billingPlanId": "free" }))
            .await;
        provision.operation = Operation::Provision;
        let provisioned = world.intend(provision).await;
        assert!(world.run(&provisioned).await.is_known());

        let token = world.partner.asked()[0].bearer().to_owned();
        for id in [&id, &provisioned] {
            let answer = world.team.get(&format!("/pintle/v1/deliveries/{id}")).await;
            for secret in ["vca_s3cret", "db://res_1", "key-of-res_1", token.as_str()] {
                assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
            }
            let shown = answer.ok(200);
            assert_eq!((&shown["kind"], &shown["configurationId"]), (&json!("partner"), &json!(world.installed.id)));
            assert_eq!(shown["attempts"][0]["request"]["headers"]["authorization"], "(hidden)");
        }
        let shown = world.shown(&provisioned).await;
        assert_eq!((&shown["operation"], &shown["method"]), (&json!("provision"), &json!("POST")));
        assert!(shown["body"].as_str().unwrap().contains("iad1"), "{shown}");
        let response = shown["attempts"][0]["response"]["body"].as_str().unwrap();
        assert!(response.contains("DATABASE_URL") && response.contains("(hidden)"), "{response}");
    })
    .await;
}

#[tokio::test]
async fn calls_are_listed_apart_for_their_team_alone() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let id = world.intend(world.change().await).await;
        let list = async |query: &str| {
            let answer = world.team.get(&format!("/pintle/v1/deliveries?{query}")).await.ok(200);
            answer["deliveries"].as_array().unwrap().len()
        };
        assert_eq!(list("kind=partner").await, 1);
        assert_eq!(list(&format!("kind=partner&configurationId={}", world.installed.id)).await, 1);
        assert_eq!(list("kind=partner&state=delivered").await, 0);
        assert_eq!(list("kind=drain").await, 0);
        world.team.get("/pintle/v1/deliveries?kind=letter").await.fails(400, "bad_request");
        let other = pintle.team("other").await;
        other.get(&format!("/pintle/v1/deliveries/{id}")).await.fails(404, "not_found");
    })
    .await;
}

/// SQLite's files hold every row.
#[tokio::test]
async fn no_secret_of_a_call_lies_open_in_the_database() {
    on_sqlite(async |pintle| {
        let world = World::new(pintle).await;
        world.partner.then(Act::Text(500, "vca_s3cret, you said"));
        let mut install =
            world.call(Method::PUT, &[], json!({ "credentials": { "access_token": "vca_s3cret" } })).await;
        (install.operation, install.secret) = (Operation::Install, true);
        world.ask(install).await;
        let mut provision = world.call(Method::POST, &["resources"], json!({ "name": "not-a-secret" })).await;
        provision.operation = Operation::Provision;
        assert!(world.ask(provision).await.is_known());
        let folder = pintle.folder().unwrap();
        let files: Vec<u8> = std::fs::read_dir(folder)
            .unwrap()
            .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect();
        let holds = |text: &str| files.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("not-a-secret"), "the search finds what is there");
        for secret in ["vca_s3cret", "db://res_1", "key-of-res_1"] {
            assert!(!holds(secret), "{secret}");
        }
    })
    .await;
}
