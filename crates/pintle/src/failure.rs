//! Why the program ends without success: one line, and an exit code.

use std::fmt;

/// The exit code for options or a file that say something wrong. Nothing was changed.
const USAGE: u8 = 2;
/// The exit code for everything that turned out wrong later.
const FAILED: u8 = 1;

#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Bad options or a bad file: exit code 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { code: USAGE, message: one_line(message) }
    }

    /// Anything else: exit code 1.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self { code: FAILED, message: one_line(message) }
    }
}

fn one_line(message: impl fmt::Display) -> String {
    let message = message.to_string();
    message.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

/// Errors of the domain, which name what went wrong after their code.
impl From<pintle_core::Error> for Failure {
    fn from(error: pintle_core::Error) -> Self {
        Self::failed(error.message)
    }
}

impl From<pintle_store::Error> for Failure {
    fn from(error: pintle_store::Error) -> Self {
        Self::failed(error)
    }
}
