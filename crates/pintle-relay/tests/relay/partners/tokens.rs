//! What a token says, verified by code that is not Pintle's: Node's.

use super::{World, owner};
use http::Method;
use pintle_core::clock::{DAY, MINUTE};
use pintle_core::marketplace::claims::{self, Audience, Speaker};
use pintle_core::marketplace::{Actor, keys};
use pintle_core::permissions::Role;
use pintle_testing::{Pintle, on_each_engine};
use serde_json::{Value, json};
use std::process::Command;

/// Header, claims, and whether the signature is good.
async fn read(pintle: &Pintle, token: &str) -> Value {
    let jwks: Value = pintle.browser().get("/.well-known/jwks").await.ok(200);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/partners/verify.mjs");
    let input = json!({ "token": token, "jwks": jwks }).to_string();
    let output = Command::new("node").args([script, &input]).output().expect("node");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_users_token_has_exactly_the_claims_of_the_reference() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        let asked = world.partner.asked().remove(0);
        assert_eq!(asked.header("x-vercel-auth"), "user");
        assert_eq!(asked.header("content-type"), "application/json");
        let read = read(pintle, asked.bearer()).await;
        assert_eq!((&read["good"], &read["bits"]), (&json!(true), &json!(2048)), "{read}");
        let claims = &read["claims"];
        let expected = [
            "account_id",
            "aud",
            "exp",
            "iat",
            "installation_id",
            "iss",
            "sub",
            "user_email",
            "user_id",
            "user_name",
            "user_role",
        ];
        assert_eq!(names(claims), expected);
        assert_eq!(claims["iss"], "http://pintle.test");
        assert_eq!(claims["aud"], world.installed.integration.as_str());
        assert_eq!(claims["account_id"], owner(&world.team).as_str());
        assert_eq!(claims["installation_id"], world.installed.id.as_str());
        assert_eq!(claims["user_id"], world.team.user.as_str());
        assert_eq!(claims["user_role"], "ADMIN");
        assert_eq!(claims["user_email"], "acme-owner@example.com");
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            claims::LIFETIME / 1_000
        );
        let sub: Vec<&str> = claims["sub"].as_str().unwrap().split(':').collect();
        let hex = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
        assert!(
            matches!(sub[..], ["account", account, "user", user] if hex(account) && hex(user)),
            "{sub:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_role_that_may_not_install_is_a_user_and_who_is_no_user_is_the_system() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        for (role, expected) in [
            (Role::Member, "ADMIN"),
            (Role::Billing, "USER"),
            (Role::Viewer, "USER"),
            (Role::Developer, "USER"),
        ] {
            let member =
                pintle.member(&world.team, &format!("m-{}", role.as_str().to_lowercase()), role).await;
            let actor = world.actor(&member).await;
            let (integration, installation) = (world.integration(), world.configuration());
            let audience = Audience { integration: &integration, installation: Some(&installation) };
            let token = claims::token(&pintle.core, &actor, Speaker::User, audience).await.unwrap();
            assert_eq!(read(pintle, &token).await["claims"]["user_role"], expected, "{role:?}");
        }
        let mut call = world.call(Method::PUT, &[], json!({})).await;
        call.actor = Actor::system(owner(&world.team), false);
        world.ask(call).await;
        let asked = world.partner.asked().remove(0);
        assert_eq!(asked.header("x-vercel-auth"), "system");
        let read = read(pintle, asked.bearer()).await;
        assert_eq!(
            names(&read["claims"]),
            ["account_id", "aud", "exp", "iat", "installation_id", "iss", "sub"]
        );
        assert!(!read["claims"]["sub"].as_str().unwrap().contains(":user:"), "{read}");
    })
    .await;
}

#[tokio::test]
async fn what_an_old_key_signed_is_good_for_as_long_as_it_lives() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        let before = world.partner.asked().remove(0).bearer().to_owned();
        let old = read(pintle, &before).await["header"]["kid"].clone();
        let new = keys::rotate(&pintle.core).await.unwrap();
        world.known().await;
        let after = world.partner.asked().pop().unwrap().bearer().to_owned();
        let signed = read(pintle, &after).await;
        assert_eq!((&signed["good"], &signed["header"]["kid"]), (&json!(true), &json!(new)));
        assert_eq!(read(pintle, &before).await["good"], true, "the old key is still in the JWKS");

        pintle.clock.advance(DAY - MINUTE);
        assert_eq!(read(pintle, &before).await["good"], true);
        pintle.clock.advance(2 * MINUTE);
        let jwks: Value = pintle.browser().get("/.well-known/jwks.json").await.ok(200);
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 1);
        assert_ne!(jwks["keys"][0]["kid"], old);
        assert_eq!(read(pintle, &after).await["good"], true);
    })
    .await;
}

#[tokio::test]
async fn the_discovery_document_leads_to_the_keys() {
    on_each_engine(async |pintle| {
        let document: Value = pintle.browser().get("/.well-known/openid-configuration").await.ok(200);
        assert_eq!(document["issuer"], "http://pintle.test");
        let path = document["jwks_uri"].as_str().unwrap().strip_prefix("http://pintle.test").unwrap();
        let jwks: Value = pintle.browser().get(path).await.ok(200);
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 1, "the first is made when it is first asked for");
        assert_eq!(names(&jwks["keys"][0]), ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(jwks, pintle.browser().get("/.well-known/jwks.json").await.ok(200), "and then it stays");
    })
    .await;
}
