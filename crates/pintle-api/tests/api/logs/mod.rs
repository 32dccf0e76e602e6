//! Logs: how they come in, and how they are read.

mod ingest;
mod keys;
mod otlp;
mod readers;
mod stream;

use axum::body::Body;
use axum::http::Request;
use pintle_core::ids::OwnerId;
use pintle_core::logs::{self, Batch, Kind, Wanted};
use pintle_testing::{Answer, Caller, Pintle};
use serde_json::{Value, json};

/// A project, and a key that feeds it.
struct Source {
    team: Caller,
    owner: OwnerId,
    project: String,
    key: String,
}

impl Source {
    async fn new(pintle: &Pintle, slug: &str) -> Self {
        let team = pintle.team(slug).await;
        let project = team.project("shop").await;
        let path = format!("/pintle/v1/projects/{project}/log-keys");
        let made = team.post(&path, json!({ "name": "collector" })).await.ok(201);
        let key = made["logKey"].as_str().unwrap().to_owned();
        Self { owner: team.team.clone().unwrap(), team, project, key }
    }

    async fn send(&self, pintle: &Pintle, body: impl Into<Vec<u8>>) -> Answer {
        self.send_to(pintle, "/pintle/v1/logs", &[], body).await
    }

    async fn send_to(
        &self,
        pintle: &Pintle,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let body = body.into();
        let mut request = Request::post(path)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-length", body.len());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        pintle.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A line that has everything.
    fn line(&self, message: &str) -> Value {
        json!({
            "id": "1573817187330377061717300000", "deploymentId": "dpl_one", "source": "lambda", "host": "shop.example",
            "timestamp": 1_573_817_187_330_i64, "projectId": self.project, "level": "info", "message": message,
            "unknown": { "kept": true },
        })
    }

    async fn batches(&self, pintle: &Pintle) -> Vec<Batch> {
        let wanted = Wanted { kind: Kind::Log, projects: None };
        let conn = pintle.core.db.read().await.unwrap();
        logs::read_after(&conn, &self.owner, 0, &wanted, i64::MAX).await.unwrap()
    }

    /// Every line of the stream.
    async fn lines(&self, pintle: &Pintle) -> Vec<Value> {
        let batches = self.batches(pintle).await;
        batches.iter().flat_map(Batch::each_line).map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}
