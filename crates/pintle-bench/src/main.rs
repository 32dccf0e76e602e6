#![doc = include_str!("../README.md")]

mod bare;
mod load;
mod reads;
mod server;
mod world;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// How fast Pintle is, beside a bare server, bare rows and bare SQL.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Seconds of one run under load.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often the two servers take turns.
    #[arg(long, default_value_t = 4)]
    rounds: usize,
}

#[derive(Subcommand)]
enum Command {
    /// Only the bare server: sends the answers of this file from memory.
    Bare { answers: PathBuf },
    /// temporary
    World { data: PathBuf },
    /// Only Pintle, on the data of this folder.
    Serve { data: PathBuf },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Bare { answers }) => runtime()?.block_on(bare::serve(&answers)),
        Some(Command::Serve { data }) => runtime()?.block_on(server::serve(&data)),
        Some(Command::World { data }) => reads::keep(&data),
        None => reads::run(arguments.seconds, arguments.rounds),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
