//! A data folder belongs to one process.

use pintle_store::FolderLock;

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
