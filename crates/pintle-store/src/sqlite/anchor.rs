//! Reading without system calls.

use crate::Result;
use rusqlite::Connection;

/// A connection that stays in a reading transaction on the newest state, and reads nothing.
///
/// SQLite marks in a file, with a system call, which state a process reads, and takes the mark back when nobody in the process
/// reads that state any more: twice for every statement, which is more than a point read costs otherwise. While the anchor lies on
/// a state, all readers of the process share its mark. The writer lifts it before each commit, since a state that is read
/// cannot leave the log, and lays it on the new state after.
pub(super) struct Anchor(Connection);

impl Anchor {
    pub(super) fn new(conn: Connection) -> Self {
        let anchor = Self(conn);
        anchor.lay();
        anchor
    }

    /// Where this fails, the readers only make their own marks.
    pub(super) fn lay(&self) {
        // The transaction reads from its first statement on.
        let laid = self.run("BEGIN").and_then(|()| self.run("SELECT 1 FROM sqlite_schema"));
        if laid.is_err() {
            self.lift();
        }
    }

    pub(super) fn lift(&self) {
        drop(self.run("COMMIT"));
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.0.prepare_cached(sql)?.raw_query().next()?;
        Ok(())
    }
}
