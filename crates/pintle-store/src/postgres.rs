//! The engine for more than one node: a pool for reading, and one thread on which the transactions live.

use crate::db::AsStoreError;
use crate::{Conn, Error, Result};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Config, NoTls};

/// Connections in each of the two pools.
const POOL: usize = 16;
/// Times that a transaction which lost a race is run before its caller is told.
const ATTEMPTS: u32 = 50;

type Job = Box<dyn FnOnce(Pool) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

pub struct Postgres {
    readers: Pool,
    jobs: mpsc::UnboundedSender<Job>,
}

impl Postgres {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let config: Config = url.parse()?;
        let readers = pool(&config)?;
        drop(readers.get().await?);
        let (jobs, waiting) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("pintle-writer".into())
            .spawn(move || serve(&config, waiting))
            .map_err(|error| Error::Fault(error.to_string()))?;
        Ok(Self { readers, jobs })
    }

    pub(crate) async fn reader(&self) -> Result<Conn> {
        Ok(Conn::Postgres(Arc::new(self.readers.get().await?)))
    }

    /// A connection of its own that holds the lock: the server takes it back when the connection ends, however that ends. Schemas
    /// are databases to us, locks are the whole database's; so the schema is part of the name.
    pub(crate) async fn exclusive(&self, name: &str) -> Result<Object> {
        let client = self.readers.get().await?;
        client.query("SELECT pg_advisory_lock(hashtext(current_schema() || '.' || $1))", &[&name]).await?;
        Ok(client)
    }

    /// The futures of a transaction are not `Send`, so they run on a thread of their own, as on SQLite.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + AsStoreError + Send + 'static,
    {
        let stopped = || E::from(Error::Fault("the writing thread has stopped".into()));
        let (caller, answer) = oneshot::channel();
        let job: Job =
            Box::new(move |pool| Box::pin(async move { drop(caller.send(attempt(&pool, &work).await)) }));
        self.jobs.send(job).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn pool(config: &Config) -> Result<Pool> {
    let config = config.clone();
    let manager =
        Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager).max_size(POOL).build().map_err(|error| Error::Fault(error.to_string()))
}

fn serve(config: &Config, mut waiting: mpsc::UnboundedReceiver<Job>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(pool)) = (runtime, pool(config)) else { return };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let mut running = tokio::task::JoinSet::new();
        while let Some(job) = waiting.recv().await {
            running.spawn_local(job(pool.clone()));
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    });
}

async fn attempt<T, E, F>(pool: &Pool, work: &F) -> std::result::Result<T, E>
where
    F: AsyncFn(&Conn) -> std::result::Result<T, E>,
    E: From<Error> + AsStoreError,
{
    let mut tried = 0;
    loop {
        let outcome = transaction(pool, work).await;
        tried += 1;
        match &outcome {
            Err(error) if error.as_store_error() == Some(&Error::Retry) && tried < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(u64::from(tried.min(20)))).await;
            }
            _ => return outcome,
        }
    }
}

async fn transaction<T, E, F>(pool: &Pool, work: &F) -> std::result::Result<T, E>
where
    F: AsyncFn(&Conn) -> std::result::Result<T, E>,
    E: From<Error>,
{
    let client = pool.get().await.map_err(|error| E::from(error.into()))?;
    let conn = Conn::Postgres(Arc::new(client));
    conn.batch("BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
    match caught(work(&conn)).await {
        Ok(value) => conn.batch("COMMIT").await.map(|()| value).map_err(E::from),
        Err(error) => {
            conn.batch("ROLLBACK").await?;
            Err(error)
        }
    }
}

/// A panic is an error like any other: the transaction must be rolled back before its connection serves another.
async fn caught<T, E: From<Error>>(
    work: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<T, E> {
    let mut work = pin!(work);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(Error::Fault("a transaction panicked".into()).into())))
    })
    .await
}
