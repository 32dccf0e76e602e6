use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const PATH: &str = "/v1/projects/site/protection-bypass";

async fn change(caller: &Caller, body: Value) -> Value {
    caller.patch(PATH, body).await.ok(200)["protectionBypass"].clone()
}

fn secrets(shown: &Value) -> Vec<String> {
    shown.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn secrets_come_change_and_go_and_the_project_shows_them_to_who_may_change_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let first = secrets(&change(&team, json!({})).await).remove(0);
        assert_eq!(first.len(), 32);
        let own = "a".repeat(32);
        let both = change(&team, json!({ "generate": { "secret": own, "note": "ci" } })).await;
        assert_eq!((both.as_object().unwrap().len(), &both[&own]["scope"]), (2, &json!("automation-bypass")));
        assert_eq!(
            (&both[&own]["note"], &both[&own]["isEnvVar"], &both[&first]["isEnvVar"]),
            (&json!("ci"), &json!(false), &json!(true))
        );
        team.patch(PATH, json!({ "generate": { "secret": own } })).await.fails(409, "conflict");
        let both = change(&team, json!({ "update": { "secret": own, "isEnvVar": true } })).await;
        assert_eq!((&both[&own]["isEnvVar"], &both[&first]["isEnvVar"]), (&json!(true), &json!(false)));
        assert_eq!(team.get("/v9/projects/site").await.ok(200)["protectionBypass"], both);
        assert_eq!(
            team.patch("/v9/projects/site", json!({ "gitLFS": true })).await.ok(200)["protectionBypass"],
            both
        );
        let viewer = pintle.member(&team, "viewer", Role::Viewer).await;
        assert_eq!(viewer.get("/v9/projects/site").await.ok(200).get("protectionBypass"), None);
        let left = change(&team, json!({ "revoke": { "secret": first, "regenerate": true } })).await;
        assert_eq!(left.as_object().unwrap().len(), 2);
        assert_eq!(left.get(&first), None);
        team.patch(PATH, json!({ "revoke": { "secret": first, "regenerate": false } }))
            .await
            .fails(404, "not_found");
        for table in pintle.core.db.tables().await.unwrap() {
            let rows = pintle.core.db.rows(&table).await.unwrap();
            assert!(!rows.iter().any(|row| row.contains(&own)), "{table} has the secret");
        }
        assert_eq!(pintle.audited("project-automation-bypass").await, 5);
    })
    .await;
}

/// The secret that deployments are told of. Where there are several or none, this fails.
fn told(shown: &Value) -> String {
    let all = shown.as_object().unwrap().iter();
    let mut told = all.filter(|(_, bypass)| bypass["isEnvVar"] == true).map(|(secret, _)| secret.clone());
    let first = told.next().expect("one that deployments are told of");
    assert_eq!(told.next(), None, "{shown}");
    first
}

#[tokio::test]
async fn deployments_are_told_of_one_whatever_comes_and_goes() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let app = team.install_with("bridge", &["read-write:project"], json!({})).await;
        let theirs = secrets(&change(&app.caller, json!({})).await).remove(0);
        let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(32));
        for secret in [&a, &b, &c] {
            pintle.clock.advance(1);
            let shown = change(&team, json!({ "generate": { "secret": secret } })).await;
            assert_eq!(told(&shown), a, "the team's first, though an installation's is older");
        }
        // What an installation does leaves it as it is.
        for body in [json!({}), json!({ "update": { "secret": theirs, "isEnvVar": false, "note": "x" } })] {
            app.caller.patch(PATH, body).await.ok(200);
        }
        for caller in [&app.caller, &team] {
            let body = json!({ "update": { "secret": theirs, "isEnvVar": true } });
            caller.patch(PATH, body).await.fails(400, "bad_request");
        }
        assert_eq!(told(&change(&team, json!({ "update": { "secret": c, "isEnvVar": true } })).await), c);
        let shown = change(&team, json!({ "revoke": { "secret": c, "regenerate": true } })).await;
        let new = told(&shown);
        assert!(![&a, &b, &theirs].contains(&&new), "in the place of the one that went");
        assert_eq!(
            told(&change(&team, json!({ "revoke": { "secret": new, "regenerate": false } })).await),
            a
        );
        assert_eq!(told(&change(&team, json!({ "update": { "secret": a, "isEnvVar": false } })).await), b);
        assert_eq!(told(&change(&team, json!({ "revoke": { "secret": b, "regenerate": false } })).await), a);
        let body = json!({ "update": { "secret": a, "isEnvVar": false } });
        team.patch(PATH, body).await.fails(400, "bad_request");
        let none = change(&team, json!({ "revoke": { "secret": a, "regenerate": false } })).await;
        assert!(none.as_object().unwrap().values().all(|bypass| bypass["isEnvVar"] == false), "{none}");
        assert_eq!(told(&change(&team, json!({ "generate": { "secret": a } })).await), a);
        team.delete(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(204);
        assert_eq!(told(&team.get("/v9/projects/site").await.ok(200)["protectionBypass"]), a);
    })
    .await;
}

#[tokio::test]
async fn what_an_installation_made_is_its_own_and_goes_with_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let own = secrets(&change(&team, json!({})).await).remove(0);
        let app = team.install_with("bridge", &["read-write:project"], json!({})).await;
        let made = change(&app.caller, json!({})).await;
        let secret = secrets(&made).remove(0);
        assert_eq!(
            (&made[&secret]["scope"], &made[&secret]["configurationId"]),
            (&json!("integration-automation-bypass"), &json!(app.id))
        );
        app.caller
            .patch(PATH, json!({ "revoke": { "secret": own, "regenerate": false } }))
            .await
            .fails(404, "not_found");
        assert_eq!(
            team.get("/v9/projects/site").await.ok(200)["protectionBypass"].as_object().unwrap().len(),
            2
        );
        let plan =
            team.get(&format!("/pintle/v1/integrations/configurations/{}/removal", app.id)).await.ok(200);
        assert_eq!(plan["removes"]["protectionBypasses"][0]["projectId"], project);
        team.delete(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(204);
        let left = team.get("/v9/projects/site").await.ok(200)["protectionBypass"].clone();
        assert_eq!(secrets(&left), [own]);
        let receipt = team.get(&format!("/pintle/v1/removals/{}", app.id)).await.ok(200);
        assert_eq!(receipt["removed"]["protectionBypasses"], plan["removes"]["protectionBypasses"]);
        assert!(!receipt.to_string().contains(&secret));
    })
    .await;
}

#[tokio::test]
async fn other_forms_are_refused() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        for body in [
            json!({ "generate": { "secret": "short" } }),
            json!({ "generate": { "secret": "-".repeat(32) } }),
            json!({ "generate": { "note": "n".repeat(101) } }),
            json!({ "revoke": { "secret": "a" } }),
            json!({ "make": {} }),
        ] {
            team.patch(PATH, body).await.fails(400, "bad_request");
        }
        for _ in 0..50 {
            change(&team, json!({})).await;
        }
        team.patch(PATH, json!({})).await.fails(400, "bad_request");
    })
    .await;
}
