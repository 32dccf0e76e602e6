//! A native integration that can be installed as a connectable account too: headless, and by the consent page.

use pintle_testing::partner::{Act, Partner};
use pintle_testing::{Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const CALLBACK: &str = "https://example.com/callback";
const APPS: &str = "/pintle/v1/integrations";

async fn native(pintle: &Pintle, developer: &Caller, more: Value) -> Partner {
    let mut app = json!({
        "name": "Store", "kind": "marketplace", "eulaUrl": "https://partner.example/eula", "privacyUrl": "https://partner.example/privacy",
    });
    app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let app = developer.post(APPS, app).await.ok(201);
    let partner = pintle.partner().await;
    partner.serve(pintle, app["id"].as_str().unwrap()).await;
    partner
}

#[tokio::test]
async fn both_installations_of_one_integration_are_there_at_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = native(pintle, &team, json!({ "redirectUrl": CALLBACK })).await;
        let install = format!("{APPS}/store/install");
        let external = json!({ "installationType": "external" });
        let made = team.post(&install, external.clone()).await.ok(201);
        let configuration = &made["configuration"];
        assert_eq!((&configuration["installationType"], &configuration["source"]), (&json!("external"), &json!("external")));
        assert!(made["redirectUrl"].as_str().unwrap().starts_with(CALLBACK));
        let again = team.post(&install, external).await.fails(409, "integration_already_installed");
        assert_eq!(again["configurationId"], configuration["id"]);
        let accepted = json!({ "acceptedPolicies": { "eula": "2026-01-01T00:00:00Z", "privacy": "2026-01-01T00:00:00Z" } });
        let path = "/v2/integrations/integration/store/marketplace/install";
        let bought = team.post(path, accepted).await.ok(200);
        assert_ne!(bought["id"], configuration["id"]);
        let list = team.get("/v1/integrations/configurations?view=account").await.ok(200);
        assert_eq!(list.as_array().unwrap().len(), 2);
        let id = configuration["id"].as_str().unwrap();
        team.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        assert!(partner.asked_for("DELETE", id).is_empty(), "the partner has nothing of a connectable account");
        let left = team.get("/v1/integrations/configurations?view=account").await.ok(200);
        assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &bought["id"]));
    })
    .await;
}

#[tokio::test]
async fn what_an_integration_is_not_it_cannot_be_installed_as() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let _partner = native(pintle, &team, json!({})).await;
        team.post(APPS, json!({ "name": "Bridge" })).await.ok(201);
        let cases = [
            ("store", "external", 409, "not_connectable"),
            ("bridge", "marketplace", 409, "native_installation"),
            ("bridge", "native", 400, "bad_request"),
        ];
        for (slug, kind, status, code) in cases {
            let body = json!({ "installationType": kind });
            team.post(&format!("{APPS}/{slug}/install"), body).await.fails(status, code);
        }
    })
    .await;
}

#[tokio::test]
async fn a_person_accepts_the_terms_and_installs_natively() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let partner = native(pintle, &developer, json!({})).await;
        let team = pintle.team("acme").await;
        let browser = pintle.browser();
        assert_eq!(browser.sign_in("store", &team).await.status, 303);
        let team_id = team.team.clone().unwrap().to_string();
        let start = format!("/integrations/store/new?teamId={team_id}");
        let page = browser.get(&start).await;
        for text in
            ["Terms of Service", "https://partner.example/privacy", "name=\"policy\" value=\"eula\" required"]
        {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        let csrf = page.field("csrf");
        let form =
            [("csrf", csrf.as_str()), ("teamId", &team_id), ("selection", "all"), ("action", "install")];
        let refused = browser.post("/integrations/store/new", &form).await;
        assert_eq!((refused.status, refused.text.contains("privacy, eula")), (400, true), "{}", refused.text);
        assert!(partner.installations().is_empty());
        let accepted = [&form[..], &[("policy", "eula"), ("policy", "privacy")]].concat();
        let answer = browser.post("/integrations/store/new", &accepted).await;
        assert_eq!(
            (answer.status, answer.text.contains("Store is installed")),
            (200, true),
            "{}",
            answer.text
        );
        let asked = &partner.asked_for("PUT", &partner.installations()[0])[0];
        assert!(asked.body["acceptedPolicies"]["eula"].is_string(), "{}", asked.body);
        let again = browser.get(&start).await;
        assert!(
            again.text.contains("already installed") && !again.text.contains("Continue to"),
            "{}",
            again.text
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_leads_to_the_other_way_and_tells_what_is_pending() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = native(pintle, &team, json!({ "redirectUrl": CALLBACK })).await;
        let browser = pintle.browser();
        browser.sign_in("store", &team).await;
        let team_id = team.team.clone().unwrap().to_string();
        let connect = browser.get(&format!("/integrations/store/new?teamId={team_id}")).await;
        assert!(connect.text.contains("Then you go on to example.com") && !connect.text.contains("Terms of"));
        assert!(
            connect.text.contains(&format!("installationType=marketplace&amp;teamId={team_id}")),
            "{}",
            connect.text
        );
        let buy = format!("/integrations/store/new?installationType=marketplace&teamId={team_id}");
        let page = browser.get(&buy).await;
        assert!(page.text.contains("Terms of") && !page.text.contains("Then you go on"), "{}", page.text);
        partner.script(|_| Some(Act::Answer(503, json!({}))));
        let csrf = page.field("csrf");
        let form = [
            ("csrf", csrf.as_str()),
            ("teamId", &team_id),
            ("installationType", &page.field("installationType")),
            ("selection", "all"),
            ("policy", "eula"),
            ("policy", "privacy"),
            ("action", "install"),
        ];
        let answer = browser.post("/integrations/store/new", &form).await;
        assert!(answer.text.contains("Store is being installed"), "{}", answer.text);
        let wrong = browser.get("/integrations/store/new?installationType=native").await;
        assert_eq!(wrong.status, 400);
    })
    .await;
}
