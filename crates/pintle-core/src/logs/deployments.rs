//! Which deployments have logged, and where in the stream.

use super::Position;
use crate::Result;
use crate::ids::ProjectId;
use pintle_store::{Conn, params};
use std::collections::BTreeSet;

/// Bytes of an id.
const LENGTH: usize = 256;
/// Deployments that one batch may name.
const MOST: usize = 1_000;

/// Adds a deployment to those of a batch.
///
/// # Errors
/// What is wrong with it: not every text can be looked up, and each deployment is a row.
pub(super) fn gather(deployments: &mut BTreeSet<String>, id: &str) -> Result<(), String> {
    if deployments.contains(id) {
        return Ok(());
    }
    if id.is_empty() || id.len() > LENGTH || id.chars().any(char::is_control) {
        return Err(format!("`deploymentId` should be 1 to {LENGTH} bytes without control characters."));
    }
    if deployments.len() >= MOST {
        return Err(format!("`deploymentId` is one more than the {MOST} that may be named at once."));
    }
    deployments.insert(id.to_owned());
    Ok(())
}

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
