//! The two log-drain APIs, through the wire.
use pintle_core::page::Page;
use pintle_core::permissions::Role;
use pintle_core::{Scope, events};
use pintle_testing::{Answer, Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn one_drain_shows_through_all_three_apis() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let body = json!({
            "name": "My first log drain", "url": "https://example.com/logs", "deliveryFormat": "ndjson",
            "sources": ["build", "edge"], "environments": ["production"], "headers": { "Authorization": "Bearer 123" },
            "secret": "a1Xsfd325fXcs",
        });
        let made = installed.caller.post("/v2/integrations/log-drains", body).await.ok(200);
        let id = made["id"].as_str().unwrap();
        assert!(id.starts_with("ld_") && id.len() == 19, "{id}");
        assert_eq!(made["configurationId"], installed.id.as_str());
        assert_eq!(made["clientId"], installed.integration.as_str());
        assert_eq!(made["createdFrom"], "integration");
        let source = json!({
            "kind": "integration", "integrationId": installed.integration,
            "integrationConfigurationId": installed.id,
        });
        assert_eq!(made["source"], source);
        assert_eq!(made["secret"], "a1Xsfd325fXcs");

        let list = installed.caller.get("/v2/integrations/log-drains").await.ok(200);
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("secret");
        assert_eq!(list, json!([shown]));
        assert_eq!(team.get("/v2/integrations/log-drains").await.ok(200), list);

        let drain = team.get(&format!("/v1/drains/{id}")).await.ok(200);
        let delivery = json!({
            "type": "http", "endpoint": "https://example.com/logs", "encoding": "ndjson",
            "headers": { "Authorization": "Bearer 123" },
        });
        assert_eq!(drain["delivery"], delivery);
        assert_eq!(drain["schemas"], json!({ "log": { "version": "v1" } }));
        let filter = json!({
            "version": "v2",
            "filter": {
                "type": "basic", "log": { "sources": ["build", "edge"] },
                "deployment": { "environments": ["production"] },
            },
        });
        assert_eq!(drain["filterV2"], filter);

        let configurable = team.get(&format!("/v1/log-drains/{id}")).await.ok(200);
        for (name, value) in drain.as_object().unwrap() {
            assert_eq!(&configurable[name], value, "{name}");
        }
        for name in ["url", "deliveryFormat", "sources", "environments", "headers"] {
            assert_eq!(configurable[name], made[name], "{name}");
        }
    })
    .await;
}

fn configurable(changes: Value) -> Value {
    changed(
        json!({ "deliveryFormat": "json", "url": "https://example.com/logs", "sources": ["lambda"] }),
        changes,
    )
}

fn of_integration(changes: Value) -> Value {
    changed(json!({ "name": "logs", "url": "https://example.com/logs" }), changes)
}

/// The same body with some keys changed; `null` takes one out.
fn changed(mut body: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(key)),
            value => body[key] = value.clone(),
        }
    }
    body
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|drain| drain["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_account_configures_its_own_log_drains() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let body = configurable(json!({
            "deliveryFormat": "ndjson", "sources": ["static", "firewall"], "environments": ["preview", "production"],
            "samplingRate": 0.29, "name": "Every 29th, \u{fc}bers\u{e4}t", "headers": { "x": "1" },
        }));
        let made = team.post("/v1/log-drains", body.clone()).await.ok(200);
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&made[name], value, "{name}");
        }
        assert!(made["id"].as_str().unwrap().starts_with("ld_"));
        assert_eq!((&made["createdFrom"], &made["source"]), (&json!("self-served"), &json!({ "kind": "self-served" })));
        assert_eq!(made["sampling"], json!([{ "type": "head_sampling", "rate": 0.29 }]));
        assert_eq!(made["secret"].as_str().unwrap().len(), 32);
        assert_eq!(made["delivery"]["secret"], made["secret"]);

        let path = format!("/v1/log-drains/{}", made["id"].as_str().unwrap());
        let mut read = changed(made, json!({ "secret": null }));
        read["delivery"].as_object_mut().unwrap().remove("secret");
        assert_eq!(team.get(&path).await.ok(200), read);
        assert_eq!(team.get("/v1/log-drains").await.ok(200), json!({ "drains": [read] }));
        assert_eq!(team.get("/v2/integrations/log-drains").await.ok(200), json!([]), "of integrations only");

        let unnamed = team.post("/v1/log-drains", configurable(json!({}))).await.ok(200);
        assert_eq!(unnamed["name"], "example.com");
        for absent in ["samplingRate", "sampling", "environments", "headers", "projectIds"] {
            assert_eq!(unnamed.get(absent), None, "{absent}");
        }
        assert_eq!(team.delete(&path).await.status, 204);
        team.get(&path).await.says(404, "not_found", "Drain not found");
        team.delete(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn each_api_is_for_its_own_kind_of_token() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let answer = team.post("/v2/integrations/log-drains", of_integration(json!({}))).await;
        answer.says(400, "bad_request", "The provided token is not from an OAuth2 Client");
        let made = team.post("/v1/log-drains", configurable(json!({}))).await.ok(200);
        let path = format!("/v1/log-drains/{}", made["id"].as_str().unwrap());
        let integration = &installed.caller;
        integration.post("/v1/log-drains", configurable(json!({}))).await.says(
            403,
            "forbidden",
            "Not authorized",
        );
        integration.get("/v1/log-drains").await.says(403, "forbidden", "Not authorized");
        integration.get(&path).await.says(403, "forbidden", "Not authorized");
        integration.delete(&path).await.says(403, "forbidden", "Not authorized");
        let narrow = team.install_with("narrow", &["read-write:drain"], json!({})).await.caller;
        narrow.get("/v2/integrations/log-drains").await.says(403, "forbidden", "Not authorized");
        let answer = narrow.post("/v2/integrations/log-drains", of_integration(json!({}))).await;
        answer.says(403, "forbidden", "Not authorized");
        let viewer = pintle.member(&team, "viewer", Role::Viewer).await;
        viewer.get("/v1/log-drains").await.says(403, "forbidden", "Not authorized");
        let answer = viewer.post("/v2/integrations/log-drains", of_integration(json!({}))).await;
        answer.says(403, "forbidden", "Not authorized");
    })
    .await;
}

#[tokio::test]
async fn an_integration_deletes_its_own_log_drains_and_a_user_any() {
    on_each_engine(async |pintle| {
        let (team, other) = (pintle.team("acme").await, pintle.team("other").await);
        let (one, two) = (team.install("one").await.caller, team.install("two").await.caller);
        // Newest first, so that each must be newer than the last.
        let make = async |name: &str| {
            pintle.clock.advance(1);
            let body = of_integration(json!({ "name": name }));
            one.post("/v2/integrations/log-drains", body).await.ok(200)["id"].as_str().unwrap().to_owned()
        };
        let (first, second, third) = (make("first").await, make("second").await, make("third").await);
        pintle.clock.advance(1);
        let account = team.post("/v1/log-drains", configurable(json!({ "name": "account" }))).await.ok(200);
        let account = account["id"].as_str().unwrap();
        let trace = json!({
            "name": "trace", "projects": "all", "schemas": { "trace": { "version": "v1" } },
            "delivery": { "type": "http", "endpoint": "https://example.com", "encoding": "json", "headers": {} },
        });
        let trace = one.post("/v1/drains", trace).await.ok(200)["id"].as_str().unwrap().to_owned();

        assert_eq!(names(&one.get("/v2/integrations/log-drains").await.ok(200)), ["third", "second", "first"]);
        assert_eq!(names(&team.get("/v2/integrations/log-drains").await.ok(200)), ["third", "second", "first"]);
        assert_eq!(names(&two.get("/v2/integrations/log-drains").await.ok(200)), [""; 0]);
        let all = team.get("/v1/log-drains").await.ok(200);
        assert_eq!(names(&all["drains"]), ["account", "third", "second", "first"]);

        let delete = async |caller: &Caller, id: &str| {
            caller.delete(&format!("/v1/integrations/log-drains/{id}")).await
        };
        for (caller, id) in [(&two, &first), (&other, &first), (&one, &trace), (&team, &account.to_owned())] {
            delete(caller, id).await.says(404, "not_found", "Drain not found");
        }
        for id in [&first, &trace] {
            other.get(&format!("/v1/log-drains/{id}")).await.fails(404, "not_found");
            other.delete(&format!("/v1/log-drains/{id}")).await.fails(404, "not_found");
        }
        team.get(&format!("/v1/log-drains/{trace}")).await.fails(404, "not_found");
        team.delete(&format!("/v1/log-drains/{trace}")).await.fails(404, "not_found");
        assert_eq!(delete(&one, &first).await.status, 204);
        assert_eq!(delete(&team, &second).await.status, 204);
        assert_eq!(team.delete(&format!("/v1/log-drains/{third}")).await.status, 204);
        assert_eq!(one.get("/v2/integrations/log-drains").await.ok(200), json!([]));
        assert_eq!(names(&team.get("/v1/log-drains").await.ok(200)["drains"]), ["account"]);

        let scope = Scope::system(team.team.clone().unwrap(), false);
        let page = Page::new(None, None, None).unwrap();
        let (events, _) =
            events::list(&pintle.core, &scope, events::Filter::default(), page).await.unwrap();
        let mut types: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        types.retain(|kind| kind.contains("drain"));
        types.sort();
        let (created, deleted) = ("log-drain-created", "log-drain-deleted");
        let expected = ["drain-created", created, created, created, created, deleted, deleted, deleted];
        assert_eq!(types, expected);
    })
    .await;
}

#[tokio::test]
async fn a_log_drain_of_the_newer_api_shows_in_the_older_ones() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let integration = team.install("bridge").await.caller;
        let body = |delivery: Value, sampling: Value| {
            json!({
                "name": "new", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery,
                "sampling": sampling,
            })
        };
        let everything = json!([{ "type": "head_sampling", "rate": 0.5 }]);
        let some = json!([{ "type": "head_sampling", "rate": 0.5, "env": "preview" }]);
        let http = json!({ "type": "http", "endpoint": "https://example.com", "encoding": "ndjson", "headers": {} });
        let syslog = json!({ "type": "syslog", "endpoint": "tcp://example.com:514", "secret": "s" });
        let otlp = json!({
            "type": "otlphttp", "endpoint": { "traces": "https://example.com/t" }, "encoding": "proto", "headers": {},
        });
        for (delivery, sampling, url, format, rate) in [
            (http, &everything, "https://example.com", "ndjson", json!(0.5)),
            (syslog, &some, "tcp://example.com:514", "syslog", Value::Null),
            (otlp, &some, "https://example.com/t", "protobuf", Value::Null),
        ] {
            pintle.clock.advance(1);
            integration.post("/v1/drains", body(delivery, sampling.clone())).await.ok(200);
            let shown = integration.get("/v2/integrations/log-drains").await.ok(200)[0].clone();
            let seen = [&shown["url"], &shown["deliveryFormat"], &shown["samplingRate"]];
            assert_eq!(seen, [&json!(url), &json!(format), &rate]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_contract_is_named() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let integration = team.install("bridge").await.caller;
        let many: Vec<String> = (0..51).map(|n| format!("prj_{n}")).collect();
        let sources = "static, lambda, build, edge, external, firewall";
        let of_either = [
            (json!({ "url": null }), "missing required property `url`."),
            (json!({ "url": "example.com" }), "`url` should match pattern \"^https?://\"."),
            (json!({ "url": "https://" }), "`url` should match format \"uri\"."),
            (json!({ "projectIds": [] }), "`projectIds` should NOT have fewer than 1 items."),
            (json!({ "projectIds": many }), "`projectIds` should NOT have more than 50 items."),
            (
                json!({ "projectIds": ["prj_a", "a-b"] }),
                "`projectIds[1]` should match pattern \"^[a-zA-z0-9_]+$\".",
            ),
            (json!({ "sources": [] }), "`sources` should NOT have fewer than 1 items."),
            (
                json!({ "sources": ["edge", "redirect"] }),
                &format!("`sources[1]` should be equal to one of the allowed values \"{sources}\"."),
            ),
            (
                json!({ "sources": ["edge", "build", "edge"] }),
                "`sources` should NOT have duplicate items (items ## 0 and 2 are identical).",
            ),
            (json!({ "environments": [] }), "`environments` should NOT have fewer than 1 items."),
            (
                json!({ "environments": ["development"] }),
                "`environments[0]` should be equal to one of the allowed values \"production, preview\".",
            ),
            (json!({ "headers": { "a": true } }), "`headers.a` should be string."),
            (
                json!({ "deliveryFormat": "syslog" }),
                "`deliveryFormat` should be equal to one of the allowed values \"json, ndjson\".",
            ),
        ];
        let long = "a".repeat(101);
        let of_integrations = [
            (json!({ "name": null }), "missing required property `name`."),
            (json!({ "name": long }), "`name` should NOT be longer than 100 characters."),
            (json!({ "name": "a.b" }), "`name` should match pattern \"^[A-z0-9_ -]+$\"."),
            (json!({ "name": "" }), "`name` should match pattern \"^[A-z0-9_ -]+$\"."),
            (json!({ "secret": "a!" }), "`secret` should match pattern \"^[A-z0-9_ -]+$\"."),
            (json!({ "secret": long }), "`secret` should NOT be longer than 100 characters."),
        ];
        let of_accounts = [
            (json!({ "deliveryFormat": null }), "missing required property `deliveryFormat`."),
            (json!({ "sources": null }), "missing required property `sources`."),
            (json!({ "color": "red" }), "should NOT have additional property `color`."),
            (json!({ "samplingRate": 0 }), "`samplingRate` should be >= 0.01."),
            (json!({ "samplingRate": 1.01 }), "`samplingRate` should be <= 1."),
            (json!({ "samplingRate": 0.125 }), "`samplingRate` should be multiple of 0.01."),
            (json!({ "samplingRate": "0.5" }), "`samplingRate` should be number."),
        ];
        let fails = async |answer: Answer, message: &str| {
            answer.says(400, "bad_request", &format!("Invalid request: {message}"));
        };
        for (changes, message) in of_either.iter().chain(&of_integrations) {
            let body = of_integration(changes.clone());
            fails(integration.post("/v2/integrations/log-drains", body).await, message).await;
        }
        for (changes, message) in of_either.iter().chain(&of_accounts) {
            fails(team.post("/v1/log-drains", configurable(changes.clone())).await, message).await;
        }
        let unknown = json!({ "projectIds": ["prj_unknown"] });
        let answer = integration.post("/v2/integrations/log-drains", of_integration(unknown.clone())).await;
        answer.says(404, "not_found", "Project not found");
        let answer = team.post("/v1/log-drains", configurable(unknown)).await;
        answer.says(404, "not_found", "Project not found");
        assert_eq!(team.get("/v1/log-drains").await.ok(200), json!({ "drains": [] }));
        // The contract does not refuse further keys here.
        let more = of_integration(json!({ "branch": "main" }));
        integration.post("/v2/integrations/log-drains", more).await.ok(200);
        for rate in [0.01, 0.07, 0.29, 0.57, 0.99, 1.0] {
            team.post("/v1/log-drains", configurable(json!({ "samplingRate": rate }))).await.ok(200);
        }
    })
    .await;
}
