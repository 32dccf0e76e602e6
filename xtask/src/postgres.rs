//! A PostgreSQL to test on: the one that the environment names, or a temporary cluster of our own.

use crate::run::{Outcome, program};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where tests look for PostgreSQL.
pub const VARIABLE: &str = "PINTLE_TEST_POSTGRES";
/// A cluster is made and started within seconds, also on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Server {
    /// `postgres://…/postgres`
    pub url: String,
    binaries: Option<PathBuf>,
    cluster: Option<Child>,
}

/// Makes the cluster in `$1` and serves it on a socket there, until standard input ends: so it ends with us, however we end.
/// What is written is thrown away at the end, so nothing waits for the disk.
const SCRIPT: &str = r#"
cd "$1" && trap 'rm -rf "$1"' EXIT
"$2/initdb" --pgdata data --username postgres --auth trust --encoding UTF8 --no-locale --no-sync >log 2>&1 || exit 1
"$2/postgres" -D data -k "$1" -c listen_addresses= -c max_connections=500 -c fsync=off -c synchronous_commit=off \
  -c full_page_writes=off >>log 2>&1 &
read -r _
kill -INT $! && wait $!
"#;

impl Server {
    /// The server that `PINTLE_TEST_POSTGRES` names, else a cluster that lives as long as this value.
    pub fn at_hand() -> Outcome<Server> {
        match std::env::var(VARIABLE) {
            Ok(url) => Ok(Server { url, binaries: binaries(), cluster: None }),
            Err(_) => Self::start(),
        }
    }

    fn start() -> Outcome<Server> {
        let binaries = binaries().map_or_else(install, Ok)?;
        let folder = std::env::temp_dir().join(format!("pintle-postgres-{}", std::process::id()));
        std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(&folder).arg(&binaries).stdin(Stdio::piped());
        // Ctrl-C is for us; the cluster ends when our end of its input closes.
        command.process_group(0);
        // PostgreSQL refuses to run as root.
        if program("id").args(&["-u"]).text()? == "0" {
            let (uid, gid) = postgres_user()?;
            command.uid(uid).gid(gid);
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let cluster = command.spawn().map_err(|error| format!("sh: {error}"))?;
        let host = folder.to_string_lossy().replace('/', "%2F");
        let url = format!("postgres://postgres@{host}/postgres");
        let mut server = Server { url, binaries: Some(binaries), cluster: Some(cluster) };
        server.wait(&folder)?;
        Ok(server)
    }

    fn wait(&mut self, folder: &Path) -> Outcome {
        let started = Instant::now();
        let log = folder.join("log");
        while !program(self.tool("pg_isready")).args(&["--dbname", &self.url]).succeeds() {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let ended = self.cluster.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || started.elapsed() > PATIENCE {
                return Err(format!("the temporary PostgreSQL cluster did not start:\n{text}"));
            }
            #[expect(clippy::disallowed_methods, reason = "this is no server")]
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// A new, empty database; answers its URL.
    pub fn database(&self, name: &str) -> Outcome<String> {
        let sql = [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")];
        for sql in sql {
            let args = ["--quiet", "--no-psqlrc", "--dbname", &self.url, "--command", &sql];
            program(self.tool("psql")).args(&args).run()?;
        }
        let (server, _) =
            self.url.rsplit_once('/').ok_or_else(|| format!("{} names no database", self.url))?;
        Ok(format!("{server}/{name}"))
    }

    fn tool(&self, name: &str) -> PathBuf {
        self.binaries.as_deref().map_or_else(|| name.into(), |folder| folder.join(name))
    }
}

impl Drop for Server {
    /// Stops the cluster and waits until its folder is gone.
    fn drop(&mut self) {
        if let Some(mut cluster) = self.cluster.take() {
            drop(cluster.stdin.take());
            drop(cluster.wait());
        }
    }
}

/// The folder of PostgreSQL's programs. Debian keeps those of a server out of the search path.
fn binaries() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let whole = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_isready", "psql"].iter().all(|name| folder.join(name).is_file())
    };
    versions.into_iter().rev().chain(std::env::split_paths(&path)).find(whole)
}

fn install() -> Outcome<PathBuf> {
    let root = program("id").args(&["-u"]).text()? == "0";
    let apt = |args: &[&str]| {
        let program = if root { program("apt-get") } else { program("sudo").args(&["-n", "apt-get"]) };
        program.args(args).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt(&["update", "-qq"])?;
    apt(&["install", "-y", "-qq", "--no-install-recommends", "postgresql"])?;
    binaries().ok_or_else(|| "Debian's postgresql is installed, but has no initdb".into())
}

/// The user and group that Debian's package made.
fn postgres_user() -> Outcome<(u32, u32)> {
    let number = |flag| {
        let text = program("id").args(&[flag, "postgres"]).text()?;
        text.parse::<u32>().map_err(|error| format!("id {flag} postgres: {text}: {error}"))
    };
    Ok((number("-u")?, number("-g")?))
}
