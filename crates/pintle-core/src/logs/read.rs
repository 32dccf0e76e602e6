//! Reading a stream from a position on.

use super::Position;
use super::batch::{Batch, Kind, Packed};
use crate::Result;
use crate::clock::Millis;
use crate::ids::{OwnerId, ProjectId};
use crate::select::Select;
use pintle_store::{Conn, params};

/// Batches that are looked at in one reading.
const LOOK: i64 = 256;

/// Which batches a reader wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub kind: Kind,
    /// `None`: of every project. An empty list: of none.
    pub projects: Option<Vec<ProjectId>>,
}

/// The newest position of a stream; 0 where nothing was ever logged. Every batch up to it can be read, unless it is gone.
pub async fn head(conn: &Conn, owner: &OwnerId) -> Result<Position> {
    let sql = "SELECT head FROM log_streams WHERE owner_id = $1";
    Ok(conn.opt::<(i64,)>(sql, &params![owner]).await?.map_or(0, |(head,)| head))
}

/// The oldest position that the limits have not taken; 1 where they took nothing. A reader that stands before `first_kept - 1` has missed
/// what was between.
pub async fn first_kept(conn: &Conn, owner: &OwnerId) -> Result<Position> {
    let sql = "SELECT tail FROM log_streams WHERE owner_id = $1";
    Ok(conn.opt::<(i64,)>(sql, &params![owner]).await?.map_or(1, |(tail,)| tail))
}

/// The wanted batches after a position, oldest first: as many as have `max_bytes` unpacked together, or one that has more. Where
/// this finds none, none was wanted up to the head as it was before.
pub async fn read_after(
    conn: &Conn,
    owner: &OwnerId,
    after: Position,
    wanted: &Wanted,
    max_bytes: i64,
) -> Result<Vec<Batch>> {
    let packed = range(conn, owner, after + 1, Position::MAX, wanted, max_bytes).await?;
    packed.into_iter().map(Packed::unpack).collect()
}

/// The wanted batches from one position to another, both included, as they are stored; of these the first, as `read_after` bounds them.
pub async fn range(
    conn: &Conn,
    owner: &OwnerId,
    from: Position,
    to: Position,
    wanted: &Wanted,
    max_bytes: i64,
) -> Result<Vec<Packed>> {
    if wanted.projects.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    // The bodies are read only of those that are taken.
    let look = wanted.select("position, size", owner, from, to, LOOK);
    let mut rest = max_bytes;
    let mut last = None;
    for (position, size) in conn.all::<(Position, i64)>(&look.sql, &look.params).await? {
        rest -= size;
        if rest < 0 && last.is_some() {
            break;
        }
        last = Some(position);
    }
    let Some(last) = last else { return Ok(Vec::new()) };
    let columns = "position, project_id, kind, created_at, lines, body";
    let take = wanted.select(columns, owner, from, last, LOOK);
    let rows: Vec<Stored> = conn.all(&take.sql, &take.params).await?;
    rows.into_iter().map(Packed::read).collect()
}

type Stored = (Position, String, String, Millis, i64, Vec<u8>);

impl Packed {
    fn read((position, project, kind, created_at, lines, body): Stored) -> Result<Self> {
        let (project, kind) = (ProjectId::from(project), Kind::parse(&kind)?);
        Ok(Self { position, project, kind, created_at, lines, body })
    }
}

impl Wanted {
    fn select(&self, columns: &str, owner: &OwnerId, from: Position, to: Position, limit: i64) -> Select {
        let sql = format!(
            "SELECT {columns} FROM log_batches
             WHERE owner_id = $1 AND position BETWEEN $2 AND $3 AND kind = $4"
        );
        let mut select = Select::new(sql, params![owner, from, to, self.kind.as_str()].to_vec());
        select.among("project_id", self.projects.iter().flatten());
        select.sql.push_str(&format!(" ORDER BY position LIMIT {limit}"));
        select
    }

    /// The wanted batches up to a position, from there backwards.
    pub(super) fn newest_first(&self, columns: &str, owner: &OwnerId, to: Position) -> Select {
        let sql =
            format!("SELECT {columns} FROM log_batches WHERE owner_id = $1 AND position <= $2 AND kind = $3");
        let mut select = Select::new(sql, params![owner, to, self.kind.as_str()].to_vec());
        select.among("project_id", self.projects.iter().flatten());
        select.sql.push_str(&format!(" ORDER BY position DESC LIMIT {LOOK}"));
        select
    }
}
