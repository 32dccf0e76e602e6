//! patchTeam.

use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_team_is_changed_field_by_field() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let before = owner.get("/v2/teams/acme").await.ok(200);
        pintle.clock.advance(5);
        let body = json!({
            "name": "Acme", "description": "We build.", "avatar": "1f40fc92da241694750979ee6cf582f2d5d7d28e",
            "emailDomain": "acme.example", "previewDeploymentSuffix": "preview.acme.example",
            "enablePreviewFeedback": "on", "enableProductionFeedback": "off",
            "sensitiveEnvironmentVariablePolicy": "default", "remoteCaching": { "enabled": true },
            "hideIpAddresses": true, "hideIpAddressesInLogDrains": false,
            "dpAccessRequestsMode": "none", "strictShareableLinks": { "enabled": true },
        });
        let changed = owner.patch("/v2/teams/acme", body.clone()).await.ok(200);
        for (key, value) in body.as_object().unwrap() {
            assert_eq!(&changed[key], value, "{key}");
        }
        assert!(changed["updatedAt"].as_i64() > before["updatedAt"].as_i64());
        for same in ["id", "slug", "createdAt", "creatorId", "inviteCode", "membership", "stagingPrefix"] {
            assert_eq!(changed[same], before[same], "{same}");
        }
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200), changed);

        let cleared = json!({
            "name": null, "description": null, "avatar": null, "emailDomain": null,
            "previewDeploymentSuffix": null, "enablePreviewFeedback": null, "hideIpAddresses": null,
            "sensitiveEnvironmentVariablePolicy": null,
        });
        let now = owner.patch("/v2/teams/acme", cleared.clone()).await.ok(200);
        for key in cleared.as_object().unwrap().keys() {
            assert_eq!(now[key], json!(null), "{key}");
        }
        assert_eq!(now["enableProductionFeedback"], "off", "what is absent stays");
    })
    .await;
}

#[tokio::test]
async fn default_protection_and_expiration_are_set_in_parts() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let patch = async |body| owner.patch("/v2/teams/acme", body).await.ok(200);
        let protection = json!({
            "passwordProtection": { "deploymentType": "preview", "password": "hunter2" },
            "ssoProtection": { "deploymentType": "all" },
        });
        let answer = owner.patch("/v2/teams/acme", json!({ "defaultDeploymentProtection": protection })).await;
        assert!(!answer.text.contains("hunter2"));
        let both = json!({ "passwordProtection": { "deploymentType": "preview" }, "ssoProtection": { "deploymentType": "all" } });
        assert_eq!(answer.ok(200)["defaultDeploymentProtection"], both);
        let team = patch(json!({ "defaultDeploymentProtection": { "passwordProtection": null } })).await;
        assert_eq!(team["defaultDeploymentProtection"], json!({ "ssoProtection": { "deploymentType": "all" } }));

        let periods = json!({ "expiration": "1w", "expirationProduction": "2y", "expirationErrored": "unlimited" });
        let team = patch(json!({ "defaultExpirationSettings": periods })).await;
        let days = json!({ "expirationDays": 7, "expirationDaysProduction": 730, "expirationDaysErrored": 36500 });
        assert_eq!(team["defaultExpirationSettings"], days);
        let team = patch(json!({ "defaultExpirationSettings": { "expirationCanceled": "1d" } })).await;
        assert_eq!(team["defaultExpirationSettings"]["expirationDaysCanceled"], 1);
        assert_eq!(team["defaultExpirationSettings"]["expirationDays"], 7);
    })
    .await;
}

#[tokio::test]
async fn a_bad_change_changes_nothing() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        pintle.team("other").await;
        let before = owner.get("/v2/teams/acme").await.ok(200);
        let fails = async |body: serde_json::Value, message: &str| {
            owner.patch("/v2/teams/acme", body).await.says(
                400,
                "bad_request",
                &format!("Invalid request: {message}"),
            );
        };
        fails(json!({ "name": 1 }), "`name` should be string.").await;
        fails(json!({ "name": "n".repeat(257) }), "`name` should NOT be longer than 256 characters.").await;
        fails(
            json!({ "description": "d".repeat(141) }),
            "`description` should NOT be longer than 140 characters.",
        )
        .await;
        fails(json!({ "plan": "pro" }), "should NOT have additional property `plan`.").await;
        fails(json!({ "emailDomain": "not a host" }), "`emailDomain` should match format \"hostname\".")
            .await;
        fails(
            json!({ "remoteCaching": { "on": true } }),
            "`remoteCaching` should NOT have additional property `on`.",
        )
        .await;
        fails(json!({ "hideIpAddresses": "yes" }), "`hideIpAddresses` should be boolean.").await;
        let allowed =
            "`enablePreviewFeedback` should be equal to one of the allowed values \"on, off, default\".";
        fails(json!({ "enablePreviewFeedback": "maybe" }), allowed).await;
        let bad = json!({ "sensitiveEnvironmentVariablePolicy": "ON" });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let bad = json!({ "defaultExpirationSettings": { "expirationCanceled": "3y" } });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let bad = json!({ "defaultDeploymentProtection": { "ssoProtection": { "deploymentType": "some" } } });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let saml = owner.patch("/v2/teams/acme", json!({ "saml": { "enforced": true } })).await;
        saml.says(400, "bad_request", "SAML is not supported by this server");
        owner
            .patch("/v2/teams/acme", json!({ "slug": "other", "name": "x" }))
            .await
            .fails(400, "team_slug_taken");
        owner.patch("/v2/teams/acme", json!({ "slug": "No" })).await.fails(400, "bad_request");
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200), before);
    })
    .await;
}

#[tokio::test]
async fn a_slug_changes_at_once_and_frees_the_old_one() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        owner.patch("/v2/teams/acme", json!({ "slug": "acme" })).await.ok(200);
        let team = owner.patch("/v2/teams/acme", json!({ "slug": "renamed" })).await.ok(200);
        assert_eq!(team["slug"], "renamed");
        let bare = owner.without_team();
        bare.get("/v2/teams/acme").await.fails(404, "not_found");
        bare.get("/v1/webhooks?slug=acme").await.fails(403, "team_unauthorized");
        bare.get("/v1/webhooks?slug=renamed").await.ok(200);
        pintle.user("ada").await.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn an_invite_code_is_replaced_on_request() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let before = owner.get("/v2/teams/acme").await.ok(200)["inviteCode"].clone();
        let same = owner.patch("/v2/teams/acme", json!({ "regenerateInviteCode": false })).await.ok(200);
        assert_eq!(same["inviteCode"], before);
        let after = owner.patch("/v2/teams/acme", json!({ "regenerateInviteCode": true })).await.ok(200);
        assert!(after["inviteCode"].is_string() && after["inviteCode"] != before);
    })
    .await;
}

#[tokio::test]
async fn only_an_owner_changes_or_deletes_a_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let installed = owner.install("bridge").await;
        let mut callers = vec![installed.caller];
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
            let name = role.as_str().to_lowercase();
            callers.push(pintle.member(&owner, &name, role).await);
        }
        for caller in callers {
            caller.patch("/v2/teams/acme", json!({ "name": "Mine" })).await.says(
                403,
                "forbidden",
                "Not authorized",
            );
            caller.delete("/v1/teams/acme").await.says(403, "forbidden", "Not authorized");
        }
        let stranger = pintle.user("stranger").await;
        stranger.patch("/v2/teams/acme", json!({ "name": "Mine" })).await.fails(404, "not_found");
        stranger.delete("/v1/teams/acme").await.fails(404, "not_found");
        stranger.delete(&format!("/v1/teams/{}", stranger.user)).await.fails(404, "not_found");
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200)["name"], "acme");
    })
    .await;
}
