//! Load from wrk, on loopback.

use crate::server::Server;
use crate::{Failure, Outcome, median};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run measured.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Run {
    pub requests: f64,
    pub seconds: f64,
    /// Milliseconds that 99 of 100 requests stayed below.
    pub p99: f64,
    /// Answers that were no success, and connections that broke.
    pub errors: u64,
    /// Microseconds of processor time that the server spent on a request.
    #[serde(default)]
    pub processor: f64,
}

impl Run {
    pub fn rate(&self) -> f64 {
        self.requests / self.seconds
    }
}

/// The middle of some runs.
#[derive(Debug, Clone, Copy)]
pub struct Middle {
    pub rate: f64,
    pub p99: f64,
    pub processor: f64,
}

impl Middle {
    pub fn of(runs: &[Run]) -> Self {
        let middle = |value: fn(&Run) -> f64| median(runs.iter().map(value));
        Self { rate: middle(Run::rate), p99: middle(|run| run.p99), processor: middle(|run| run.processor) }
    }
}

/// What wrk asks for; see `load.lua`.
pub enum Requests<'a> {
    /// This path, again and again.
    Get(&'a str),
    /// New variables, each with a key of its own, in the projects whose paths stand in this file.
    Create(&'a Path),
    /// Each path of this file once.
    Delete(&'a Path),
}

/// wrk, with its script in a folder.
pub struct Wrk {
    script: PathBuf,
    pub connections: u32,
}

impl Wrk {
    pub fn new(folder: &Path) -> Outcome<Self> {
        if Command::new("wrk").arg("--version").output().is_err() {
            return Err("wrk is missing: apt-get install wrk".into());
        }
        let script = folder.join("load.lua");
        std::fs::write(&script, include_str!("load.lua"))?;
        Ok(Self { script, connections: 32 })
    }

    /// Sends requests for so many seconds.
    ///
    /// # Errors
    /// Where any of them did not succeed: a fast error is no measure.
    pub fn run(&self, server: &Server, token: &str, seconds: u64, requests: &Requests<'_>) -> Outcome<Run> {
        let (path, arguments) = match requests {
            Requests::Get(path) => (*path, vec!["get".into()]),
            Requests::Create(file) => ("/", vec!["create".into(), file.as_os_str().to_owned()]),
            Requests::Delete(file) => ("/", vec!["delete".into(), file.as_os_str().to_owned()]),
        };
        let before = server.processor_seconds()?;
        let out = Command::new("wrk")
            .args(["--threads", "1", "--connections", &self.connections.to_string()])
            .args(["--timeout", "10s", "--duration", &format!("{seconds}s")])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .arg("--script")
            .arg(&self.script)
            .arg(format!("{}{path}", server.url))
            .arg("--")
            .args(arguments)
            .output()?;
        let used = server.processor_seconds()? - before;
        let text = String::from_utf8_lossy(&out.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("measured "));
        let failed = || {
            let errors = String::from_utf8_lossy(&out.stderr);
            Failure::from(format!("wrk did not finish: {text}{errors}"))
        };
        let mut run: Run = serde_json::from_str(line.ok_or_else(failed)?)?;
        if run.errors > 0 {
            return Err(Failure::from(format!(
                "{} of {} requests did not succeed",
                run.errors, run.requests
            )));
        }
        run.processor = used * 1e6 / run.requests;
        Ok(run)
    }
}
