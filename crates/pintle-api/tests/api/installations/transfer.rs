//! The transfer of an installation to another team.

use super::Market;
use pintle_core::permissions::Role;
use pintle_store::params;
use pintle_testing::partner::Act;
use pintle_testing::{Answer, Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

/// An installation of `acme` with everything that one can have, and the same user's other team.
struct Moving {
    market: Market,
    id: String,
    partner: Caller,
    other: Caller,
}

impl Moving {
    async fn new(pintle: &Pintle) -> Self {
        let market = Market::open(pintle).await;
        let scopes = json!({ "scopes": [
            "read-write:integration-configuration", "read-write:drain", "read-write:log-drain",
            "read-write:project-env-vars",
        ], "events": ["integration-configuration.transferred"] });
        let app = format!("/pintle/v1/integrations/{}", market.app["id"].as_str().unwrap());
        market.team.patch(&app, scopes).await.ok(200);
        market.team.post(&format!("{app}/products"), json!({ "name": "db" })).await.ok(201);
        let (id, partner) = market.bought().await;
        let other = pintle.team("other").await;
        let mine = market.team.for_team(other.team.clone().unwrap().to_string());
        pintle_core::teams::add_member(
            &pintle.core,
            mine.team.as_ref().unwrap(),
            &market.team.user,
            Role::Member,
        )
        .await
        .unwrap();
        Self { market, id, partner, other: mine }
    }

    async fn store(&self, name: &str) -> String {
        let body = json!({ "name": name, "integrationConfigurationId": self.id, "integrationProductIdOrSlug": "db" });
        let made = self.market.team.post("/v1/storage/stores/integration/direct", body).await.ok(200);
        made["store"]["id"].as_str().unwrap().to_owned()
    }

    async fn go(&self) -> Answer {
        self.to(self.other.team.as_ref().unwrap().as_str()).await
    }

    async fn to(&self, team: &str) -> Answer {
        let path = format!("/pintle/v1/integrations/configurations/{}/transfer", self.id);
        self.market.team.post(&path, json!({ "teamId": team })).await
    }
}

/// Rows of a table in which the id of an owner stands, in whichever column.
async fn rows_of(pintle: &Pintle, owner: &str, configuration: &str) -> Vec<String> {
    // What happened stays with whom it happened to.
    let history = ["events", "deliveries", "delivery_contents", "delivery_tries", "partner_calls", "meta"];
    let db = &pintle.core.db;
    let mut found = Vec::new();
    for table in db.tables().await.unwrap() {
        if history.contains(&table.as_str()) {
            continue;
        }
        let rows = db.rows(&table).await.unwrap();
        found.extend(rows.into_iter().filter(|row| row.contains(owner) && row.contains(configuration)));
    }
    found
}

#[tokio::test]
async fn everything_changes_hands_and_a_removal_takes_all_of_it() {
    on_each_engine(async |pintle| {
        let moving = Moving::new(pintle).await;
        let Moving { market, id, partner, other } = &moving;
        let (from, to) = (market.team.team.clone().unwrap().to_string(), other.team.clone().unwrap().to_string());
        let site = market.team.project("site").await;
        let store = moving.store("main").await;
        let hook = json!({ "url": "https://example.com/a", "events": ["project.created"], "projectIds": [site] });
        let hook = partner.post("/v1/webhooks", hook).await.ok(200)["id"].clone();
        let all = json!({ "url": "https://example.com/b", "events": ["project.created"] });
        partner.post("/v1/webhooks", all).await.ok(200);
        let delivery = json!({ "type": "http", "endpoint": "https://example.com/in", "encoding": "json", "headers": {} });
        let drain = json!({
            "name": "drain", "projects": "some", "projectIds": [site], "schemas": { "log": { "version": "v1" } },
            "delivery": delivery,
        });
        let drain = partner.post("/v1/drains", drain).await.ok(200)["id"].clone();
        let log_drain = json!({ "name": "ld", "url": "https://example.com/in", "deliveryFormat": "json", "sources": ["lambda"] });
        partner.post("/v2/integrations/log-drains", log_drain).await.ok(200);
        let selected = format!("/v1/integrations/configuration/{id}");
        market.team.patch(&selected, json!({ "projects": [site] })).await.ok(200);
        let account = json!({ "url": "https://example.com/team", "events": ["integration-configuration.transferred"] });
        market.team.post("/v1/webhooks", account.clone()).await.ok(200);
        other.post("/v1/webhooks", account).await.ok(200);

        let moved = moving.go().await.ok(200);
        assert_eq!(
            (&moved["id"], &moved["ownerId"], &moved["teamId"], &moved["userId"], &moved["projectSelection"]),
            (&json!(id), &json!(to), &json!(to), &json!(market.team.user), &json!("all"))
        );
        assert_eq!(rows_of(pintle, &from, id).await, Vec::<String>::new());
        market.look(id).await.fails(404, "not_found");
        assert_eq!(market.team.get("/v1/storage/stores").await.ok(200), json!({ "stores": [] }));
        market.team.get(&format!("/v1/webhooks/{}", hook.as_str().unwrap())).await.fails(404, "not_found");

        // What named projects of the earlier team is for none; what did not is for those of the new one.
        assert_eq!(partner.get(&format!("/v1/webhooks/{}", hook.as_str().unwrap())).await.ok(200)["projectIds"], json!([]));
        assert_eq!(partner.get(&format!("/v1/drains/{}", drain.as_str().unwrap())).await.ok(200)["projectIds"], json!([]));
        let seen = other.get(&format!("/v1/storage/stores/{store}")).await.ok(200);
        assert_eq!((&seen["store"]["name"], &seen["store"]["ownerId"]), (&json!("main"), &json!(to)));
        let account = partner.get(&format!("/v1/installations/{id}/account")).await.ok(200);
        assert_eq!(account["name"], "other");
        other.project("site").await;
        let connection = format!("/v1/storage/stores/{store}/connections");
        other.post(&connection, json!({ "projectId": "site" })).await.ok(201);
        let variables = other.get("/v9/projects/site/env?decrypt=true").await.ok(200);
        assert_eq!(variables["envs"].as_array().unwrap().len(), 2, "the secrets came along");

        told(pintle, id, &from, &to).await;
        other.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        market.team.get(&format!("/pintle/v1/removals/{id}")).await.fails(404, "not_found");
        let receipt = other.get(&format!("/pintle/v1/removals/{id}")).await.ok(200);
        let counts = ["webhooks", "drains", "resources", "connections", "environmentVariables"]
            .map(|kind| receipt["removed"][kind].as_array().unwrap().len());
        assert_eq!((counts, &receipt["removed"]["tokens"]), ([2, 2, 1, 1, 2], &json!(1)));
        assert_eq!(market.partner.resources().len(), 0);
    })
    .await;
}

/// Each team is told once, and the integration once.
async fn told(pintle: &Pintle, id: &str, from: &str, to: &str) {
    let told = pintle.outbox("integration-configuration.transferred").await;
    let payload = |team: &str| {
        json!({
            "configuration": { "id": id }, "installationId": id, "previousTeamId": from, "previousAccountId": from,
            "newTeamId": to, "newAccountId": to, "team": { "id": team },
        })
    };
    assert_eq!(told.len(), 2);
    for (owner, kind, receivers) in [
        (from, "integration-configuration-transfer-out-success", vec!["https://example.com/team"]),
        (
            to,
            "integration-configuration-transfer-in-success",
            vec!["https://example.com/hook", "https://example.com/team"],
        ),
    ] {
        let event = told.iter().find(|event| event.owner == owner).unwrap();
        let mut said = event.payload.clone();
        said.as_object_mut().unwrap().remove("user");
        assert_eq!((event.kind.as_str(), said), (kind, payload(owner)));
        let urls: Vec<&str> = event.receivers.iter().map(|(url, _)| url.as_str()).collect();
        assert_eq!(urls, receivers);
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    on_each_engine(async |pintle| {
        let moving = Moving::new(pintle).await;
        let Moving { market, id, partner, other } = &moving;
        market.team.project("site").await;
        let store = moving.store("main").await;
        let connections = format!("/v1/storage/stores/{store}/connections");
        market.team.post(&connections, json!({ "projectId": "site" })).await.ok(201);
        assert_eq!(moving.go().await.fails(409, "projects_connected")["projects"], json!(["site"]));
        market.team.delete(&connections).await.ok(204);
        let env = json!({ "key": "A", "value": "b", "type": "encrypted", "target": ["preview"] });
        let made = partner.for_team(market.team.team.clone().unwrap().to_string());
        let made = made.post("/v10/projects/site/env", env).await.ok(201)["created"]["id"].clone();
        assert_eq!(moving.go().await.fails(409, "projects_connected")["projects"], json!(["site"]));
        market.team.delete(&format!("/v9/projects/site/env/{}", made.as_str().unwrap())).await.ok(200);

        let credits = format!("/pintle/v1/integrations/installations/{id}/credits");
        let order = json!({ "billingPlanId": "credits", "amount": "10.00" });
        let invoice = market.team.post(&credits, order).await.ok(201)["invoiceId"].clone();
        assert_eq!(moving.go().await.fails(409, "invoices_open")["invoices"], json!([invoice]));
        let pay = format!("/pintle/v1/invoices/{}/pay", invoice.as_str().unwrap());
        market.team.post(&pay, json!({})).await.ok(200);

        market.partner.script(|asked| (asked.method == "PATCH").then_some(Act::Answer(500, json!({}))));
        market.team.patch(&format!("/v1/storage/stores/{store}"), json!({ "name": "new" })).await.ok(200);
        let pending = moving.go().await.fails(409, "calls_pending")["deliveries"][0].clone();
        let delivery = format!("/pintle/v1/deliveries/{}", pending.as_str().unwrap());
        market.team.post(&format!("{delivery}/cancel"), json!({})).await.ok(200);
        market.partner.script(|_| None);

        let installed =
            other.post("/v2/integrations/integration/stores/marketplace/install", json!({})).await.ok(200);
        let error = moving.go().await.fails(409, "integration_already_installed");
        assert_eq!(error["configurationId"], installed["id"]);
        let second = format!("/v1/integrations/configuration/{}", installed["id"].as_str().unwrap());
        other.delete(&second).await.ok(204);
        let app = other.install_native("elsewhere").await;
        pintle.product(&app, "db").await;
        app.import("main", json!([])).await;
        assert_eq!(moving.go().await.fails(409, "names_taken")["resources"], json!(["main"]));
        other.delete(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(204);

        moving.go().await.ok(200);
        // Its invoice went along; what the earlier team asked its partner for is not asked for again.
        market
            .team
            .get(&format!("/pintle/v1/invoices/{}", invoice.as_str().unwrap()))
            .await
            .fails(404, "not_found");
        market
            .team
            .post(&format!("{delivery}/redeliver"), json!({}))
            .await
            .fails(409, "installation_transferred");
        let (owner,) = pintle
            .core
            .db
            .read()
            .await
            .unwrap()
            .one::<(String,)>(
                "SELECT owner_id FROM invoices WHERE id = $1",
                &params![invoice.as_str().unwrap()],
            )
            .await
            .unwrap();
        assert_eq!(Some(owner.as_str()), other.team.as_ref().map(|team| team.as_str()));
    })
    .await;
}

#[tokio::test]
async fn only_to_a_team_in_which_the_caller_may_install() {
    on_sqlite(async |pintle| {
        let moving = Moving::new(pintle).await;
        let own = moving.market.team.team.clone().unwrap().to_string();
        moving.to(&own).await.fails(400, "bad_request");
        moving.to("team_none").await.fails(404, "not_found");
        let strangers = pintle.team("strangers").await;
        moving.to("strangers").await.fails(404, "not_found");
        let (team, user) = (strangers.team.clone().unwrap(), moving.market.team.user.clone());
        pintle_core::teams::add_member(&pintle.core, &team, &user, Role::Developer).await.unwrap();
        moving.to("strangers").await.fails(403, "forbidden");
        // Whoever may install nothing here gives nothing away, and a token of one team reaches no other.
        let path = format!("/pintle/v1/integrations/configurations/{}/transfer", moving.id);
        let body = json!({ "teamId": "other" });
        let viewer = pintle.member(&moving.market.team, "viewer", Role::Viewer).await;
        viewer.post(&path, body.clone()).await.fails(403, "forbidden");
        let token = json!({ "name": "one team" });
        let issued = moving.market.team.post("/v3/user/tokens", token).await.ok(200);
        let narrow = moving.market.team.with_token(issued["bearerToken"].as_str().unwrap());
        narrow.post(&path, body).await.fails(403, "forbidden");
        let account = moving.market.team.install("account").await;
        let path = format!("/pintle/v1/integrations/configurations/{}/transfer", account.id);
        moving.market.team.post(&path, json!({ "teamId": "other" })).await.fails(400, "bad_request");
        moving.to("other").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_webhook_of_the_installation_hears_of_the_new_team_only() {
    on_sqlite(async |pintle| {
        let moving = Moving::new(pintle).await;
        let hook = json!({ "url": "https://example.com/own", "events": ["project.created"] });
        moving.partner.post("/v1/webhooks", hook).await.ok(200);
        moving.go().await.ok(200);
        moving.market.team.project("of-acme").await;
        moving.other.project("of-other").await;
        let told = pintle.outbox("project.created").await;
        let heard: Vec<&Value> = told
            .iter()
            .filter(|event| !event.receivers.is_empty())
            .map(|event| &event.payload["project"]["name"])
            .collect();
        assert_eq!(heard, ["of-other"]);
    })
    .await;
}
