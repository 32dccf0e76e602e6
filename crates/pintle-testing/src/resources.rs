//! Resources of a marketplace installation, as its partner makes them.

use crate::{Installed, Partner, Pintle};
use axum::http::Method;
use pintle_core::ids::ProductId;
use pintle_store::params;
use serde_json::{Value, json};

impl Pintle {
    /// A product of the installation's integration, with this slug and a prompt to query it at; answers its id.
    pub async fn product(&self, installed: &Installed, slug: &str) -> String {
        let id = ProductId::new(&self.core.entropy);
        let now = self.clock.now();
        let repl = json!({ "enabled": true, "supportsReadOnlyMode": true });
        let protocols = json!({ "storage": { "status": "enabled", "repl": repl } });
        let doc = json!({
            "id": id, "integrationId": installed.integration, "slug": slug, "name": slug, "protocols": protocols,
            "metadataSchema": { "type": "object", "properties": {} }, "createdAt": now, "updatedAt": now,
        });
        let row = params![&id, &installed.integration, slug, now, doc.to_string()].to_vec();
        let sql =
            "INSERT INTO products (id, integration_id, slug, created_at, doc) VALUES ($1, $2, $3, $4, $5)";
        let written = self.core.db.write(async move |tx| tx.execute(sql, &row).await).await;
        written.expect("a new product");
        id.to_string()
    }

    /// A partner that serves the installation's integration, and knows the installation.
    pub async fn partner_of(&self, installed: &Installed) -> Partner {
        let server = self.partner().await;
        server.serve(self, &installed.integration).await;
        server.know(&installed.id);
        server
    }
}

impl Installed {
    /// Where the partner finds one of its resources.
    pub fn resource(&self, partner_id: &str) -> String {
        format!("/v1/installations/{}/resources/{partner_id}", self.id)
    }

    /// Imports a resource of the product `db` with these secrets, under its partner's id as its name; answers the id of the store.
    pub async fn import(&self, partner_id: &str, secrets: Value) -> String {
        let body = json!({ "productId": "db", "name": partner_id, "status": "ready", "secrets": secrets });
        let path = self.resource(partner_id);
        self.caller.request(Method::PUT, &path, Some(body)).await.ok(200);
        let resource = self.caller.get(&path).await.ok(200);
        resource["internalId"].as_str().expect("an id").to_owned()
    }

    /// Gives a resource other secrets.
    pub async fn set_secrets(&self, partner_id: &str, body: Value) -> crate::Answer {
        let path = format!("{}/secrets", self.resource(partner_id));
        self.caller.request(Method::PUT, &path, Some(body)).await
    }
}
