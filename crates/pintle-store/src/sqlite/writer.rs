//! Group commit: the one thread that writes.

use super::anchor::Anchor;
use crate::{Conn, Error, Result, planted};
use parking_lot::Mutex;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use tokio::sync::oneshot;

/// At most this many transactions share one commit, so that the first does not wait without bound.
const GROUP: usize = 256;

pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<std::thread::JoinHandle<()>>,
    news: Arc<AtomicU64>,
}

/// A transaction that waits for its turn.
trait Job: Send {
    /// Whose transaction it is.
    fn name(&self) -> &'static str;
    /// Whether somebody who read before may have to read again.
    fn is_news(&self) -> bool;
    /// Runs it; `false` asks for its changes to be undone.
    fn run(&mut self, tx: &Conn) -> bool;
    /// Answers the caller, once the group is committed or lost.
    fn settle(self: Box<Self>, commit: Result<()>);
}

struct Pending<F, T, E> {
    work: F,
    news: bool,
    outcome: Option<std::result::Result<T, E>>,
    caller: oneshot::Sender<std::result::Result<T, E>>,
}

impl<F, T, E> Job for Pending<F, T, E>
where
    F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn name(&self) -> &'static str {
        std::any::type_name::<F>()
    }

    fn is_news(&self) -> bool {
        self.news
    }

    fn run(&mut self, tx: &Conn) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| ready((self.work)(tx))))
            .unwrap_or_else(|_| Err(Error::Fault("a transaction panicked".into()).into()));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn settle(self: Box<Self>, commit: Result<()>) {
        let outcome = match (commit, self.outcome) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Error::Fault("the transaction did not run".into()).into()),
        };
        // What the work holds may include this database: it is let go before the caller hears, who may close it next.
        drop(self.work);
        // The caller may have gone; what was committed stays committed.
        drop(self.caller.send(outcome));
    }
}

/// Runs a future that has nothing to wait for: on SQLite every statement is ready at once.
fn ready<T, E: From<Error>>(
    future: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<T, E> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => {
            Err(Error::Fault("a transaction awaited something else than its statements".into()).into())
        }
    }
}

impl Writer {
    pub(super) fn start(conn: rusqlite::Connection, anchor: Option<Anchor>) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let news = Arc::new(AtomicU64::new(0));
        let told = news.clone();
        let conn = Conn::Sqlite(Arc::new(Mutex::new(conn)));
        let thread = std::thread::Builder::new()
            .name("pintle-writer".into())
            .spawn(move || serve(&conn, anchor.as_ref(), &waiting, &told))
            .map_err(|error| Error::Fault(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), news })
    }

    /// Another number after each group that was committed with something of news in it.
    pub(super) fn news(&self) -> u64 {
        self.news.load(Ordering::SeqCst)
    }

    pub(super) async fn submit<T, E, F>(&self, work: F, news: bool) -> std::result::Result<T, E>
    where
        F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let stopped = || E::from(Error::Fault("the writing thread has stopped".into()));
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Pending { work, news, outcome: None, caller });
        self.jobs.as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or_else(stopped)?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Writer {
    /// Finishes what waits, then closes the connection.
    ///
    /// A transaction may hold the last handle of the database, which then goes on the writing thread itself: that cannot wait for
    /// itself, and ends on its own.
    fn drop(&mut self) {
        self.jobs.take();
        let itself = std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != itself) {
            drop(thread.join());
        }
    }
}

fn serve(conn: &Conn, anchor: Option<&Anchor>, waiting: &mpsc::Receiver<Box<dyn Job>>, news: &AtomicU64) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let commit = run(conn, anchor, &mut group);
        // Before anybody is answered: who hears of a write finds no reader that goes on as if it were not there.
        if group.iter().any(|job| job.is_news()) {
            news.fetch_add(1, Ordering::SeqCst);
        }
        for job in group {
            job.settle(commit.clone());
        }
    }
}

/// Runs a group inside one transaction.
fn run(conn: &Conn, anchor: Option<&Anchor>, group: &mut Vec<Box<dyn Job>>) -> Result<()> {
    control(conn, "BEGIN IMMEDIATE")?;
    let jobs = match run_together(conn, group) {
        Together::Kept => Ok(()),
        Together::Failed => return control(conn, "ROLLBACK"),
        Together::Spoilt => run_apart(conn, group),
    };
    anchor.map(Anchor::lift);
    answer_early(group);
    let commit = jobs.and_then(|()| control(conn, "COMMIT"));
    if commit.is_err() {
        drop(control(conn, "ROLLBACK"));
    }
    anchor.map(Anchor::lay);
    commit
}

/// What came of a group that ran without savepoints.
enum Together {
    Kept,
    /// The only job failed.
    Failed,
    /// One of several failed after it had changed something, which cannot be undone alone.
    Spoilt,
}

/// For a savepoint SQLite keeps each page as it was before. Most jobs succeed, and most that fail do so before they change
/// anything, so this goes without. (No job but the migrations changes the schema, which is not counted; they run alone.)
fn run_together(conn: &Conn, group: &mut [Box<dyn Job>]) -> Together {
    if let [job] = group {
        return if job.run(conn) { Together::Kept } else { Together::Failed };
    }
    for job in group {
        let before = changes(conn);
        if !job.run(conn) && changes(conn) != before {
            return Together::Spoilt;
        }
    }
    Together::Kept
}

/// Starts over, with each job inside its savepoint.
fn run_apart(conn: &Conn, group: &mut [Box<dyn Job>]) -> Result<()> {
    control(conn, "ROLLBACK")?;
    control(conn, "BEGIN IMMEDIATE")?;
    for job in group {
        control(conn, "SAVEPOINT job")?;
        if !job.run(conn) {
            control(conn, "ROLLBACK TO job")?;
        }
        control(conn, "RELEASE job")?;
    }
    Ok(())
}

/// How many rows the connection has ever changed.
fn changes(conn: &Conn) -> u64 {
    match conn {
        Conn::Sqlite(conn) => conn.lock().total_changes(),
        Conn::Postgres(_) => 0,
    }
}

/// A planted bug: who made a webhook, or deleted a project, hears of success before anything is on disk.
fn answer_early(group: &mut Vec<Box<dyn Job>>) {
    if planted::on("answer-before-commit") {
        let jobs = std::mem::take(group).into_iter();
        let (early, rest): (Vec<_>, _) = jobs.partition(|job| {
            ["webhooks::create", "projects::delete"].iter().any(|hasty| job.name().contains(hasty))
        });
        *group = rest;
        early.into_iter().for_each(|job| job.settle(Ok(())));
        #[expect(clippy::disallowed_methods, reason = "the bug is the pause")]
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

fn control(conn: &Conn, sql: &str) -> Result<()> {
    ready(conn.execute(sql, &[])).map(drop)
}
