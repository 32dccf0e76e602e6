//! The partner lists, imports, changes and ends its resources.

use super::{connect, put, secret, store, variables, world};
use pintle_core::clock::{self, DAY};
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

fn full() -> Value {
    json!({
        "ownership": "owned", "productId": "db", "name": "main", "status": "ready",
        "metadata": { "region": "iad1", "size": 3, "on": true, "zones": ["a"], "steps": [1, 2] },
        "billingPlan": { "id": "pro", "type": "subscription", "name": "Pro", "cost": "$10" },
        "notification": { "level": "warn", "title": "Nearly full", "href": "sso:/usage" },
        "extras": { "any": { "thing": 1 } },
        "secrets": [secret("URL", "postgres://one")],
    })
}

#[tokio::test]
async fn an_import_is_seen_by_both_sides() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let path = partner.resource("res-1");
        assert_eq!(put(&partner, &path, full()).await.ok(200), json!({ "name": "main" }));

        let seen = partner.caller.get(&path).await.ok(200);
        assert_eq!(
            (&seen["id"], &seen["name"], &seen["status"], &seen["billingPlanId"]),
            (&json!("res-1"), &json!("main"), &json!("ready"), &json!("pro"))
        );
        assert_eq!(
            (&seen["metadata"], &seen["notification"]),
            (&full()["metadata"], &full()["notification"])
        );
        let id = seen["internalId"].as_str().unwrap().to_owned();
        assert!(id.starts_with("store_"), "{id}");
        let listed = partner.caller.get(&partner.resource("")).await.ok(200)["resources"].clone();
        assert_eq!((&listed[0]["partnerId"], &listed[0]["internalId"]), (&json!("res-1"), &json!(id)));
        assert!(!listed.to_string().contains("postgres://"), "{listed}");

        let seen = store(&team, &id).await;
        assert_eq!(
            (&seen["status"], &seen["externalResourceStatus"], &seen["externalResourceId"], &seen["type"]),
            (&json!("available"), &json!("ready"), &json!("res-1"), &json!("integration"))
        );
        assert_eq!(seen["secrets"], json!([{ "name": "URL", "length": 14 }]));
        assert_eq!(seen["product"]["integrationConfigurationId"], json!(partner.id));
        assert_eq!(
            (&seen["billingPlan"]["scope"], &seen["billingPlan"]["cost"]),
            (&json!("resource"), &json!("$10"))
        );
        let stores = team.get("/v1/storage/stores").await.ok(200);
        assert_eq!(stores, json!({ "stores": [seen] }));
        let none = team.get("/v1/storage/stores?integrationConfigurationId=icfg_none").await.ok(200);
        assert_eq!(none, json!({ "stores": [] }));

        // Again with the same id: the same resource, in another state.
        let again = json!({ "productId": "db", "name": "main", "status": "suspended", "secrets": [] });
        assert_eq!(put(&partner, &path, again).await.ok(200), json!({ "name": "main" }));
        let seen = store(&team, &id).await;
        assert_eq!((&seen["status"], &seen["secrets"]), (&json!("suspended"), &json!([])));
        let counts = (pintle.audited("storage-create").await, pintle.audited("storage-update").await);
        assert_eq!(counts, (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_gets_a_number() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let other = team.install_native("other-db").await;
        pintle.product(&other, "db").await;
        let body = |name: &str| json!({ "productId": "db", "name": name, "status": "ready" });
        let named = async |by: &pintle_testing::Installed, id: &str, name: &str| {
            let answer = put(by, &by.resource(id), body(name)).await.ok(200);
            answer["name"].as_str().unwrap().to_owned()
        };
        assert_eq!(named(&partner, "a", "main").await, "main");
        assert_eq!(named(&other, "a", "main").await, "main-2");
        assert_eq!(named(&other, "b", "main").await, "main-3");
        assert_eq!(named(&other, "a", "main").await, "main-2", "it keeps the one that it was given");
        let renamed = other.caller.patch(&other.resource("b"), json!({ "name": "main-2" })).await.ok(200);
        assert_eq!(renamed["name"], "main-2-2");
    })
    .await;
}

#[tokio::test]
async fn an_update_leaves_what_it_does_not_name() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let path = partner.resource("res-1");
        partner.caller.patch(&path, json!({ "status": "ready" })).await.fails(404, "not_found");
        put(&partner, &path, full()).await.ok(200);
        let before = partner.caller.get(&path).await.ok(200);
        let answer = partner.caller.patch(&path, json!({ "status": "error" })).await.ok(200);
        assert_eq!(answer, json!({ "name": "main" }));
        let mut expected = before.clone();
        expected["status"] = json!("error");
        assert_eq!(partner.caller.get(&path).await.ok(200), expected);
        partner.caller.patch(&path, json!({ "notification": null })).await.ok(200);
        let after = partner.caller.get(&path).await.ok(200);
        assert!(after.get("notification").is_none(), "{after}");
        let id = before["internalId"].as_str().unwrap();
        assert_eq!(store(&team, id).await["secrets"][0]["name"], "URL");
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_contract_is_refused() {
    on_sqlite(async |pintle| {
        let (_, partner) = world(pintle).await;
        let path = partner.resource("res-1");
        let with = |name: &str, value: Value| {
            let mut body = full();
            body[name] = value;
            body
        };
        let cases = [
            (json!({ "name": "a", "status": "ready" }), "missing required property `productId`"),
            (json!({ "productId": "db", "status": "ready" }), "missing required property `name`"),
            (json!({ "productId": "db", "name": "a" }), "missing required property `status`"),
            (with("status", json!("fine")), "`status` should be equal to one of"),
            (with("ownership", json!("mine")), "`ownership`"),
            (with("metadata", json!({ "a": { "b": 1 } })), "`metadata.a`"),
            (with("metadata", json!({ "a": ["x", 1] })), "`metadata.a`"),
            (with("billingPlan", json!({ "id": "pro", "name": "Pro" })), "`billingPlan.type`"),
            (
                with(
                    "billingPlan",
                    json!({ "id": "p", "type": "subscription", "name": "P", "details": "x" }),
                ),
                "`billingPlan.details` should be array",
            ),
            (
                with("billingPlan", json!({ "id": "p", "type": "subscription", "name": "P", "quote": [{}] })),
                "`billingPlan.quote[0].line`",
            ),
            (with("notification", json!({ "level": "loud", "title": "a" })), "`notification.level`"),
            (
                with("notification", json!({ "level": "warn", "title": "a", "href": "x" })),
                "`notification.href`",
            ),
            (with("secrets", json!([{ "name": "A" }])), "`secrets[0].value`"),
            (with("secrets", json!([secret("A.B", "x")])), "A.B"),
            (with("name", json!("x".repeat(129))), "`name` should NOT be longer"),
        ];
        for (body, text) in cases {
            let error = put(&partner, &path, body.clone()).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{error} for {body}");
        }
        put(&partner, &path, with("productId", json!("iap_none"))).await.fails(404, "not_found");
        partner.caller.get(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_resource_that_ends_takes_its_variables_along() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        partner.import("res-2", json!([])).await;
        connect(&team, &id, "site", json!({})).await;
        let kept = json!({ "key": "MINE", "value": "x", "type": "plain", "target": ["preview"] });
        team.post("/v10/projects/site/env", kept).await.ok(201);
        partner.caller.delete(&partner.resource("res-1")).await.ok(204);
        partner.caller.delete(&partner.resource("res-1")).await.fails(404, "not_found");
        team.get(&format!("/v1/storage/stores/{id}")).await.fails(404, "not_found");
        let left = variables(&team, "site").await;
        assert_eq!(left.iter().map(|(key, ..)| key.as_str()).collect::<Vec<_>>(), ["MINE"]);
        assert_eq!(pintle.outbox("integration-resource.project-disconnected").await.len(), 1);
        let listed = partner.caller.get(&partner.resource("")).await.ok(200);
        assert_eq!(listed["resources"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_knows_of_a_plan_is_not_kept() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let mut body = full();
        body["billingPlan"] = json!({
            "id": "pro", "type": "subscription", "name": "Pro", "minimumAmount": "$5 at least", "color": 1,
            "highlightedDetails": [{ "label": "Fast", "icon": "x" }],
        });
        put(&partner, &partner.resource("res-1"), body).await.ok(200);
        let stores = team.get("/v1/storage/stores").await.ok(200)["stores"].clone();
        let plan = json!({
            "id": "pro", "type": "subscription", "scope": "resource", "name": "Pro", "description": "",
            "paymentMethodRequired": true, "minimumAmount": "$5 at least", "highlightedDetails": [{ "label": "Fast" }],
        });
        assert_eq!(stores[0]["billingPlan"], plan);
    })
    .await;
}

#[tokio::test]
async fn what_is_gone_or_only_linked_is_billed_no_more() {
    on_each_engine(async |pintle| {
        let (_, partner) = world(pintle).await;
        let bill = async |resource: &str| {
            let day = |ahead: i64| clock::text(pintle.clock.now() + ahead * DAY);
            let item = json!({
                "billingPlanId": "pro", "resourceId": resource, "name": "Pro", "price": "1.00", "quantity": 1,
                "units": "day", "total": "1.00",
            });
            let body = json!({
                "externalId": format!("{resource}-{}", pintle.clock.now()), "invoiceDate": day(0),
                "period": { "start": day(-1), "end": day(0) }, "items": [item],
            });
            partner
                .caller
                .post(&format!("/v1/installations/{}/billing/invoices", partner.id), body)
                .await
                .status
        };
        for name in ["gone", "linked"] {
            let mut body = full();
            body["name"] = json!(name);
            put(&partner, &partner.resource(name), body).await.ok(200);
        }
        pintle.clock.advance(2 * DAY);
        assert_eq!((bill("gone").await, bill("linked").await), (200, 200));
        partner.caller.delete(&partner.resource("gone")).await.ok(204);
        let linked = json!({ "ownership": "linked" });
        partner.caller.patch(&partner.resource("linked"), linked).await.ok(200);
        pintle.clock.advance(2 * DAY);
        assert_eq!((bill("gone").await, bill("linked").await), (400, 400));
    })
    .await;
}
