//! From Pintle to a partner, signed in there: the browser's way, and the exchange of the code.

use axum::http::Method;
use pintle_core::clock::MINUTE;
use pintle_core::permissions::Role;
use pintle_store::params;
use pintle_testing::{Answer, Browser, Caller, Installed, Partner, Pintle, on_each_engine};
use serde_json::{Value, json};
use std::collections::HashMap;

struct World {
    team: Caller,
    installed: Installed,
    partner: Partner,
}

impl World {
    async fn new(pintle: &Pintle) -> Self {
        let team = pintle.team("acme").await;
        let installed = team.install_native("kv").await;
        let partner = pintle.partner().await;
        partner.serve(pintle, &installed.integration).await;
        Self { team, installed, partner }
    }

    /// Where the browser of a caller is sent to.
    async fn jump(&self, caller: &Caller, body: Value) -> Answer {
        caller.post(&format!("/pintle/v1/integrations/configurations/{}/sso", self.installed.id), body).await
    }

    /// The same, as its parameters.
    async fn arrives(&self, body: Value) -> HashMap<String, String> {
        let url = self.jump(&self.team, body).await.ok(201)["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("{}/login?from=pintle&mode=sso&code=", self.partner.url)), "{url}");
        parameters(&url)
    }

    /// What the partner's server sends, with some of it changed.
    fn form(&self, arrived: &HashMap<String, String>, change: Value) -> Value {
        let mut form = json!({
            "code": arrived["code"], "state": arrived["state"], "client_id": self.installed.integration,
            "client_secret": self.installed.client_secret,
        });
        form.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        form
    }

    async fn exchange(&self, form: Value) -> Answer {
        let nobody = self.team.with_token("").without_team();
        nobody.post("/v1/integrations/sso/token", form).await
    }
}

fn parameters(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{} answered {}", answer.request, answer.text);
    answer.header("location").unwrap().to_owned()
}

async fn sign_in(browser: &Browser<'_>, page: &Answer, caller: &Caller) -> String {
    let fields = [("jump", page.field("jump").replace("&amp;", "&")), ("token", caller.token.clone())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    leads_to(&browser.post("/integrations/kv/sign-in", &fields).await)
}

#[tokio::test]
async fn a_browser_goes_on_to_the_partner_by_way_of_a_sign_in() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let browser = pintle.browser();
        let entry = format!(
            "/sso/integrations/kv/{}?teamId=team_x&path=billing&invoice_id=mi_1&support=true",
            world.installed.id
        );
        let page = leads_to(&browser.get(&entry).await);
        let asks = browser.get(&page).await;
        assert_eq!(asks.status, 200);
        assert!(asks.text.contains("Sign in to go on to kv"), "{}", asks.text);
        let policy = asks.header("content-security-policy").unwrap();
        assert!(!policy.contains("form-action"), "the redirects after the form lead elsewhere: {policy}");
        assert_eq!(sign_in(&browser, &asks, &world.team).await, page);
        let arrived = parameters(&leads_to(&browser.get(&page).await));
        assert_eq!(arrived["mode"], "sso");
        assert_eq!((arrived["path"].as_str(), arrived["invoice_id"].as_str()), ("billing", "mi_1"));
        assert_eq!(arrived["support"], "true");
        assert!(!arrived.contains_key("teamId") && arrived["from"] == "pintle", "{arrived:?}");
        // Signed in, the entry leads straight there; each time with another code.
        let again = parameters(&leads_to(&browser.get(&leads_to(&browser.get(&entry).await)).await));
        assert_ne!(again["code"], arrived["code"]);
        assert_eq!(browser.get(&page.replace("billing", "elsewhere")).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn the_code_becomes_a_token_that_says_who_came() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let arrived = world.arrives(json!({})).await;
        let answer = world.exchange(world.form(&arrived, json!({}))).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = answer.ok(200);
        assert_eq!((&answer["access_token"], &answer["token_type"]), (&Value::Null, &Value::Null));
        assert_eq!(answer["expires_in"], 600);
        let claims = world.partner.trusts(answer["id_token"].as_str().unwrap()).await;
        assert_eq!(
            (&claims["user_id"], &claims["user_role"]),
            (&json!(world.team.user.as_str()), &json!("ADMIN"))
        );
        assert_eq!(claims["aud"], world.installed.integration.as_str());
        assert_eq!(claims["installation_id"], world.installed.id.as_str());

        let viewer = pintle.member(&world.team, "vera", Role::Viewer).await;
        let url = world.jump(&viewer, json!({})).await.ok(201)["url"].as_str().unwrap().to_owned();
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            world.form(&parameters(&url), json!({ "grant_type": "authorization_code" })).as_object().unwrap()
        {
            form.append_pair(name, value.as_str().unwrap());
        }
        let request = axum::http::Request::post("/v1/integrations/sso/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.finish().into());
        let answer = pintle.send(request.unwrap()).await.ok(200);
        let claims = world.partner.trusts(answer["id_token"].as_str().unwrap()).await;
        assert_eq!(
            (&claims["user_id"], &claims["user_role"]),
            (&json!(viewer.user.as_str()), &json!("USER"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes_and_a_failed_exchange_does_not_spend_it() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let other = world.team.install_native("other").await;
        let arrived = world.arrives(json!({})).await;
        for (change, code) in [
            (json!({ "client_secret": "wrong" }), "invalid_client"),
            (json!({ "client_id": "kv" }), "invalid_client"),
            (
                json!({ "client_id": other.integration, "client_secret": other.client_secret }),
                "invalid_grant",
            ),
            (json!({ "state": "another" }), "invalid_grant"),
            (json!({ "redirect_uri": "https://example.com/callback" }), "invalid_grant"),
            (json!({ "grant_type": "password" }), "unsupported_grant_type"),
            (json!({ "code": "unknown" }), "invalid_grant"),
        ] {
            world.exchange(world.form(&arrived, change)).await.fails(400, code);
        }
        let uri = json!({ "redirect_uri": format!("{}/login?from=pintle", world.partner.url) });
        world.exchange(world.form(&arrived, uri)).await.ok(200);
        world.exchange(world.form(&arrived, json!({}))).await.fails(400, "invalid_grant");

        let late = world.arrives(json!({})).await;
        pintle.clock.advance(5 * MINUTE);
        world.exchange(world.form(&late, json!({}))).await.fails(400, "invalid_grant");

        let gone = world.arrives(json!({})).await;
        let sql = "DELETE FROM configurations WHERE id = $1";
        let id = world.installed.id.clone();
        pintle.core.db.write(async move |tx| tx.execute(sql, &params![&id]).await.map(drop)).await.unwrap();
        world.exchange(world.form(&gone, json!({}))).await.fails(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn only_the_teams_own_people_go_there() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let page = format!("/integrations/kv/sso/{}", world.installed.id);
        let stranger = pintle.team("strangers").await;
        let browser = pintle.browser();
        let asks = browser.get(&page).await;
        sign_in(&browser, &asks, &stranger).await;
        assert_eq!(browser.get(&page).await.status, 404);
        assert_eq!(browser.get("/integrations/kv/sso/icfg_nothing").await.status, 404);
        assert_eq!(browser.get(&page.replace("/kv/", "/nothing/")).await.status, 404);
        world.jump(&stranger, json!({})).await.fails(404, "not_found");
        let other = world.team.install("bridge").await;
        world.jump(&other.caller, json!({})).await.fails(403, "forbidden");
        let path = format!("/pintle/v1/integrations/configurations/{}/sso", other.id);
        world.team.post(&path, json!({})).await.fails(400, "bad_request");
        world.jump(&world.team, json!({ "path": "elsewhere" })).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_leads_to_pages_of_pintle_only() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let browser = pintle.browser();
        for jump in ["https://evil.example/", "//evil.example/integrations/", "/\\evil.example"] {
            let fields = [("jump", jump), ("token", world.team.token.as_str())];
            let answer = browser
                .send(Method::POST, "/integrations/kv/sign-in", &fields, &[("sec-fetch-site", "same-origin")])
                .await;
            assert_eq!(leads_to(&answer), "/integrations/kv/new", "{jump}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_partner_hears_its_own_names_of_things() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let product = pintle.product(&world.installed, "db").await;
        world.installed.import("res-1", json!([])).await;
        let stores = world.team.get("/v1/storage/stores").await.ok(200);
        let store = stores["stores"][0].clone();
        assert_eq!(store["externalResourceId"], "res-1");
        let arrived =
            world.arrives(json!({ "resource_id": store["id"], "product_id": store["product"]["id"] })).await;
        assert_eq!((arrived["resource_id"].as_str(), arrived["product_id"].as_str()), ("res-1", "db"));
        let arrived = world
            .arrives(json!({ "resource_id": "res-1", "product_id": "db", "url": "https://p.example/x?y" }))
            .await;
        assert_eq!(
            (arrived["resource_id"].as_str(), arrived["url"].as_str()),
            ("res-1", "https://p.example/x?y")
        );
        drop(product);
    })
    .await;
}

#[tokio::test]
async fn a_link_of_the_partners_is_shown_as_one_that_leads_there() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let told =
            json!({ "level": "warn", "title": "Soon full", "href": "sso:https://p.example/usage?a=b" });
        pintle.product(&world.installed, "db").await;
        world.installed.import("res-1", json!([])).await;
        let path = format!("/v1/installations/{}/resources/res-1", world.installed.id);
        world.installed.caller.patch(&path, json!({ "notification": told })).await.ok(200);
        notify(pintle, &world.installed.id, told).await;
        let shown =
            world.team.get(&format!("/v1/integrations/configuration/{}", world.installed.id)).await.ok(200);
        let expected = format!(
            "http://pintle.test/sso/integrations/kv/{}?url=https%3A%2F%2Fp.example%2Fusage%3Fa%3Db",
            world.installed.id
        );
        assert_eq!(shown["notification"]["href"], expected.as_str());
        let stores = world.team.get("/v1/storage/stores").await.ok(200);
        let by_id = expected.replace("/kv/", &format!("/{}/", world.installed.integration));
        assert_eq!(stores["stores"][0]["notification"]["href"], by_id.as_str());
        let listed = world.team.get("/v2/integrations/configurations?view=account").await.ok(200);
        assert_eq!(listed[0]["notification"]["href"], expected.as_str());
        let browser = pintle.browser();
        browser.sign_in("kv", &world.team).await;
        for link in [&expected, &by_id] {
            let entry = link.strip_prefix("http://pintle.test").unwrap();
            let arrived = parameters(&leads_to(&browser.get(&leads_to(&browser.get(entry).await)).await));
            assert_eq!(arrived["url"], "https://p.example/usage?a=b");
        }
    })
    .await;
}

/// What a partner has its users read of an installation.
async fn notify(pintle: &Pintle, id: &str, notification: Value) {
    let id = id.to_owned();
    let change = pintle.core.db.write(async move |tx| {
        let (doc,): (String,) = tx.one("SELECT doc FROM configurations WHERE id = $1", &params![&id]).await?;
        let mut doc: Value = serde_json::from_str(&doc).unwrap();
        doc["notification"] = notification.clone();
        tx.execute("UPDATE configurations SET doc = $2 WHERE id = $1", &params![&id, doc.to_string()])
            .await
            .map(drop)
    });
    change.await.unwrap();
}
