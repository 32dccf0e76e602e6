//! Group `authentication`: a user's own tokens. What a token opens is in `authentication.rs`.

use pintle_core::clock::MINUTE;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

/// Makes a token; answers its metadata, and a caller with it that names no team.
async fn token(caller: &Caller, body: Value) -> (Value, Caller) {
    let made = caller.post("/v3/user/tokens", body).await.ok(200);
    let value = made["bearerToken"].as_str().unwrap();
    (made["token"].clone(), caller.with_token(value).without_team())
}

fn ids(list: &Value) -> Vec<Value> {
    list["tokens"].as_array().unwrap().iter().map(|token| token["id"].clone()).collect()
}

#[tokio::test]
async fn a_token_is_shown_once_and_works() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let made = ada.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
        let (token, value) = (&made["token"], made["bearerToken"].as_str().unwrap());
        assert_eq!(
            (&token["name"], &token["type"], &token["origin"]),
            (&json!("ci"), &json!("token"), &json!("manual"))
        );
        assert_eq!(token["prefix"], json!("vcp_"));
        assert!(value.starts_with("vcp_") && value.ends_with(token["suffix"].as_str().unwrap()));
        assert!(value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{value}");
        let id = token["id"].as_str().unwrap();
        assert!(id.len() == 64 && id.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
        assert_eq!(token["scopes"][0]["type"], "user");
        for absent in ["teamId", "expiresAt", "leakedAt"] {
            assert!(token.get(absent).is_none(), "{absent}");
        }
        let with = ada.with_token(value);
        assert_eq!(with.get("/v2/user").await.ok(200)["user"]["username"], "ada");
        let seen = with.get(&format!("/v5/user/tokens/{id}")).await;
        assert!(!seen.text.contains(value));
        assert_eq!(seen.ok(200)["token"], *token);
    })
    .await;
}

#[tokio::test]
async fn tokens_are_listed_newest_first_in_pages_under_every_version() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        pintle.user("bob").await;
        let mut made = vec![ada.get("/v5/user/tokens/current").await.ok(200)["token"]["id"].clone()];
        for name in ["one", "two", "three"] {
            pintle.clock.advance(10);
            made.insert(0, token(&ada, json!({ "name": name })).await.0["id"].clone());
        }
        for version in ["/v3", "/v5", "/v6", ""] {
            let all = ada.get(&format!("{version}/user/tokens")).await.ok(200);
            assert_eq!(ids(&all), made);
            assert_eq!(all["pagination"], json!({ "count": 4, "next": null, "prev": null }));
        }
        let first = ada.get("/v5/user/tokens?limit=3").await.ok(200);
        let next = first["pagination"]["next"].as_i64().unwrap();
        let second = ada.get(&format!("/v5/user/tokens?limit=3&until={next}")).await.ok(200);
        assert_eq!([ids(&first), ids(&second)].concat(), made);
        // The contract's clients have no way to ask for a second page.
        for n in 0..20 {
            token(&ada, json!({ "name": format!("more-{n}") })).await;
        }
        assert_eq!(ids(&ada.get("/v5/user/tokens").await.ok(200)).len(), 24);
    })
    .await;
}

#[tokio::test]
async fn when_a_token_was_used_is_told() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let (made, with) = token(&ada, json!({ "name": "ci" })).await;
        assert_eq!(made["activeAt"], made["createdAt"]);
        pintle.clock.advance(3 * MINUTE);
        with.get("/v2/user").await.ok(200);
        let used = ada.get(&format!("/v5/user/tokens/{}", made["id"].as_str().unwrap())).await.ok(200);
        let active = used["token"]["activeAt"].as_i64().unwrap();
        assert!(active >= made["createdAt"].as_i64().unwrap() + 3 * MINUTE, "{used}");
    })
    .await;
}

#[tokio::test]
async fn a_token_ends_when_it_said() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let at = pintle.clock.now() + MINUTE;
        let (made, with) = token(&ada, json!({ "name": "short", "expiresAt": at })).await;
        assert_eq!((&made["expiresAt"], &made["scopes"][0]["expiresAt"]), (&json!(at), &json!(at)));
        with.get("/v2/user").await.ok(200);
        let fraction = json!({ "name": "fraction", "expiresAt": at as f64 + 0.5 });
        assert_eq!(
            token(&ada, fraction).await.0["expiresAt"],
            json!(at),
            "the contract's numbers have fractions"
        );
        pintle.clock.advance(MINUTE);
        assert_eq!(with.get("/v2/user").await.fails(403, "forbidden")["invalidToken"], true);
        let past =
            ada.post("/v3/user/tokens", json!({ "name": "late", "expiresAt": pintle.clock.now() })).await;
        past.says(400, "bad_request", "Invalid request: `expiresAt` should be in the future.");
    })
    .await;
}

#[tokio::test]
async fn a_bad_body_makes_no_token() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let fails = async |body: Value, message: &str| {
            ada.post("/v3/user/tokens", body).await.says(400, "bad_request", message);
        };
        fails(json!({}), "Invalid request: missing required property `name`.").await;
        fails(json!({ "name": 1 }), "Invalid request: `name` should be string.").await;
        fails(json!({ "name": "" }), "Invalid request: `name` should NOT be shorter than 1 characters.")
            .await;
        fails(json!({ "name": "a", "expiresAt": "x" }), "Invalid request: `expiresAt` should be number.")
            .await;
        fails(json!({ "name": "a", "x": 1 }), "Invalid request: should NOT have additional property `x`.")
            .await;
        let project = json!({ "name": "a", "projectId": "prj_a" });
        fails(project, "Tokens of a single project are not supported by this server").await;
        assert_eq!(ids(&ada.get("/v5/user/tokens").await.ok(200)).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_token_is_unknown_at_once() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let (made, with) = token(&ada, json!({ "name": "ci" })).await;
        let path = format!("/v3/user/tokens/{}", made["id"].as_str().unwrap());
        assert_eq!(ada.delete(&path).await.ok(200), json!({ "tokenId": made["id"] }));
        ada.delete(&path).await.says(404, "not_found", "Token not found");
        ada.get(&path).await.fails(404, "not_found");
        assert_eq!(with.get("/v2/user").await.fails(403, "forbidden")["invalidToken"], true);

        let current = ada.get("/v5/user/tokens/current").await.ok(200)["token"]["id"].clone();
        assert_eq!(ada.delete("/v3/user/tokens/current").await.ok(200), json!({ "tokenId": current }));
        assert_eq!(ada.get("/v5/user/tokens/current").await.fails(403, "forbidden")["invalidToken"], true);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_or_deletes_anothers_token() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bob = pintle.user("bob").await;
        let installed = owner.install("bridge").await;
        let own = owner.get("/v5/user/tokens").await.ok(200);
        assert_eq!(ids(&own).len(), 1, "the installation's token is not the user's");
        let path = format!("/v5/user/tokens/{}", own["tokens"][0]["id"].as_str().unwrap());
        bob.get(&path).await.fails(404, "not_found");
        bob.delete(&path).await.fails(404, "not_found");
        for path in ["/v5/user/tokens", "/v5/user/tokens/current", &path] {
            installed.caller.get(path).await.fails(403, "forbidden");
        }
        installed.caller.post("/v3/user/tokens", json!({ "name": "mine" })).await.fails(403, "forbidden");
        installed.caller.delete("/v3/user/tokens/current").await.fails(403, "forbidden");
        owner.get(&path).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_team_token_is_made_by_naming_the_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let id = owner.team.clone().unwrap();
        let (made, with) = token(&owner, json!({ "name": "ci" })).await;
        assert_eq!(made["teamId"], json!(id));
        assert_eq!((&made["scopes"][0]["type"], &made["scopes"][0]["teamId"]), (&json!("team"), &json!(id)));
        let read =
            owner.without_team().get(&format!("/v5/user/tokens/{}", made["id"].as_str().unwrap())).await;
        assert_eq!(read.ok(200)["token"]["teamId"], json!(id));
        assert_eq!(
            with.get("/v1/webhooks").await.ok(200),
            json!([]),
            "it acts for its team without naming it"
        );

        let by_slug =
            owner.without_team().post("/v3/user/tokens?slug=acme", json!({ "name": "b" })).await.ok(200);
        assert_eq!(by_slug["token"]["teamId"], json!(id));
        let personal = owner.for_team(owner.user.as_str());
        let account = token(&personal, json!({ "name": "account" })).await.0;
        assert_eq!(account["scopes"][0]["type"], "user");
        let other = pintle.team("other").await.team.unwrap();
        owner
            .for_team(other.as_str())
            .post("/v3/user/tokens", json!({ "name": "x" }))
            .await
            .fails(403, "team_unauthorized");
    })
    .await;
}

#[tokio::test]
async fn a_default_team_does_not_narrow_a_new_token() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        pintle_core::users::set_default_team(&pintle.core, &owner.user, owner.team.as_ref()).await.unwrap();
        let (made, _) = token(&owner.without_team(), json!({ "name": "whole" })).await;
        assert_eq!(made["scopes"][0]["type"], "user");
    })
    .await;
}

#[tokio::test]
async fn a_team_token_cannot_widen_itself() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let (_, with) = token(&owner, json!({ "name": "ci" })).await;
        let (child, _) = token(&with, json!({ "name": "child" })).await;
        assert_eq!(child["teamId"], json!(owner.team), "what it makes is for its team too");
        assert_eq!(
            ids(&with.get("/v5/user/tokens").await.ok(200)).len(),
            2,
            "it knows its team's tokens only"
        );
        assert_eq!(ids(&owner.get("/v5/user/tokens").await.ok(200)).len(), 3);
        let whole = owner.get("/v5/user/tokens/current").await.ok(200)["token"]["id"].clone();
        let path = format!("/v5/user/tokens/{}", whole.as_str().unwrap());
        with.get(&path).await.fails(404, "not_found");
        with.delete(&path).await.fails(404, "not_found");
        with.for_team(owner.user.as_str()).get("/v5/user/tokens").await.fails(403, "team_unauthorized");
        with.post("/v1/teams", json!({ "slug": "mine" })).await.fails(403, "forbidden");
        let user = with.get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!((&user["limited"], &user["createdAt"]), (&json!(true), &json!(null)));
    })
    .await;
}
