//! Load from wrk, on loopback.

use crate::{Failure, Outcome};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run measured.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Measured {
    pub requests_per_second: f64,
    /// Milliseconds that 99 of 100 requests stayed below.
    pub p99_ms: f64,
    /// Answers that were no success, and connections that broke.
    pub errors: u64,
}

/// wrk with the requests of `load.lua`.
pub struct Wrk {
    script: PathBuf,
}

impl Wrk {
    /// `folder` keeps the script while wrk runs.
    pub fn new(folder: &Path) -> Outcome<Self> {
        if Command::new("wrk").arg("--version").output().is_err() {
            return Err("wrk is missing: apt-get install wrk".into());
        }
        let script = folder.join("load.lua");
        std::fs::write(&script, include_str!("load.lua"))?;
        Ok(Self { script })
    }

    /// Sends requests for `seconds` over 32 connections. `arguments` go to the script.
    pub fn run(&self, url: &str, seconds: u64, token: &str, arguments: &[&str]) -> Outcome<Measured> {
        let out = Command::new("wrk")
            .args(["--threads", "1", "--connections", "32", "--duration", &format!("{seconds}s")])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .arg("--script")
            .arg(&self.script)
            .arg(url)
            .arg("--")
            .args(arguments)
            .output()?;
        let text = String::from_utf8_lossy(&out.stdout);
        let line = text.lines().find_map(|line| line.strip_prefix("measured "));
        let line = line.ok_or_else(|| {
            Failure::from(format!("wrk did not finish: {text}{}", String::from_utf8_lossy(&out.stderr)))
        })?;
        Ok(serde_json::from_str(line)?)
    }
}

/// The middle of several numbers.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
