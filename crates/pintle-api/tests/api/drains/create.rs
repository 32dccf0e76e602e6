//! Creating drains, and what shows of them.

use super::{drain, http, with, without_secret};
use axum::body::Body;
use axum::http::Request;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn a_drain_of_each_kind_reads_back_as_it_was_made_without_its_secret() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let deliveries = [
            json!({
                "type": "http", "endpoint": "https://example.com/logs", "encoding": "ndjson", "compression": "gzip",
                "headers": { "x-key": "1" }, "secret": "a-chosen-secret",
            }),
            json!({
                "type": "otlphttp", "endpoint": { "traces": "https://example.com/v1/traces" }, "encoding": "proto",
                "headers": {}, "secret": "a-chosen-secret",
            }),
        ];
        for delivery in deliveries {
            let body = json!({
                "name": "one", "projects": "some", "projectIds": [project], "delivery": delivery,
                "schemas": { "log": { "version": "v1" }, "trace": { "version": "v1" } },
                "filter": {
                    "version": "v2",
                    "filter": {
                        "type": "basic", "project": { "ids": [project] }, "log": { "sources": ["lambda", "redirect"] },
                        "deployment": { "environments": ["production"] },
                    },
                },
                "sampling": [
                    { "type": "head_sampling", "rate": 0.25, "env": "production", "requestPath": "/api" },
                    { "type": "head_sampling", "rate": 1.0 },
                ],
                "transforms": [{ "id": "tr_1" }],
                "source": { "kind": "self-served" },
            });
            let made = team.post("/v1/drains", body.clone()).await.ok(200);
            assert!(made["id"].as_str().unwrap().starts_with("drn_"));
            for name in ["name", "projectIds", "delivery", "schemas", "sampling", "transforms", "source"] {
                assert_eq!(made[name], body[name], "{name}");
            }
            assert_eq!(made["filterV2"], body["filter"]);
            assert_eq!(made["ownerId"], team.team.as_ref().unwrap().as_str());
            assert_eq!(made["teamId"], made["ownerId"]);
            assert_eq!((&made["createdFrom"], &made["status"]), (&json!("self-served"), &json!("enabled")));
            for absent in ["configurationId", "clientId", "filter", "disabledAt"] {
                assert_eq!(made.get(absent), None, "{absent}");
            }
            let read = team.get(&format!("/v1/drains/{}", made["id"].as_str().unwrap())).await.ok(200);
            assert_eq!(read, without_secret(made));
        }
    })
    .await;
}

#[tokio::test]
async fn a_syslog_drain_shows_an_empty_secret_and_a_drain_without_delivery_goes_nowhere() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let delivery =
            json!({ "type": "syslog", "endpoint": "syslog+tls://logs.example.com:6514", "secret": "s3cret" });
        let made = team.post("/v1/drains", with(drain("one"), json!({ "delivery": delivery }))).await.ok(200);
        assert_eq!(made["delivery"], delivery);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let read = team.get(&path).await.ok(200);
        assert_eq!(read["delivery"], with(delivery, json!({ "secret": "" })));
        // What was read can be written back without losing the secret.
        let patched = team.patch(&path, json!({ "delivery": read["delivery"] })).await.ok(200);
        assert_eq!(patched, read);

        let made = team.post("/v1/drains", with(drain("two"), json!({ "delivery": null }))).await.ok(200);
        assert_eq!(made["delivery"], json!({ "type": "internal", "target": "vercel-otel-traces-db" }));
        let listed = team.get("/v1/log-drains").await.ok(200);
        assert_eq!(
            listed["drains"].as_array().unwrap().len(),
            1,
            "the older API knows no drain without a URL"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bucket_for_audit_logs_is_newer_than_the_contract() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let delivery = json!({
            "type": "s3", "endpoint": "s3://bucket/prefix", "encoding": "ndjson", "compression": "none",
            "fileStructure": "hive", "roleArn": "arn:aws:iam::123:role/drain", "region": "eu-west-1",
            "serverSideEncryption": "aws:kms", "objectAcl": "bucket-owner-full-control",
        });
        let schemas = json!({ "audit_log": { "version": "v1" } });
        let body = with(drain("audit"), json!({ "delivery": delivery, "schemas": schemas }));
        // Straight to the API: `Caller` would hold the answer against the contract.
        let request = Request::post(format!("/v1/drains?teamId={}", team.team.as_ref().unwrap()))
            .header("authorization", format!("Bearer {}", team.token))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = pintle.api.answer(request).await;
        assert_eq!(answer.status(), 200);
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let made: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&made["delivery"], &made["schemas"]), (&delivery, &schemas));
        assert_eq!(team.get("/v1/log-drains").await.ok(200), json!({ "drains": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_made_where_none_is_given_and_shown_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v1/drains", drain("one")).await.ok(200);
        let secret = made["delivery"]["secret"].as_str().unwrap();
        assert_eq!(secret.len(), 32);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        for path in ["/v1/drains", "/v1/drains?includeMetadata=true", "/v1/log-drains", path.as_str()] {
            assert!(!team.get(path).await.text.contains(secret), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_secret_and_no_header_stands_in_the_database() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let delivery = json!({
            "type": "http", "endpoint": "https://user:url-password@example.com/logs?key=url-key", "encoding": "json",
            "headers": { "authorization": "Bearer header-value" }, "secret": "chosen-secret",
        });
        let made = team.post("/v1/drains", with(drain("one"), json!({ "delivery": delivery }))).await.ok(200);
        let made_up = team.post("/v1/drains", drain("two")).await.ok(200)["delivery"]["secret"].clone();
        let log_drain = json!({
            "name": "three", "url": "https://example.com", "headers": { "x-key": "other-header-value" },
            "secret": "other-secret",
        });
        installed.caller.post("/v2/integrations/log-drains", log_drain).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let delivery = with(delivery, json!({ "headers": { "x": "patched-header" }, "secret": "patched-secret" }));
        team.patch(&path, json!({ "delivery": delivery })).await.ok(200);
        team.patch(&path, json!({ "name": "renamed" })).await.ok(200);
        assert_eq!(team.get(&path).await.ok(200)["delivery"]["headers"], json!({ "x": "patched-header" }));

        let secrets = ["header-value", "other-header-value", "patched-header", "chosen-secret", "other-secret",
            "patched-secret", made_up.as_str().unwrap()];
        for table in pintle.core.db.tables().await.unwrap() {
            let rows = pintle.core.db.rows(&table).await.unwrap().join("\n");
            for secret in secrets {
                assert!(!rows.contains(secret), "{secret} in {table}");
            }
            if table == "events" {
                assert!(!rows.contains("url-password") && !rows.contains("url-key"), "{rows}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_contract_is_named() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let basic = |rest: Value| {
            let filter = with(json!({ "type": "basic" }), rest);
            json!({ "filter": { "version": "v2", "filter": filter } })
        };
        let http = |rest: Value| json!({ "delivery": with(http("https://example.com"), rest) });
        let sources = "build, edge, lambda, static, external, firewall, redirect";
        let cases = [
            (json!({ "name": null }), "missing required property `name`."),
            (json!({ "projects": null }), "missing required property `projects`."),
            (json!({ "schemas": null }), "missing required property `schemas`."),
            (json!({ "name": "" }), "`name` should NOT be shorter than 1 characters."),
            (json!({ "name": 7 }), "`name` should be string."),
            (json!({ "color": "red" }), "should NOT have additional property `color`."),
            (json!({ "projects": "none" }), "`projects` should be equal to one of the allowed values \"some, all\"."),
            (json!({ "projects": "some" }), "missing required property `projectIds`."),
            (json!({ "projects": "some", "projectIds": [] }), "`projectIds` should NOT have fewer than 1 items."),
            (json!({ "projectIds": "prj_a" }), "`projectIds` should be array."),
            (json!({ "schemas": { "log": {} } }), "missing required property `schemas.log.version`."),
            (json!({ "schemas": { "log": "v1" } }), "`schemas.log` should be object."),
            (json!({ "delivery": "https://example.com" }), "`delivery` should be object."),
            (json!({ "delivery": {} }), "missing required property `delivery.type`."),
            (json!({ "delivery": { "type": 1 } }), "`delivery.type` should be string."),
            (
                json!({ "delivery": { "type": "internal" } }),
                "`delivery.type` should be equal to one of the allowed values \"http, otlphttp, syslog, s3\".",
            ),
            (http(json!({ "headers": null })), "missing required property `delivery.headers`."),
            (http(json!({ "headers": { "a": 1 } })), "`delivery.headers.a` should be string."),
            (http(json!({ "endpoint": {} })), "`delivery.endpoint` should be string."),
            (http(json!({ "endpoint": "ftp://a" })), "`delivery.endpoint` should match pattern \"^https?://\"."),
            (
                http(json!({ "encoding": "proto" })),
                "`delivery.encoding` should be equal to one of the allowed values \"json, ndjson\".",
            ),
            (
                http(json!({ "compression": "zip" })),
                "`delivery.compression` should be equal to one of the allowed values \"gzip, none\".",
            ),
            (http(json!({ "color": 1 })), "`delivery` should NOT have additional property `color`."),
            (http(json!({ "secret": 1 })), "`delivery.secret` should be string."),
            (
                json!({ "delivery": { "type": "otlphttp", "endpoint": {}, "encoding": "json", "headers": {} } }),
                "missing required property `delivery.endpoint.traces`.",
            ),
            (
                json!({ "delivery": { "type": "syslog", "endpoint": "a" } }),
                "missing required property `delivery.secret`.",
            ),
            (
                json!({ "sampling": [{ "type": "head_sampling", "rate": 0.5 }, { "type": "head_sampling", "rate": 1.5 }] }),
                "`sampling[1].rate` should be <= 1.",
            ),
            (json!({ "sampling": [{ "type": "head_sampling", "rate": -0.1 }] }), "`sampling[0].rate` should be >= 0."),
            (json!({ "sampling": [{ "type": "head_sampling" }] }), "missing required property `sampling[0].rate`."),
            (
                json!({ "sampling": [{ "type": "tail", "rate": 1 }] }),
                "`sampling[0].type` should be equal to one of the allowed values \"head_sampling\".",
            ),
            (
                json!({ "sampling": [{ "type": "head_sampling", "rate": 1, "env": "development" }] }),
                "`sampling[0].env` should be equal to one of the allowed values \"production, preview\".",
            ),
            (json!({ "transforms": [{}] }), "missing required property `transforms[0].id`."),
            (json!({ "filter": 1 }), "`filter` should be object."),
            (json!({ "filter": { "version": "v2" } }), "missing required property `filter.filter`."),
            (
                json!({ "filter": { "version": "v1", "filter": { "type": "basic" } } }),
                "`filter.version` should be equal to one of the allowed values \"v2\".",
            ),
            (basic(json!({ "type": "odata" })), "missing required property `filter.filter.text`."),
            (basic(json!({ "type": null })), "missing required property `filter.filter.type`."),
            (basic(json!({ "log": [] })), "`filter.filter.log` should be object."),
            (
                basic(json!({ "log": { "sources": ["disk"] } })),
                &format!("`filter.filter.log.sources[0]` should be equal to one of the allowed values \"{sources}\"."),
            ),
            (basic(json!({ "text": "" })), "`filter.filter` should NOT have additional property `text`."),
            (
                json!({ "source": { "kind": "self-served", "resourceId": "a" } }),
                "`source` should NOT have additional property `resourceId`.",
            ),
            (
                json!({ "source": { "kind": "imported" } }),
                "`source.kind` should be equal to one of the allowed values \"integration, self-served\".",
            ),
        ];
        for (changes, message) in cases {
            let answer = team.post("/v1/drains", with(drain("one"), changes.clone())).await;
            assert_eq!(answer.json()["error"]["message"], format!("Invalid request: {message}"), "{changes}");
            answer.fails(400, "bad_request");
        }
        for source in [json!({ "kind": "integration" }), json!({ "resourceId": "a" })] {
            let answer = team.post("/v1/drains", with(drain("one"), json!({ "source": source }))).await;
            assert!(answer.fails(400, "bad_request")["message"].as_str().unwrap().contains("OAuth2 Client"));
        }
        assert_eq!(team.get("/v1/drains").await.ok(200), json!({ "drains": [] }));
    })
    .await;
}
