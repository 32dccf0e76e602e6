//! The rows of a createProjectEnv, written in process through the same writer: what is left of a creation when nothing is read,
//! checked, sealed, parsed, authorized or sent.

use crate::{Outcome, world};
use pintle_core::Error;
use pintle_core::entropy::Entropy;
use pintle_store::{Db, params};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// What the server wrote for one variable, by which all others are made.
struct Sample {
    env: (String, String, Vec<u8>, String),
    event: (String, String, String, String, String),
}

impl Sample {
    async fn of(db: &Db) -> Outcome<Self> {
        let conn = db.read().await?;
        let env = conn
            .one("SELECT owner_id, project_id, value, doc FROM envs ORDER BY created_at DESC LIMIT 1", &[])
            .await?;
        let sql = "SELECT owner_id, principal_id, type, hook, doc FROM events WHERE type = 'env-variable-add'
          ORDER BY created_at DESC LIMIT 1";
        Ok(Self { env, event: conn.one(sql, &[]).await? })
    }
}

/// Writes rows for so many seconds from so many tasks, each after the answer to its last; answers how many a second.
pub fn run(data: &Path, seconds: u64, writers: u32, projects: &[String]) -> Outcome<f64> {
    crate::runtime()?.block_on(async {
        let core = world::open(data).await?;
        let sample = Arc::new(Sample::of(&core.db).await?);
        let (db, entropy) = (core.db.clone(), Arc::new(Entropy::system()?));
        let (projects, written) = (Arc::new(projects.to_vec()), Arc::new(AtomicI64::new(0)));
        let began = Instant::now();
        let end = began + Duration::from_secs(seconds);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..writers {
            let (db, entropy, sample) = (db.clone(), entropy.clone(), sample.clone());
            let (projects, written) = (projects.clone(), written.clone());
            tasks.spawn(async move {
                while Instant::now() < end {
                    let number = written.fetch_add(1, Ordering::Relaxed);
                    let project = projects[number as usize % projects.len()].clone();
                    write(&db, &entropy, sample.clone(), project, number).await?;
                }
                Ok::<(), Error>(())
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        Ok(written.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
    })
}

async fn write(
    db: &Db,
    entropy: &Entropy,
    sample: Arc<Sample>,
    project: String,
    number: i64,
) -> Result<(), Error> {
    let (id, event_id) = (entropy.base62(16), format!("uev_{}", entropy.base62(24)));
    let stamp = 4_000_000_000_000 + number;
    db.write(async move |tx| {
        let (owner, _, value, doc) = &sample.env;
        tx.execute(
            "INSERT INTO envs (id, owner_id, project_id, configuration_id, created_at, number, value, doc)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &params![&id, owner, &project, None::<String>, stamp, number, value.as_slice(), doc],
        )
        .await?;
        tx.execute(
            "INSERT INTO env_targets (env_id, project_id, key, git_branch, target) VALUES ($1, $2, $3, $4, $5)",
            &params![&id, &project, format!("ROW_{number}"), "", "production"],
        )
        .await?;
        let (owner, principal, kind, hook, doc) = &sample.event;
        tx.execute(
            "INSERT INTO events (id, owner_id, principal_id, type, project_id, created_at, hook, doc)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &params![&event_id, owner, principal, kind, &project, stamp, hook, doc],
        )
        .await?;
        Ok(())
    })
    .await
}
