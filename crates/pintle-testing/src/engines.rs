//! A database of its own for every test.

use pintle_api::{Api, Options};
use pintle_core::clock::Clock;
use pintle_core::drains::verification::Verification;
use pintle_core::entropy::Entropy;
use pintle_core::logs::retention::Retention;
use pintle_core::vault::MasterKey;
use pintle_core::{Core, Given};
use pintle_egress::{Egress, Names, Policy};
use pintle_store::{Db, Durability, Engine};
use std::sync::atomic::{AtomicU64, Ordering};

/// A Pintle in this process.
pub struct Pintle {
    pub api: Api,
    pub core: Core,
    pub clock: Clock,
    folder: Option<tempfile::TempDir>,
}

/// Runs a test on SQLite, and on PostgreSQL where `PINTLE_TEST_POSTGRES` names one.
pub async fn on_each_engine(test: impl AsyncFn(&Pintle)) {
    on_sqlite(&test).await;
    match std::env::var("PINTLE_TEST_POSTGRES") {
        Ok(url) => test(&Pintle::on_postgres(&url, seed()).await).await,
        Err(_) => {
            eprintln!("skipped on PostgreSQL: PINTLE_TEST_POSTGRES is not set (cargo xtask test sets it)")
        }
    }
}

pub async fn on_sqlite(test: impl AsyncFn(&Pintle)) {
    test(&Pintle::on_sqlite(seed()).await).await;
}

/// Makes a schema on the server that `url` names; answers the URL that leads into it.
pub async fn schema_of_its_own(url: &str, seed: u64) -> String {
    let schema = format!("t{}_{seed}", std::process::id());
    let admin = Db::postgres(url).await.expect("a PostgreSQL server");
    let create = format!("CREATE SCHEMA {schema}");
    admin
        .write(async move |tx| tx.execute(&create, &[]).await.map(drop))
        .await
        .expect("a schema of the test's own");
    let joiner = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joiner}options=-c%20search_path%3D{schema}")
}

/// A folder in memory where the system has that, since a test's files need not outlive it.
fn temporary() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

/// What a Core of a test is given: it reaches this machine, and asks nobody for names.
pub fn given(clock: Clock, entropy: Entropy, strict_team_scope: bool) -> Given {
    let egress = Egress::new(Policy { loopback: true, names: Names::Nobody, ..Policy::default() });
    Given {
        issuer: "http://pintle.test".into(),
        clock,
        entropy,
        egress,
        retention: Retention::default(),
        strict_team_scope,
        drain_verification: Verification::Off,
    }
}

fn seed() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Pintle {
    /// Every id and secret follows from the seed.
    pub async fn on_sqlite(seed: u64) -> Self {
        let folder = temporary();
        let db = Db::sqlite(&folder.path().join("pintle.db"), Durability::ProcessOnly)
            .expect("an SQLite database");
        Self { folder: Some(folder), ..Self::over(db, seed).await }
    }

    /// In a schema of its own on the server that `url` names.
    pub async fn on_postgres(url: &str, seed: u64) -> Self {
        let url = schema_of_its_own(url, seed).await;
        Self::over(Db::postgres(&url).await.expect("a PostgreSQL server"), seed).await
    }

    /// The same database without its rows, and everything else new: for proofs that need thousands of worlds.
    pub async fn emptied(self, seed: u64) -> Self {
        let db = self.core.db.clone();
        let tables = db.tables().await.expect("a list of tables");
        db.write(async move |tx| {
            // What signs is as good for the next one, and slow to make; it is sealed with the data key.
            let kept = ["schema_migrations", "signing_keys", "meta"];
            tx.execute("DELETE FROM meta WHERE key <> 'data_key'", &[]).await?;
            for table in tables.iter().filter(|table| !kept.contains(&table.as_str())) {
                tx.execute(&format!("DELETE FROM {table}"), &[]).await?;
            }
            Ok::<_, pintle_store::Error>(())
        })
        .await
        .expect("an empty database");
        Self { folder: self.folder, ..Self::over(db, seed).await }
    }

    async fn over(db: Db, seed: u64) -> Self {
        // What is logged shows beside the test that failed.
        drop(tracing_subscriber::fmt().with_test_writer().try_init());
        let clock = Clock::default();
        let core = Core::open(db, &MasterKey([7; 32]), given(clock.clone(), Entropy::seeded(seed), false))
            .await
            .expect("a migrated database");
        let api = Api::new(core.clone(), Options { dev: true, ..Options::default() });
        Self { api, core, clock, folder: None }
    }

    /// A second server over the same database and clock, with other options.
    pub async fn beside(&self, options: Options, strict_team_scope: bool) -> Self {
        let given = given(self.clock.clone(), Entropy::seeded(!seed()), strict_team_scope);
        self.second(options, given).await
    }

    /// A second server over the same database and clock, that connects to public addresses only.
    pub async fn guarded(&self) -> Self {
        let egress = Egress::new(Policy { names: Names::Nobody, ..Policy::default() });
        let given = given(self.clock.clone(), Entropy::seeded(!seed()), false);
        self.second(Options::default(), Given { egress, ..given }).await
    }

    /// A second server over the same database and clock, that asks the endpoints of drains first.
    pub async fn verifying(&self, drain_verification: Verification) -> Self {
        let given = given(self.clock.clone(), Entropy::seeded(!seed()), false);
        self.second(Options::default(), Given { drain_verification, ..given }).await
    }

    async fn second(&self, options: Options, given: Given) -> Self {
        let (db, clock) = (self.core.db.clone(), self.clock.clone());
        let core = Core::open(db, &MasterKey([7; 32]), given).await.expect("the same database");
        Self { api: Api::new(core.clone(), options), core, clock, folder: None }
    }

    /// What a later start over the same database finds: a clock of its own.
    pub async fn reopened(&self) -> Self {
        Self::over(self.core.db.clone(), !seed()).await
    }

    /// Panics where a row refers to what is not there.
    pub async fn assert_no_orphans(&self) {
        let conn = self.core.db.read().await.expect("a connection");
        for key in conn.foreign_keys().await.expect("the foreign keys") {
            let orphans = key.orphans(&conn).await.expect("a query");
            assert!(orphans.is_empty(), "{}", orphans[0]);
        }
    }

    pub fn engine(&self) -> Engine {
        self.core.db.engine()
    }

    /// Where its SQLite files are.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(|folder| folder.path())
    }
}
