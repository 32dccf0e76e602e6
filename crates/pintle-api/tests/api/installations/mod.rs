//! Installations of native integrations: two servers, and everything that can happen between them.

mod closing;
mod purchase;
mod removal;
mod transfer;

use pintle_core::clock::DAY;
use pintle_core::marketplace::calls;
use pintle_core::marketplace::installations::closing as window;
use pintle_testing::partner::{Asked, Partner};
use pintle_testing::{Answer, Caller, Pintle};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A team, and a native integration that it may install, with its partner.
struct Market {
    team: Caller,
    partner: Partner,
    app: Value,
}

impl Market {
    async fn open(pintle: &Pintle) -> Self {
        let (team, partner) = (pintle.team("acme").await, pintle.partner().await);
        let app = json!({
            "name": "Stores", "slug": "stores", "kind": "marketplace", "baseUrl": partner.url,
            "webhookUrl": "https://example.com/hook", "scopes": ["read-write:integration-configuration"],
            "events": ["integration-configuration.removed"],
        });
        let app = team.post("/pintle/v1/integrations", app).await.ok(201);
        Self { team, partner, app }
    }

    async fn buy(&self, body: Value) -> Answer {
        self.team.post("/v2/integrations/integration/stores/marketplace/install", body).await
    }

    /// An installation that its partner has taken: its id, and its partner's own caller.
    async fn bought(&self) -> (String, Caller) {
        let installed = self.buy(json!({})).await.ok(200);
        (installed["id"].as_str().unwrap().to_owned(), self.token())
    }

    /// The caller with the token that the partner was given last.
    fn token(&self) -> Caller {
        let put: Asked = self.partner.asked().into_iter().rfind(|asked| asked.method == "PUT").unwrap();
        let token = put.body["credentials"]["access_token"].as_str().unwrap();
        self.team.with_token(token).without_team()
    }

    async fn look(&self, id: &str) -> Answer {
        self.team.get(&format!("/v1/integrations/configuration/{id}")).await
    }

    async fn remove(&self, id: &str) -> Answer {
        self.team.delete(&format!("/v1/integrations/configuration/{id}")).await
    }

    /// How the end stands, by the receipt.
    async fn closing(&self, id: &str) -> Value {
        self.team.get(&format!("/pintle/v1/removals/{id}")).await.ok(200)["closing"].clone()
    }

    async fn list(&self) -> Vec<Value> {
        let list = self.team.get("/v1/integrations/configurations?view=account").await.ok(200);
        list.as_array().unwrap().clone()
    }
}

/// What the relay does: runs the calls that are due; answers how many.
async fn run_due(pintle: &Pintle) -> usize {
    let due = calls::claim(&pintle.core, &HashSet::new()).await.unwrap();
    for call in &due {
        calls::run_claimed(&pintle.core, call).await.unwrap();
    }
    due.len()
}

/// So long passes, with the relay and the background job at work.
async fn pass(pintle: &Pintle, mut time: i64) {
    while time > 0 {
        let step = time.min(DAY / 8);
        pintle.clock.advance(step);
        time -= step;
        while run_due(pintle).await > 0 {}
        window::sweep(&pintle.core).await.unwrap();
    }
}
