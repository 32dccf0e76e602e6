//! What goes with whom.

use super::made;
use pintle_store::params;
use pintle_testing::{Pintle, on_each_engine};
use serde_json::{Value, json};

async fn rows(pintle: &Pintle, table: &str) -> i64 {
    let conn = pintle.core.db.read().await.unwrap();
    let (count,): (i64,) = conn.one(&format!("SELECT COUNT(*) FROM {table}"), &params![]).await.unwrap();
    count
}

const TABLES: [&str; 3] = ["edge_configs", "edge_config_versions", "edge_config_tokens"];

#[tokio::test]
async fn everything_goes_with_the_team() {
    on_each_engine(async |pintle| {
        let [team, other] = [pintle.team("acme").await, pintle.team("other").await];
        for by in [&team, &other] {
            let path = made(by, json!({ "a": 1 })).await;
            by.post(&format!("{path}/token"), json!({ "label": "" })).await.ok(201);
        }
        team.delete(&format!("/v1/teams/{}", team.team.as_ref().unwrap())).await.ok(200);
        for table in TABLES {
            assert_eq!(rows(pintle, table).await, 1, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_an_installation_made_goes_with_it_and_nothing_else() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let scopes = ["read-write:edge-config", "read-write:integration-configuration"];
        let installed = team.install_with("flags", &scopes, json!({})).await;
        let [own, teams] = [made(&installed.caller, json!({})).await, made(&team, json!({})).await];
        // It may use all of the team's.
        assert_eq!(installed.caller.get("/v1/edge-config").await.ok(200).as_array().unwrap().len(), 2);
        let token = async |by: &pintle_testing::Caller, path: &str| {
            let made = by.post(&format!("{path}/token"), json!({ "label": "site" })).await.ok(201);
            made["id"].as_str().unwrap().to_owned()
        };
        let of_installation = token(&installed.caller, &teams).await;
        token(&team, &own).await;
        let kept = token(&team, &teams).await;
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let expected = json!([{ "id": id(&own), "name": "settings" }]);
        let plan = format!("/pintle/v1/integrations/configurations/{}/removal", installed.id);
        let plan = team.get(&plan).await.ok(200)["removes"].clone();
        assert_eq!(plan["edgeConfigs"], expected);
        assert_eq!(plan["edgeConfigTokens"], json!([{ "id": of_installation, "name": "site" }]));
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        let receipt: Value = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
        assert_eq!(receipt["removed"], plan);
        team.get(&own).await.fails(404, "not_found");
        let left = team.get(&format!("{}/tokens", teams.replace("edge-", "global-"))).await.ok(200);
        assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &json!(kept)));
        for table in TABLES {
            assert_eq!(rows(pintle, table).await, 1, "{table}");
        }
    })
    .await;
}
