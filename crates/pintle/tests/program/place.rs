//! A folder and a database of a test's own, and `pintle` started on them.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

pub use rustix::process::Signal;

/// What a command says about a token that the server does not know.
pub const UNKNOWN_TOKEN: &str =
    "Not authorized (403, forbidden): give a token of this server with --token or PINTLE_TOKEN";
/// About a team that is not the token's.
pub const OTHERS_TEAM: &str = "You are not authorized (403, team_unauthorized): --team or PINTLE_TEAM must be a team of the token's user, by id or slug";
/// And where there is no server.
pub const OTHER_SERVER: &str = "Is pintle serve running there? --url or PINTLE_URL names another server";

/// The folder is also the program's working directory; its data is in `data`.
pub struct Place {
    folder: TempDir,
    database: Option<String>,
}

/// What a command that has ended left.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// The command must have failed so, with this one line and nothing else.
    #[track_caller]
    pub fn fails(&self, code: i32, line: &str) {
        assert_eq!((self.err.as_str(), self.code), (format!("pintle: {line}\n").as_str(), code));
        assert_eq!(self.out, "");
    }

    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }
}

impl Place {
    /// On SQLite in the folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None }
    }

    /// One on each engine: PostgreSQL where `PINTLE_TEST_POSTGRES` names one.
    pub fn each() -> Vec<Self> {
        let mut places = vec![Self::new()];
        match std::env::var("PINTLE_TEST_POSTGRES") {
            Ok(url) => places.push(Self { database: Some(schema(&url)), ..Self::new() }),
            Err(_) => {
                eprintln!("skipped on PostgreSQL: PINTLE_TEST_POSTGRES is not set (cargo xtask test sets it)")
            }
        }
        places
    }

    pub fn on_sqlite(&self) -> bool {
        self.database.is_none()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The program with a clean environment. Serving takes a free port.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PINTLE_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("PINTLE_DATA", "data")
            .env("PINTLE_DNS", "none")
            .env("PINTLE_LISTEN", "127.0.0.1:0");
        if let Some(url) = &self.database {
            command.env("PINTLE_DATABASE", url);
        }
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ended {
        finish(&mut self.command(args))
    }

    /// Starts a server and waits until it is ready.
    pub fn serve(&self, args: &[&str]) -> Server {
        Server::start(&mut self.command(&[&["serve", "--json"], args].concat()))
    }

    /// Every row of every table, as text.
    pub fn dump(&self) -> Vec<(String, Vec<String>)> {
        block_on(async {
            let db = match &self.database {
                Some(url) => pintle_store::Db::postgres(url).await.unwrap(),
                None => pintle_store::Db::sqlite_read_only(&self.path("data/pintle.db")).unwrap(),
            };
            let mut dump = Vec::new();
            for table in db.tables().await.unwrap() {
                let rows = db.rows(&table).await.unwrap();
                dump.push((table, rows));
            }
            dump
        })
    }

    /// Changes the database behind the program's back, without its foreign keys.
    pub fn damage(&self, sql: &str) {
        let Some(url) = &self.database else {
            let conn = rusqlite::Connection::open(self.path("data/pintle.db")).unwrap();
            return conn.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        };
        let sql = sql.to_owned();
        block_on(async {
            let db = pintle_store::Db::postgres(url).await.unwrap();
            db.write(async move |tx| {
                tx.execute("SET LOCAL session_replication_role = replica", &[]).await?;
                for statement in sql.split(';') {
                    tx.execute(statement, &[]).await?;
                }
                Ok::<_, pintle_store::Error>(())
            })
            .await
            .unwrap();
        });
    }
}

pub fn finish(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn schema(url: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    block_on(pintle_testing::schema_of_its_own(url, NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A server that is ready.
pub struct Server {
    child: Child,
    /// What it printed when it was.
    pub ready: Value,
}

impl Server {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str(&line) else {
            let mut err = String::new();
            child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
            panic!("not ready: {line}{err}");
        };
        Self { child, ready }
    }

    /// One that printed text, whose values are known.
    pub fn adopt(child: Child, ready: Value) -> Self {
        Self { child, ready }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.ready))
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; the exit code and what was logged.
    pub fn ended(mut self) -> (i32, String) {
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), err)
    }

    /// An orderly end.
    #[track_caller]
    pub fn stop(self) {
        self.signal(Signal::TERM);
        let (code, err) = self.ended();
        assert_eq!(code, 0, "{err}");
    }

    /// A request with a token; the status and the body.
    pub fn call(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.text("url")))
            .header("authorization", format!("Bearer {token}"));
        let body = body.map_or(String::new(), |body| body.to_string());
        let mut answer = ureq::Agent::from(config).run(request.body(body).unwrap()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// What the demo's user reads, once it is there: within ten seconds.
    #[track_caller]
    pub fn eventually(&self, path: &str) -> Value {
        let found = (0..200).find_map(|_| {
            std::thread::park_timeout(std::time::Duration::from_millis(50));
            Some(self.call(self.text("token"), "GET", path, None)).filter(|(status, _)| *status == 200)
        });
        found.unwrap_or_else(|| panic!("{path} did not come")).1
    }

    /// What the demo's user reads.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(self.text("token"), "GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
