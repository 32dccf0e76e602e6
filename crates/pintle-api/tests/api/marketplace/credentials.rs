//! The tokens of an installation.

use super::at;
use pintle_core::clock::DAY;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn one_more_token_and_the_end_of_each_but_the_last() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        let (rotate, revoke) = (at(&partner, "/credentials/rotate"), at(&partner, "/credentials/revoke"));
        let secret = &partner.client_secret;
        let own = json!({ "token": partner.caller.token, "client_secret": secret });
        partner.caller.post(&revoke, own.clone()).await.fails(409, "last_credential");
        partner.caller.post(&rotate, json!({ "client_secret": "wrong" })).await.fails(400, "invalid_client");
        let other = json!({ "client_secret": secret, "client_id": "oac_other" });
        partner.caller.post(&rotate, other).await.fails(400, "invalid_client");
        let made = partner.caller.post(&rotate, json!({ "client_secret": secret })).await.ok(200);
        assert_eq!((&made["token_type"], &made["expires_in"]), (&json!("oauth2-token"), &json!(31_536_000)));
        let second = partner.caller.with_token(made["access_token"].as_str().unwrap());
        for caller in [&partner.caller, &second] {
            caller.get(&at(&partner, "/account")).await.ok(200);
        }
        let revoked = second.post(&revoke, own.clone()).await.ok(200);
        assert_eq!(revoked, json!({ "revoked": true, "already_revoked": false }));
        partner.caller.get(&at(&partner, "/account")).await.fails(403, "forbidden");
        let revoked = second.post(&revoke, own).await.ok(200);
        assert_eq!(revoked, json!({ "revoked": false, "already_revoked": true }));
        // Another installation's token is none of its own.
        let foreign = team.install_native("other").await;
        let body = json!({ "token": foreign.caller.token, "client_secret": secret });
        assert_eq!(second.post(&revoke, body).await.ok(200)["revoked"], false);
        foreign.caller.get(&at(&foreign, "/account")).await.ok(200);
        assert_eq!(pintle.audited("integration-configuration-credential-rotated").await, 1);
        assert_eq!(pintle.audited("integration-configuration-credential-revoked").await, 1);
        pintle.clock.advance(366 * DAY);
        second.get(&at(&partner, "/account")).await.fails(403, "forbidden");
    })
    .await;
}
