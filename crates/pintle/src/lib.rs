#![doc = include_str!("../README.md")]

mod check_partner;
mod clock;
mod doctor;
mod egress;
mod event;
mod failure;
mod faults;
mod file;
mod key;
mod keys;
mod listen;
mod log_limits;
mod logs;
mod options;
mod ready;
mod receipts;
mod remove;
mod serve;
mod server;
mod storage;
mod trigger;

use failure::Failure;
use options::{Cli, Command};
use std::process::ExitCode;

/// The whole program: the proofs run it in a binary of their own, with bugs planted.
pub fn main() -> ExitCode {
    let ended = match options::parse() {
        Ok(Cli { command }) => match command {
            Command::Serve(args) => serve::run(args),
            Command::Remove(args) => remove::run(args),
            Command::Clock(args) => clock::run(args),
            Command::Faults(args) => faults::run(args),
            Command::Listen(args) => listen::run(args),
            Command::Trigger(args) => trigger::run(args),
            Command::Logs(args) => logs::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::CheckPartner(args) => check_partner::run(args),
            Command::Keys(args) => keys::run(args),
            Command::Receipts(args) => receipts::run(args),
        },
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
