//! Group `drains`, through the wire.
use axum::body::Body;
use axum::http::Request;
use pintle_core::page::Page;
use pintle_core::{Scope, events};
use pintle_testing::{Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

fn http(endpoint: &str) -> Value {
    json!({ "type": "http", "endpoint": endpoint, "encoding": "json", "headers": {} })
}

fn drain(name: &str) -> Value {
    json!({
        "name": name, "projects": "all", "schemas": { "log": { "version": "v1" } },
        "delivery": http("https://example.com/logs"),
    })
}

/// The same body with some keys changed; `null` takes one out.
fn with(mut body: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(key)),
            value => body[key] = value.clone(),
        }
    }
    body
}

/// A record as a later read shows it: without its signing secret.
fn without_secret(mut record: Value) -> Value {
    record["delivery"].as_object_mut().unwrap().remove("secret");
    record
}

async fn event_types(pintle: &Pintle, caller: &Caller) -> Vec<String> {
    let scope = Scope::system(caller.team.clone().unwrap(), false);
    let page = Page::new(None, None, None).unwrap();
    let (events, _) = events::list(&pintle.core, &scope, events::Filter::default(), page).await.unwrap();
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.contains("drain")).collect()
}

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

#[tokio::test]
async fn an_update_changes_what_it_names_and_clears_what_is_null() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let conditions = json!({ "version": "v2", "filter": { "type": "odata", "text": "level eq 'error'" } });
        let body = with(
            drain("one"),
            json!({
                "projects": "some", "projectIds": [one], "filter": conditions, "transforms": [{ "id": "tr_1" }],
                "sampling": [{ "type": "head_sampling", "rate": 0.5 }],
            }),
        );
        let made = team.post("/v1/drains", body).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let before = without_secret(made);

        let same = team.patch(&path, json!({ "name": "one", "projects": "some" })).await.ok(200);
        assert_eq!(same, before, "nothing changes, not even updatedAt");
        pintle.clock.advance(1000);
        let renamed = team.patch(&path, json!({ "name": "renamed", "projectIds": [two, two] })).await.ok(200);
        assert!(renamed["updatedAt"].as_i64() > before["updatedAt"].as_i64());
        let expected = json!({ "name": "renamed", "projectIds": [two], "updatedAt": renamed["updatedAt"] });
        assert_eq!(renamed, with(before, expected));

        let clear = json!({ "projectIds": null, "filter": null, "sampling": null, "transforms": null });
        let cleared = team.patch(&path, clear.clone()).await.ok(200);
        for name in clear.as_object().unwrap().keys() {
            assert_eq!(cleared.get(name), None, "{name}");
        }
        assert_eq!(cleared.get("filterV2"), None);
        let filtered = team.patch(&path, json!({ "filter": "level eq 'error'" })).await.ok(200);
        assert_eq!((&filtered["filter"], filtered.get("filterV2")), (&json!("level eq 'error'"), None));
        let filtered = team.patch(&path, json!({ "filter": conditions })).await.ok(200);
        assert_eq!((filtered.get("filter"), &filtered["filterV2"]), (None, &conditions));

        let some = team.patch(&path, json!({ "projects": "some" })).await;
        some.says(400, "bad_request", "Invalid request: missing required property `projectIds`.");
        team.patch(&path, json!({ "projects": "some", "projectIds": [one] })).await.ok(200);
        let all = team.patch(&path, json!({ "projects": "all" })).await.ok(200);
        assert_eq!(all.get("projectIds"), None);
        team.patch(&path, json!({ "projectIds": ["prj_unknown"] })).await.says(404, "not_found", "Project not found");
        let message = "Invalid request: should NOT have additional property `color`.";
        team.patch(&path, json!({ "color": "red" })).await.says(400, "bad_request", message);
        let message = "Invalid request: `delivery.endpoint` should match pattern \"^https?://\".";
        team.patch(&path, json!({ "delivery": http("nowhere") })).await.says(400, "bad_request", message);
        assert_eq!(team.get(&path).await.ok(200), all);
    })
    .await;
}

#[tokio::test]
async fn an_update_keeps_the_secret_unless_it_sets_one() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let secret = json!({ "delivery": with(http("https://example.com/a"), json!({ "secret": "first" })) });
        let made = team.post("/v1/drains", with(drain("one"), secret)).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let moved = team.patch(&path, json!({ "delivery": http("https://example.com/b") })).await.ok(200);
        assert_eq!(moved["delivery"], http("https://example.com/b"), "kept, so not shown");
        let stored = pintle.core.db.rows("drains").await.unwrap();
        let same = team.patch(&path, json!({ "delivery": http("https://example.com/b") })).await.ok(200);
        assert_eq!(same, moved);
        let first = with(http("https://example.com/b"), json!({ "secret": "first" }));
        assert_eq!(team.patch(&path, json!({ "delivery": first })).await.ok(200), moved);
        assert_eq!(pintle.core.db.rows("drains").await.unwrap(), stored, "it was this secret all along");
        let second = with(http("https://example.com/b"), json!({ "secret": "second" }));
        let set = team.patch(&path, json!({ "delivery": second })).await.ok(200);
        assert_eq!(set["delivery"], second);
    })
    .await;
}

#[tokio::test]
async fn a_drain_is_paused_and_resumed_and_each_change_is_an_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v1/drains", drain("one")).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let paused = team.patch(&path, json!({ "status": "disabled" })).await.ok(200);
        let facts = json!({
            "status": "disabled", "disabledAt": paused["updatedAt"], "disabledBy": team.user.as_str(),
            "disabledReason": "disabled-by-owner", "updatedAt": paused["updatedAt"],
        });
        assert_eq!(paused, with(without_secret(made), facts));
        pintle.clock.advance(1000);
        assert_eq!(team.patch(&path, json!({ "status": "disabled" })).await.ok(200), paused);
        let resumed = team.patch(&path, json!({ "status": "enabled", "name": "two" })).await.ok(200);
        assert_eq!(resumed["status"], "enabled");
        for absent in ["disabledAt", "disabledBy", "disabledReason"] {
            assert_eq!(resumed.get(absent), None, "{absent}");
        }
        let errored = team.patch(&path, json!({ "status": "errored" })).await;
        let message =
            "Invalid request: `status` should be equal to one of the allowed values \"enabled, disabled\".";
        errored.says(400, "bad_request", message);
        assert_eq!(team.delete(&path).await.status, 204);
        team.get(&path).await.says(404, "not_found", "Drain not found");
        team.delete(&path).await.fails(404, "not_found");
        team.patch(&path, json!({})).await.fails(404, "not_found");
        let mut types = event_types(pintle, &team).await;
        types.sort();
        let expected = ["drain-created", "drain-deleted", "drain-disabled", "drain-enabled", "drain-updated"];
        assert_eq!(types, expected);
    })
    .await;
}

#[tokio::test]
async fn a_caller_sees_its_own_and_no_other_owners_drains() {
    on_each_engine(async |pintle| {
        let (team, other) = (pintle.team("acme").await, pintle.team("other").await);
        let (one, two) = (team.install("one").await, team.install("two").await);
        let account = team.post("/v1/drains", drain("account")).await.ok(200);
        pintle.clock.advance(1);
        let source = json!({ "source": { "externalResourceId": "ext-1" } });
        let own = one.caller.post("/v1/drains", with(drain("own"), source)).await.ok(200);
        assert_eq!(own["createdFrom"], "integration");
        assert_eq!(own["configurationId"], one.id.as_str());
        assert_eq!(own["clientId"], one.integration.as_str());
        let source = json!({
            "kind": "integration", "integrationId": one.integration, "integrationConfigurationId": one.id,
            "externalResourceId": "ext-1",
        });
        assert_eq!(own["source"], source);
        let self_served = with(drain("own"), json!({ "source": { "kind": "self-served" } }));
        one.caller.post("/v1/drains", self_served).await.fails(400, "bad_request");

        let names = async |caller: &Caller| {
            let drains = caller.get("/v1/drains").await.ok(200);
            let names = drains["drains"].as_array().unwrap().iter();
            names.map(|drain| drain["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&team).await, ["own", "account"]);
        assert_eq!(names(&one.caller).await, ["own"]);
        assert!(names(&two.caller).await.is_empty() && names(&other).await.is_empty());

        let cases = [(&own, &two.caller), (&own, &other), (&account, &one.caller), (&account, &other)];
        for (record, stranger) in cases {
            let path = format!("/v1/drains/{}", record["id"].as_str().unwrap());
            stranger.get(&path).await.says(404, "not_found", "Drain not found");
            stranger.patch(&path, json!({ "name": "mine" })).await.fails(404, "not_found");
            stranger.delete(&path).await.fails(404, "not_found");
        }
        let path = format!("/v1/drains/{}", own["id"].as_str().unwrap());
        let resource = json!({ "source": { "resourceId": "res-1" } });
        assert_eq!(one.caller.patch(&path, resource).await.ok(200)["source"]["resourceId"], "res-1");
        let kind = json!({ "source": { "kind": "self-served" } });
        team.patch(&path, kind).await.fails(400, "bad_request");
        assert_eq!(team.patch(&path, json!({ "status": "disabled" })).await.ok(200)["status"], "disabled");

        let narrow = team.install_with("narrow", &["read:project"], json!({})).await;
        narrow.caller.get("/v1/drains").await.says(403, "forbidden", "Not authorized");
        narrow.caller.post("/v1/drains", drain("one")).await.says(403, "forbidden", "Not authorized");
    })
    .await;
}

#[tokio::test]
async fn a_list_can_be_for_a_project_and_tell_of_projects_and_integrations() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let one = team.post("/v11/projects", json!({ "name": "one", "framework": "astro" })).await.ok(200);
        let (one, two) = (one["id"].as_str().unwrap().to_owned(), team.project("two").await);
        let installed =
            team.install_with("bridge", &["read-write:drain"], json!({ "projects": [one] })).await;
        let some = |id: &str| json!({ "projects": "some", "projectIds": [id] });
        team.post("/v1/drains", drain("all")).await.ok(200);
        team.post("/v1/drains", with(drain("first"), some(&one))).await.ok(200);
        team.post("/v1/drains", with(drain("second"), some(&two))).await.ok(200);
        installed.caller.post("/v1/drains", drain("selected")).await.ok(200);
        let refused = installed.caller.post("/v1/drains", with(drain("beyond"), some(&two))).await;
        refused.fails(403, "forbidden");
        team.post("/v1/drains", with(drain("a"), some("prj_unknown"))).await.fails(404, "not_found");

        let names = async |query: &str| {
            let drains = team.get(&format!("/v1/drains?{query}")).await.ok(200);
            let names = drains["drains"].as_array().unwrap().iter();
            let mut names: Vec<_> = names.map(|drain| drain["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names("").await, ["all", "first", "second", "selected"]);
        assert_eq!(names(&format!("projectId={one}")).await, ["all", "first", "selected"]);
        assert_eq!(names(&format!("projectId={two}")).await, ["all", "second"]);
        team.get("/v1/drains?projectId=prj_unknown").await.says(404, "not_found", "Project not found");
        let message = "Invalid request: `includeMetadata` should be boolean.";
        team.get("/v1/drains?includeMetadata=perhaps").await.says(400, "bad_request", message);

        let drains = team.get("/v1/drains?includeMetadata=true").await.ok(200);
        let find = |name: &str| {
            drains["drains"].as_array().unwrap().iter().find(|drain| drain["name"] == name).unwrap().clone()
        };
        let metadata = json!([{ "id": one, "name": "one", "framework": "astro" }]);
        assert_eq!(find("first")["projectsMetadata"], metadata);
        assert_eq!(find("all").get("projectsMetadata"), None);
        let plain = team.get("/v1/drains").await.ok(200);
        assert!(
            plain["drains"].as_array().unwrap().iter().all(|drain| drain.get("projectsMetadata").is_none())
        );
    })
    .await;
}

#[tokio::test]
async fn the_integrations_icon_and_pages_are_part_of_the_metadata() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = json!({
            "name": "Bridge", "slug": "bridge", "scopes": ["read-write:drain"], "icon": "https://example.com/icon.png",
            "website": "https://example.com", "configurationUrl": "https://example.com/configure",
            "redirectUrl": "https://example.com/callback",
        });
        let app = team.post("/pintle/v1/integrations", app).await.ok(201);
        let installed = team.install_app(&app, json!({})).await;
        let own = installed.caller.post("/v1/drains", drain("own")).await.ok(200);
        let drains = team.get("/v1/drains?includeMetadata=true").await.ok(200);
        let shown = team.get(&format!("/v1/log-drains/{}", own["id"].as_str().unwrap())).await.ok(200);
        for record in [&drains["drains"][0], &shown] {
            assert_eq!(record["integrationIcon"], "https://example.com/icon.png");
            assert_eq!(record["integrationWebsite"], "https://example.com");
            assert_eq!(record["integrationConfigurationUri"], "https://example.com/configure");
        }
    })
    .await;
}

#[tokio::test]
async fn a_removal_takes_the_installations_drains_and_leaves_the_others() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.install("one").await, team.install("two").await);
        let account = team.post("/v1/drains", drain("account")).await.ok(200);
        let own = one.caller.post("/v1/drains", drain("own")).await.ok(200);
        let log_drain = json!({ "name": "logs", "url": "https://example.com" });
        let log_drain = one.caller.post("/v2/integrations/log-drains", log_drain).await.ok(200);
        pintle.clock.advance(1);
        let neighbours = two.caller.post("/v1/drains", drain("own")).await.ok(200);
        team.delete(&format!("/v1/integrations/configuration/{}", one.id)).await.ok(204);

        for gone in [&own, &log_drain] {
            team.get(&format!("/v1/drains/{}", gone["id"].as_str().unwrap())).await.fails(404, "not_found");
        }
        let left = team.get("/v1/drains").await.ok(200);
        assert_eq!(left, json!({ "drains": [without_secret(neighbours), without_secret(account)] }));
        let receipt = team.get(&format!("/pintle/v1/removals/{}", one.id)).await.ok(200);
        let mut expected =
            [json!({ "id": own["id"], "name": "own" }), json!({ "id": log_drain["id"], "name": "logs" })];
        expected.sort_by_key(|item| item["id"].as_str().unwrap().to_owned());
        assert_eq!(receipt["removed"]["drains"], json!(expected));
    })
    .await;
}

#[tokio::test]
async fn deleting_a_project_takes_it_out_of_drains_and_widens_none() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let some = |ids: Value| json!({ "projects": "some", "projectIds": ids });
        let both = team.post("/v1/drains", with(drain("both"), some(json!([one, two])))).await.ok(200);
        let only = team.post("/v1/drains", with(drain("only"), some(json!([one])))).await.ok(200);
        let filter = json!({ "type": "basic", "project": { "ids": [one] } });
        let filter = json!({ "filter": { "version": "v2", "filter": filter } });
        let filtered = team.post("/v1/drains", with(drain("filtered"), filter)).await.ok(200);
        team.delete(&format!("/v9/projects/{one}")).await.ok(204);

        let read = async |record: &Value| {
            team.get(&format!("/v1/drains/{}", record["id"].as_str().unwrap())).await.ok(200)
        };
        assert_eq!(read(&both).await["projectIds"], json!([two]));
        assert_eq!(read(&only).await["projectIds"], json!([]));
        assert_eq!(read(&filtered).await["filterV2"]["filter"]["project"]["ids"], json!([]));
        let drains = team.get(&format!("/v1/drains?projectId={two}")).await.ok(200);
        assert_eq!(drains["drains"].as_array().unwrap().len(), 1, "{drains}");
    })
    .await;
}
