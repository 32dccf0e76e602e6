//! Where the data is: the folder, the database, the master key.

use crate::failure::{Failure, Result};
use crate::file::{File, Settings};
use crate::key;
use crate::options::{Database, StorageArgs};
use pintle_core::entropy::Entropy;
use pintle_core::vault::{self, MasterKey};
use pintle_store::{Db, Durability, FolderLock};
use std::fmt::Display;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a start waits for PostgreSQL.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Storage {
    /// The folder of the key file.
    pub data: PathBuf,
    pub database: Database,
    /// The key of the environment.
    master_key: Option<MasterKey>,
}

impl Storage {
    /// From the options and the environment, else from the file, else the defaults.
    pub fn new(args: StorageArgs, file: &Settings) -> Result<Self> {
        let data = args.data.or(file.data.clone()).unwrap_or_else(|| PathBuf::from("pintle-data"));
        let database = args.database.or(file.database.clone());
        let database = database.unwrap_or_else(|| Database::Sqlite(data.join("pintle.db")));
        Ok(Self { data, database, master_key: key::from_environment()? })
    }

    /// The same with the start-up file that the options name, or that is there.
    pub fn find(args: StorageArgs) -> Result<Self> {
        let file = File::find(args.config.clone())?;
        Self::new(args, &file.map(|file| file.settings).unwrap_or_default())
    }

    /// The right to the folder of an SQLite database; PostgreSQL needs none.
    ///
    /// # Errors
    /// Where another process has it: this names it.
    pub fn lock(&self) -> Result<Option<FolderLock>> {
        let Database::Sqlite(path) = &self.database else { return Ok(None) };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let shown = folder.display();
        let cannot = |error| Failure::failed(format_args!("cannot use the folder {shown}: {error}"));
        make_folder(folder).map_err(cannot)?;
        match FolderLock::acquire(folder).map_err(cannot)? {
            Ok(lock) => Ok(Some(lock)),
            Err(held) => Err(Failure::failed(format_args!(
                "the folder {shown} is in use by another pintle: {}",
                held.0
            ))),
        }
    }

    /// Opens the database for a server, creating an SQLite file where there is none.
    pub async fn open(&self) -> Result<Db> {
        match &self.database {
            Database::Sqlite(path) => Ok(Db::sqlite(path, Durability::Full)?),
            Database::Postgres(url) => postgres(url).await,
        }
    }

    /// Opens a database that exists, to change something in it; a server may be running.
    pub async fn existing(&self) -> Result<Db> {
        match &self.database {
            Database::Sqlite(path) if !path.exists() => Err(missing(path)),
            _ => self.open().await,
        }
    }

    /// Opens a database that exists, to look at it.
    pub async fn look(&self) -> Result<Db> {
        match &self.database {
            Database::Sqlite(path) if !path.exists() => Err(missing(path)),
            Database::Sqlite(path) => Ok(Db::sqlite_read_only(path)?),
            Database::Postgres(url) => postgres(url).await,
        }
    }

    /// The key of the environment or of the folder's file. Only a database that has no secrets yet gets a new one.
    pub async fn master_key(&self, db: &Db, entropy: &Entropy) -> Result<MasterKey> {
        if let Some(key) = self.known_master_key()? {
            return Ok(key);
        }
        if vault::exists(db).await? {
            return Err(Failure::failed(self.key_is_missing()));
        }
        let cannot =
            |error| Failure::failed(format_args!("cannot make the folder {}: {error}", self.data.display()));
        make_folder(&self.data).map_err(cannot)?;
        key::create(&self.data, entropy)
    }

    /// The key, if there is one.
    pub fn known_master_key(&self) -> Result<Option<MasterKey>> {
        match &self.master_key {
            Some(MasterKey(key)) => Ok(Some(MasterKey(*key))),
            None => key::from_file(&self.data),
        }
    }

    pub fn key_is_missing(&self) -> String {
        let file = self.data.join(key::FILE);
        let variable = key::VARIABLE;
        format!(
            "the database was made with a master key, but {} is missing and {variable} is not set",
            file.display()
        )
    }
}

/// Makes a folder that only its owner can look into; one that exists stays as it is.
fn make_folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn missing(path: &Path) -> Failure {
    Failure::failed(format_args!("there is no database {}", path.display()))
}

async fn postgres(url: &str) -> Result<Db> {
    let cannot = |what: &dyn Display| Failure::failed(format_args!("cannot connect to PostgreSQL: {what}"));
    match tokio::time::timeout(PATIENCE, Db::postgres(url)).await {
        Ok(connected) => connected.map_err(|error| cannot(&error)),
        Err(_) => Err(cannot(&format_args!("no answer within {} seconds", PATIENCE.as_secs()))),
    }
}
