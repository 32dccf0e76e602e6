use super::{create, environment, keys, variable, with};
use pintle_core::permissions::Role;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn values_show_by_type_and_only_when_asked_for() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        for (key, kind) in
            [("P", "plain"), ("E", "encrypted"), ("S", "sensitive"), ("V", "system"), ("O", "secret")]
        {
            let value = if kind == "system" { "" } else { "it's \"\u{1F511}\"\n" };
            create(&team, with(variable(key, &["preview"]), json!({ "type": kind, "value": value }))).await;
        }
        let plain = team.get("/v10/projects/site/env").await.ok(200);
        let decrypted = team.get("/v10/projects/site/env?decrypt=true").await.ok(200);
        assert_eq!(keys(&plain), ["O", "V", "S", "E", "P"]);
        let shown = |list: &Value, at: usize| {
            let env = list["envs"][at].clone();
            (env["value"].as_str().unwrap().to_owned(), env["decrypted"].as_bool().unwrap())
        };
        let text = || "it's \"\u{1F511}\"\n".to_owned();
        for at in [0, 3] {
            let (value, readable) = shown(&plain, at);
            assert!(!value.is_empty() && value != text() && !readable, "{value}");
            assert_eq!(shown(&decrypted, at), (text(), true));
        }
        for list in [&plain, &decrypted] {
            assert_eq!(shown(list, 2), (String::new(), false));
            assert_eq!(shown(list, 4), (text(), true));
        }
        for env in plain["envs"].as_array().unwrap() {
            let path = format!("/v1/projects/site/env/{}", env["id"].as_str().unwrap());
            let one = team.get(&path).await.ok(200);
            let readable = !["S", "V"].contains(&env["key"].as_str().unwrap());
            assert_eq!(one["value"], if readable { json!(text()) } else { json!("") }, "{one}");
        }
        team.get("/v1/projects/site/env/none").await.fails(404, "not_found");
        team.get("/v10/projects/none/env").await.fails(404, "not_found");
        team.get("/v10/projects/site/env?decrypt=maybe").await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn filters_choose_by_environment_and_branch() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        create(&team, variable("A", &["production", "preview"])).await;
        create(&team, with(variable("B", &["preview"]), json!({ "gitBranch": "main" }))).await;
        create(&team, variable("C", &["development"])).await;
        let staging = environment(&team, "staging").await;
        environment(&team, "empty").await;
        create(&team, with(variable("D", &[]), json!({ "customEnvironmentIds": [staging] }))).await;
        let by_id = format!("customEnvironmentId={staging}");
        let cases = [
            ("source=vercel-cli:env:ls", "D C B A"),
            ("target=preview", "B A"),
            ("target=production&decrypt=true", "A"),
            ("gitBranch=main", "B A"),
            ("target=preview&gitBranch=other", "A"),
            ("target=production&gitBranch=main", "A"),
            ("customEnvironmentId=staging&gitBranch=main", "D"),
            (by_id.as_str(), "D"),
            ("customEnvironmentId=staging", "D"),
            ("customEnvironmentId=env_b", ""),
            ("customEnvironmentSlug=staging", "D"),
            ("customEnvironmentSlug=empty", ""),
            ("customEnvironmentSlug=none", ""),
            ("customEnvironmentSlug=development", "C"),
            ("target=&gitBranch=", "D C B A"),
        ];
        for (query, expected) in cases {
            let listed = team.get(&format!("/v10/projects/site/env?{query}")).await.ok(200);
            assert_eq!(keys(&listed).join(" "), expected, "{query}");
            assert_eq!(listed.get("pagination"), None, "{query}");
        }
        let long = "b".repeat(251);
        team.get(&format!("/v10/projects/site/env?gitBranch={long}")).await.fails(400, "bad_request");
    })
    .await;
}

/// The command line looks there for the sensitive ones among those that it pulled: what it does not find it takes for empty.
#[tokio::test]
async fn a_branch_has_its_own_and_what_it_does_not_override() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let preview = |key: &str, value: &str| with(variable(key, &["preview"]), json!({ "value": value }));
        let on = |branch: &str, body: Value| with(body, json!({ "gitBranch": branch }));
        create(&team, preview("BOTH", "general")).await;
        create(&team, preview("GENERAL", "general")).await;
        create(&team, on("main", preview("BOTH", "main"))).await;
        create(&team, on("main", preview("MAIN", "main"))).await;
        create(&team, on("next", preview("BOTH", "next"))).await;
        create(&team, variable("BUILT", &["production", "preview"])).await;
        let of = async |caller: &pintle_testing::Caller, query: &str| {
            let listed = caller.get(&format!("/v10/projects/site/env?decrypt=true&{query}")).await.ok(200);
            let shown =
                |env: &Value| format!("{}={}", env["key"].as_str().unwrap(), env["value"].as_str().unwrap());
            let envs: Vec<String> = listed["envs"].as_array().unwrap().iter().map(shown).collect();
            (envs.join(" "), listed["hiddenProductionEnvCount"].as_i64().unwrap())
        };
        let built = "BUILT=value of BUILT";
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        for (query, expected) in [
            ("gitBranch=main", "MAIN=main BOTH=main GENERAL=general"),
            ("gitBranch=next", "BOTH=next GENERAL=general"),
            ("target=preview&gitBranch=none", "GENERAL=general BOTH=general"),
        ] {
            assert_eq!(of(&team, query).await, (format!("{built} {expected}"), 0), "{query}");
            assert_eq!(of(&developer, query).await, (expected.to_owned(), 1), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_lose_nothing_though_all_was_made_in_one_millisecond() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let batch: Vec<Value> = (0..25).map(|n| variable(&format!("K{n}"), &["preview"])).collect();
        team.post("/v10/projects/site/env", json!(batch)).await.ok(201);
        let mut seen = Vec::new();
        let mut next = Value::Null;
        for page in 0.. {
            let until = if next.is_null() { String::new() } else { format!("&until={next}") };
            let listed =
                team.get(&format!("/v8/projects/site/env?decrypt=true&limit=7{until}")).await.ok(200);
            assert_eq!(listed["pagination"]["count"], listed["envs"].as_array().unwrap().len());
            assert_eq!(listed["pagination"]["prev"].is_null(), page == 0);
            seen.extend(keys(&listed).into_iter().map(str::to_owned));
            let again = std::mem::replace(&mut next, listed["pagination"]["next"].clone());
            if next.is_null() {
                break;
            }
            assert_ne!(next, again);
            assert_eq!(listed["envs"].as_array().unwrap().len(), 7);
        }
        let expected: Vec<String> = (0..25).rev().map(|n| format!("K{n}")).collect();
        assert_eq!(seen, expected);
        team.get("/v8/projects/site/env?limit=0").await.fails(400, "bad_request");
        let all = team.get("/v8/projects/site/env?limit=25").await.ok(200);
        assert_eq!((keys(&all).len(), &all["pagination"]["next"]), (25, &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn no_value_is_ever_stored_in_the_clear_or_told_in_an_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let body =
            |kind: &str| with(variable(kind, &["preview"]), json!({ "type": kind, "value": "needle-1" }));
        for kind in ["plain", "encrypted", "sensitive"] {
            let id = create(&team, body(kind)).await;
            team.patch(&format!("/v9/projects/site/env/{id}"), json!({ "value": "needle-2" })).await.ok(200);
        }
        team.post("/v10/projects/site/env?upsert=true", body("plain")).await.ok(201);
        let path = "/v11/projects";
        let project = json!({
            "name": "other", "passwordProtection": { "deploymentType": "all", "password": "needle-3" },
            "environmentVariables": [{ "key": "K", "value": "needle-4", "target": ["preview"] }],
        });
        team.post(path, project).await.ok(200);
        for table in pintle.core.db.tables().await.unwrap() {
            for row in pintle.core.db.rows(&table).await.unwrap() {
                assert!(!row.contains("needle"), "{table}: {row}");
            }
        }
        let events = pintle.core.db.rows("events").await.unwrap();
        let count = |hook: &str| events.iter().filter(|row| row.contains(hook)).count();
        assert_eq!(count("project.env-variable.created"), 4);
        assert_eq!(count("project.env-variable.updated"), 4);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_the_projects_own() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        create(&team, variable("KEY", &["preview"])).await;
        let stranger = pintle.team("other").await;
        stranger.project("site").await;
        assert_eq!(keys(&stranger.get("/v10/projects/site/env").await.ok(200)).len(), 0);
        stranger.get(&format!("/v10/projects/{site}/env")).await.fails(404, "not_found");
    })
    .await;
}
