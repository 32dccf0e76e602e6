//! Servers as processes of their own: built, started, found by the line that they print, asked, and ended.

use crate::bare::Answer;
use crate::{Failure, Outcome};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The master key of all data that is made here.
const KEY: [u8; 32] = [7; 32];

pub fn master_key() -> pintle_core::vault::MasterKey {
    pintle_core::vault::MasterKey(KEY)
}

/// Builds the real program, beside this one.
pub fn build() -> Outcome<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "pintle", "--manifest-path", manifest]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if command.status()?.success() { Ok(()) } else { Err("pintle does not build".into()) }
}

fn program() -> Outcome<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("pintle"))
}

/// A running server; it ends with this value.
pub struct Server {
    pub url: String,
    process: Child,
    /// Open as long as the server runs, which may still want to print.
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// `pintle serve` on a folder that was made here.
    pub fn pintle(data: &Path) -> Outcome<Self> {
        Self::pintle_with(data, &[])
    }

    /// The same with more options.
    pub fn pintle_with(data: &Path, options: &[&str]) -> Outcome<Self> {
        let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::start(serve(data)?.args(options).env("PINTLE_MASTER_KEY", key))
    }

    /// The sink, which counts what it is sent.
    pub fn sink() -> Outcome<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("sink"))
    }

    /// A server that posts to another what is posted to it.
    pub fn between(to: &Self) -> Outcome<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("between").arg(&to.url))
    }

    /// `pintle serve` as a user starts it, with the key in the folder.
    pub fn pintle_alone(data: &Path, arguments: &[&str]) -> Outcome<Self> {
        Self::start(serve(data)?.args(arguments))
    }

    /// The bare server, which sends these answers.
    pub fn bare(answers: &[Answer], folder: &Path) -> Outcome<Self> {
        let file = folder.join("answers.json");
        std::fs::write(&file, serde_json::to_vec(answers)?)?;
        Self::start(Command::new(std::env::current_exe()?).arg("bare").arg(file))
    }

    /// Ready when it says so.
    fn start(command: &mut Command) -> Outcome<Self> {
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut out = BufReader::new(process.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let ready: Json = serde_json::from_str(&line).map_err(|_| "the server did not start")?;
        let url = ready["url"].as_str().unwrap_or_default().to_owned();
        Ok(Self { url, process, _out: out })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Resident memory, in MiB.
    pub fn resident(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time used so far, in seconds, to a hundredth.
    pub fn processor_seconds(&self) -> Outcome<f64> {
        processor_seconds(&self.id().to_string())
    }

    /// One request, and its answer whatever the status.
    pub fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Outcome<Answer> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {token}"))
            .body(body)?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let mut response = ureq::Agent::new_with_config(config).run(request)?;
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
        let headers = headers.collect();
        Ok(Answer {
            method: method.to_owned(),
            route: String::new(),
            status: response.status().as_u16(),
            headers,
            body: response.body_mut().with_config().limit(64 << 20).read_to_string()?,
        })
    }

    /// The same, where the answer must be a success.
    pub fn succeed(&self, method: &str, path: &str, token: &str, body: &str) -> Outcome<Answer> {
        let answer = self.ask(method, path, token, body)?;
        match answer.status {
            200..300 => Ok(answer),
            status => Err(Failure::from(format!("{method} {path} answered {status}: {}", answer.body))),
        }
    }
}

fn serve(data: &Path) -> Outcome<Command> {
    let mut command = Command::new(program()?);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--log", "error", "--dns", "none", "--data"])
        .arg(data);
    Ok(command)
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Copies the data of a server that has ended.
pub fn copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The same of any process; `self` is this one.
pub fn processor_seconds(process: &str) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name, in parentheses, may hold anything. Fields 14 and 15 are ticks of user and system time.
    let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').skip(11).take(2);
    Ok(fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0)
}
