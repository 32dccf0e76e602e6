//! One server per data folder.

use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

/// The exclusive right to a data folder, until it is dropped or the process ends.
pub struct FolderLock(File);

/// The folder belongs to another process; this is what that process wrote of itself.
#[derive(Debug)]
pub struct Held(pub String);

impl FolderLock {
    /// Takes the folder's lock. The outer error is the file system's; the inner one says who has it.
    pub fn acquire(folder: &Path) -> std::io::Result<Result<FolderLock, Held>> {
        let path = folder.join("pintle.lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            return Ok(Err(Held(holder.trim().to_owned())));
        }
        Ok(Ok(FolderLock(file)))
    }

    /// Says who holds the lock, for whoever finds it taken.
    pub fn describe(&mut self, holder: &str) -> std::io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        writeln!(self.0, "{holder}")
    }
}
