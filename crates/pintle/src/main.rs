#![doc = include_str!("../README.md")]

mod failure;
mod key;
mod options;
mod ready;
mod serve;

use failure::Failure;
use options::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = match options::parse() {
        Ok(Cli { command: Command::Serve(args) }) => serve::run(args),
        Err(ended) => ended,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, message }) => {
            eprintln!("pintle: {message}");
            ExitCode::from(code)
        }
    }
}
