//! To a partner's import page and back: the browser's way.

use pintle_core::clock::HOUR;
use pintle_core::permissions::Role;
use pintle_testing::{Answer, Browser, Caller, Installed, Pintle, on_each_engine};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A team with a native installation whose partner has an import page.
async fn world(pintle: &Pintle) -> (Caller, Installed) {
    let team = pintle.team("acme").await;
    let installed = team.install_native("kv").await;
    pintle.product(&installed, "db").await;
    let page = json!({ "importResourceUrl": "https://partner.example/import?from=pintle" });
    team.patch("/pintle/v1/integrations/kv", page).await.ok(200);
    (team, installed)
}

fn parameters(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{} answered {}", answer.request, answer.text);
    answer.header("location").unwrap().to_owned()
}

/// Where the partner is asked to import from, without a browser.
async fn begin(by: &Caller, installed: &Installed, body: Value) -> Answer {
    by.post(&format!("/pintle/v1/integrations/configurations/{}/imports", installed.id), body).await
}

async fn back(browser: &Browser<'_>, installed: &str, resource: &str, state: &str) -> Answer {
    let query = format!("installation_id={installed}&resource_id={resource}&state={state}");
    browser.get(&format!("/integrations/kv/imported?{query}")).await
}

#[tokio::test]
async fn a_browser_goes_to_the_import_page_and_comes_back() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let browser = pintle.browser();
        // The consent page of what is installed leads there.
        let asks = browser.get("/integrations/kv/new").await;
        let fields = [("token", team.token.as_str())];
        browser.post("/integrations/kv/sign-in", &fields).await;
        assert_eq!(asks.status, 200);
        let asked = format!(
            "/integrations/kv/new?installationType=marketplace&teamId={}",
            team.team.clone().unwrap()
        );
        let shown = browser.get(&asked).await;
        let page = format!("/integrations/kv/import/{}", installed.id);
        assert!(shown.text.contains(&format!("href=\"{page}\"")), "{}", shown.text);

        let arrives = leads_to(&browser.get(&page).await);
        assert!(
            arrives.starts_with("https://partner.example/import?from=pintle&installation_id=icfg_"),
            "{arrives}"
        );
        let arrived = parameters(&arrives);
        assert_eq!(arrived["installation_id"], installed.id);
        assert!(
            arrived["return"].ends_with("/integrations/kv/imported") && !arrived.contains_key("product_id")
        );

        // Back before anything was imported: the state is still good.
        let state = &arrived["state"];
        assert_eq!(back(&browser, &installed.id, "res-1", state).await.status, 404);
        installed.import("res-1", json!([])).await;
        assert_eq!(back(&browser, "icfg_other", "res-1", state).await.status, 400);
        let done = back(&browser, &installed.id, "res-1", state).await;
        assert!(done.status == 200 && done.text.contains("res-1 was imported"), "{}", done.text);
        assert_eq!(back(&browser, &installed.id, "res-1", state).await.status, 400, "it is good once");
        assert_eq!(browser.get("/integrations/kv/imported?state=x").await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let page = format!("/integrations/kv/import/{}?product_id=db", installed.id);
        let browser = pintle.browser();
        let asks = browser.get(&page).await;
        assert!(asks.status == 200 && asks.text.contains("Sign in to go on to kv"), "{}", asks.text);
        let fields = [("jump", asks.field("jump").replace("&amp;", "&")), ("token", team.token.clone())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(leads_to(&browser.post("/integrations/kv/sign-in", &fields).await), page);
        assert_eq!(parameters(&leads_to(&browser.get(&page).await))["product_id"], "db");
        // Another team's person learns nothing of it; one who may not change it is told so.
        for (caller, status) in
            [(pintle.team("other").await, 404), (pintle.member(&team, "vera", Role::Viewer).await, 403)]
        {
            let browser = pintle.browser();
            browser.post("/integrations/kv/sign-in", &[("token", caller.token.as_str())]).await;
            assert_eq!(browser.get(&page).await.status, status);
        }
    })
    .await;
}

#[tokio::test]
async fn an_import_without_a_browser_is_the_same() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let conn = pintle.core.db.read().await.unwrap();
        let (product,): (String,) = conn.one("SELECT id FROM products", &[]).await.unwrap();
        drop(conn);
        for named in [product.as_str(), "db"] {
            let url = begin(&team, &installed, json!({ "productId": named })).await.ok(201)["url"].clone();
            assert_eq!(parameters(url.as_str().unwrap())["product_id"], "db", "as its partner names it");
        }
        begin(&team, &installed, json!({ "productId": "none" })).await.fails(404, "not_found");
        let other = pintle.team("other").await;
        begin(&other, &installed, json!({})).await.fails(404, "not_found");

        installed.import("res-1", json!([])).await;
        let url = begin(&team, &installed, json!({})).await.ok(201)["url"].as_str().unwrap().to_owned();
        let state = parameters(&url).remove("state").unwrap();
        pintle.clock.advance(12 * HOUR + 1);
        let browser = pintle.browser();
        assert_eq!(
            back(&browser, &installed.id, "res-1", &state).await.status,
            400,
            "twelve hours have passed"
        );
        // It goes with the installation, as everything does.
        begin(&team, &installed, json!({})).await.ok(201);
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        let (left,): (i64,) = pintle
            .core
            .db
            .read()
            .await
            .unwrap()
            .one("SELECT COUNT(*) FROM resource_imports", &[])
            .await
            .unwrap();
        assert_eq!(left, 0);
        begin(&team, &installed, json!({})).await.fails(404, "not_found");

        let bare = team.install_native("bare").await;
        begin(&team, &bare, json!({})).await.fails(400, "import_not_supported");
    })
    .await;
}
