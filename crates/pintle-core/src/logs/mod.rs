//! What projects log: a stream of packed batches for each owner (semantics.md 6.4).
//!
//! Lines come in from outside (`intake`), are appended here, and are read by whoever keeps a position: drains and readers.

mod batch;
mod buffer;
pub mod deployments;
pub mod intake;
mod kept;
pub mod keys;
mod line;
pub mod otlp;
mod read;
pub mod retention;
pub mod runtime;
mod scan;
pub mod tail;
mod turns;

pub use batch::{Batch, Kind, NewBatch, Packed, Stretch};
pub use buffer::Buffer;
pub use line::{Level, Line, Proxy, Text};
pub use read::{Wanted, first_kept, head, range, read_after};
pub use tail::{Follow, Tail};
pub use turns::Turns;

use crate::ids::{OwnerId, ProjectId};
use crate::{Core, Error, OnConstraint, Result};
use pintle_store::{Conn, params};

/// A place in an owner's stream; the first batch has 1.
pub type Position = i64;

/// Adds batches of one project to its owner's stream, all or none. They can be read when this answers.
///
/// # Errors
/// 404 where the project is gone.
pub async fn append(core: &Core, owner: &OwnerId, project: &ProjectId, batches: Vec<NewBatch>) -> Result<()> {
    if batches.is_empty() {
        return Ok(());
    }
    let now = core.clock.now();
    let keep = core.retention.bytes;
    let (owner, project) = (owner.clone(), project.clone());
    let turn = core.log_turns.take(core.db.engine(), &owner).await;
    let appended = core.db.write(async move |tx| {
        let mut bytes = 0;
        for batch in &batches {
            let (position, total) = next(tx, &owner, batch.body.len() as i64).await?;
            bytes = total;
            tx.execute(
                "INSERT INTO log_batches (owner_id, position, project_id, kind, created_at, lines, bytes, size, body)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &params![
                    &owner,
                    position,
                    &project,
                    batch.kind.as_str(),
                    now,
                    batch.lines,
                    batch.body.len() as i64,
                    batch.size,
                    batch.body.as_slice()
                ],
            )
            .await
            .on_missing_parent(|| Error::not_found("Project"))?;
            deployments::note(tx, &project, &batch.deployments, position).await?;
        }
        retention::shorten(tx, &owner, bytes, keep).await
    });
    appended.await?;
    drop(turn);
    core.bell.ring();
    Ok(())
}

/// The next position of a stream, and what the stream weighs with so many bytes more.
async fn next(tx: &Conn, owner: &OwnerId, bytes: i64) -> Result<(Position, i64)> {
    let sql = "INSERT INTO log_streams (owner_id, head, tail, bytes) VALUES ($1, 1, 1, $2)
      ON CONFLICT (owner_id) DO UPDATE SET head = log_streams.head + 1, bytes = log_streams.bytes + excluded.bytes
      RETURNING head, bytes";
    tx.one(sql, &params![owner, bytes]).await.on_missing_parent(|| Error::not_found("Project"))
}

/// Takes the batches of a project that is about to be deleted out of its owner's stream.
pub(crate) async fn forget_project(tx: &Conn, project: &ProjectId) -> Result<()> {
    let sql = "UPDATE log_streams SET bytes = bytes
        - (SELECT COALESCE(SUM(bytes), 0) FROM log_batches WHERE project_id = $1)
      WHERE owner_id = (SELECT owner_id FROM projects WHERE id = $1)";
    tx.execute(sql, &params![project]).await?;
    tx.execute("DELETE FROM log_batches WHERE project_id = $1", &params![project]).await?;
    Ok(())
}
