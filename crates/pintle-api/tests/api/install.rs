//! From consent to an access token: the headless way, the code, its exchange.

use axum::body::Body;
use axum::http::Request;
use pintle_core::clock::MINUTE;
use pintle_core::permissions::Role;
use pintle_testing::{Answer, Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const CALLBACK: &str = "https://example.com/callback";

async fn register(developer: &Caller, slug: &str) -> Value {
    let app = json!({ "name": slug, "slug": slug, "redirectUrl": CALLBACK, "scopes": ["read:project"] });
    developer.post("/pintle/v1/integrations", app).await.ok(201)
}

async fn install(caller: &Caller, slug: &str, body: Value) -> Answer {
    caller.post(&format!("/pintle/v1/integrations/{slug}/install"), body).await
}

/// The body of an exchange of the answer to an installation.
fn exchange(app: &Value, made: &Value) -> Value {
    json!({
        "client_id": app["id"], "client_secret": app["clientSecret"], "code": made["code"], "redirect_uri": CALLBACK,
    })
}

fn with(mut body: Value, key: &str, value: impl Into<Value>) -> Value {
    body[key] = value.into();
    body
}

/// What an integration's server sends: no bearer token.
async fn post(pintle: &Pintle, content_type: &str, basic: Option<&str>, body: String) -> Answer {
    let mut request = Request::post("/v2/oauth/access_token")
        .header("host", "pintle.test")
        .header("content-type", content_type);
    if let Some(basic) = basic {
        request = request.header("authorization", format!("Basic {basic}"));
    }
    pintle.send(request.body(Body::from(body)).unwrap()).await
}

async fn post_json(pintle: &Pintle, body: Value) -> Answer {
    post(pintle, "application/json", None, body.to_string()).await
}

fn encode(fields: &Value) -> String {
    let pairs = fields.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn a_code_becomes_a_token_by_form_and_by_json() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let made = install(&team, "bridge", json!({ "state": "s 1" })).await.ok(201);
        let redirect = made["redirectUrl"].as_str().unwrap();
        assert!(
            redirect.starts_with(&format!("{CALLBACK}?code="))
                && redirect.ends_with("&source=external&state=s+1"),
            "{redirect}"
        );
        let id = made["configuration"]["id"].clone();
        assert_eq!(made["configuration"]["completedAt"], Value::Null);

        let answer =
            post(pintle, "application/x-www-form-urlencoded", None, encode(&exchange(&app, &made))).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let token = answer.ok(200);
        let keys: Vec<&String> = token.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["token_type", "access_token", "installation_id", "user_id", "team_id"]);
        let expected = json!(["Bearer", id, team.user, team.team]);
        assert_eq!(
            json!([token["token_type"], token["installation_id"], token["user_id"], token["team_id"]]),
            expected
        );
        let bearer = token["access_token"].as_str().unwrap();
        assert!(
            bearer.starts_with("vca_") && bearer.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "{bearer}"
        );

        let own = team.with_token(bearer.to_owned());
        let path = format!("/v1/integrations/configuration/{}", id.as_str().unwrap());
        own.get(&path).await.fails(403, "forbidden");
        own.get("/v10/projects").await.ok(200);
        let completed = team.get(&path).await.ok(200)["completedAt"].as_i64().unwrap();
        post_json(pintle, exchange(&app, &made)).await.fails(400, "invalid_grant");

        // A second code, of a second consent, is another token; the first stays good, and completion keeps its time.
        pintle.clock.advance(MINUTE);
        let again = install(&team, "bridge", json!({ "source": "deploy-button" })).await.ok(201);
        assert_eq!(again["configuration"]["id"], id);
        let second = post_json(pintle, exchange(&app, &again)).await.ok(200);
        assert_ne!(second["access_token"], token["access_token"]);
        own.get("/v10/projects").await.ok(200);
        assert_eq!(team.get(&path).await.ok(200)["completedAt"], completed);
    })
    .await;
}

#[tokio::test]
async fn a_personal_installation_has_no_team() {
    on_sqlite(async |pintle| {
        let user = pintle.user("ada").await;
        let app = register(&user, "bridge").await;
        let made = install(&user, "bridge", json!({})).await.ok(201);
        assert!(!made["redirectUrl"].as_str().unwrap().contains("teamId"));
        assert_eq!(made["configuration"]["teamId"], Value::Null);
        let token = post_json(pintle, exchange(&app, &made)).await.ok(200);
        assert_eq!(token.as_object().unwrap()["team_id"], Value::Null);
        user.with_token(token["access_token"].as_str().unwrap().to_owned())
            .get("/v10/projects")
            .await
            .ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_failed_exchange_does_not_spend_the_code() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let other = register(&team, "other").await;
        let made = install(&team, "bridge", json!({})).await.ok(201);
        let good = exchange(&app, &made);
        let cases = [
            (with(good.clone(), "client_secret", "wrong"), "invalid_client"),
            (with(good.clone(), "client_id", "oac_unknown"), "invalid_client"),
            (with(good.clone(), "client_id", "bridge"), "invalid_client"),
            (with(good.clone(), "code", "unknown"), "invalid_grant"),
            (with(good.clone(), "redirect_uri", "https://example.com/other"), "invalid_grant"),
            (with(good.clone(), "redirect_uri", ""), "invalid_grant"),
            (with(good.clone(), "grant_type", "client_credentials"), "unsupported_grant_type"),
            (exchange(&other, &made), "invalid_grant"),
        ];
        for (body, code) in cases {
            post_json(pintle, body.clone()).await.fails(400, code);
        }
        for missing in ["client_id", "client_secret", "code"] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(missing);
            let message = format!("Invalid request: missing required property `{missing}`.");
            post_json(pintle, body).await.says(400, "bad_request", &message);
        }
        post(pintle, "application/json", None, "{".into()).await.fails(400, "bad_request");
        post(pintle, "application/json", None, "[]".into()).await.fails(400, "bad_request");
        assert_eq!(made["configuration"]["completedAt"], Value::Null);
        post_json(pintle, with(good, "grant_type", "authorization_code")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn client_credentials_also_come_by_http_basic() {
    use base64::Engine;
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let made = install(&team, "bridge", json!({})).await.ok(201);
        let body = encode(&json!({ "code": made["code"], "redirect_uri": CALLBACK }));
        let basic = |secret: &str| {
            base64::prelude::BASE64_STANDARD.encode(format!("{}:{secret}", app["id"].as_str().unwrap()))
        };
        let form = "application/x-www-form-urlencoded";
        post(pintle, form, Some(&basic("wrong")), body.clone()).await.fails(400, "invalid_client");
        post(pintle, form, Some(&basic(app["clientSecret"].as_str().unwrap())), body).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_code_lives_thirty_minutes() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let made = install(&team, "bridge", json!({})).await.ok(201);
        let late = install(&team, "bridge", json!({ "source": "deploy-button" })).await.ok(201);
        pintle.clock.advance(29 * MINUTE);
        post_json(pintle, exchange(&app, &made)).await.ok(200);
        pintle.clock.advance(MINUTE);
        post_json(pintle, exchange(&app, &late)).await.fails(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn of_two_exchanges_at_once_one_wins() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        for _ in 0..10 {
            let made = install(&team, "bridge", json!({ "source": "deploy-button" })).await.ok(201);
            let body = exchange(&app, &made);
            let (one, two, three) = tokio::join!(
                post_json(pintle, body.clone()),
                post_json(pintle, body.clone()),
                post_json(pintle, body)
            );
            let mut statuses = [one.status, two.status, three.status];
            statuses.sort();
            assert_eq!(statuses, [200, 400, 400], "{} {} {}", one.text, two.text, three.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_ends_with_its_installation_and_waits_while_that_is_disabled() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let made = install(&team, "bridge", json!({})).await.ok(201);
        let id = made["configuration"]["id"].as_str().unwrap();
        let of = |what: &str| format!("/pintle/v1/integrations/configurations/{id}/{what}");
        team.post(&of("disable"), json!({})).await.ok(200);
        post_json(pintle, exchange(&app, &made)).await.fails(403, "integration_configuration_disabled");
        install(&team, "bridge", json!({ "source": "deploy-button" }))
            .await
            .fails(403, "integration_configuration_disabled");
        team.post(&of("take-over"), json!({})).await.ok(200);
        post_json(pintle, exchange(&app, &made)).await.ok(200);

        let late = install(&team, "bridge", json!({ "source": "deploy-button" })).await.ok(201);
        team.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        post_json(pintle, exchange(&app, &late)).await.fails(400, "invalid_grant");
        let anew = install(&team, "bridge", json!({})).await.ok(201);
        assert_ne!(anew["configuration"]["id"], id, "an id is never used again");
    })
    .await;
}

#[tokio::test]
async fn an_old_secret_exchanges_nothing_and_old_tokens_stay_good() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let app = register(&team, "bridge").await;
        let made = install(&team, "bridge", json!({})).await.ok(201);
        let token = post_json(pintle, exchange(&app, &made)).await.ok(200);
        let late = install(&team, "bridge", json!({ "source": "deploy-button" })).await.ok(201);
        let rotated = team.post("/pintle/v1/integrations/bridge/rotate-secret", json!({})).await.ok(200);
        assert_ne!(rotated["clientSecret"], app["clientSecret"]);
        post_json(pintle, exchange(&app, &late)).await.fails(400, "invalid_client");
        post_json(pintle, exchange(&rotated, &late)).await.ok(200);
        let own = team.with_token(token["access_token"].as_str().unwrap().to_owned());
        own.get("/v10/projects").await.ok(200);
        assert_eq!(pintle.audited("integration-configuration-credential-rotated").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_headless_way_checks_every_field() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let other = pintle.team("other").await;
        let app = register(&team, "bridge").await;
        let (own, foreign) = (team.project("own").await, other.project("foreign").await);
        let refused = [
            (json!({ "projects": [] }), 400),
            (json!({ "projects": "all" }), 400),
            (json!({ "projects": [foreign] }), 404),
            (json!({ "projects": ["prj_unknown"] }), 404),
            (json!({ "source": "teapot" }), 400),
            (json!({ "scopes": ["read:user"] }), 400),
            (json!({ "state": "x".repeat(2_049) }), 400),
            (json!({ "externalId": "x".repeat(257) }), 400),
            (json!({ "currentProjectId": foreign }), 404),
        ];
        for (body, status) in refused {
            let code = if status == 400 { "bad_request" } else { "not_found" };
            install(&team, "bridge", body).await.fails(status, code);
        }
        install(&team, "unknown", json!({})).await.says(404, "not_found", "Integration not found");
        assert_eq!(team.get("/v1/integrations/configurations?view=account").await.ok(200), json!([]));

        let body = json!({
            "projects": [own, own], "source": "deploy-button", "currentProjectId": own, "externalId": "e", "state": "no",
        });
        let made = install(&team, app["id"].as_str().unwrap(), body).await.ok(201);
        assert_eq!(made["configuration"]["projects"], json!([own]));
        let redirect = made["redirectUrl"].as_str().unwrap();
        assert!(redirect.contains(&format!("currentProjectId={own}&external-id=e")) && !redirect.contains("state="), "{redirect}");
        let again = install(&team, "bridge", json!({})).await.fails(409, "integration_already_installed");
        assert_eq!(again["configurationId"], made["configuration"]["id"]);
    })
    .await;
}

#[tokio::test]
async fn of_two_consents_at_once_one_installs() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for round in 1..=10 {
            let slug = format!("app-{round}");
            register(&team, &slug).await;
            let (one, two, three) = tokio::join!(
                install(&team, &slug, json!({})),
                install(&team, &slug, json!({})),
                install(&team, &slug, json!({}))
            );
            let mut statuses = [one.status, two.status, three.status];
            statuses.sort();
            assert_eq!(statuses, [201, 409, 409], "{} {} {}", one.text, two.text, three.text);
            assert_eq!(pintle.audited("integration-installation-completed").await, round);
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_install() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        for (index, role) in Role::ALL.into_iter().enumerate() {
            let slug = format!("app-{index}");
            register(&team, &slug).await;
            let member = pintle.member(&team, &format!("member-{index}"), role).await;
            if matches!(role, Role::Owner | Role::Member) {
                install(&member, &slug, json!({})).await.ok(201);
                continue;
            }
            install(&member, &slug, json!({})).await.fails(403, "forbidden");
            pintle.extend(&member, "CreateProject").await;
            install(&member, &slug, json!({})).await.fails(403, "forbidden");
            pintle.extend(&member, "CreateProject IntegrationManager").await;
            let made = install(&member, &slug, json!({})).await.ok(201);
            assert_eq!(made["configuration"]["userId"], json!(member.user));
        }
        let installed = team.install("whole").await;
        install(&installed.caller, "app-0", json!({})).await.fails(403, "forbidden");
        let elsewhere = pintle.user("mallory").await.naming_team_of(&team);
        install(&elsewhere, "app-0", json!({})).await.fails(403, "team_unauthorized");
    })
    .await;
}
