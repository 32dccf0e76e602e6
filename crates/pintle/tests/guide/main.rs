//! docs/partners.md: its commands are run as printed, in one shell, but for the addresses, which are this test's own.
//!
//! The guide needs the reference partner as a program beside `pintle`. Cargo builds no other package's programs for a test, so this one is
//! that program too, when it is called by its name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test")]

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

const NAME: &str = "the_guides_commands_work_as_printed";
const PARTNER: &str = "partner-example";
const GUIDE: &str = include_str!("../../../../docs/partners.md");

fn main() -> ExitCode {
    let called = std::env::args().next().unwrap_or_default();
    if Path::new(&called).file_name().is_some_and(|name| name == PARTNER) {
        return partner_example::main();
    }
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    if filter.is_none_or(|filter| NAME.contains(&filter)) {
        the_guides_commands_work_as_printed();
        println!("test {NAME} ... ok");
    }
    ExitCode::SUCCESS
}

/// What stands in the blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    GUIDE.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn the_guides_commands_work_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_pintle"), folder.path().join("pintle")).unwrap();
    symlink(std::env::current_exe().unwrap(), folder.path().join(PARTNER)).unwrap();
    // The first block builds both.
    std::fs::write(folder.path().join("guide.sh"), script(&blocks("sh")[1..].concat())).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PINTLE_")) {
        shell.env_remove(name);
    }
    shell.arg("guide.sh").current_dir(folder.path()).env("PATH", path).env("PINTLE_DNS", "none");
    let ended = shell.stdin(Stdio::null()).output().unwrap();
    let [out, err] = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(ended.status.success(), "{out}\n{err}");
    let failure = blocks("text")[0].lines().next().unwrap();
    for said in [
        " passed, 0 failed, 0 skipped\n",
        failure,
        "as expected: 1\n",
        "\"DATABASE_PASSWORD\"\n\"DATABASE_URL\"\n",
        "{\"state\":\"pending\",\"total\":\"19.00\"}\n",
        "[[\"name\",\"orders\"],[\"plan\",\"pro\"],[\"product\",\"database\"]]\n",
        "  1 resource\n",
        "  orders\n",
        ", with 0 webhooks, 0 drains, 2 environment variables, 1 resource, 1 connection of a resource and 1 token\n",
        "and it stays open until these invoices are settled: mi_",
    ] {
        assert!(out.contains(said), "{said}\n{out}\n{err}");
    }
    assert!(out.ends_with("[]\n"), "{out}\n{err}");
}

/// Stops where a command fails, and leaves nothing running.
fn script(commands: &str) -> String {
    let [pintle, partner] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = |listener: &TcpListener| listener.local_addr().unwrap().to_string();
    let commands =
        commands.replace("127.0.0.1:4400", &address(&pintle)).replace("127.0.0.1:4500", &address(&partner));
    format!("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}")
}
