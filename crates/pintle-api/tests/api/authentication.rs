//! From a token to the owner on whose behalf a request acts. The webhooks of each owner tell which one it was.

use axum::body::Body;
use axum::http::Request;
use pintle_api::Options;
use pintle_core::permissions::Role;
use pintle_core::users;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

/// Marks the owner that a caller acts for.
async fn mark(caller: &Caller, name: &str) {
    let url = format!("https://{name}.example.com");
    caller.post("/v1/webhooks", json!({ "url": url, "events": ["project.created"] })).await.ok(200);
}

/// The mark of the owner that this request acts for.
async fn acts_for(caller: &Caller, query: &str) -> String {
    let hooks = caller.get(&format!("/v1/webhooks{query}")).await.ok(200);
    hooks[0]["url"]
        .as_str()
        .unwrap_or("https://nobody.")
        .replace("https://", "")
        .split('.')
        .next()
        .unwrap()
        .to_owned()
}

async fn team_token(owner: &Caller) -> Caller {
    let made = owner.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
    owner.with_token(made["bearerToken"].as_str().unwrap()).without_team()
}

async fn with_header(pintle: &Pintle, header: Option<&[u8]>) -> Value {
    let mut request = Request::get("/v1/webhooks");
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    pintle.send(request.body(Body::empty()).unwrap()).await.fails(403, "forbidden")
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_told_so() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let basic = format!("Basic {}", ada.token);
        let headers: [Option<&[u8]>; 7] = [
            None,
            Some(b""),
            Some(b"Bearer"),
            Some(b"Bearer "),
            Some(b"Bearer \xff\xfe"),
            Some(ada.token.as_bytes()),
            Some(basic.as_bytes()),
        ];
        for header in headers {
            let error = with_header(pintle, header).await;
            assert_eq!(error["missingToken"], true, "{header:?}");
            assert_eq!(error["message"], "The request is missing an authentication token");
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_not_known_is_told_so() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let id = ada.get("/v5/user/tokens/current").await.ok(200)["token"]["id"].as_str().unwrap().to_owned();
        let longer = format!("{}x", ada.token);
        for token in ["vcp_nothing", "null", "x", longer.as_str(), id.as_str()] {
            let error = with_header(pintle, Some(format!("Bearer {token}").as_bytes())).await;
            assert_eq!(
                error,
                json!({ "code": "forbidden", "message": "Not authorized", "invalidToken": true }),
                "{token}"
            );
        }
        let small = Request::get("/v2/user").header("authorization", format!("bearer  {}", ada.token));
        pintle.send(small.body(Body::empty()).unwrap()).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_team_is_named_by_id_or_slug_and_else_it_is_the_personal_account() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bare = owner.without_team();
        mark(&owner, "acme").await;
        mark(&bare, "personal").await;
        let id = owner.team.clone().unwrap();
        assert_eq!(acts_for(&bare, "").await, "personal");
        assert_eq!(acts_for(&bare, "?teamId=").await, "personal", "an empty name is none");
        assert_eq!(acts_for(&bare, &format!("?teamId={id}")).await, "acme");
        assert_eq!(acts_for(&bare, "?slug=acme").await, "acme");
        assert_eq!(acts_for(&bare, "?teamId=acme").await, "acme");
        assert_eq!(acts_for(&bare, &format!("?teamId={id}&slug=nobody")).await, "acme", "the id counts");
        assert_eq!(acts_for(&bare, &format!("?teamId={}", owner.user)).await, "personal");
        assert_eq!(acts_for(&bare, &format!("?slug={}", "acme-owner")).await, "personal");
    })
    .await;
}

#[tokio::test]
async fn a_team_that_does_not_exist_looks_like_one_that_is_not_the_callers() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let other = pintle.team("other").await;
        let token = team_token(&owner).await;
        let installed = owner.install("bridge").await.caller.without_team();
        let foreign = [other.team.clone().unwrap().to_string(), other.user.to_string()];
        let names = ["team_doesnotexist", "nobody", "other", "other-owner", &foreign[0], &foreign[1]];
        for caller in [&owner.without_team(), &token, &installed] {
            for name in names {
                for query in [format!("teamId={name}"), format!("slug={name}")] {
                    let answer = caller.get(&format!("/v1/webhooks?{query}")).await;
                    answer.says(403, "team_unauthorized", "You are not authorized");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_default_team_is_what_a_nameless_request_acts_for_until_it_ends() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bare = owner.without_team();
        mark(&owner, "acme").await;
        mark(&bare, "personal").await;
        users::set_default_team(&pintle.core, &owner.user, owner.team.as_ref()).await.unwrap();
        assert_eq!(acts_for(&bare, "").await, "acme");
        assert_eq!(acts_for(&bare, &format!("?teamId={}", owner.user)).await, "personal");
        owner.patch("/v2/teams/acme", json!({ "slug": "renamed" })).await.ok(200);
        assert_eq!(acts_for(&bare, "").await, "acme");
        owner.delete("/v1/teams/renamed").await.ok(200);
        assert_eq!(acts_for(&bare, "").await, "personal");
        assert_eq!(bare.get("/v2/user").await.ok(200)["user"]["defaultTeamId"], json!(null));
    })
    .await;
}

#[tokio::test]
async fn only_a_members_team_can_be_its_default() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let ada = pintle.user("ada").await;
        let error = users::set_default_team(&pintle.core, &ada.user, owner.team.as_ref()).await.unwrap_err();
        assert_eq!(error.message, "Team not found");
        mark(&ada, "personal").await;
        assert_eq!(acts_for(&ada, "").await, "personal");
        let member = pintle.member(&owner, "bob", Role::Member).await;
        users::set_default_team(&pintle.core, &member.user, owner.team.as_ref()).await.unwrap();
        users::set_default_team(&pintle.core, &member.user, None).await.unwrap();
        assert_eq!(acts_for(&member.without_team(), "").await, "nobody");
    })
    .await;
}

#[tokio::test]
async fn a_team_token_acts_for_its_team_only() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        mark(&owner, "acme").await;
        pintle.clock.advance(1);
        let second = owner.post("/v1/teams", json!({ "slug": "second" })).await.ok(200);
        let token = team_token(&owner).await;
        users::set_default_team(&pintle.core, &owner.user, None).await.unwrap();
        assert_eq!(acts_for(&token, "").await, "acme");
        assert_eq!(acts_for(&token, "?slug=acme").await, "acme");
        let second = second["id"].as_str().unwrap();
        for query in [format!("teamId={second}"), "slug=second".into(), format!("teamId={}", owner.user)] {
            token.get(&format!("/v1/webhooks?{query}")).await.fails(403, "team_unauthorized");
        }
        token.get("/v2/teams/second").await.fails(404, "not_found");
        let teams = token.get("/v2/teams").await.ok(200)["teams"].clone();
        assert_eq!((&teams[0]["slug"], &teams[0]["limited"]), (&json!("second"), &json!(true)));
        assert_eq!(teams[0]["limitedBy"], json!(["scope"]));
        assert!(teams[0].get("creatorId").is_none() && teams[0].get("inviteCode").is_none());
        assert_eq!((&teams[1]["slug"], &teams[1]["limited"]), (&json!("acme"), &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn a_role_that_does_not_suffice_is_not_a_missing_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let viewer = pintle.member(&owner, "bob", Role::Viewer).await;
        viewer.get("/v1/webhooks").await.says(403, "forbidden", "Not authorized");
        viewer.patch("/v2/teams/acme", json!({ "name": "Mine" })).await.says(
            403,
            "forbidden",
            "Not authorized",
        );
    })
    .await;
}

#[tokio::test]
async fn an_installation_acts_for_where_it_is_installed() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let installed = owner.install("bridge").await.caller;
        mark(&installed, "bridge").await;
        for caller in [&installed, &installed.without_team()] {
            assert_eq!(acts_for(caller, "").await, "bridge");
        }
        assert_eq!(acts_for(&installed.without_team(), "?slug=acme").await, "bridge");
        users::set_default_team(&pintle.core, &owner.user, owner.team.as_ref()).await.unwrap();
        let personal = owner.for_team(owner.user.as_str()).install("home").await.caller.without_team();
        mark(&personal, "home").await;
        assert_eq!(acts_for(&personal, "").await, "home", "its user's default team is not its own");
        personal.get("/v1/webhooks?slug=acme").await.fails(403, "team_unauthorized");
    })
    .await;
}

#[tokio::test]
async fn a_disabled_installation_is_told_so_and_works_again_when_taken_over() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let installed = owner.install("bridge").await;
        let path = format!("/pintle/v1/integrations/configurations/{}", installed.id);
        owner.post(&format!("{path}/disable"), json!({})).await.ok(200);
        for path in ["/v1/webhooks", "/v2/user", "/v2/teams/acme"] {
            installed.caller.get(path).await.fails(403, "integration_configuration_disabled");
        }
        let other = pintle.team("other").await.team.unwrap();
        installed.caller.for_team(other.as_str()).get("/v1/webhooks").await.fails(403, "team_unauthorized");
        owner.post(&format!("{path}/take-over"), json!({})).await.ok(200);
        installed.caller.get("/v1/webhooks").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_strict_server_wants_an_installation_to_name_its_team() {
    on_each_engine(async |pintle| {
        let strict = pintle.beside(Options::default(), true).await;
        let owner = pintle.team("acme").await.at(&strict);
        let installed = owner.install("bridge").await.caller;
        let personal = owner.for_team(owner.user.as_str()).install("home").await.caller;
        installed.without_team().get("/v1/webhooks").await.fails(403, "forbidden");
        installed.without_team().get("/v2/user").await.ok(200);
        installed.get("/v1/webhooks").await.ok(200);
        personal.without_team().get("/v1/webhooks").await.ok(200);
        team_token(&owner).await.get("/v1/webhooks").await.ok(200);
        installed.without_team().at(pintle).get("/v1/webhooks").await.ok(200);
    })
    .await;
}
