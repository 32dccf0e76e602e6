//! The operations that Pintle serves, of all that the contract has.

use crate::contract::{self, Operation};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Group by group, as a table in Markdown; `None` where the contract is not at hand.
pub fn table() -> Option<String> {
    let operations = contract::operations()?;
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for operation in operations {
        let (done, all) = groups.entry(&operation.group).or_default();
        *done += usize::from(is_served(operation));
        *all += 1;
    }
    let mut table = String::from("| group | served | of |\n| --- | ---: | ---: |\n");
    for (group, (done, all)) in &groups {
        writeln!(table, "| {group} | {done} | {all} |").expect("memory");
    }
    let done: usize = groups.values().map(|(done, _)| done).sum();
    writeln!(table, "| **all {}** | **{done}** | **{}** |", groups.len(), operations.len()).expect("memory");
    Some(table)
}

/// Not all have an id, and HEAD is answered where GET is.
fn is_served(operation: &Operation) -> bool {
    let method = if operation.method == "HEAD" { "GET" } else { &operation.method };
    pintle_api::routes().any(|route| {
        route.id == operation.id || (route.method.as_str() == method && route.path == operation.path)
    })
}
