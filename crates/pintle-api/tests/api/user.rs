//! Group `user`: who the caller is. Its events are in `events.rs`.

use pintle_core::users;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_user_sees_itself_whole() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let user = ada.get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!(user["id"], json!(ada.user));
        assert_eq!((&user["username"], &user["email"]), (&json!("ada"), &json!("ada@example.com")));
        for field in ["name", "avatar", "defaultTeamId", "softBlock", "billing"] {
            assert!(user.as_object().unwrap().contains_key(field) && user[field].is_null(), "{field}");
        }
        assert!(user["createdAt"].is_number());
        assert_eq!((&user["resourceConfig"], &user["hasTrialAvailable"]), (&json!({}), &json!(false)));
        assert_eq!((&user["stagingPrefix"], &user["limited"]), (&json!("ada"), &json!(false)));
        assert_eq!(
            user["version"],
            json!(null),
            "without a default team the personal account is what clients use"
        );
    })
    .await;
}

#[tokio::test]
async fn the_default_team_is_told_with_the_version_that_makes_clients_use_it() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        users::set_default_team(&pintle.core, &owner.user, owner.team.as_ref()).await.unwrap();
        let user = owner.without_team().get("/user").await.ok(200)["user"].clone();
        assert_eq!((&user["defaultTeamId"], &user["version"]), (&json!(owner.team), &json!("northstar")));
    })
    .await;
}

#[tokio::test]
async fn an_installation_sees_its_user_as_far_as_its_scopes_reach() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let whole = owner.install_with("whole", &["read:user"], json!({})).await;
        let user = whole.caller.get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!((&user["id"], &user["limited"]), (&json!(owner.user), &json!(false)));
        assert!(user["createdAt"].is_number());
        let limited = owner.install_with("limited", &["read:team"], json!({})).await;
        let user = limited.caller.get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!((&user["id"], &user["limited"]), (&json!(owner.user), &json!(true)));
        assert_eq!((&user["email"], &user["createdAt"]), (&json!("acme-owner@example.com"), &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn who_the_caller_is_does_not_depend_on_the_team_that_a_request_names() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let other = pintle.team("other").await.team.unwrap();
        let installed = owner.install("bridge").await;
        for caller in [&owner, &installed.caller] {
            for team in [other.as_str(), "team_doesnotexist", "nobody"] {
                let user = caller.without_team().get(&format!("/v2/user?teamId={team}")).await.ok(200);
                assert_eq!(user["user"]["id"], json!(owner.user), "{team}");
            }
        }
    })
    .await;
}
