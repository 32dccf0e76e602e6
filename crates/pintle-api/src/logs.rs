//! What projects log: it comes in here, from log shippers and the command line, and is read.

use crate::call::Call;
use crate::incoming::Incoming;
use crate::reply::Reply;
use crate::router::routes;
use axum::body::Bytes;
use axum::http::HeaderValue;
use futures_util::{Stream, StreamExt, future, stream};
use pintle_core::ids::{OwnerId, ProjectId};
use pintle_core::logs::intake::Taken;
use pintle_core::logs::runtime::Row;
use pintle_core::logs::tail::last_lines;
use pintle_core::logs::{Batch, Follow, Kind, Line, Position, Tail, Wanted, deployments, intake, keys};
use pintle_core::permissions::Permission;
use pintle_core::projects::locate;
use pintle_core::{Conn, Error, Result, Scope, scope};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// Lines that a tail begins with, unless the query says how many.
const LINES: i64 = 100;
const LINES_AT_MOST: i64 = 100_000;
/// How long runtime logs are followed: as long as the platform's command line listens.
const OPEN: Duration = Duration::from_secs(300);

routes! {
    "ingestLogs": Post "/pintle/v1/logs", LogWrite => ingest;
    "tailLogs": Get "/pintle/v1/logs", LogRead => tail;
    "getRuntimeLogs": Get "/v1/projects/{projectId}/deployments/{deploymentId}/runtime-logs", LogRead => runtime;
    "createLogKey": Post "/pintle/v1/projects/{idOrName}/log-keys", LogKeyWrite => create_key;
    "listLogKeys": Get "/pintle/v1/projects/{idOrName}/log-keys", LogKeyRead => list_keys;
    "deleteLogKey": Delete "/pintle/v1/projects/{idOrName}/log-keys/{id}", LogKeyWrite => delete_key;
}

async fn ingest(call: Call, mut incoming: Incoming) -> Result<Reply> {
    let feed = incoming.admit(&call).await?;
    let body = incoming.read(&call).await?;
    let (core, of) = (call.core.clone(), feed.clone());
    let (lines, _held) = body.make(move |bytes| intake::lines(&core, &of, bytes), Taken::weight).await?;
    Reply::json(&lines.append(&call.core, &feed).await?.checked()?)
}

/// The last lines, as they are kept; with `follow` also those that come, until the caller leaves.
async fn tail(call: Call, scope: Scope) -> Result<Reply> {
    let conn = call.core.db.read().await?;
    let wanted = Wanted { kind: Kind::Log, projects: projects(&call, &scope, &conn).await? };
    let limit = call.query.number("limit")?.unwrap_or(LINES).clamp(0, LINES_AT_MOST);
    let (after, mut skip) = last_lines(&conn, scope.owner(), &wanted, limit).await?;
    drop(conn);
    let follow = if call.query.boolean("follow")? == Some(true) { Follow::Always } else { Follow::No };
    let reader = Reader::new(call, &scope, wanted, after, follow);
    let pieces = reader.pieces(move |batch, piece| {
        for line in batch.each_line().skip(skip.min(batch.lines) as usize) {
            piece.extend_from_slice(line);
            piece.push(b'\n');
        }
        skip = (skip - batch.lines).max(0);
    });
    Ok(Reply::stream(HeaderValue::from_static("application/x-ndjson"), pieces))
}

/// The project that the path or the query names, or all of the owner's; whoever may see only some must name one.
async fn projects(call: &Call, scope: &Scope, conn: &Conn) -> Result<Option<Vec<ProjectId>>> {
    let some_only =
        scope.by_project || scope.installation().is_some_and(|installation| installation.selected);
    let in_path = Some(call.param("projectId")).filter(|id| !id.is_empty());
    match in_path.or(call.query.get("projectId")) {
        Some(project) => Ok(Some(vec![locate(conn, scope, project).await?.id])),
        None if some_only => Err(Error::invalid("missing required property `projectId`.")),
        None => Ok(None),
    }
}

/// What a deployment logged, and what it logs in the next minutes.
async fn runtime(call: Call, scope: Scope) -> Result<Reply> {
    let conn = call.core.db.read().await?;
    let project = locate(&conn, &scope, call.param("projectId")).await?.id;
    let deployment = call.param("deploymentId").to_owned();
    let span = deployments::find(&conn, &project, &deployment).await?;
    let span = span.ok_or_else(|| Error::not_found("Deployment"))?;
    drop(conn);
    let follow = match call.query.boolean("follow")? {
        Some(false) => Follow::No,
        _ => Follow::Until(Instant::now() + OPEN),
    };
    let wanted = Wanted { kind: Kind::Log, projects: Some(vec![project]) };
    let reader = Reader::new(call, &scope, wanted, span.first - 1, follow);
    let pieces = reader.pieces(move |batch, piece| {
        for line in batch.each_line() {
            write_row(line, &deployment, piece);
        }
    });
    Ok(Reply::stream(HeaderValue::from_static("application/stream+json"), pieces))
}

/// Somebody who reads logs, perhaps for long.
struct Reader {
    call: Call,
    owner: OwnerId,
    /// As the caller was found to be allowed.
    projects: Option<Vec<ProjectId>>,
    tail: Tail,
}

impl Reader {
    fn new(call: Call, scope: &Scope, wanted: Wanted, after: Position, follow: Follow) -> Self {
        let (owner, projects) = (scope.owner().clone(), wanted.projects.clone());
        let tail = Tail::new(&call.core, owner.clone(), wanted, after, follow);
        Self { call, owner, projects, tail }
    }

    /// Whether the caller may still read what it began to read: tokens end, members leave, projects are taken away.
    async fn may_go_on(&self) -> Result<bool> {
        let call = &self.call;
        let scope = scope::authenticate(&call.core, call.bearer(), call.team(), Permission::LogRead).await?;
        let projects = projects(call, &scope, &call.core.db.read().await?).await?;
        Ok(*scope.owner() == self.owner && projects == self.projects)
    }

    /// The next batches that the caller may read; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Batch>>> {
        let found = self.tail.next().await?;
        // Asked after waiting: so what comes after a token ended is not sent.
        Ok(if self.may_go_on().await.unwrap_or(false) { found } else { None })
    }

    /// A body of what `write` makes of each batch. One that cannot be read ends it.
    fn pieces(
        self,
        write: impl FnMut(&Batch, &mut Vec<u8>) + Send + 'static,
    ) -> impl Stream<Item = Bytes> + Send {
        stream::unfold((self, write), async |(mut reader, mut write)| {
            let batches = match reader.next().await {
                Ok(batches) => batches?,
                Err(error) => {
                    tracing::error!(%error, "logs could not be read");
                    return None;
                }
            };
            let mut piece = Vec::new();
            batches.iter().for_each(|batch| write(batch, &mut piece));
            Some((Bytes::from(piece), (reader, write)))
        })
        // A second in which nothing came.
        .filter(|piece| future::ready(!piece.is_empty()))
    }
}

/// Adds a line of a deployment's in the contract's form; one of another adds nothing.
fn write_row(line: &[u8], deployment: &str, piece: &mut Vec<u8>) {
    // Every stored line was read before.
    let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else { return };
    if line.deployment_id.as_ref().is_none_or(|id| id.as_str() != deployment) {
        return;
    }
    if let Some(row) = Row::of(&line)
        && serde_json::to_writer(&mut *piece, &row).is_ok()
    {
        piece.push(b'\n');
    }
}

async fn create_key(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&keys::create(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn list_keys(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "logKeys": keys::list(&call.core, &scope, call.param("idOrName")).await? }))
}

async fn delete_key(call: Call, scope: Scope) -> Result<Reply> {
    keys::delete(&call.core, &scope, call.param("idOrName"), call.param("id")).await?;
    Ok(Reply::nothing())
}
