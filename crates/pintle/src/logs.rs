//! `pintle logs`: sends lines to a server, and shows what was logged.

use crate::failure::{Failure, Result};
use crate::options::{LogsArgs, LogsCommand};
use crate::server::{Answer, Server, encode};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::Duration;
use ureq::http::Method;

/// Lines in one request.
const LINES: usize = 1_000;
/// Bytes in one request, about.
const BYTES: usize = 1 << 20;
/// Times that a request is sent to a server that has no room, or is not there.
const TRIES: usize = 60;

pub fn run(args: LogsArgs) -> Result<()> {
    match args.command {
        LogsCommand::Send { file, project, server } => send(&Server::new(&server), file, project.as_deref()),
        LogsCommand::Tail { project, lines, follow, server } => {
            let project = project.map_or(String::new(), |project| format!("&projectId={}", encode(&project)));
            tail(&Server::new(&server), &format!("/pintle/v1/logs?limit={lines}&follow={follow}{project}"))
        }
    }
}

/// Copies what comes, as it comes.
fn tail(server: &Server<'_>, path: &str) -> Result<()> {
    let mut body = server.open(path)?;
    let mut out = stdout().lock();
    let mut buffer = [0; 64 << 10];
    loop {
        let read = body.read(&mut buffer)?;
        // Whoever reads this may have seen enough.
        let written = out.write_all(&buffer[..read]).and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error.into()),
            Ok(()) if read == 0 => return Ok(()),
            Ok(()) => {}
        }
    }
}

fn send(server: &Server<'_>, file: Option<PathBuf>, project: Option<&str>) -> Result<()> {
    let input: Box<dyn Read> = match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => Box::new(
            File::open(&file)
                .map_err(|error| Failure::failed(format_args!("cannot read {}: {error}", file.display())))?,
        ),
        None => Box::new(stdin()),
    };
    let mut input = BufReader::with_capacity(BYTES, input);
    let mut sending = Sending::new(server, project);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        sending.add(&line);
        line.clear();
        // With nothing left to read at hand, what has come does not wait for more.
        if sending.is_full() || input.buffer().is_empty() {
            sending.flush()?;
        }
    }
    sending.flush()?;
    match sending.rejected {
        0 => Ok(writeln!(stdout(), "sent {}", counted(sending.accepted))?),
        rejected => Err(Failure::failed(format_args!(
            "sent {}; {} not accepted",
            counted(sending.accepted),
            if rejected == 1 { "1 was".to_owned() } else { format!("{rejected} were") }
        ))),
    }
}

fn counted(lines: u64) -> String {
    format!("{lines} {}", if lines == 1 { "line" } else { "lines" })
}

/// Lines on their way.
struct Sending<'a> {
    server: &'a Server<'a>,
    path: String,
    body: Vec<u8>,
    /// Lines of the body, and of the input before it.
    lines: usize,
    before: usize,
    accepted: u64,
    rejected: u64,
}

impl<'a> Sending<'a> {
    fn new(server: &'a Server<'a>, project: Option<&str>) -> Self {
        let query = project.map_or(String::new(), |project| format!("?projectId={}", encode(project)));
        let path = format!("/pintle/v1/logs{query}");
        Self { server, path, body: Vec::new(), lines: 0, before: 0, accepted: 0, rejected: 0 }
    }

    fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        let line = line.trim_ascii_end();
        if line.trim_ascii_start().starts_with(b"{") {
            self.body.extend_from_slice(line);
        } else if !line.is_empty() {
            let message = json!({ "message": String::from_utf8_lossy(line), "type": "stdout" });
            self.body.extend_from_slice(message.to_string().as_bytes());
        }
        // An empty line too, so that the server counts as the file does.
        self.body.push(b'\n');
    }

    fn is_full(&self) -> bool {
        self.lines >= LINES || self.body.len() >= BYTES
    }

    fn flush(&mut self) -> Result<()> {
        if self.lines == 0 {
            return Ok(());
        }
        let answer = self.post()?;
        // Where no line was good, the same facts stand in the error.
        let outcome = match &answer.json["error"] {
            error if error["rejected"].is_u64() => error,
            _ if answer.status.is_success() => &answer.json,
            _ => return Err(answer.failure()),
        };
        self.accepted += outcome["accepted"].as_u64().unwrap_or_default();
        self.rejected += outcome["rejected"].as_u64().unwrap_or_default();
        for error in outcome["errors"].as_array().into_iter().flatten() {
            let line = self.before as u64 + error["line"].as_u64().unwrap_or_default();
            eprintln!("line {line}: {}", error["message"].as_str().unwrap_or_default());
        }
        self.before += self.lines;
        self.lines = 0;
        self.body.clear();
        Ok(())
    }

    /// Sends the body: again while the server says that it has no room, and while one that was there is gone, so that its restart does
    /// not end whoever writes into this.
    fn post(&self) -> Result<Answer> {
        let send = || self.server.send(Method::POST, &self.path, &self.body);
        let mut told = false;
        for _ in 1..TRIES {
            match send() {
                Ok(answer) => match room_in(&answer) {
                    Some(seconds) => pause(seconds),
                    None => return Ok(answer),
                },
                Err(failure) if self.before == 0 => return Err(failure),
                Err(failure) => {
                    if !std::mem::replace(&mut told, true) {
                        eprintln!("lost the server: {}; trying again", failure.message);
                    }
                    pause(1);
                }
            }
        }
        send().map_err(|failure| {
            Failure::failed(format_args!("sent {}; then {}", counted(self.accepted), failure.message))
        })
    }
}

/// When the server, which is full, wants to be asked again, in seconds.
fn room_in(answer: &Answer) -> Option<u64> {
    let after = answer.headers.get("retry-after").filter(|_| answer.status.as_u16() == 429);
    after?.to_str().ok()?.parse().ok()
}

fn pause(seconds: u64) {
    #[expect(clippy::disallowed_methods, reason = "this is a command, and no server's thread")]
    std::thread::sleep(Duration::from_secs(seconds.clamp(1, 60)));
}
