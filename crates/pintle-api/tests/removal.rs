//! The end of an installation, through the wire.

use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_removal_takes_the_configuration_and_its_webhooks_and_leaves_a_receipt() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let hook = json!({ "url": "https://example.com/a", "events": ["integration-configuration.removed"] });
        let own = installed.caller.post("/v1/webhooks", hook.clone()).await.ok(200);
        let account = team.post("/v1/webhooks", hook).await.ok(200);
        assert_eq!(team.get("/v1/webhooks").await.ok(200).as_array().unwrap().len(), 2);

        let path = format!("/v1/integrations/configuration/{}", installed.id);
        let plan = team
            .get(&format!("/pintle/v1/integrations/configurations/{}/removal", installed.id))
            .await
            .ok(200);
        assert_eq!(plan["removes"]["webhooks"][0]["id"], own["id"]);
        let answer = installed.caller.delete(&path).await;
        assert_eq!((answer.status, answer.text.as_str(), answer.header("content-type")), (204, "", None));

        team.get(&path).await.fails(404, "not_found");
        team.delete(&path).await.fails(404, "not_found");
        assert_eq!(installed.caller.get("/v2/webhooks").await.fails(403, "forbidden")["invalidToken"], true);
        let left = team.get("/v1/webhooks").await.ok(200);
        assert_eq!(left.as_array().unwrap().len(), 1);
        assert_eq!(left[0]["id"], account["id"]);
        let receipt = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
        assert_eq!(receipt["removed"], plan["removes"]);
        assert_eq!(receipt["removedBy"], json!({ "type": "installation", "id": installed.id }));
    })
    .await;
}
