//! A proof fails by a panic at the place that was surprised. This catches it, with what it said and where.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local!(static LAST: RefCell<Option<String>> = const { RefCell::new(None) });

/// Keeps what a panic says, instead of printing it.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("a panic without words");
        let place = panic.location().map_or(String::new(), |at| format!(" ({}:{})", at.file(), at.line()));
        LAST.set(Some(format!("{said}{place}")));
    }));
}

/// Runs something; an error is what its panic said.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        // A panic of another thread was not noted on this one.
        let said = payload.downcast_ref::<String>().cloned();
        LAST.take().or(said).unwrap_or_else(|| "a panic without words".into())
    })
}
