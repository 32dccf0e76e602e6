use super::{keys, share, sharing, text};
use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

async fn update(caller: &Caller, id: &str, change: Value) -> Value {
    caller.patch("/v1/env", json!({ "updates": { id: change } })).await.ok(200)["updated"][0].clone()
}

async fn delete(caller: &Caller, ids: Value) -> pintle_testing::Answer {
    caller.request(Method::DELETE, "/v1/env", Some(json!({ "ids": ids }))).await
}

#[tokio::test]
async fn one_lives_from_creation_to_removal() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        let body = json!({
            "evs": [{ "key": "KEY", "value": "hush", "comment": "why" }], "target": ["preview", "production"],
            "projectId": [site],
        });
        let made = share(&team, body).await;
        let id = text(&made["id"]);
        assert!(id.starts_with("env_"), "{id}");
        assert_eq!(
            (&made["target"], &made["projectId"]),
            (&json!(["production", "preview"]), &json!([site]))
        );
        assert_eq!(
            (&made["type"], &made["decrypted"], &made["comment"]),
            (&json!("encrypted"), &json!(false), &json!("why"))
        );
        assert_eq!((&made["ownerId"], &made["createdBy"]), (&json!(team.team), &json!(team.user)));
        assert!(!made.to_string().contains("hush"));
        let got = team.get(&format!("/v1/env/{id}")).await.ok(200);
        assert_eq!((&got["value"], &got["decrypted"]), (&json!("hush"), &json!(true)));
        let listed = team.get("/v1/env").await.ok(200);
        assert_eq!(listed["pagination"], json!({ "count": 1, "next": null, "prev": null }));
        assert_eq!(listed["data"][0], made);

        pintle.clock.advance(10);
        let change =
            json!({ "key": "RENAMED", "value": "new", "target": ["development"], "comment": "because" });
        let changed = update(&team, &id, change).await;
        assert_eq!((&changed["key"], &changed["comment"]), (&json!("RENAMED"), &json!("because")));
        assert!(changed["updatedAt"].as_i64() > changed["createdAt"].as_i64());
        assert_eq!(team.get(&format!("/v1/env/{id}")).await.ok(200)["value"], "new");
        share(&team, sharing("KEY", "a", &["production"], &[])).await;

        assert_eq!(delete(&team, json!([id])).await.ok(200), json!({ "deleted": [id], "failed": [] }));
        team.get(&format!("/v1/env/{id}")).await.fails(404, "not_found");
        delete(&team, json!([id])).await.fails(404, "not_found");
        for (kind, count) in [("create", 2), ("update", 1), ("delete", 1)] {
            assert_eq!(pintle.audited(&format!("shared-env-variable-{kind}")).await, count, "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let one = |key: &str, value: &str| json!({ "evs": [{ "key": key, "value": value }], "target": ["preview"] });
        let many: Vec<Value> = (0..51).map(|n| json!({ "key": format!("K{n}"), "value": "a" })).collect();
        let wrong = [
            json!({}),
            json!({ "evs": [], "target": ["preview"] }),
            json!({ "evs": many, "target": ["preview"] }),
            json!({ "evs": [{ "key": "A", "value": "a" }] }),
            json!({ "evs": [{ "key": "A" }], "target": ["preview"] }),
            json!({ "evs": [{ "key": "A", "value": "a", "comment": "c".repeat(1001) }], "target": ["preview"] }),
            json!({ "evs": [{ "key": "A", "value": "a" }], "target": ["staging"] }),
            json!({ "evs": [{ "key": "A", "value": "a" }], "target": ["preview"], "type": "plain" }),
        ];
        for body in wrong {
            team.post("/v1/env", body).await.fails(400, "bad_request");
        }
        let rules = [
            (one("", "a"), "KEY_INVALID_LENGTH"),
            (one("1A", "a"), "KEY_INVALID_CHARACTERS"),
            (one("TZ", "a"), "RESERVED_ENV_VARIABLE"),
            (one("A", &"a".repeat((64 << 10) + 1)), "VALUE_INVALID_LENGTH"),
            (sharing("A", "a", &[], &[]), "MISSING_TARGET"),
            (json!({ "evs": [{ "key": "A", "value": "a" }], "target": ["development"], "type": "sensitive" }), "BAD_REQUEST"),
        ];
        for (body, code) in rules {
            team.post("/v1/env", body).await.fails(400, code);
        }
        team.post("/v1/env", sharing("A", "a", &["preview"], &["prj_none"])).await.fails(404, "not_found");
        team.patch("/v1/env", json!({ "updates": {} })).await.fails(400, "bad_request");
        team.patch("/v1/env", json!({})).await.fails(400, "bad_request");
        team.patch("/v1/env", json!({ "updates": { "env_a": { "link": 1 } } })).await.fails(400, "bad_request");
        team.patch("/v1/env", json!({ "updates": { "env_a": { "value": "a" } } })).await.fails(404, "not_found");
        for ids in [json!([]), json!(vec!["a"; 51])] {
            delete(&team, ids).await.fails(400, "bad_request");
        }
        assert_eq!(team.get("/v1/env").await.ok(200)["data"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_name_is_there_once_in_each_environment() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let first = share(&team, sharing("KEY", "a", &["production", "preview"], &[])).await;
        let error = team.post("/v1/env", sharing("KEY", "a", &["preview", "development"], &[])).await;
        let error = error.fails(409, "existing_key_and_target");
        assert_eq!((&error["envVarKey"], &error["envVarId"]), (&json!("KEY"), &first["id"]));
        let other = share(&team, sharing("KEY", "a", &["development"], &[])).await;
        let into = json!({ "target": ["preview"] });
        let updates = json!({ "updates": { text(&other["id"]): into } });
        team.patch("/v1/env", updates).await.fails(409, "existing_key_and_target");
        update(&team, &text(&first["id"]), json!({ "target": ["production"] })).await;
        update(&team, &text(&other["id"]), json!({ "target": ["preview"] })).await;
        let everywhere =
            json!({ "evs": [{ "key": "KEY", "value": "a" }], "applyToAllCustomEnvironments": true });
        let made = share(&team, everywhere.clone()).await;
        assert_eq!((&made["target"], &made["applyToAllCustomEnvironments"]), (&json!([]), &json!(true)));
        team.post("/v1/env", everywhere).await.fails(409, "existing_key_and_target");
        // Another team has names of its own.
        share(&pintle.team("other").await, sharing("KEY", "a", &["production"], &[])).await;
    })
    .await;
}

#[tokio::test]
async fn a_target_holds_a_thousand() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let evs = |from: usize, count: usize| -> Vec<Value> {
            (from..from + count).map(|n| json!({ "key": format!("K{n}"), "value": "a" })).collect()
        };
        for block in 0..20 {
            let body = json!({ "evs": evs(block * 50, 50), "target": ["preview"] });
            team.post("/v1/env", body).await.ok(201);
        }
        team.post("/v1/env", sharing("MORE", "a", &["preview"], &[])).await.fails(400, "MAX_ENVS_EXCEEDED");
        let elsewhere = share(&team, sharing("MORE", "a", &["development"], &[])).await;
        let updates = json!({ "updates": { text(&elsewhere["id"]): { "target": ["preview"] } } });
        team.patch("/v1/env", updates).await.fails(400, "MAX_ENVS_EXCEEDED");
        let listed = team.get("/v1/env").await.ok(200);
        assert_eq!(listed["pagination"]["count"], 1001);
        // One that is there already may change, though its place is full.
        let full = text(&listed["data"][1000]["id"]);
        assert_eq!(update(&team, &full, json!({ "key": "RENAMED" })).await["key"], "RENAMED");
    })
    .await;
}

#[tokio::test]
async fn of_many_each_may_fail_alone() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let evs = |names: &[&str]| {
            let evs: Vec<Value> = names.iter().map(|key| json!({ "key": key, "value": "a" })).collect();
            json!({ "evs": evs, "target": ["preview"] })
        };
        let answer = team.post("/v1/env", evs(&["A", "1", "B", "A"])).await.ok(201);
        assert_eq!(keys(&answer["created"]), ["A", "B"]);
        let codes: Vec<_> =
            answer["failed"].as_array().unwrap().iter().map(|one| text(&one["error"]["code"])).collect();
        assert_eq!(codes, ["KEY_INVALID_CHARACTERS", "existing_key_and_target"]);
        let refused = team.post("/v1/env", evs(&["A", "B"])).await;
        assert_eq!(refused.json()["failed"].as_array().unwrap().len(), 2);
        refused.fails(400, "BAD_REQUEST");

        let ids: Vec<String> =
            answer["created"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect();
        let updates =
            json!({ "updates": { &ids[0]: { "value": "b" }, &ids[1]: { "key": "A" }, "env_none": {} } });
        let answer = team.patch("/v1/env", updates).await.ok(200);
        assert_eq!(keys(&answer["updated"]), ["A"]);
        assert_eq!(answer["failed"].as_array().unwrap().len(), 2);
        let answer = delete(&team, json!([ids[0], "env_none", ids[1], ids[1]])).await.ok(200);
        assert_eq!(answer["deleted"], json!(ids));
        assert_eq!(answer["failed"][0]["error"]["code"], "not_found");
        delete(&team, json!(ids)).await.fails(400, "BAD_REQUEST");
    })
    .await;
}

#[tokio::test]
async fn a_sensitive_one_stays_so_and_a_team_may_demand_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let body =
            json!({ "evs": [{ "key": "KEY", "value": "hush" }], "target": ["preview"], "type": "sensitive" });
        let id = text(&share(&team, body).await["id"]);
        let path = format!("/v1/env/{id}");
        assert_eq!(team.get(&path).await.ok(200)["value"], "");
        for change in
            [json!({ "type": "encrypted" }), json!({ "key": "OTHER" }), json!({ "target": ["development"] })]
        {
            team.patch("/v1/env", json!({ "updates": { &id: change } })).await.fails(400, "BAD_REQUEST");
        }
        update(&team, &id, json!({ "value": "new", "type": "sensitive" })).await;
        let open = share(&team, sharing("OPEN", "a", &["preview"], &[])).await;
        assert_eq!(
            update(&team, &text(&open["id"]), json!({ "type": "sensitive" })).await["type"],
            "sensitive"
        );

        let team_path = format!("/v2/teams/{}", team.team.as_ref().unwrap());
        team.patch(&team_path, json!({ "sensitiveEnvironmentVariablePolicy": "on" })).await.ok(200);
        assert_eq!(share(&team, sharing("A", "a", &["preview"], &[])).await["type"], "sensitive");
        assert_eq!(share(&team, sharing("A", "a", &["development"], &[])).await["type"], "encrypted");
        team.post("/v1/env", sharing("B", "a", &["preview", "development"], &[]))
            .await
            .fails(400, "BAD_REQUEST");
        let custom = json!({ "evs": [{ "key": "C", "value": "a" }], "applyToAllCustomEnvironments": true });
        assert_eq!(share(&team, custom).await["type"], "sensitive");
    })
    .await;
}

#[tokio::test]
async fn filters_choose_and_pages_go_on() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (site, other) = (team.project("site").await, team.project("other").await);
        let mut ids = Vec::new();
        for (key, projects) in
            [("API_URL", vec![&site]), ("API_100%", vec![]), ("Token", vec![&site, &other])]
        {
            if key.contains('%') {
                continue;
            }
            let projects: Vec<&str> = projects.into_iter().map(String::as_str).collect();
            ids.push(text(&share(&team, sharing(key, "a", &["preview"], &projects)).await["id"]));
            pintle.clock.advance(1);
        }
        ids.push(text(&share(&team, sharing("FREE", "a", &["preview"], &[])).await["id"]));
        let cases = [
            (String::new(), "FREE Token API_URL"),
            ("search=tok".into(), "Token"),
            ("search=_u".into(), "API_URL"),
            ("search=%25".into(), ""),
            (format!("projectId={site}"), "Token API_URL"),
            (format!("projectId={other}"), "Token"),
            ("projectId=prj_none".into(), ""),
            (format!("ids={},{}", ids[0], ids[2]), "FREE API_URL"),
            (format!("exclude_ids={},{}", ids[0], ids[2]), "Token"),
            (format!("exclude-ids={}", ids[1]), "FREE API_URL"),
            (format!("exclude_projectId={other}"), "FREE API_URL"),
            (format!("exclude-projectId={site}"), "FREE"),
            (format!("projectId={site}&exclude-projectId={other}&search=API"), "API_URL"),
        ];
        for path in ["/v1/env", "/v1/env/all"] {
            for (query, expected) in &cases {
                let listed = team.get(&format!("{path}?{query}")).await.ok(200);
                assert_eq!(keys(&listed["data"]).join(" "), *expected, "{query}");
                assert_eq!(listed["pagination"]["count"], listed["data"].as_array().unwrap().len());
            }
        }
        let first = team.get("/v1/env?limit=2").await.ok(200);
        let next = first["pagination"]["next"].as_i64().unwrap();
        let second = team.get(&format!("/v1/env?limit=2&until={next}")).await.ok(200);
        assert_eq!([keys(&first["data"]), keys(&second["data"])].concat(), ["FREE", "Token", "API_URL"]);
        assert_eq!(second["pagination"]["next"], Value::Null);
        let many = vec!["env_a"; 101].join(",");
        team.get(&format!("/v1/env?ids={many}")).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn production_needs_a_further_right() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let hidden = share(&team, sharing("HIDDEN", "a", &["production", "preview"], &[])).await;
        let id = text(&hidden["id"]);
        let open = text(&share(&team, sharing("OPEN", "a", &["preview"], &[])).await["id"]);
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        assert_eq!(keys(&developer.get("/v1/env").await.ok(200)["data"]), ["OPEN"]);
        developer.get(&format!("/v1/env/{id}")).await.fails(403, "forbidden");
        developer.post("/v1/env", sharing("MADE", "a", &["production"], &[])).await.fails(403, "forbidden");
        for (id, change) in [(&id, json!({ "value": "b" })), (&open, json!({ "target": ["production"] }))] {
            developer.patch("/v1/env", json!({ "updates": { id: change } })).await.fails(403, "forbidden");
        }
        let partly = json!({ "updates": { &id: {}, &open: { "value": "b" } } });
        assert_eq!(
            developer.patch("/v1/env", partly).await.ok(200)["failed"][0]["error"]["code"],
            "forbidden"
        );
        delete(&developer, json!([id])).await.fails(403, "forbidden");
        let site = team.project("site").await;
        developer.patch(&format!("/v1/env/{id}/unlink/{site}"), json!({})).await.fails(403, "forbidden");
        pintle.extend(&developer, "EnvVariableManager").await;
        assert_eq!(developer.get("/v1/env").await.ok(200)["data"].as_array().unwrap().len(), 2);
        update(&developer, &id, json!({ "value": "b" })).await;
    })
    .await;
}
