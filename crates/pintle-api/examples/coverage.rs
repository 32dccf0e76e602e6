//! `cargo xtask coverage`: the operations that Pintle serves, of all that the contract has, group by group.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(table) = pintle_testing::coverage::table() else { return ExitCode::FAILURE };
    print!("{table}");
    ExitCode::SUCCESS
}
