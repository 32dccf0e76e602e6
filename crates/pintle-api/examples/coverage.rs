//! `cargo xtask coverage`: the operations that Pintle serves, of all that the contract has, group by group.

use pintle_testing::contract;
use std::collections::BTreeMap;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(operations) = contract::operations() else { return ExitCode::FAILURE };
    // Not all have an id, and HEAD is answered where GET is.
    let served = |operation: &contract::Operation| {
        let method = if operation.method == "HEAD" { "GET" } else { &operation.method };
        pintle_api::routes().any(|route| {
            route.id == operation.id || (route.method.as_str() == method && route.path == operation.path)
        })
    };
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for operation in operations {
        let (done, all) = groups.entry(&operation.group).or_default();
        *done += usize::from(served(operation));
        *all += 1;
    }
    println!("| Group | Served | Of |\n| --- | ---: | ---: |");
    for (group, (done, all)) in &groups {
        println!("| {group} | {done} | {all} |");
    }
    let done = operations.iter().filter(|operation| served(operation)).count();
    println!("| **all {}** | **{done}** | **{}** |", groups.len(), operations.len());
    println!("\nBeyond the contract: {} operations.", pintle_api::routes().count() - done);
    ExitCode::SUCCESS
}
