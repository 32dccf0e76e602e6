use super::{environment, own, pulled, share, sharing};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_set_has_what_the_environment_has() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        let staging = environment(&team, json!({ "slug": "staging" })).await;
        own(&team, "A", "1", json!({ "target": ["production", "preview"] })).await;
        own(&team, "A", "2", json!({ "target": ["preview"], "gitBranch": "feature/x" })).await;
        own(&team, "B", "3", json!({ "customEnvironmentIds": [staging] })).await;
        own(&team, "HUSH", "4", json!({ "target": ["production"], "type": "sensitive" })).await;
        for key in ["VERCEL_ENV", "VERCEL_TARGET_ENV", "VERCEL_GIT_COMMIT_REF", "VERCEL_URL"] {
            let places =
                json!({ "type": "system", "target": ["preview"], "customEnvironmentIds": [staging] });
            own(&team, key, "", places).await;
        }
        share(&team, sharing("A", "5", &["development", "preview"], &[&site])).await;
        share(&team, sharing("C", "6", &["development", "production"], &[])).await;
        let mut unread = sharing("UNREAD", "7", &["production"], &[&site]);
        unread["type"] = json!("sensitive");
        share(&team, unread).await;

        assert_eq!(pulled(&team, "production").await, ["A=1", "HUSH="]);
        assert_eq!(pulled(&team, "development").await, ["A=5"]);
        assert_eq!(pulled(&team, "").await, ["A=5"], "`vercel dev` names no environment");
        let system = |env: &str, called: &str, branch: &str| {
            [
                format!("VERCEL_ENV={env}"),
                format!("VERCEL_GIT_COMMIT_REF={branch}"),
                format!("VERCEL_TARGET_ENV={called}"),
                "VERCEL_URL=".to_owned(),
            ]
        };
        let of = |first: &str, rest: [String; 4]| [vec![first.to_owned()], rest.to_vec()].concat();
        assert_eq!(pulled(&team, "preview").await, of("A=1", system("preview", "preview", "")));
        assert_eq!(pulled(&team, "preview/main").await, of("A=1", system("preview", "preview", "main")));
        let branch = pulled(&team, "preview/feature%2Fx?source=vercel-cli").await;
        assert_eq!(branch, of("A=2", system("preview", "preview", "feature/x")));
        for named in ["staging", &staging] {
            assert_eq!(pulled(&team, named).await, of("B=3", system("preview", "staging", "")));
        }
        team.get("/v3/env/pull/site/nowhere").await.fails(404, "not_found");
        team.get("/v3/env/pull/none/preview").await.fails(404, "not_found");
        team.get(&format!("/v3/env/pull/{site}/preview")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_seen_is_left_out_and_nothing_stands_for_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        let app = team.install("bridge").await;
        own(&team, "A", "1", json!({ "target": ["production", "preview"] })).await;
        own(&team, "B", "2", json!({ "target": ["preview"] })).await;
        own(&app.caller, "C", "3", json!({ "target": ["preview"] })).await;
        share(&team, sharing("A", "4", &["preview"], &[&site])).await;
        share(&team, sharing("D", "5", &["preview"], &[&site])).await;
        share(&team, sharing("E", "6", &["production", "preview"], &[&site])).await;
        let all = ["A=1", "B=2", "C=3", "D=5", "E=6"];
        assert_eq!(pulled(&team, "preview").await, all);
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        assert_eq!(pulled(&developer, "preview").await, ["B=2", "C=3", "D=5"]);
        developer.get("/v3/env/pull/site/production").await.fails(403, "forbidden");
        assert_eq!(pulled(&app.caller, "preview").await, ["C=3"], "its own and no others");
        let scopes = ["read-write:global-project-env-vars"];
        let global = team.install_with("global", &scopes, json!({})).await.caller;
        assert_eq!(pulled(&global, "preview").await, all);
    })
    .await;
}
