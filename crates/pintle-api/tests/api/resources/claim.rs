//! Sandboxes: their users claim them at the partner's, and the partner says what has become of them.

use super::{secret, store, world};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_sandbox_is_claimed_at_the_partners() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let id = installed.import("res-1", json!([secret("URL", "sandbox")])).await;
        let claim =
            format!("/v1/integrations/installations/{}/resources/{id}/sandbox/claim-url", installed.id);
        let source = json!({ "source": "cli" });
        let error = team.post(&claim, source.clone()).await.fails(400, "not_a_sandbox");
        assert!(
            error["message"].as_str().unwrap().contains("sandbox"),
            "the command line looks for it: {error}"
        );
        let resource = installed.resource("res-1");
        installed.caller.patch(&resource, json!({ "ownership": "sandbox" })).await.ok(200);
        assert_eq!(store(&team, &id).await["ownership"], "sandbox");
        team.post(&claim, source.clone()).await.fails(400, "bad_request");

        let partner = pintle.partner_of(&installed).await;
        let url = team.post(&claim, source.clone()).await.ok(200)["claimUrl"].as_str().unwrap().to_owned();
        let entry = url.strip_prefix(pintle.core.issuer.as_str()).unwrap();
        assert_eq!(entry, format!("/sso/integrations/acme-db/{}?resource_id={id}", installed.id));
        // The partner's own id of it does as well, and is what the partner is told.
        let by_theirs = claim.replace(&id, "res-1");
        assert_eq!(team.post(&by_theirs, source.clone()).await.ok(200)["claimUrl"], json!(url));
        let jump = format!("/pintle/v1/integrations/configurations/{}/sso", installed.id);
        let arrives = team.post(&jump, json!({ "resource_id": id })).await.ok(201)["url"].clone();
        let arrives = arrives.as_str().unwrap();
        assert!(arrives.starts_with(&partner.url) && arrives.ends_with("resource_id=res-1"), "{arrives}");

        // The partner has linked it to the account of whoever came, and says so.
        let linked = json!({ "ownership": "linked", "secrets": [secret("URL", "theirs")] });
        installed.caller.patch(&resource, linked).await.ok(200);
        assert_eq!(store(&team, &id).await["ownership"], "linked");
        team.post(&claim, source.clone()).await.fails(400, "not_a_sandbox");

        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        viewer.post(&claim, source.clone()).await.fails(403, "forbidden");
        pintle.team("others").await.post(&claim, source.clone()).await.fails(404, "not_found");
        team.post(&claim.replace(&id, "none"), source).await.fails(404, "not_found");
    })
    .await;
}
