use super::{events, named, with};
use pintle_core::permissions::Role;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn a_name_is_enough() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v11/projects", named("site")).await.ok(200);
        assert_eq!(
            (&made["name"], &made["accountId"]),
            (&json!("site"), &json!(team.team.as_ref().unwrap().as_str()))
        );
        assert!(made["id"].as_str().unwrap().starts_with("prj_"));
        assert_eq!((&made["nodeVersion"], &made["framework"]), (&json!("22.x"), &Value::Null));
        assert_eq!(made["resourceConfig"]["functionDefaultRegions"], json!(["iad1"]));
        assert_eq!(made["serverlessFunctionRegion"], "iad1");
        assert_eq!(made["ssoProtection"]["deploymentType"], "all_except_custom_domains");
        for id in [&made["id"], &made["name"]] {
            assert_eq!(team.get(&format!("/v9/projects/{}", id.as_str().unwrap())).await.ok(200), made);
        }
        let own = team.without_team();
        assert_eq!(own.post("/v1/projects", named("site")).await.ok(200)["accountId"], own.user.as_str());
        assert_eq!(events(pintle, "project.created").await, 2);
    })
    .await;
}

#[tokio::test]
async fn settings_of_contract_and_newer_clients_are_kept() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let settings = json!({
            "framework": "nextjs", "buildCommand": "make", "rootDirectory": "web", "publicSource": true,
            "resourceConfig": { "functionDefaultTimeout": 60, "fluid": false, "enableFunctionsBeta": true },
            "ssoProtection": null, "oidcTokenConfig": { "enabled": false }, "previewDeploymentSuffix": "acme.dev",
            "sandbox": { "region": "iad1" }, "skipGitConnectDuringLink": true,
        });
        let made = team.post("/v11/projects", with(named("site"), settings.clone())).await.ok(200);
        for (key, value) in settings.as_object().unwrap().iter().filter(|(key, _)| *key != "resourceConfig") {
            assert_eq!(&made[key], value, "{key}");
        }
        let resources = json!({
            "functionDefaultRegions": ["iad1"], "functionDefaultTimeout": 60, "fluid": false, "enableFunctionsBeta": true,
        });
        assert_eq!(made["resourceConfig"], resources);
        assert_eq!(team.get("/v9/projects/site").await.ok(200), made);
        let region = with(named("far"), json!({ "serverlessFunctionRegion": "hnd1" }));
        let made = team.post("/v11/projects", region).await.ok(200);
        assert_eq!(made["resourceConfig"]["functionDefaultRegions"], json!(["hnd1"]));
        // What infrastructure clients send for "not set".
        let unset = json!({
            "environmentVariables": null, "buildCommand": "", "devCommand": null, "installCommand": "", "outputDirectory": "",
            "framework": null, "publicSource": null, "rootDirectory": null,
        });
        let made = team.post("/v8/projects", with(named("bare"), unset)).await.ok(200);
        for key in ["buildCommand", "devCommand", "installCommand", "outputDirectory", "framework", "rootDirectory"] {
            assert_eq!(made[key], Value::Null, "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repository_becomes_a_link() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let linked = |name: &str, kind: &str, repo: &str| {
            with(named(name), json!({ "gitRepository": { "type": kind, "repo": repo } }))
        };
        let link = |made: Value| made["link"].clone();
        let github = link(team.post("/v11/projects", linked("a", "github", "acme/site")).await.ok(200));
        assert_eq!((&github["org"], &github["repo"]), (&json!("acme"), &json!("site")));
        assert_eq!((&github["productionBranch"], &github["deployHooks"]), (&json!("main"), &json!([])));
        let gitlab = link(team.post("/v11/projects", linked("b", "gitlab", "acme/web/site")).await.ok(200));
        assert_eq!(
            (&gitlab["projectNamespace"], &gitlab["projectName"]),
            (&json!("acme/web"), &json!("site"))
        );
        assert_eq!(gitlab["projectUrl"], "https://gitlab.com/acme/web/site");
        assert!(gitlab["projectId"].as_str().unwrap().parse::<i64>().is_ok(), "{gitlab}");
        let bitbucket = link(team.post("/v11/projects", linked("c", "bitbucket", "acme/site")).await.ok(200));
        assert_eq!((&bitbucket["owner"], &bitbucket["slug"]), (&json!("acme"), &json!("site")));
        team.post("/v11/projects", linked("d", "github", "site")).await.fails(400, "bad_request");
        team.post("/v11/projects", linked("d", "svn", "acme/site")).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_within_the_owner() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        team.post("/v11/projects", named("site")).await.fails(409, "conflict");
        pintle.team("other").await.project("site").await;
        team.without_team().post("/v11/projects", named("site")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_the_contract_is_refused() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let site = |more: Value| with(named("site"), more);
        let long = "a".repeat(101);
        let cases = [
            (json!({}), "missing required property `name`."),
            (json!({ "name": 1 }), "`name` should be string."),
            (named(""), "`name` should NOT be shorter than 1 characters."),
            (named(&long), "`name` should NOT be longer than 100 characters."),
            (named("Site"), "`name` should match pattern \"^[a-z0-9._-]+$\"."),
            (named("a b"), "`name` should match pattern \"^[a-z0-9._-]+$\"."),
            (named("a---b"), "`name` should NOT contain \"---\"."),
            (site(json!({ "colour": "red" })), "should NOT have additional property `colour`."),
            (site(json!({ "buildCommand": 1 })), "`buildCommand` should be string."),
            (site(json!({ "gitLFS": "yes" })), "`gitLFS` should be boolean."),
            (site(json!({ "resourceConfig": { "size": 1 } })), "should NOT have additional property `size`."),
            (
                site(json!({ "resourceConfig": { "functionDefaultRegions": [] } })),
                "`resourceConfig.functionDefaultRegions` should NOT have fewer than 1 items.",
            ),
            (
                site(json!({ "resourceConfig": { "functionDefaultTimeout": 901 } })),
                "`resourceConfig.functionDefaultTimeout` should be <= 900.",
            ),
            (
                site(json!({ "gitRepository": { "repo": "a/b" } })),
                "missing required property `gitRepository.type`.",
            ),
            (
                site(json!({ "environmentVariables": [{ "key": "A", "target": "preview" }] })),
                "missing required property `environmentVariables[0].value`.",
            ),
            (
                site(json!({ "ssoProtection": { "deploymentType": "none" } })),
                "`ssoProtection.deploymentType` should be equal to one of the allowed values \"all, preview, \
                 prod_deployment_urls_and_all_previews, all_except_custom_domains\".",
            ),
        ];
        for (body, message) in cases {
            let answer = team.post("/v11/projects", body).await;
            answer.says(400, "bad_request", &format!("Invalid request: {message}"));
        }
        assert_eq!(team.get("/v10/projects").await.ok(200)["projects"], json!([]));
        for name in ["a", "0.a_b-c", "a--b", &long[1..]] {
            team.post("/v11/projects", named(name)).await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn variables_come_with_the_project_or_it_does_not_come() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let body = |variables: Value| with(named("site"), json!({ "environmentVariables": variables }));
        let good = json!({ "key": "A", "value": "a", "target": ["production", "preview"] });
        let single =
            json!({ "key": "B", "value": "b", "target": "preview", "type": "plain", "gitBranch": "main" });
        let bad = json!({ "key": "TZ", "value": "a", "target": "preview" });
        team.post("/v11/projects", body(json!([good, bad]))).await.fails(400, "RESERVED_ENV_VARIABLE");
        team.post("/v11/projects", body(json!([good, good]))).await.fails(400, "ENV_CONFLICT");
        team.get("/v9/projects/site").await.fails(404, "not_found");
        team.post("/v11/projects", body(json!([good, single]))).await.ok(200);
        let envs = team.get("/v10/projects/site/env?decrypt=true").await.ok(200)["envs"].clone();
        assert_eq!((&envs[0]["key"], &envs[0]["gitBranch"]), (&json!("B"), &json!("main")));
        assert_eq!((&envs[1]["type"], &envs[1]["value"]), (&json!("encrypted"), &json!("a")));
        assert_eq!(
            (events(pintle, "project.created").await, events(pintle, "project.env-variable.created").await),
            (1, 2)
        );
    })
    .await;
}

#[tokio::test]
async fn variables_of_a_new_project_need_the_right_to_them() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let body = |name: &str, target: &str| {
            with(
                named(name),
                json!({ "environmentVariables": [{ "key": "A", "value": "a", "target": target }] }),
            )
        };
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        developer.post("/v11/projects", body("a", "production")).await.fails(403, "forbidden");
        developer.post("/v11/projects", body("a", "preview")).await.ok(200);
        let viewer = pintle.member(&team, "vic", Role::Viewer).await;
        viewer.post("/v11/projects", named("b")).await.fails(403, "forbidden");
        let give =
            format!("UPDATE members SET permissions = 'CreateProject' WHERE user_id = '{}'", viewer.user);
        super::run(pintle, give).await;
        viewer.post("/v11/projects", body("b", "preview")).await.fails(403, "forbidden");
        viewer.post("/v11/projects", named("b")).await.ok(200);
        let app = team.install_with("app", &["read-write:project"], json!({})).await.caller;
        app.post("/v11/projects", body("c", "preview")).await.fails(403, "forbidden");
        app.post("/v11/projects", named("c")).await.ok(200);
        let both = team
            .install_with("both", &["read-write:project", "read-write:project-env-vars"], json!({}))
            .await;
        both.caller.post("/v11/projects", body("d", "production")).await.ok(200);
        let envs = team.get("/v10/projects/d/env").await.ok(200)["envs"].clone();
        assert_eq!(envs[0]["configurationId"], both.id);
    })
    .await;
}
