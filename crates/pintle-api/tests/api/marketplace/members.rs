//! Partners hear of what members are to them.

use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

/// What was sent of members: the installation, the member, and its role; oldest first.
async fn told(team: &Caller) -> Vec<(Value, Value, Value)> {
    let listed =
        team.get("/pintle/v1/deliveries?limit=100&eventType=marketplace.member.changed").await.ok(200);
    let mut told = Vec::new();
    for delivery in listed["deliveries"].as_array().unwrap().iter().rev() {
        let path = format!("/pintle/v1/deliveries/{}", delivery["id"].as_str().unwrap());
        let body = team.get(&path).await.ok(200)["body"].as_str().unwrap().to_owned();
        let payload = serde_json::from_str::<Value>(&body).unwrap()["payload"].clone();
        assert_eq!(payload["configuration"]["id"], payload["installationId"]);
        assert_eq!(payload["userEmail"], "mem@example.com");
        assert_eq!(payload["team"]["id"], json!(team.team));
        told.push((payload["installationId"].clone(), payload["memberId"].clone(), payload["role"].clone()));
    }
    told
}

#[tokio::test]
async fn of_who_comes_changes_and_goes() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let native = team.install_native("db").await;
        team.install("account").await;
        let member = pintle.member(&team, "mem", Role::Viewer).await;
        let path = format!("/v1/teams/{}/members/{}", team.team.as_ref().unwrap(), member.user);
        pintle.clock.advance(1_000);
        // To partners a member and an owner are the same.
        for role in ["MEMBER", "OWNER", "BILLING"] {
            team.patch(&path, json!({ "role": role })).await.ok(200);
            pintle.clock.advance(1_000);
        }
        team.delete(&path).await.ok(200);
        let expected = ["USER", "ADMIN", "USER", "NONE"];
        let expected = expected.map(|role| (json!(native.id), json!(member.user), json!(role)));
        assert_eq!(told(&team).await, expected);
    })
    .await;
}
