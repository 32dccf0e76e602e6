//! Which deployments have logged, and where in the stream.

use super::Position;
use crate::Result;
use crate::ids::ProjectId;
use pintle_store::{Conn, params};
use std::collections::BTreeSet;

/// The positions between which a deployment logged, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: Position,
    pub last: Position,
}

/// Where a deployment has logged; `None` where it never did.
pub async fn find(conn: &Conn, project: &ProjectId, deployment: &str) -> Result<Option<Span>> {
    let sql = "SELECT first, last FROM log_deployments WHERE project_id = $1 AND deployment_id = $2";
    let row: Option<(Position, Position)> = conn.opt(sql, &params![project, deployment]).await?;
    Ok(row.map(|(first, last)| Span { first, last }))
}

/// Notes that these deployments logged under a position.
pub(super) async fn note(
    tx: &Conn,
    project: &ProjectId,
    deployments: &BTreeSet<String>,
    position: Position,
) -> Result<()> {
    let sql = "INSERT INTO log_deployments (project_id, deployment_id, first, last) VALUES ($1, $2, $3, $3)
      ON CONFLICT (project_id, deployment_id) DO UPDATE SET last = excluded.last";
    for deployment in deployments {
        tx.execute(sql, &params![project, deployment, position]).await?;
    }
    Ok(())
}
