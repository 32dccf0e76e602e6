//! What must be true after the removal of a native installation.

use super::super::world::World;
use super::remove::Says;
use super::{Home, Market};
use pintle_store::params;
use serde_json::Value;

impl Market {
    /// How the end stands, by the receipt.
    pub async fn closing(&self, world: &World, home: &Home) -> Value {
        let owner = &world.tenants[home.tenant].owner;
        owner.get(&format!("/pintle/v1/removals/{}", home.id)).await.ok(200)["closing"].take()
    }

    /// The receipt names what the plan named; nothing of it is found; the token is good for bills at most.
    pub async fn assert_removed(&mut self, world: &World, home: &Home, plan: &Value, says: Says) {
        let owner = &world.tenants[home.tenant].owner;
        let receipt = owner.get(&format!("/pintle/v1/removals/{}", home.id)).await.ok(200);
        assert_eq!(receipt["removed"], *plan, "the receipt of {}", home.id);
        let at_once = matches!(says, Says::Finalized | Says::Unknown) && home.invoice.is_none();
        let closing = &receipt["closing"];
        assert_eq!(closing["state"], if at_once { "closed" } else { "closing" }, "{closing} after {says:?}");
        for store in &home.stores {
            owner.get(&format!("/v1/storage/stores/{}", store.id)).await.fails(404, "not_found");
        }
        for path in ["/v1/webhooks".to_owned(), format!("/v1/installations/{}/resources", home.id)] {
            let answer = home.token.get(&path).await;
            assert_eq!(
                answer.status, 403,
                "{} with the token of what is removed: {}",
                answer.request, answer.text
            );
        }
        let count = |field: &str| plan[field].as_array().map_or(0, Vec::len);
        self.tally.resources += count("resources");
        self.tally.connections += count("connections");
        self.tally.variables += count("environmentVariables");
    }

    /// Whether the partner still serves it; else it has let go of all but what only was linked.
    pub fn assert_served(&self, home: &Home, served: bool) {
        let memory = self.partner.memory();
        let there = &memory.installations[&home.id];
        assert_eq!(there.gone, !served, "{} at the partner", home.id);
        let kept: Vec<&String> =
            there.resources.iter().filter(|(_, resource)| !resource.linked).map(|(id, _)| id).collect();
        assert!(served || kept.is_empty(), "the partner still has {kept:?} of {}", home.id);
    }

    /// Nobody can read a deleted team's receipts over the wire.
    pub async fn assert_rows_of_deleted(&self, world: &World, home: &Home) {
        let conn = world.pintle.core.db.read().await.expect("a connection");
        let sql = "SELECT doc FROM removals WHERE configuration_id = $1";
        let (doc,): (String,) = conn.one(sql, &params![&home.id]).await.expect("a receipt");
        for store in &home.stores {
            assert!(doc.contains(&store.id), "the receipt does not name {store:?}: {doc}");
        }
        let sql = "SELECT state FROM installations WHERE id = $1";
        let (state,): (String,) = conn.one(sql, &params![&home.id]).await.expect("an installation");
        // Nobody is left to pay, so an open invoice does not hold it up.
        assert_eq!(state, "closed", "the installation {} of a deleted team", home.id);
    }
}
