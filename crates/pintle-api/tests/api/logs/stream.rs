//! The stream: positions, reading, limits.

use super::Source;
use pintle_core::ids::{OwnerId, ProjectId};
use pintle_core::logs::{self, Batch, Kind, NewBatch, Position, Wanted, deployments, retention};
use pintle_store::params;
use pintle_testing::{Pintle, given, on_each_engine};
use std::collections::BTreeSet;

const LOGS: Wanted = Wanted { kind: Kind::Log, projects: None };

fn batch(text: &str) -> NewBatch {
    NewBatch::new(Kind::Log, 1, BTreeSet::from(["dpl_one".to_owned()]), text.as_bytes())
}

fn positions(batches: &[Batch]) -> Vec<Position> {
    batches.iter().map(|batch| batch.position).collect()
}

async fn kept(pintle: &Pintle, owner: &OwnerId) -> (Position, Position, i64, i64) {
    let sql = "SELECT s.head, s.tail, s.bytes, (SELECT COALESCE(SUM(b.bytes), 0) FROM log_batches b WHERE b.owner_id = $1)
      FROM log_streams s WHERE s.owner_id = $1";
    // PostgreSQL sums to NUMERIC.
    let sql =
        sql.replace("(SELECT COALESCE(SUM(b.bytes), 0)", "(SELECT CAST(COALESCE(SUM(b.bytes), 0) AS BIGINT)");
    pintle.core.db.read().await.unwrap().one(&sql, &params![owner]).await.unwrap()
}

#[tokio::test]
async fn a_reader_that_follows_positions_misses_nothing_however_many_write() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let project = ProjectId::from(source.project.clone());
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..64 {
            let (core, owner, project) = (pintle.core.clone(), source.owner.clone(), project.clone());
            writers.spawn(async move {
                for n in 0..5 {
                    logs::append(&core, &owner, &project, vec![batch(&format!("{writer}-{n}\n"))])
                        .await
                        .unwrap();
                }
            });
        }
        let mut seen = Vec::new();
        let mut at = 0;
        let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        while seen.len() < 320 {
            assert!(tokio::time::Instant::now() < patience, "only {} of 320 came", seen.len());
            let conn = pintle.core.db.read().await.unwrap();
            let found = logs::read_after(&conn, &source.owner, at, &LOGS, 20).await.unwrap();
            drop(conn);
            at = found.last().map_or(at, |batch| batch.position);
            seen.extend(found);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        writers.join_all().await;
        assert_eq!(positions(&seen), (1..=320).collect::<Vec<_>>());
        let texts: BTreeSet<&[u8]> = seen.iter().map(|batch| &batch.body[..]).collect();
        assert_eq!(texts.len(), 320);
        let conn = pintle.core.db.read().await.unwrap();
        assert_eq!(logs::head(&conn, &source.owner).await.unwrap(), 320);
    })
    .await;
}

#[tokio::test]
async fn a_reading_is_bounded_by_kind_project_and_bytes() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let (one, two) =
            (ProjectId::from(source.project.clone()), ProjectId::from(source.team.project("two").await));
        let trace = NewBatch::new(Kind::Trace, 1, BTreeSet::new(), b"trace");
        for (project, batch) in
            [(&one, batch("aaaa\n")), (&two, batch("bbbb\n")), (&one, trace), (&one, batch("cccc\n"))]
        {
            logs::append(&pintle.core, &source.owner, project, vec![batch]).await.unwrap();
        }
        let conn = pintle.core.db.read().await.unwrap();
        let read = async |after, wanted: Wanted, bytes| {
            positions(&logs::read_after(&conn, &source.owner, after, &wanted, bytes).await.unwrap())
        };
        let of = |projects: &[&ProjectId]| Wanted {
            kind: Kind::Log,
            projects: Some(projects.iter().map(|id| (*id).clone()).collect()),
        };
        assert_eq!(read(0, LOGS, 100).await, [1, 2, 4]);
        assert_eq!(read(0, LOGS, 10).await, [1, 2]);
        assert_eq!(read(0, LOGS, 1).await, [1], "one at least");
        assert_eq!(read(1, of(&[&one]), 100).await, [4]);
        assert_eq!(read(0, of(&[&one, &two]), 100).await, [1, 2, 4]);
        assert_eq!(read(0, of(&[]), 100).await, [0; 0]);
        assert_eq!(read(0, Wanted { kind: Kind::Trace, projects: None }, 100).await, [3]);
        let range = logs::range(&conn, &source.owner, 2, 3, &LOGS, 100).await.unwrap();
        assert_eq!(range.iter().map(|batch| batch.position).collect::<Vec<_>>(), [2]);
        let span = deployments::find(&conn, &one, "dpl_one").await.unwrap();
        assert_eq!(span, Some(deployments::Span { first: 1, last: 4 }));
        assert_eq!(deployments::find(&conn, &one, "dpl_two").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_project_takes_its_logs_along_and_no_others() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let (one, two) =
            (ProjectId::from(source.project.clone()), ProjectId::from(source.team.project("two").await));
        for project in [&one, &two, &one] {
            logs::append(&pintle.core, &source.owner, project, vec![batch("line\n")]).await.unwrap();
        }
        assert_eq!(source.team.delete(&format!("/v9/projects/{one}")).await.status, 204);
        let (head, tail, bytes, sum) = kept(pintle, &source.owner).await;
        assert_eq!((head, tail), (3, 1));
        assert!(bytes > 0 && bytes == sum, "{bytes} {sum}");
        assert_eq!(positions(&source.batches(pintle).await), [2]);
        let gone = logs::append(&pintle.core, &source.owner, &one, vec![batch("late\n")]).await;
        assert_eq!(gone.unwrap_err().message, "Project not found");
        assert_eq!(
            kept(pintle, &source.owner).await,
            (3, 1, bytes, bytes),
            "a failed batch leaves no position"
        );
    })
    .await;
}

#[tokio::test]
async fn the_oldest_logs_go_by_age() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let project = ProjectId::from(source.project.clone());
        for _ in 0..3 {
            logs::append(&pintle.core, &source.owner, &project, vec![batch("line\n")]).await.unwrap();
            pintle.clock.advance(pintle.core.retention.age / 2 + 1);
        }
        assert!(retention::sweep(&pintle.core).await.unwrap() > 0);
        assert_eq!(positions(&source.batches(pintle).await), [3]);
        let (head, tail, bytes, sum) = kept(pintle, &source.owner).await;
        assert_eq!((head, tail, bytes), (3, 3, sum));
        let conn = pintle.core.db.read().await.unwrap();
        assert_eq!(logs::first_kept(&conn, &source.owner).await.unwrap(), 3);
        assert_eq!(retention::sweep(&pintle.core).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_oldest_logs_go_by_size_when_new_ones_come() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let project = ProjectId::from(source.project.clone());
        let keep = 20_000;
        let small = given(pintle.clock.clone(), pintle_core::entropy::Entropy::seeded(9), false);
        let small = pintle_core::Given {
            retention: retention::Retention { bytes: keep, ..small.retention },
            ..small
        };
        let core =
            pintle_core::Core::open(pintle.core.db.clone(), &pintle_core::vault::MasterKey([7; 32]), small);
        let core = core.await.unwrap();
        for n in 0..600 {
            let body: String = (0..20).map(|i| format!("{}\n", n * 7919 + i * 104_729)).collect();
            logs::append(&core, &source.owner, &project, vec![batch(&body)]).await.unwrap();
            let (head, tail, bytes, sum) = kept(pintle, &source.owner).await;
            assert!(head == n + 1 && bytes == sum && bytes <= keep, "{head} {tail} {bytes} {sum}");
        }
        let (head, tail, bytes, _) = kept(pintle, &source.owner).await;
        assert!(tail > 1 && tail < head && bytes > keep / 2, "{head} {tail} {bytes}");
        assert_eq!(source.batches(pintle).await[0].position, tail);
    })
    .await;
}
