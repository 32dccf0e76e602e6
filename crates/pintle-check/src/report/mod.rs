//! What came out, for people and for machines.

mod junit;
mod people;

pub use junit::junit;

use crate::ask::Traffic;
use crate::cases::Case;
use std::time::Duration;

/// How one case ended.
pub struct Grade {
    pub(crate) case: &'static Case,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

pub(crate) enum Outcome {
    /// With a word on how, or without.
    Passed(String),
    /// With the reason.
    Skipped(String),
    Failed {
        expected: String,
        traffic: Vec<Traffic>,
    },
}

/// All of them, in their order.
pub struct Report {
    pub(crate) grades: Vec<Grade>,
    /// What lies behind many failures, where that is known.
    pub(crate) hint: Option<String>,
}

/// How many ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Report {
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for grade in &self.grades {
            match grade.outcome {
                Outcome::Passed(_) => counts.passed += 1,
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    /// Nothing failed.
    pub fn is_good(&self) -> bool {
        self.counts().failed == 0
    }
}
