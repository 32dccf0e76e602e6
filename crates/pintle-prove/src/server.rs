//! The real program as a process of its own, which can be killed.

use pintle_store::Db;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a start may take on a machine that does much else.
const START: Duration = Duration::from_secs(60);

/// How to start it.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub data: PathBuf,
    /// PostgreSQL instead of the file in `data`.
    pub database: Option<String>,
    /// More options of `serve`.
    pub options: Vec<String>,
}

/// A server that runs. It is killed when this is dropped.
pub struct Server {
    child: Child,
    pub url: String,
    /// What its ready line says.
    pub ready: Value,
}

impl Program {
    fn command(&self, command: &str) -> Command {
        let mut program = Command::new(&self.path);
        program.arg(command).arg("--data").arg(&self.data);
        if let Some(database) = &self.database {
            program.args(["--database", database]);
        }
        program
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.log()).expect("a log file");
        let mut serve = self.command("serve");
        serve.args(["--json", "--listen", "127.0.0.1:0", "--log", "warn"]).args(&self.options);
        // Unless an option says something else.
        serve.env("PINTLE_DEV", "true").env("PINTLE_DNS", "none");
        serve.env("PINTLE_POINTS", self.points());
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("a process")
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// Starts it and waits until it is ready.
    pub fn start(&self) -> Server {
        let mut child = self.spawn();
        let stdout = child.stdout.take().expect("its output");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            drop(tell.send(read.map(|_| line)));
        });
        let mut server = Server { child, url: String::new(), ready: Value::Null };
        let line = told.recv_timeout(START).expect("a server that starts in time").expect("its output");
        server.ready = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no ready line but {line:?}: {}", self.log_tail()));
        server.url = server.ready["url"].as_str().expect("a URL").to_owned();
        server
    }

    /// Starts it and kills it after a moment, ready or not.
    pub fn start_and_kill(&self, after: Duration) {
        let mut server = Server { child: self.spawn(), url: String::new(), ready: Value::Null };
        pause(after);
        server.kill();
    }

    /// Starts it, to end at a point that is named in its code.
    pub fn start_and_die(&self, point: &str) {
        std::fs::create_dir_all(self.points()).expect("a folder");
        let die = self.points().join("die");
        std::fs::write(&die, format!("{point} 0")).expect("a file");
        let status = self.spawn().wait().expect("its end");
        assert_eq!(status.signal(), Some(9), "the server did not come to {point}: {}", self.log_tail());
        std::fs::remove_file(die).expect("a file");
    }

    /// `pintle doctor` finds nothing.
    pub fn assert_sound(&self) {
        let output = self.command("doctor").output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "doctor: {said}{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The folder by which it is told at which point to end (pintle_store::planted).
    pub fn points(&self) -> PathBuf {
        self.data.with_extension("points")
    }

    /// What it wrote into its log.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        let log = self.log_text();
        log.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }

    pub fn database_file(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| Path::new(&self.data).join("pintle.db"))
    }
}

impl Server {
    /// SIGKILL: nothing is finished, nothing is flushed.
    pub fn kill(&mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("its end");
    }
}

impl Server {
    /// Whether it has killed itself; anything else that ended it is a surprise.
    pub fn killed_itself(&mut self) -> bool {
        let Some(status) = self.child.try_wait().expect("a process") else { return false };
        assert_eq!(status.signal(), Some(9), "the server ended by itself: {status}");
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "a proof's thread may sleep")]
    std::thread::sleep(time);
}

/// The server program that was named, or else a fresh build of it.
///
/// # Errors
/// Where it does not build.
pub fn program(named: Option<&Path>) -> Result<PathBuf, String> {
    named.map_or_else(build, |path| Ok(path.to_owned()))
}

/// Builds the real program, with the same profile as this one.
fn build() -> Result<PathBuf, String> {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "pintle", "--bin", "pintle", "--message-format=json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output =
        cargo.stderr(std::process::Stdio::inherit()).output().map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let built = messages.rev().find_map(|message| message["executable"].as_str().map(PathBuf::from));
    built.filter(|_| output.status.success()).ok_or_else(|| "the server does not build".into())
}

/// A schema of its own on the PostgreSQL server; its connections bear its name.
pub async fn schema(url: &str, name: &str) -> String {
    let admin = Db::postgres(url).await.expect("a PostgreSQL server");
    let create = format!("CREATE SCHEMA {name}");
    admin.write(async move |tx| tx.execute(&create, &[]).await.map(drop)).await.expect("a schema");
    let joiner = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joiner}application_name={name}&options=-c%20search_path%3D{name}")
}
