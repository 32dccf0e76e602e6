use super::{CUSTOM, environment, own, text};
use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn one_lives_from_creation_to_removal() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let matcher = json!({ "type": "startsWith", "pattern": "qa/" });
        let body = json!({ "slug": "qa", "description": "For testers", "branchMatcher": matcher });
        let made = team.post(CUSTOM, body).await.ok(201);
        let id = text(&made["id"]);
        assert!(id.starts_with("env_") && id.len() == 32, "{id}");
        assert_eq!((&made["type"], &made["branchMatcher"]), (&json!("preview"), &matcher));
        for named in [&id, "qa"] {
            assert_eq!(team.get(&format!("{CUSTOM}/{named}")).await.ok(200), made);
        }
        let listed = team.get("/projects/site/custom-environments").await.ok(200);
        assert_eq!(listed, json!({ "accountLimit": { "total": 12 }, "environments": [made] }));

        pintle.clock.advance(10);
        let one = format!("{CUSTOM}/qa");
        assert_eq!(team.patch(&one, json!({})).await.ok(200), made, "a change of nothing is none");
        let patch = json!({ "slug": "test", "description": "", "branchMatcher": null });
        let changed = team.patch(&one, patch).await.ok(200);
        assert_eq!((&changed["slug"], changed.get("description")), (&json!("test"), None));
        assert_eq!(changed.get("branchMatcher"), None);
        assert!(changed["updatedAt"].as_i64() > changed["createdAt"].as_i64());
        team.get(&one).await.fails(404, "not_found");

        let removed = team.delete(&format!("{CUSTOM}/{id}")).await.ok(200);
        assert_eq!(removed, changed);
        for (method, body) in [(Method::GET, None), (Method::PATCH, Some(json!({}))), (Method::DELETE, None)]
        {
            team.request(method, &format!("{CUSTOM}/test"), body).await.fails(404, "not_found");
        }
        for kind in ["created", "updated", "deleted"] {
            assert_eq!(pintle.audited(&format!("project-custom-environment-{kind}")).await, 1, "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        environment(&team, json!({ "slug": "staging" })).await;
        let long = "a".repeat(33);
        for slug in ["production", "preview", "development", "Staging", "env_a", "", &long] {
            team.post(CUSTOM, json!({ "slug": slug })).await.fails(400, "bad_request");
            team.patch(&format!("{CUSTOM}/staging"), json!({ "slug": slug })).await.fails(400, "bad_request");
        }
        let matcher = |kind: &str, pattern: &str| json!({ "slug": "a", "branchMatcher": { "type": kind, "pattern": pattern } });
        let wrong = [
            json!({}),
            json!({ "slug": "a", "description": "d".repeat(257) }),
            matcher("contains", "a"),
            matcher("equals", ""),
            matcher("equals", &"a".repeat(101)),
            json!({ "slug": "a", "branchMatcher": { "type": "equals" } }),
            json!({ "slug": "a", "copyEnvVarsFrom": "nowhere" }),
        ];
        for body in wrong {
            team.post(CUSTOM, body).await.fails(400, "bad_request");
        }
        team.post(CUSTOM, json!({ "slug": "staging" })).await.fails(400, "slug_taken");
        environment(&team, json!({ "slug": "other" })).await;
        team.patch(&format!("{CUSTOM}/other"), json!({ "slug": "staging" })).await.fails(400, "slug_taken");
        let unknown = "/v9/projects/none/custom-environments";
        team.get(unknown).await.fails(404, "not_found");
        team.post(unknown, json!({ "slug": "a" })).await.fails(404, "not_found");
        for n in 2..12 {
            environment(&team, json!({ "slug": format!("more-{n}") })).await;
        }
        let code = "custom_environments_limit_exceeded";
        team.post(CUSTOM, json!({ "slug": "too-many" })).await.fails(400, code);
    })
    .await;
}

#[tokio::test]
async fn a_branch_leads_to_those_that_take_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let made = [("a", "equals", "main"), ("b", "startsWith", "qa/"), ("c", "endsWith", "/one")];
        for (slug, kind, pattern) in made {
            let matcher = json!({ "type": kind, "pattern": pattern });
            environment(&team, json!({ "slug": slug, "branchMatcher": matcher })).await;
            pintle.clock.advance(1);
        }
        environment(&team, json!({ "slug": "none" })).await;
        for (branch, expected) in [("main", "a"), ("qa/two", "b"), ("qa/one", "b c"), ("other", "")] {
            let listed = team.get(&format!("{CUSTOM}?gitBranch={branch}")).await.ok(200);
            let slugs: Vec<_> =
                listed["environments"].as_array().unwrap().iter().map(|one| text(&one["slug"])).collect();
            assert_eq!(slugs.join(" "), expected, "{branch}");
        }
    })
    .await;
}

/// Of each variable of `site`: its key, and where it is.
async fn variables(team: &pintle_testing::Caller) -> Vec<(String, Value, Value)> {
    let listed = team.get("/v10/projects/site/env").await.ok(200)["envs"].clone();
    let mut found: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["key"]), one["target"].clone(), one["customEnvironmentIds"].clone()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[tokio::test]
async fn its_variables_stay_or_go_with_it_as_the_caller_says() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        for delete in [false, true] {
            let staging = environment(&team, json!({ "slug": "staging" })).await;
            let other = environment(&team, json!({ "slug": "other" })).await;
            own(&team, "ONLY", "a", json!({ "customEnvironmentIds": [staging] })).await;
            own(&team, "BOTH", "a", json!({ "customEnvironmentIds": [staging, other] })).await;
            own(&team, "TOO", "a", json!({ "target": ["preview"], "customEnvironmentIds": [staging] })).await;
            let body = json!({ "deleteUnassignedEnvironmentVariables": delete });
            team.request(Method::DELETE, &format!("{CUSTOM}/staging"), Some(body)).await.ok(200);
            let mut expected = vec![
                ("BOTH".to_owned(), json!([]), json!([other])),
                ("ONLY".to_owned(), json!([]), Value::Null),
                ("TOO".to_owned(), json!(["preview"]), Value::Null),
            ];
            if delete {
                expected.remove(1);
            }
            assert_eq!(variables(&team).await, expected);
            if !delete {
                let listed = team.get("/v10/projects/site/env").await.ok(200)["envs"].clone();
                let only = listed.as_array().unwrap().iter().find(|one| one["key"] == "ONLY").unwrap();
                let path = format!("/v9/projects/site/env/{}", text(&only["id"]));
                team.patch(&path, json!({ "comment": "nowhere" })).await.fails(400, "MISSING_TARGET");
                team.patch(&path, json!({ "target": ["development"] })).await.ok(200);
            }
            for (listed, id) in [("BOTH", &other), ("staging is free again", &staging)] {
                let sql = format!("SELECT COUNT(*) FROM env_targets WHERE target = '{id}'");
                let conn = pintle.core.db.read().await.unwrap();
                let (count,): (i64,) = conn.one(&sql, &[]).await.unwrap();
                assert_eq!(count, i64::from(listed == "BOTH"));
            }
            let envs = team.get("/v10/projects/site/env").await.ok(200)["envs"].clone();
            let ids: Vec<&Value> = envs.as_array().unwrap().iter().map(|one| &one["id"]).collect();
            team.request(Method::DELETE, "/v1/projects/site/env", Some(json!({ "ids": ids }))).await.ok(200);
            team.delete(&format!("{CUSTOM}/other")).await.ok(200);
        }
        let hook = pintle.outbox("project.env-variable.updated").await;
        assert_eq!(hook.len(), 3 + 1 + 2, "each that stays has its event");
    })
    .await;
}

#[tokio::test]
async fn a_new_one_may_begin_with_copies() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let app = team.install("bridge").await;
        own(&team, "PLAIN", "a", json!({ "target": ["preview", "production"], "comment": "why" })).await;
        own(&team, "SECRET", "b", json!({ "target": ["preview"], "type": "sensitive" })).await;
        own(&team, "BRANCH", "c", json!({ "target": ["preview"], "gitBranch": "main" })).await;
        own(&team, "ELSEWHERE", "d", json!({ "target": ["production"] })).await;
        own(&app.caller, "APPS", "e", json!({ "target": ["preview"] })).await;
        environment(&team, json!({ "slug": "staging", "copyEnvVarsFrom": "preview" })).await;
        environment(&team, json!({ "slug": "qa", "copyEnvVarsFrom": "staging" })).await;
        for slug in ["staging", "qa"] {
            assert_eq!(super::pulled(&team, slug).await, ["APPS=e", "PLAIN=a", "SECRET="], "{slug}");
            let path = format!("/v10/projects/site/env?customEnvironmentSlug={slug}");
            for copy in team.get(&path).await.ok(200)["envs"].as_array().unwrap() {
                let expected = match copy["key"].as_str().unwrap() {
                    "APPS" => ("encrypted", json!(app.id), Value::Null),
                    "PLAIN" => ("encrypted", Value::Null, json!("why")),
                    _ => ("sensitive", Value::Null, Value::Null),
                };
                let found = (
                    copy["type"].as_str().unwrap(),
                    copy["configurationId"].clone(),
                    copy["comment"].clone(),
                );
                assert_eq!(found, expected);
            }
        }
        // The original may change, and go; a copy of an installation's goes with the installation.
        team.delete(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(204);
        assert_eq!(super::pulled(&team, "qa").await, ["PLAIN=a", "SECRET="]);
    })
    .await;
}

#[tokio::test]
async fn copies_need_the_right_to_what_is_copied() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        own(&team, "KEY", "a", json!({ "target": ["production"] })).await;
        let viewer = pintle.member(&team, "vic", Role::Viewer).await;
        pintle.extend(&viewer, "EnvironmentManager").await;
        let body = json!({ "slug": "copy", "copyEnvVarsFrom": "production" });
        viewer.post(CUSTOM, body.clone()).await.fails(403, "forbidden");
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        pintle.extend(&developer, "EnvironmentManager").await;
        developer.post(CUSTOM, body.clone()).await.fails(403, "forbidden");
        team.get(&format!("{CUSTOM}/copy")).await.fails(404, "not_found");
        environment(&viewer, json!({ "slug": "bare" })).await;
        pintle.extend(&viewer, "EnvironmentManager EnvVariableManager").await;
        environment(&viewer, body).await;
        let app = team.install_with("bridge", &["read-write:project"], json!({})).await.caller;
        let body = json!({ "slug": "by-app", "copyEnvVarsFrom": "copy" });
        app.post(CUSTOM, body).await.fails(403, "forbidden");
        app.post(CUSTOM, json!({ "slug": "by-app" })).await.ok(201);
    })
    .await;
}

#[tokio::test]
async fn its_variables_go_with_it_only_where_the_caller_may_remove_variables() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let staging = environment(&team, json!({ "slug": "staging" })).await;
        own(&team, "ONLY", "a", json!({ "customEnvironmentIds": [staging] })).await;
        let viewer = pintle.member(&team, "vic", Role::Viewer).await;
        pintle.extend(&viewer, "EnvironmentManager").await;
        let plain = team.install_with("plain", &["read-write:project"], json!({})).await.caller;
        let path = format!("{CUSTOM}/staging");
        let all = Some(json!({ "deleteUnassignedEnvironmentVariables": true }));
        for caller in [&viewer, &plain] {
            caller.request(Method::DELETE, &path, all.clone()).await.fails(403, "forbidden");
        }
        // It may remove variables, but no others than its own.
        let scopes = ["read-write:project", "read-write:project-env-vars"];
        let own_only = team.install_with("own", &scopes, json!({})).await.caller;
        own(&own_only, "THEIRS", "a", json!({ "customEnvironmentIds": [staging] })).await;
        own_only.request(Method::DELETE, &path, all).await.ok(200);
        assert_eq!(variables(&team).await, [("ONLY".to_owned(), json!([]), Value::Null)]);
    })
    .await;
}
