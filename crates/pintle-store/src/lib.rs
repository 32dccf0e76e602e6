#![doc = include_str!("../README.md")]

mod conn;
mod db;
mod error;
mod inspect;
mod lock;
mod migrate;
pub mod planted;
mod postgres;
mod row;
mod sqlite;
mod value;

pub use conn::Conn;
pub use db::{AsStoreError, Db, Engine, Exclusive};
pub use error::{Error, Result};
pub use inspect::{ForeignKey, Orphans};
pub use lock::{FolderLock, Held};
pub use migrate::Migration;
pub use row::{FromRow, FromValue, Row};
pub use sqlite::{Durability, Sqlite};
pub use value::Value;
