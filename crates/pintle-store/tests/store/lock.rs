//! What one process has to itself: a data folder, and what is named exclusive.

use crate::databases::on_each_engine;
use pintle_store::{Engine, FolderLock};
use std::pin::pin;
use std::time::Duration;

#[test]
fn a_folder_has_one_holder_who_is_named_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut lock = FolderLock::acquire(folder.path()).unwrap().expect("a free folder");
    lock.describe("process 7, http://127.0.0.1:4400").unwrap();
    let held = FolderLock::acquire(folder.path()).unwrap().err().expect("a folder that is taken");
    assert_eq!(held.0, "process 7, http://127.0.0.1:4400");
    lock.describe("process 7").unwrap();
    let held = FolderLock::acquire(folder.path()).unwrap().err().expect("a folder that is taken");
    assert_eq!(held.0, "process 7", "the shorter text replaced the longer one");
    drop(lock);
    assert!(FolderLock::acquire(folder.path()).unwrap().is_ok(), "the folder is free again");
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(FolderLock::acquire(&folder.path().join("nowhere")).is_err());
}

/// On PostgreSQL alone: an SQLite database has one process.
#[tokio::test]
async fn what_is_exclusive_waits_for_the_one_before_it() {
    on_each_engine(async |place| {
        let (one, other) = (place.open().await, place.open().await);
        if one.engine() == Engine::Sqlite {
            return;
        }
        let first = one.exclusive("thing").await.unwrap();
        other.exclusive("another thing").await.unwrap();
        let mut second = pin!(other.exclusive("thing"));
        let patience = Duration::from_millis(200);
        assert!(tokio::time::timeout(patience, &mut second).await.is_err(), "two are in it");
        drop(first);
        second.await.unwrap();
    })
    .await;
}
