//! What comes next in a lane: read, selected and packed.

use pintle_core::drains::cursors::{self, Lane};
use pintle_core::drains::parcel::{self, Parcel};
use pintle_core::drains::ready::{self, Ready};
use pintle_core::ids::{OwnerId, ProjectId};
use pintle_core::logs::{self, Packed, Position, Stretch, Wanted};
use pintle_core::{Core, Error, Result};

/// How much of the stream is sent at a time, in bytes as they were taken in; a batch that has more goes alone.
const PIECE: i64 = 3 << 20;

/// A part of the stream, from what was sent on.
pub(super) struct Next {
    /// Its last position.
    pub to: Position,
    /// There is more behind it.
    pub more: bool,
    /// The drain, as it is made for.
    pub ready: Ready,
    pub found: Found,
}

pub(super) enum Found {
    /// The limits of the logs took it.
    Lost,
    /// The drain gets nothing of it.
    Nothing,
    Piece(Box<Parcel>),
    /// It cannot be made ready to be sent.
    Broken(Error),
}

/// What comes after a position; `None` where that is nothing now, or nothing may be sent to the drain.
pub(super) async fn after(core: &Core, lane: &Lane, owner: &OwnerId, at: Position) -> Result<Option<Next>> {
    let Some(ready) = drain(core, lane).await? else { return Ok(None) };
    let head = logs::head(&core.db.read().await?, owner).await?;
    let projects = ready.selection.projects().map(<[ProjectId]>::to_vec);
    let batches = batches(core, lane, owner, (at + 1, head), projects, PIECE).await?;
    // Asked after reading: what the limits take meanwhile must not go unnoticed.
    let kept = first_kept(core, owner).await?;
    if at + 1 < kept {
        return Ok(Some(Next { to: kept - 1, more: true, ready, found: Found::Lost }));
    }
    let Some(to) = batches.last().map(|batch| batch.position) else {
        let nothing = Next { to: head, more: false, ready, found: Found::Nothing };
        return Ok((head > at).then_some(nothing));
    };
    let (parcel, ready) = pack(lane, batches, ready).await?;
    let found = match parcel {
        Ok(Some(parcel)) => Found::Piece(Box::new(parcel)),
        Ok(None) => Found::Nothing,
        Err(error) => Found::Broken(error),
    };
    Ok(Some(Next { to, more: to < head, ready, found }))
}

/// The drain of a lane, where it may be sent to. A lane that its drain does not get any more is taken out.
pub(super) async fn drain(core: &Core, lane: &Lane) -> Result<Option<Ready>> {
    let Some(ready) = ready::load(core, &lane.drain).await? else { return Ok(None) };
    if ready.drain.kinds().contains(&lane.kind) {
        return Ok(Some(ready));
    }
    cursors::end(core, lane).await?;
    Ok(None)
}

pub(super) async fn batches(
    core: &Core,
    lane: &Lane,
    owner: &OwnerId,
    (from, to): (Position, Position),
    projects: Option<Vec<ProjectId>>,
    max_bytes: i64,
) -> Result<Vec<Packed>> {
    let conn = core.db.read().await?;
    logs::range(&conn, owner, from, to, &Wanted { kind: lane.kind, projects }, max_bytes).await
}

pub(super) async fn first_kept(core: &Core, owner: &OwnerId) -> Result<Position> {
    logs::first_kept(&core.db.read().await?, owner).await
}

/// Packing takes the time of a processor, so not where others wait for theirs.
pub(super) async fn pack(
    lane: &Lane,
    batches: Vec<Packed>,
    ready: Ready,
) -> Result<(Result<Option<Parcel>>, Ready)> {
    let kind = lane.kind;
    let work = move || {
        let stretch = Stretch::unpack(kind, &batches);
        drop(batches);
        let parcel =
            stretch.and_then(|stretch| parcel::pack(&ready.drain.delivery, stretch, &ready.selection));
        (parcel, ready)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
