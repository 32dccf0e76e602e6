//! Bugs on purpose, for the proofs that claim to find such bugs.
//!
//! Without the feature `planted` all of this compiles to nothing. With it, `PINTLE_PLANT=name` turns one bug on. Most bugs are a
//! statement that says something else: a list of those is handed in, so that the code which has them need not know.
//!
//! A proof can also end the process at a point that is named here: `PINTLE_POINTS` is a folder, its file `die` names the point and how
//! often the process may pass it before, and `passed` lists the points that the process came by.

#[cfg(feature = "planted")]
pub use growing::{Statement, on, plant, point, statement};
#[cfg(not(feature = "planted"))]
pub use sound::{on, point, statement};

#[cfg(feature = "planted")]
mod growing {
    use parking_lot::Mutex;
    use std::collections::HashMap;
    use std::io::Write;
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The bug's name, a piece of a statement, and what stands there instead.
    pub type Statement = (&'static str, &'static str, &'static str);

    static STATEMENTS: OnceLock<&[Statement]> = OnceLock::new();

    /// Hands in the statements.
    pub fn plant(statements: &'static [Statement]) {
        STATEMENTS.get_or_init(|| statements);
    }

    /// Whether the bug of this name is planted in this process.
    pub fn on(name: &str) -> bool {
        static PLANT: OnceLock<Option<String>> = OnceLock::new();
        PLANT.get_or_init(|| std::env::var("PINTLE_PLANT").ok()).as_deref() == Some(name)
    }

    /// The process comes by a point of this name, and ends there by SIGKILL where a proof wants that.
    pub fn point(name: &str) {
        static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
        let folder = FOLDER.get_or_init(|| std::env::var_os("PINTLE_POINTS").map(PathBuf::from));
        let Some(folder) = folder else { return };
        let passed = std::fs::File::options().create(true).append(true).open(folder.join("passed"));
        drop(passed.and_then(|mut passed| passed.write_all(format!("{name}\n").as_bytes())));
        static PASSED: AtomicUsize = AtomicUsize::new(0);
        let wanted = std::fs::read_to_string(folder.join("die")).unwrap_or_default();
        let Some((wanted, before)) = wanted.split_once(' ') else { return };
        if wanted == name && PASSED.fetch_add(1, Ordering::Relaxed).to_string() == before {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }

    /// The statement as it is run.
    pub fn statement(sql: &str) -> &str {
        static KNOWN: OnceLock<Mutex<HashMap<String, &'static str>>> = OnceLock::new();
        let planted = STATEMENTS.get().into_iter().copied().flatten();
        let Some((_, piece, instead)) = planted.into_iter().find(|(bug, ..)| on(bug)) else { return sql };
        let make = || {
            // However it is broken into lines.
            let line: Vec<&str> = sql.split_whitespace().collect();
            &*line.join(" ").replace(piece, instead).leak()
        };
        KNOWN.get_or_init(Mutex::default).lock().entry(sql.to_owned()).or_insert_with(make)
    }
}

#[cfg(not(feature = "planted"))]
mod sound {
    /// Whether the bug of this name is planted in this process: never, in this build.
    #[inline(always)]
    pub const fn on(_: &str) -> bool {
        false
    }

    /// A point at which a proof ends the process: nothing, in this build.
    #[inline(always)]
    pub const fn point(_: &str) {}

    /// The statement as it is run: as it was written, in this build.
    #[inline(always)]
    pub const fn statement(sql: &str) -> &str {
        sql
    }
}
