use super::{create, environment, values, variable, with};
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn an_object_answers_with_an_object_and_an_array_with_an_array() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let body = with(
            variable("ONE", &["production", "preview"]),
            json!({ "comment": "why", "visibility": "secret" }),
        );
        let made = team.post("/v10/projects/site/env", body).await.ok(201);
        assert_eq!(made["failed"], json!([]));
        let one = &made["created"];
        assert_eq!(
            (&one["key"], &one["type"], &one["comment"]),
            (&json!("ONE"), &json!("encrypted"), &json!("why"))
        );
        assert_eq!(one["target"], json!(["production", "preview"]));
        assert_eq!((&one["decrypted"], &one["configurationId"]), (&json!(false), &Value::Null));
        assert_eq!((&one["createdBy"], &one["visibility"]), (&json!(team.user.as_str()), &json!("secret")));
        assert_ne!(one["value"], "value of ONE");

        let path = format!("/v10/projects/{project}/env");
        let many = json!([variable("TWO", &["preview"]), variable("THREE", &["development"])]);
        let made = team.post(&path, many).await.ok(201);
        assert_eq!(made["created"].as_array().unwrap().len(), 2);
        assert_eq!((&made["created"][1]["key"], &made["failed"]), (&json!("THREE"), &json!([])));
        team.post(&path, json!([variable("FOUR", &["preview"])])).await.ok(201)["created"]
            .as_array()
            .unwrap();
        let text = |key: &str| (key.to_owned(), format!("value of {key}"));
        assert_eq!(values(&team).await, [text("FOUR"), text("ONE"), text("THREE"), text("TWO")]);
    })
    .await;
}

#[tokio::test]
async fn an_overlapping_environment_is_a_conflict_and_another_branch_is_not() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        team.project("other").await;
        let branch = |branch: &str| with(variable("KEY", &["preview"]), json!({ "gitBranch": branch }));
        create(&team, variable("KEY", &["production", "preview"])).await;
        create(&team, variable("KEY", &["development"])).await;
        create(&team, variable("key", &["production"])).await;
        create(&team, branch("main")).await;
        create(&team, branch("next")).await;
        team.post("/v10/projects/other/env", variable("KEY", &["production"])).await.ok(201);

        let path = "/v10/projects/site/env";
        let error = team.post(path, variable("KEY", &["preview"])).await.fails(400, "ENV_CONFLICT");
        assert_eq!((&error["envVarKey"], &error["target"]), (&json!("KEY"), &json!(["preview"])));
        assert_eq!(error["gitBranch"], Value::Null);
        let text = "A variable with the name `KEY` already exists for the target preview on branch undefined";
        assert_eq!(error["message"], text);
        let error = team.post(path, branch("next")).await.fails(400, "ENV_CONFLICT");
        assert_eq!(error["gitBranch"], "next");
        team.post(path, variable("KEY", &["production", "preview", "development"]))
            .await
            .fails(400, "ENV_CONFLICT");
        assert_eq!(values(&team).await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn custom_environments_conflict_like_targets() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let mut ids = Vec::new();
        for slug in ["a", "b", "c", "d", "e", "f", "g"] {
            ids.push(environment(&team, slug).await);
        }
        let custom = |ids: &[String]| json!({ "key": "KEY", "value": "a", "type": "plain", "customEnvironmentIds": ids });
        let made = team.post("/v10/projects/site/env", custom(&ids[..2])).await.ok(201);
        assert_eq!((&made["created"]["target"], &made["created"]["customEnvironmentIds"]), (&json!([]), &json!(ids[..2])));
        create(&team, custom(&ids[2..3])).await;
        create(&team, variable("KEY", &["preview"])).await;
        let many = [&ids[3..], &ids[1..2]].concat();
        team.post("/v10/projects/site/env", custom(&many)).await.fails(400, "ENV_CONFLICT");
        create(&team, custom(&ids[3..])).await;
        team.post("/v10/projects/site/env", custom(&ids[6..])).await.fails(400, "ENV_CONFLICT");
    })
    .await;
}

#[tokio::test]
async fn custom_environments_must_be_the_projects() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        team.project("other").await;
        let body = json!({ "slug": "staging" });
        let foreign = team.post("/v9/projects/other/custom-environments", body).await.ok(201)["id"].clone();
        let own = environment(&team, "staging").await;
        for id in [json!("staging"), json!("env_unknown"), foreign] {
            let more = json!({ "customEnvironmentIds": [own, id] });
            let error = team.post("/v10/projects/site/env", with(variable("KEY", &[]), more)).await;
            assert_eq!(error.fails(400, "ID_NOT_FOUND")["key"], "KEY");
        }
    })
    .await;
}

#[tokio::test]
async fn of_many_each_may_fail_alone() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        create(&team, variable("TAKEN", &["preview"])).await;
        let body = json!([
            variable("A", &["preview"]),
            variable("TAKEN", &["preview", "production"]),
            variable("1ST", &["preview"]),
            variable("A", &["preview", "development"]),
            variable("A", &["production"]),
            with(variable("B", &["preview"]), json!({ "value": "x".repeat(65537) })),
        ]);
        let made = team.post("/v10/projects/site/env", body).await.ok(201);
        let created: Vec<&Value> =
            made["created"].as_array().unwrap().iter().map(|env| &env["target"]).collect();
        assert_eq!(created, [&json!(["preview"]), &json!(["production"])]);
        let codes: Vec<&str> = made["failed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["error"]["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["ENV_CONFLICT", "KEY_INVALID_CHARACTERS", "ENV_CONFLICT", "VALUE_INVALID_LENGTH"]);
        assert_eq!(made["failed"][0]["error"]["envVarKey"], "TAKEN");
        assert_eq!(made["failed"][1]["error"]["key"], "1ST");
        assert_eq!(values(&team).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn where_nothing_was_created_the_answer_is_a_400() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        create(&team, variable("TAKEN", &["preview"])).await;
        let path = "/v10/projects/site/env";
        let body = json!([variable("TAKEN", &["preview"]), variable("TZ", &["preview"])]);
        let answer = team.post(path, body).await;
        let failed = answer.json()["failed"].clone();
        assert_eq!(failed[0]["error"]["code"], "ENV_CONFLICT");
        assert_eq!(failed[1]["error"]["code"], "RESERVED_ENV_VARIABLE");
        answer.says(400, "BAD_REQUEST", "No environment variables were created");
        team.post(path, json!([])).await.fails(400, "BAD_REQUEST");
        team.post("/v10/projects/none/env", variable("A", &["preview"])).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_variable_that_breaks_a_rule_is_refused_with_its_code() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let named = |key: &str| variable(key, &["preview"]);
        let long = "K".repeat(257);
        let cases = [
            (named(""), "KEY_INVALID_LENGTH"),
            (named(&long), "KEY_INVALID_LENGTH"),
            (named("_A"), "KEY_INVALID_CHARACTERS"),
            (named("A-B"), "KEY_INVALID_CHARACTERS"),
            (named("Ä"), "KEY_INVALID_CHARACTERS"),
            (named("AWS_LAMBDA_FUNCTION_NAME"), "RESERVED_ENV_VARIABLE"),
            (named("LAMBDA_TASK_ROOT"), "RESERVED_ENV_VARIABLE"),
            (variable("A", &[]), "MISSING_TARGET"),
            (with(named("A"), json!({ "type": "system" })), "SYSTEM_ENV_WITH_VALUE"),
            (with(variable("A", &["production", "preview"]), json!({ "gitBranch": "main" })), "BAD_REQUEST"),
            (with(variable("A", &["development"]), json!({ "gitBranch": "main" })), "BAD_REQUEST"),
            (with(variable("A", &["preview", "development"]), json!({ "type": "sensitive" })), "BAD_REQUEST"),
        ];
        for (body, code) in cases {
            team.post("/v10/projects/site/env", body).await.fails(400, code);
        }
        let at_the_limit =
            with(named("A"), json!({ "value": "x".repeat(65536), "comment": "c".repeat(1000) }));
        create(&team, at_the_limit).await;
        for key in ["AWS_ACCESS_KEY_ID", "AWS_REGION"] {
            create(&team, named(key)).await;
        }
        create(&team, with(named("VERCEL_URL"), json!({ "type": "system", "value": "" }))).await;
        create(&team, with(named("EMPTY"), json!({ "value": "" }))).await;
        create(&team, json!({ "key": "TEXT", "value": "a", "type": "plain", "target": "preview" })).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_the_schema_fails_as_a_whole() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let good = variable("A", &["preview"]);
        let cases = [
            (json!({}), "missing required property `key`."),
            (json!({ "key": "A", "value": "a", "target": [] }), "missing required property `type`."),
            (json!({ "key": "A", "value": "a", "type": "plain" }), "missing required property `target`."),
            (with(good.clone(), json!({ "value": 1 })), "`value` should be string."),
            (
                with(good.clone(), json!({ "target": ["staging"] })),
                "`target[0]` should be equal to one of the allowed values \"production, preview, development\".",
            ),
            (with(good.clone(), json!({ "target": 1 })), "`target` should be array."),
            (
                with(good.clone(), json!({ "type": "hidden" })),
                "`type` should be equal to one of the allowed values \"system, secret, encrypted, plain, sensitive\".",
            ),
            (
                with(good.clone(), json!({ "comment": "c".repeat(1001) })),
                "`comment` should NOT be longer than 1000 characters.",
            ),
            (
                with(good.clone(), json!({ "gitBranch": "b".repeat(251) })),
                "`gitBranch` should NOT be longer than 250 characters.",
            ),
            (json!([good, { "key": "B" }]), "missing required property `[1].value`."),
            (
                json!([good, { "key": "B", "value": "b", "type": "plain" }]),
                "missing required property `[1].target`.",
            ),
        ];
        for (body, message) in cases {
            let answer = team.post("/v10/projects/site/env", body).await;
            answer.says(400, "bad_request", &format!("Invalid request: {message}"));
        }
        assert!(values(&team).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn upsert_updates_an_exact_match_in_version_10_only() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let id = create(&team, variable("KEY", &["production", "preview"])).await;
        let new =
            with(variable("KEY", &["preview", "production"]), json!({ "value": "new", "comment": "c" }));
        team.post("/v9/projects/site/env?upsert=true", new.clone()).await.fails(400, "ENV_CONFLICT");
        team.post("/v10/projects/site/env?upsert=false", new.clone()).await.fails(400, "ENV_CONFLICT");
        pintle.clock.advance(10);
        for path in ["/v10/projects/site/env?upsert=true", "/projects/site/env?upsert=true"] {
            let made = team.post(path, new.clone()).await.ok(201)["created"].clone();
            assert_eq!((&made["id"], &made["comment"]), (&json!(id), &json!("c")));
            assert!(made["updatedAt"].as_i64() > made["createdAt"].as_i64(), "{made}");
        }
        assert_eq!(values(&team).await, [("KEY".to_owned(), "new".to_owned())]);

        let path = "/v10/projects/site/env?upsert=true";
        for targets in [&["production"][..], &["production", "preview", "development"]] {
            team.post(path, variable("KEY", targets)).await.fails(400, "ENV_CONFLICT");
        }
        let other = with(variable("KEY", &["preview"]), json!({ "gitBranch": "main" }));
        assert_ne!(team.post(path, other).await.ok(201)["created"]["id"], id.as_str());
        let both = json!([new, variable("FRESH", &["preview"])]);
        assert_eq!(team.post(path, both).await.ok(201)["created"].as_array().unwrap().len(), 2);
        assert_eq!(values(&team).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_team_can_demand_sensitive_variables() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let before = create(&team, variable("BEFORE", &["preview"])).await;
        let policy = json!({ "sensitiveEnvironmentVariablePolicy": "on" });
        team.patch(&format!("/v2/teams/{}", team.team.as_ref().unwrap()), policy).await.ok(200);
        let kind = async |body: Value| {
            team.post("/v10/projects/site/env", body).await.ok(201)["created"]["type"].clone()
        };
        assert_eq!(kind(variable("A", &["production", "preview"])).await, "sensitive");
        assert_eq!(kind(with(variable("B", &["preview"]), json!({ "type": "plain" }))).await, "sensitive");
        assert_eq!(kind(variable("C", &["development"])).await, "encrypted");
        let system = json!({ "type": "system", "value": "" });
        assert_eq!(kind(with(variable("D", &["preview"]), system)).await, "system");
        let mixed = variable("E", &["preview", "development"]);
        team.post("/v10/projects/site/env", mixed).await.fails(400, "BAD_REQUEST");
        // It speaks of new variables only.
        let path = format!("/v9/projects/site/env/{before}");
        assert_eq!(team.patch(&path, json!({ "value": "a" })).await.ok(200)["type"], "encrypted");
    })
    .await;
}

#[tokio::test]
async fn an_environment_of_a_project_holds_a_thousand() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        team.project("other").await;
        let path = "/v10/projects/site/env";
        let batch: Vec<Value> = (0..999).map(|n| variable(&format!("K{n}"), &["preview"])).collect();
        assert_eq!(team.post(path, json!(batch)).await.ok(201)["created"].as_array().unwrap().len(), 999);
        let two = json!([variable("A", &["preview", "production"]), variable("B", &["preview"])]);
        let made = team.post(path, two).await.ok(201);
        assert_eq!(made["failed"][0]["error"]["code"], "MAX_ENVS_EXCEEDED");
        team.post(path, variable("C", &["development", "preview"])).await.fails(400, "MAX_ENVS_EXCEEDED");
        let elsewhere = create(&team, variable("D", &["development"])).await;
        team.post("/v10/projects/other/env", variable("C", &["preview"])).await.ok(201);
        team.post("/v10/projects/site/env?upsert=true", variable("K1", &["preview"])).await.ok(201);
        // A change that stays in its environments needs no further room, one that enters a full one does.
        let first = created_id(&made);
        team.patch(&format!("/v9/projects/site/env/{first}"), json!({ "key": "E" })).await.ok(200);
        let path = format!("/v9/projects/site/env/{elsewhere}");
        team.patch(&path, json!({ "target": ["preview"] })).await.fails(400, "MAX_ENVS_EXCEEDED");
        team.delete(&format!("/v9/projects/site/env/{first}")).await.ok(200);
        team.patch(&path, json!({ "target": ["preview"] })).await.ok(200);
    })
    .await;
}

fn created_id(made: &Value) -> &str {
    made["created"][0]["id"].as_str().unwrap()
}

#[tokio::test]
async fn racing_creations_of_one_key_leave_one() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let attempts = (0..8).map(|n| {
            let (team, body) =
                (team.clone(), with(variable("KEY", &["preview"]), json!({ "value": n.to_string() })));
            tokio::spawn(async move { team.post("/v10/projects/site/env", body).await.status })
        });
        let mut statuses = Vec::new();
        for attempt in attempts.collect::<Vec<_>>() {
            statuses.push(attempt.await.unwrap());
        }
        statuses.sort();
        assert_eq!(statuses, [201, 400, 400, 400, 400, 400, 400, 400]);
        assert_eq!(values(&team).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn concurrent_creations_in_one_project_all_succeed_with_stamps_of_their_own() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let attempts: Vec<_> = (0..24)
            .map(|n| {
                let (team, body) = (team.clone(), variable(&format!("K{n}"), &["production", "preview"]));
                tokio::spawn(async move { team.post("/v10/projects/site/env", body).await.ok(201) })
            })
            .collect();
        let mut stamps = std::collections::HashSet::new();
        for attempt in attempts {
            let made = attempt.await.unwrap();
            stamps.insert(made["created"]["createdAt"].as_i64().unwrap());
        }
        assert_eq!(stamps.len(), 24);
    })
    .await;
}
