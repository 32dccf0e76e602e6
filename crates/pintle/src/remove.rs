//! `pintle remove`: shows what a removal takes, asks, and does it, over HTTP.

use crate::failure::{Failure, Result};
use crate::options::RemoveArgs;
use crate::server::{Server, encode};
use serde_json::Value as Json;
use std::io::{IsTerminal, Write, stdin, stdout};
use ureq::http::Method;

pub fn run(args: RemoveArgs) -> Result<()> {
    let server = Server::new(&args.server);
    let id = &encode(&args.id);
    let plan = server.get(&format!("/pintle/v1/integrations/configurations/{id}/removal"))?;
    let mut out = stdout().lock();
    writeln!(
        out,
        "{} ({id}) would be removed, with",
        plan["configuration"]["slug"].as_str().unwrap_or_default()
    )?;
    list(&mut out, &plan["removes"])?;
    if args.dry_run {
        return Ok(());
    }
    if !args.yes {
        confirm(&mut out)?;
    }
    server.call(Method::DELETE, &format!("/v1/integrations/configuration/{id}"), None)?;
    // An installation's own token ends with it, and then cannot ask for the receipt.
    match server.get(&format!("/pintle/v1/removals/{id}")) {
        Ok(receipt) => writeln!(out, "removed {id}, with {}", summary(&receipt["removed"]))?,
        Err(_) => writeln!(out, "removed {id}")?,
    }
    Ok(())
}

/// The lists of a removal, in the order in which they are shown, and what a person calls an entry.
const LISTS: [(&str, &str, &str); 4] = [
    ("resources", "resource", "resources"),
    ("webhooks", "webhook", "webhooks"),
    ("drains", "drain", "drains"),
    ("environmentVariables", "environment variable", "environment variables"),
];

/// A list of a removal: what its entries are called, and they themselves.
type Counted<'a> = (&'static str, &'static str, &'a [Json]);

/// Only what has a partner can have resources.
fn lists(removes: &Json) -> impl Iterator<Item = Counted<'_>> {
    LISTS.into_iter().filter_map(|(key, one, many)| {
        let items = removes[key].as_array().map_or(&[][..], Vec::as_slice);
        (key != "resources" || !items.is_empty()).then_some((one, many, items))
    })
}

fn list(out: &mut impl Write, removes: &Json) -> std::io::Result<()> {
    for (one, many, items) in lists(removes) {
        writeln!(out, "  {}", counted(items.len() as u64, one, many))?;
        for item in items {
            let text = |key: &str| item[key].as_str().unwrap_or_default();
            let project = item["projectId"].as_str().map_or(String::new(), |id| format!("  in {id}"));
            writeln!(out, "    {}  {}{project}", text("id"), text("name"))?;
        }
    }
    let count = |key: &str| removes[key].as_u64().unwrap_or_default();
    writeln!(out, "  {}", counted(count("tokens"), "token", "tokens"))?;
    if count("codes") > 0 {
        writeln!(out, "  {}", counted(count("codes"), "code not exchanged", "codes not exchanged"))?;
    }
    Ok(())
}

fn summary(removed: &Json) -> String {
    let parts: Vec<String> =
        lists(removed).map(|(one, many, items)| counted(items.len() as u64, one, many)).collect();
    let tokens = counted(removed["tokens"].as_u64().unwrap_or_default(), "token", "tokens");
    format!("{} and {tokens}", parts.join(", "))
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Asks, where somebody can answer.
fn confirm(out: &mut impl Write) -> Result<()> {
    if !stdin().is_terminal() {
        return Err(Failure::usage("nothing was removed: without a terminal to ask on, say --yes"));
    }
    write!(out, "Remove it? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::failed("nothing was removed")),
    }
}
