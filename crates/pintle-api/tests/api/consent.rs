//! The consent page, as a browser without scripts goes through it.

use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Answer, Browser, Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};
use std::collections::HashMap;

const CALLBACK: &str = "https://example.com/callback?from=pintle";

async fn register(developer: &Caller, slug: &str, more: Value) -> Value {
    let mut app = json!({
        "name": "Bridge & Sons", "slug": slug, "redirectUrl": CALLBACK, "website": "https://bridge.example",
        "description": "Carries <things> across", "scopes": ["read-write:project-env-vars", "read:team"],
    });
    app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    developer.post("/pintle/v1/integrations", app).await.ok(201)
}

async fn signed_in<'a>(pintle: &'a Pintle, slug: &str, caller: &Caller) -> Browser<'a> {
    let browser = pintle.browser();
    assert_eq!(browser.sign_in(slug, caller).await.status, 303);
    browser
}

/// Where a 303 leads, and its parameters.
#[track_caller]
fn redirect(answer: &Answer) -> (String, HashMap<String, String>) {
    assert_eq!(answer.status, 303, "{} answered {}", answer.request, answer.text);
    let url = url::Url::parse(answer.header("location").unwrap()).unwrap();
    let query = url.query_pairs().into_owned().collect();
    (format!("{}{}", url.origin().ascii_serialization(), url.path()), query)
}

/// A page, and that it is one.
#[track_caller]
fn page(answer: Answer, status: u16) -> Answer {
    assert_eq!(answer.status, status, "{} answered {}", answer.request, answer.text);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "unsafe-none"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(!answer.text.contains("http-equiv") && !answer.text.contains("<img"), "nothing from elsewhere");
    answer
}

#[tokio::test]
async fn a_person_signs_in_installs_and_comes_back() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge", json!({})).await;
        let browser = pintle.browser();
        let start = "/integrations/bridge/new?state=a%26b%20%22c&source=external";
        let sign_in = page(browser.get(start).await, 200);
        assert!(sign_in.text.contains("type=\"password\"") && !sign_in.text.contains("project-env-vars"));

        let fields = [("token", team.token.as_str()), ("state", "a&b \"c"), ("source", "external")];
        let answer = browser.post("/integrations/bridge/sign-in", &fields).await;
        assert_eq!(answer.status, 303);
        let cookie = answer.header("set-cookie").unwrap().to_owned();
        for part in ["; Path=/integrations;", "; HttpOnly", "; SameSite=Lax", "Max-Age=43200"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains(&team.token) && !cookie.contains("Secure"), "{cookie}");
        let next = answer.header("location").unwrap().to_owned();
        assert!(next.starts_with("/integrations/bridge/new?"), "{next}");

        let teams_page = format!("{next}&teamId={}", team.team.clone().unwrap());
        let consent = page(browser.get(&teams_page).await, 200);
        assert!(consent.text.contains("Install Bridge &amp; Sons"), "{}", consent.text);
        assert!(consent.text.contains("Carries &lt;things&gt; across") && !consent.text.contains("<things>"));
        assert!(consent.text.contains("read-write:project-env-vars") && consent.text.contains("See the team"));
        assert_eq!(consent.field("state"), "a&amp;b &quot;c");

        let csrf = consent.field("csrf");
        let team_id = consent.field("teamId");
        let fields = [
            ("csrf", csrf.as_str()),
            ("teamId", team_id.as_str()),
            ("state", "a&b \"c"),
            ("source", "external"),
            ("selection", "all"),
            ("action", "install"),
        ];
        let (target, query) = redirect(&browser.post("/integrations/bridge/new", &fields).await);
        assert_eq!(target, "https://example.com/callback");
        assert_eq!(query["from"], "pintle");
        assert_eq!(query["state"], "a&b \"c");
        assert_eq!((query["source"].as_str(), query["teamId"].as_str()), ("external", team_id.as_str()));

        let id = &query["configurationId"];
        let path = format!("/v1/integrations/configuration/{id}");
        let before = team.get(&path).await.ok(200);
        assert_eq!((&before["completedAt"], &before["projectSelection"]), (&Value::Null, &json!("all")));
        assert_eq!(query["next"], format!("http://pintle.test/integrations/bridge/complete?configurationId={id}"));

        let back = query["next"].strip_prefix("http://pintle.test").unwrap();
        let complete = page(pintle.browser().get(back).await, 200);
        assert!(complete.text.contains("You can close this window"));
        assert!(team.get(&path).await.ok(200)["completedAt"].is_i64());

        let exchange = json!({
            "client_id": app["id"], "client_secret": app["clientSecret"], "code": query["code"], "redirect_uri": CALLBACK,
        });
        let token = team.without_team().post("/v2/oauth/access_token", exchange).await.ok(200);
        assert_eq!(token["installation_id"], json!(id));
    })
    .await;
}

#[tokio::test]
async fn chosen_projects_bound_the_installation() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        register(&team, "bridge", json!({})).await;
        let browser = signed_in(pintle, "bridge", &team).await;
        let path = format!(
            "/integrations/bridge/new?teamId=acme&source=deploy-button&currentProjectId={two}&external-id=e1"
        );
        let consent = page(browser.get(&path).await, 200);
        let ticked = format!("value=\"{two}\" checked");
        assert!(consent.text.contains(&ticked), "the current project is ticked");
        assert!(!consent.text.contains(&format!("value=\"{one}\" checked")));
        let (csrf, team_id) = (consent.field("csrf"), consent.field("teamId"));
        let mut fields = vec![
            ("csrf", csrf.as_str()),
            ("teamId", team_id.as_str()),
            ("source", "deploy-button"),
            ("currentProjectId", two.as_str()),
            ("external-id", "e1"),
            ("selection", "selected"),
            ("action", "install"),
        ];
        let none = page(browser.post("/integrations/bridge/new", &fields).await, 400);
        assert!(none.text.contains("Choose at least one project"));
        assert!(none.text.contains("value=\"selected\" checked"), "the choice is kept");
        fields.push(("project", &one));
        fields.push(("project", &two));
        let (_, query) = redirect(&browser.post("/integrations/bridge/new", &fields).await);
        assert_eq!((query["currentProjectId"].as_str(), query["external-id"].as_str()), (two.as_str(), "e1"));
        assert_eq!(query["source"], "deploy-button");
        assert!(!query.contains_key("state"));
        let path = format!("/v1/integrations/configuration/{}", query["configurationId"]);
        let configuration = team.get(&path).await.ok(200);
        let mut both = [one, two];
        both.sort();
        assert_eq!(configuration["projects"], json!(both));
        assert_eq!(
            (&configuration["projectSelection"], &configuration["source"]),
            (&json!("selected"), &json!("deploy-button"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_installation_that_exists_can_be_gone_on_with() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge", json!({ "configurationUrl": "https://bridge.example/settings" })).await;
        let made = team.post("/pintle/v1/integrations/bridge/install", json!({})).await.ok(201);
        let id = made["configuration"]["id"].as_str().unwrap();
        let browser = signed_in(pintle, "bridge", &team).await;
        let already = page(browser.get("/integrations/bridge/new?teamId=acme&state=s").await, 200);
        assert!(already.text.contains("already installed") && already.text.contains(id));
        assert!(already.text.contains(&format!("https://bridge.example/settings?configurationId={id}")));

        let (csrf, team_id) = (already.field("csrf"), already.field("teamId"));
        let mut fields = vec![("csrf", csrf.as_str()), ("teamId", team_id.as_str()), ("action", "install"), ("state", "s")];
        let again = page(browser.post("/integrations/bridge/new", &fields).await, 200);
        assert!(again.text.contains("already installed"), "a second press of the button says so");
        fields[2] = ("action", "continue");
        let (_, query) = redirect(&browser.post("/integrations/bridge/new", &fields).await);
        assert_eq!((query["configurationId"].as_str(), query["state"].as_str()), (id, "s"));
        let exchange = json!({
            "client_id": app["id"], "client_secret": app["clientSecret"], "code": query["code"], "redirect_uri": CALLBACK,
        });
        team.post("/v2/oauth/access_token", exchange).await.ok(200);

        team.post(&format!("/pintle/v1/integrations/configurations/{id}/disable"), json!({})).await.ok(200);
        let disabled = page(browser.get("/integrations/bridge/new?teamId=acme").await, 200);
        assert!(disabled.text.contains("disabled") && !disabled.text.contains("value=\"continue\""));
        page(browser.post("/integrations/bridge/new", &fields).await, 403);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_install_is_told_why() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        register(&team, "bridge", json!({})).await;
        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        let browser = signed_in(pintle, "bridge", &viewer).await;
        let own = page(browser.get("/integrations/bridge/new").await, 200);
        assert!(
            own.text.contains("you are viewer") && own.text.contains("disabled"),
            "the team cannot be picked"
        );
        let refused = page(browser.get("/integrations/bridge/new?teamId=acme").await, 403);
        assert!(
            refused.text.contains("<strong>viewer</strong>") && refused.text.contains("IntegrationManager")
        );
        let (csrf, id) = (own.field("csrf"), team.team.clone().unwrap().to_string());
        let fields = [("csrf", csrf.as_str()), ("teamId", id.as_str()), ("action", "install")];
        page(browser.post("/integrations/bridge/new", &fields).await, 403);
        assert_eq!(team.get("/v1/integrations/configurations?view=account").await.ok(200), json!([]));

        pintle.extend(&viewer, "IntegrationManager").await;
        redirect(&browser.post("/integrations/bridge/new", &fields).await);
        let stranger = signed_in(pintle, "bridge", &pintle.user("mallory").await).await;
        let foreign = page(stranger.get("/integrations/bridge/new?teamId=acme").await, 403);
        assert!(foreign.text.contains("not a member of this team"));
        let unknown = page(stranger.get("/integrations/bridge/new?teamId=nowhere").await, 403);
        assert_eq!(
            foreign.text, unknown.text,
            "a team that is not one's own looks like one that does not exist"
        );
    })
    .await;
}

#[tokio::test]
async fn a_contributor_offers_only_the_projects_it_can_see() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let hidden = team.project("hidden").await;
        register(&team, "bridge", json!({})).await;
        let member = pintle.member(&team, "cleo", Role::Contributor).await;
        pintle.extend(&member, "IntegrationManager").await;
        let browser = signed_in(pintle, "bridge", &member).await;
        let consent = page(browser.get("/integrations/bridge/new?teamId=acme").await, 200);
        assert!(!consent.text.contains(&hidden));
        let (csrf, id) = (consent.field("csrf"), consent.field("teamId"));
        let fields = [
            ("csrf", csrf.as_str()),
            ("teamId", id.as_str()),
            ("action", "install"),
            ("selection", "selected"),
            ("project", hidden.as_str()),
        ];
        page(browser.post("/integrations/bridge/new", &fields).await, 404);
    })
    .await;
}

#[tokio::test]
async fn every_form_must_come_from_the_sessions_own_page() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        register(&team, "bridge", json!({})).await;
        let browser = signed_in(pintle, "bridge", &team).await;
        let csrf = browser.get("/integrations/bridge/new").await.field("csrf");
        let other = signed_in(pintle, "bridge", &team).await;
        let stolen = other.get("/integrations/bridge/new").await.field("csrf");
        assert_ne!(csrf, stolen, "each session has its own");
        let id = team.team.clone().unwrap().to_string();
        let fields = |csrf: &'static str| [("csrf", csrf), ("teamId", ""), ("action", "install")];
        page(browser.post("/integrations/bridge/new", &fields("")).await, 403);
        page(browser.post("/integrations/bridge/new", &fields("wrong")).await, 403);
        let fields = [("csrf", stolen.as_str()), ("teamId", id.as_str()), ("action", "install")];
        page(browser.post("/integrations/bridge/new", &fields).await, 403);
        let fields = [("csrf", csrf.as_str()), ("teamId", id.as_str()), ("action", "install")];
        for header in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.test"),
        ] {
            let answer = browser.send(Method::POST, "/integrations/bridge/new", &fields, &[header]).await;
            page(answer, 403);
        }
        let sign_in = [("token", team.token.as_str())];
        let cross = [("sec-fetch-site", "cross-site")];
        let answer =
            pintle.browser().send(Method::POST, "/integrations/bridge/sign-in", &sign_in, &cross).await;
        assert!(page(answer, 403).header("set-cookie").is_none(), "nobody is signed in by another site");
        page(browser.post("/integrations/bridge/sign-out", &[("csrf", "wrong")]).await, 403);
        page(pintle.browser().post("/integrations/bridge/new", &fields).await, 403);
        assert_eq!(team.get("/v1/integrations/configurations?view=account").await.ok(200), json!([]));
        redirect(&browser.post("/integrations/bridge/new", &fields).await);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_by_time_by_signing_out_and_with_its_token() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        register(&team, "bridge", json!({})).await;
        let asks = |answer: &Answer| answer.text.contains("type=\"password\"");
        let path = "/integrations/bridge/new?state=kept";
        let browser = signed_in(pintle, "bridge", &team).await;
        let csrf = browser.get(path).await.field("csrf");
        let answer = browser
            .post("/integrations/bridge/sign-out", &[("csrf", csrf.as_str()), ("state", "kept")])
            .await;
        assert_eq!(answer.header("location"), Some("/integrations/bridge/new?state=kept"));
        assert!(asks(&page(browser.get(path).await, 200)));

        let browser = signed_in(pintle, "bridge", &team).await;
        pintle.clock.advance(12 * pintle_core::clock::HOUR + 1);
        assert!(asks(&page(browser.get(path).await, 200)), "twelve hours");

        let installed = team.install("other").await;
        let refused = page(pintle.browser().sign_in("bridge", &installed.caller).await, 403);
        assert!(
            refused.text.contains("integration&#39;s token") || refused.text.contains("integration's token")
        );
        let refused = page(pintle.browser().sign_in("bridge", &team.with_token("nonsense")).await, 403);
        assert!(refused.text.contains("unknown, expired or revoked"));
        let forged = pintle.browser();
        let cookie = [("cookie", "pintle_consent=AQIDBAUGBwgJCgsMDQ4PEBESExQ")];
        assert!(asks(&page(forged.send(Method::GET, path, &[], &cookie).await, 200)));
    })
    .await;
}

#[tokio::test]
async fn errors_are_pages_with_words() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        register(&team, "bridge", json!({})).await;
        let browser = signed_in(pintle, "bridge", &team).await;
        let unknown = page(browser.get("/integrations/%3Cscript%3Ealert(1)/new").await, 404);
        assert!(
            unknown.text.contains("There is no integration `&lt;script&gt;alert(1)`"),
            "{}",
            unknown.text
        );
        page(browser.get("/integrations/nothing/complete?configurationId=icfg_1").await, 404);
        page(browser.get("/integrations/bridge/complete?configurationId=icfg_1").await, 404);
        page(browser.get("/integrations/bridge/complete").await, 404);
        let source = page(browser.get("/integrations/bridge/new?source=teapot").await, 400);
        assert!(source.text.contains("`source` cannot be `teapot`"));
        let csrf = browser.get("/integrations/bridge/new").await.field("csrf");
        let cancel = [("csrf", csrf.as_str()), ("action", "cancel")];
        let cancelled = page(browser.post("/integrations/bridge/new", &cancel).await, 200);
        assert!(cancelled.text.contains("Nothing was changed"));
        let long = "x".repeat(3_000);
        let fields = [("csrf", csrf.as_str()), ("action", "install"), ("state", long.as_str())];
        page(browser.post("/integrations/bridge/new", &fields).await, 400);
    })
    .await;
}

#[tokio::test]
async fn an_integration_that_has_nowhere_to_go_on_to_is_installed_at_once() {
    on_sqlite(async |pintle| {
        let user = pintle.user("ada").await;
        let hook = json!({ "name": "<b>Silent</b>", "redirectUrl": null, "configurationUrl": "https://s.example/?a=1" });
        register(&user, "silent", hook).await;
        let browser = signed_in(pintle, "silent", &user).await;
        let consent = page(browser.get("/integrations/silent/new").await, 200);
        assert!(consent.text.contains("&lt;b&gt;Silent&lt;/b&gt;") && !consent.text.contains("<b>"));
        let csrf = consent.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("action", "install"), ("selection", "all")];
        let done = page(browser.post("/integrations/silent/new", &fields).await, 200);
        assert!(done.text.contains("is installed") && done.text.contains("https://s.example/?a=1&amp;configurationId=icfg_"));
        let list = user.get("/v1/integrations/configurations?view=account").await.ok(200);
        assert!(list[0]["completedAt"].is_i64());
        assert_eq!(list[0]["teamId"], Value::Null);
    })
    .await;
}
