//! Whose turn it is to append to a stream, among the requests of this process.
//!
//! On PostgreSQL two transactions that change the same row cost one of them a try, and with many at once some would run out of
//! tries. So they wait for each other here; what other processes append still costs a try. SQLite has one writer, which takes all
//! that wait into one commit: there nobody waits here.

use crate::ids::OwnerId;
use pintle_store::Engine;
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};

/// Turns that can be had at once. Owners may share one, which only makes them wait.
const TURNS: usize = 64;

pub struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Self([const { Mutex::const_new(()) }; TURNS])
    }
}

impl Turns {
    /// Waits for the owner's turn, which lasts until the answer is dropped.
    pub(super) async fn take(&self, engine: Engine, owner: &OwnerId) -> Option<MutexGuard<'_, ()>> {
        if engine == Engine::Sqlite {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        owner.hash(&mut hasher);
        Some(self.0[hasher.finish() as usize % TURNS].lock().await)
    }
}
