//! Where a server's time goes, by `perf`.

use crate::Outcome;
use crate::server::Server;
use std::process::{Command, Stdio};

/// How many functions are shown.
const LINES: usize = 25;

/// Samples a server while `load` runs, and prints the functions that it was in. Without `perf`, says so.
pub fn sample(what: &str, server: &Server, load: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let data = tempfile::NamedTempFile::new()?;
    let record = Command::new("perf")
        .args(["record", "--quiet", "--freq", "2000", "--pid", &server.id().to_string(), "--output"])
        .arg(data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut record) = record else {
        eprintln!("{what}: no profile, since perf is missing (apt-get install linux-perf)");
        return load();
    };
    let loaded = load();
    // perf writes its file when it is interrupted.
    drop(Command::new("kill").args(["-INT", &record.id().to_string()]).status());
    record.wait()?;
    loaded?;
    let out = Command::new("perf")
        .args(["report", "--stdio", "--no-children", "--sort", "symbol", "--input"])
        .arg(data.path())
        .stderr(Stdio::null())
        .output()?;
    println!("\nwhere the time of {what} goes:");
    let text = String::from_utf8_lossy(&out.stdout);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    // Beside the symbol stand columns that are empty here.
    let lines = lines.map(|line| line.trim_end_matches([' ', '-']));
    lines.take(LINES).for_each(|line| println!("{line}"));
    Ok(())
}
