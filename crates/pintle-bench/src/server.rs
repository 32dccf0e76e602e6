//! Servers as processes of their own: started, found by the line that they print, and ended.

use crate::{Outcome, world};
use pintle_api::{Api, Options};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running server; it ends with this value.
pub struct Server {
    pub url: String,
    process: Child,
}

impl Server {
    /// Starts this program again with these arguments.
    pub fn of_this_program(arguments: &[&str]) -> Outcome<Self> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        Ok(Self { url: line.trim().to_owned(), process })
    }

    /// Resident memory, in KiB.
    pub fn resident(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().parse()?)
    }

    /// Processor time used so far, in seconds: 10 ms exact.
    pub fn processor_seconds(&self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name of the program, in parentheses, may hold anything. Fields 14 and 15 are ticks of user and system time.
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').skip(11).take(2);
        let ticks: f64 = fields.filter_map(|field| field.parse::<f64>().ok()).sum();
        Ok(ticks / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Tells the parent process where this server listens.
pub fn announce(address: SocketAddr) {
    println!("http://{address}");
}

/// Serves the API over the data of a folder until the process ends.
pub async fn serve(data: &Path) -> Outcome<()> {
    let core = world::open(data).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?);
    Ok(pintle_api::serve(Api::new(core, Options::default()), listener, std::future::pending()).await?)
}
