use super::{events, named, with};
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

const SITE: &str = "/v9/projects/site";

#[tokio::test]
async fn what_is_absent_stays_and_null_clears() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let settings = json!({
            "buildCommand": "make", "framework": "vite", "nodeVersion": "20.x", "directoryListing": true,
            "gitComments": { "onCommit": true, "onPullRequest": false }, "trustedSources": { "projects": {} },
            "trustedIps": {
                "deploymentType": "all", "addresses": [{ "value": "10.0.0.0/8", "note": "us" }], "protectionMode": "additional",
            },
            "optionsAllowlist": { "paths": [{ "value": "/api" }] }, "skewProtectionMaxAge": 3600,
            "protectedSourcemaps": true,
        });
        let changed = team.patch(SITE, settings.clone()).await.ok(200);
        for (key, value) in settings.as_object().unwrap() {
            assert_eq!(&changed[key], value, "{key}");
        }
        let network = json!({ "envId": "preview", "connectConfigurationId": "c", "passive": true, "buildsEnabled": true });
        team.patch(SITE, json!({ "connectConfigurations": [network] })).await.ok(200);
        let ips = team.patch(SITE, json!({ "staticIps": { "enabled": true } })).await.ok(200)["staticIps"].clone();
        assert_eq!(ips, json!({ "builds": false, "enabled": true, "regions": [] }));
        let changed = team.get(SITE).await.ok(200);
        let after = team.patch(SITE, json!({ "gitLFS": true })).await.ok(200);
        let expected = with(changed, json!({ "gitLFS": true, "updatedAt": after["updatedAt"] }));
        assert_eq!(after, expected);
        let nulls = json!({
            "buildCommand": null, "framework": null, "gitComments": null, "trustedIps": null, "optionsAllowlist": null,
            "trustedSources": null, "ssoProtection": null, "oidcTokenConfig": null,
        });
        let cleared = team.patch(SITE, nulls.clone()).await.ok(200);
        for key in nulls.as_object().unwrap().keys() {
            assert_eq!(cleared[key], Value::Null, "{key}");
        }
        assert_eq!((&cleared["nodeVersion"], &cleared["gitLFS"]), (&json!("20.x"), &json!(true)));
        assert_eq!(team.get(SITE).await.ok(200), cleared);
    })
    .await;
}

#[tokio::test]
async fn resources_merge_key_by_key() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let change = async |body: Value| {
            let changed = team.patch(SITE, body).await.ok(200);
            (changed["resourceConfig"].clone(), changed["serverlessFunctionRegion"].clone())
        };
        let regions = json!({ "resourceConfig": { "functionDefaultRegions": ["hnd1", "fra1"], "functionDefaultTimeout": 30 } });
        let (resources, region) = change(regions).await;
        assert_eq!((&resources["functionDefaultTimeout"], &resources["fluid"]), (&json!(30), &json!(true)));
        assert_eq!(region, "hnd1");
        let (resources, _) = change(json!({ "resourceConfig": { "functionDefaultTimeout": 40 } })).await;
        assert_eq!(resources["functionDefaultRegions"], json!(["hnd1", "fra1"]));
        let (resources, region) = change(json!({ "serverlessFunctionRegion": "sfo1" })).await;
        assert_eq!((&resources["functionDefaultRegions"], region), (&json!(["sfo1"]), json!("sfo1")));

        let machine = |kind: Value| json!({ "resourceConfig": { "buildMachineType": kind, "buildMachineSelection": "fixed" } });
        let (resources, _) = change(machine(json!("turbo"))).await;
        assert_eq!((&resources["buildMachineType"], resources.get("buildMachineSelection")), (&json!("turbo"), None));
        let (resources, _) = change(machine(json!("elastic"))).await;
        assert_eq!(resources["buildMachineSelection"], "elastic");
        assert!(["enhanced", "turbo"].contains(&resources["buildMachineType"].as_str().unwrap()), "{resources}");
        let (resources, _) = change(machine(Value::Null)).await;
        assert_eq!((resources.get("buildMachineType"), resources.get("buildMachineSelection")), (None, None));
        team.patch(SITE, machine(json!(""))).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn a_password_never_comes_back() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let body = json!({ "passwordProtection": { "deploymentType": "preview", "password": "needle" } });
        let shown = json!({ "deploymentType": "preview" });
        assert_eq!(team.patch(SITE, body).await.ok(200)["passwordProtection"], shown);
        assert_eq!(team.get(SITE).await.ok(200)["passwordProtection"], shown);
        assert!(!team.get("/v10/projects").await.text.contains("needle"));
        let sealed = async || pintle.core.db.rows("projects").await.unwrap();
        let before = sealed().await;
        assert!(!before[0].contains("needle"));
        // Another password is a change, though the document stays the same.
        let body = json!({ "passwordProtection": { "deploymentType": "preview", "password": "other" } });
        team.patch(SITE, body).await.ok(200);
        assert_ne!(sealed().await, before);
        assert_eq!(events(pintle, "project-password-protection").await, 2);
        assert_eq!(
            team.patch(SITE, json!({ "passwordProtection": null })).await.ok(200)["passwordProtection"],
            Value::Null
        );
        let sql = "SELECT COUNT(*) FROM projects WHERE password IS NOT NULL";
        let (left,): (i64,) = pintle.core.db.read().await.unwrap().one(sql, &[]).await.unwrap();
        assert_eq!(left, 0);
    })
    .await;
}

#[tokio::test]
async fn a_new_name_is_told_and_must_be_free() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let id = team.project("site").await;
        team.project("taken").await;
        team.patch(SITE, named("taken")).await.fails(409, "conflict");
        team.patch(SITE, named("Page")).await.fails(400, "bad_request");
        let renamed = team.patch(SITE, with(named("page"), json!({ "devCommand": "dev" }))).await.ok(200);
        assert_eq!((&renamed["id"], &renamed["name"]), (&json!(id), &json!("page")));
        team.get(SITE).await.fails(404, "not_found");
        team.patch("/v9/projects/page", named("page")).await.ok(200);
        assert_eq!(events(pintle, "project.renamed").await, 1);
        assert_eq!(events(pintle, "project-build-command-updated").await, 1);
        team.project("site").await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_the_contract_changes_nothing() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let before = team.get(SITE).await.ok(200);
        let cases = [
            (json!({ "colour": 1 }), "should NOT have additional property `colour`."),
            (json!({ "accountId": "team_a" }), "should NOT have additional property `accountId`."),
            (json!({ "environmentVariables": [] }), "should NOT have additional property `environmentVariables`."),
            (json!({ "staticIps": {} }), "missing required property `staticIps.enabled`."),
            (
                json!({ "passwordProtection": { "deploymentType": "all", "password": "a".repeat(73) } }),
                "`passwordProtection.password` should NOT be longer than 72 characters.",
            ),
            (json!({ "skewProtectionMaxAge": -1 }), "`skewProtectionMaxAge` should be >= 0."),
            (
                json!({ "optionsAllowlist": { "paths": [{ "value": "api" }] } }),
                "`optionsAllowlist.paths[0].value` should match pattern \"^/.*\".",
            ),
            (json!({ "autoExposeSystemEnvs": null }), "`autoExposeSystemEnvs` should be boolean."),
            (
                json!({ "nodeVersion": "8.10.x" }),
                "`nodeVersion` should be equal to one of the allowed values \"24.x, 22.x, 20.x, 18.x, 16.x, 14.x, 12.x, \
                 10.x\".",
            ),
        ];
        for (body, message) in cases {
            team.patch(SITE, body).await.says(400, "bad_request", &format!("Invalid request: {message}"));
        }
        assert_eq!(team.patch(SITE, json!({})).await.ok(200), before);
        assert_eq!(events(pintle, "project-").await, 1);
    })
    .await;
}
