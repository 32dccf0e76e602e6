#![doc = include_str!("../README.md")]

mod bare;
mod lists;
mod load;
mod profile;
mod reads;
mod relay;
mod removal;
mod report;
mod rows;
mod server;
mod sink;
mod start;
mod world;
mod writes;

use clap::{Parser, Subcommand, ValueEnum};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// How fast Pintle is, beside a bare server, bare rows and bare SQL.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    plan: Plan,
}

#[derive(clap::Args)]
struct Plan {
    /// Seconds of one run under load
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often what is compared takes turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Only these parts
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// Seconds for which a sink of logs is down
    #[arg(long, default_value_t = 60)]
    outage: u64,
    /// Show where the time goes also of what reaches its goal
    #[arg(long)]
    profile: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Reads,
    Lists,
    Writes,
    Removal,
    Start,
    Relay,
}

#[derive(Subcommand)]
enum Command {
    /// Only the bare server: sends the answers of this file from memory
    Bare { answers: PathBuf },
    /// Only the sink: reads and counts what it is sent
    Sink,
    /// Only a server that signs what is posted to it and posts it to another
    Between { to: url::Url },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Some(Command::Bare { answers }) => bare::run(answers),
        Some(Command::Sink) => sink::run(),
        Some(Command::Between { to }) => relay::between(to),
        None => measure(&cli.plan),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pintle-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A goal that is missed is told, and is no failure: the figures depend on the machine and on who else uses it.
fn measure(plan: &Plan) -> Outcome<()> {
    let wanted = |part| plan.only.is_empty() || plan.only.contains(&part);
    server::build()?;
    let mut report = Report::default();
    if wanted(Part::Start) {
        start::measure(plan, &mut report)?;
    }
    if wanted(Part::Reads) {
        reads::measure(plan, &mut report)?;
    }
    if wanted(Part::Lists) {
        lists::measure(plan, &mut report)?;
    }
    if wanted(Part::Writes) {
        writes::measure(plan, &mut report)?;
    }
    if wanted(Part::Removal) {
        removal::measure(plan, &mut report)?;
    }
    if wanted(Part::Relay) {
        relay::measure(plan, &mut report)?;
    }
    print!("\n{report}");
    Ok(())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The middle of several numbers.
fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
