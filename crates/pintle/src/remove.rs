//! `pintle remove`: shows what a removal takes, asks, and does it, over HTTP.

use crate::failure::{Failure, Result};
use crate::options::RemoveArgs;
use serde_json::Value as Json;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Method, Request};

pub fn run(args: RemoveArgs) -> Result<()> {
    let server = Server::new(&args);
    let id = &encode(&args.id);
    let plan = server.call(Method::GET, &format!("/pintle/v1/integrations/configurations/{id}/removal"))?;
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
    server.call(Method::DELETE, &format!("/v1/integrations/configuration/{id}"))?;
    // An installation's own token ends with it, and then cannot ask for the receipt.
    match server.call(Method::GET, &format!("/pintle/v1/removals/{id}")) {
        Ok(receipt) => writeln!(out, "removed {id}, with {}", summary(&receipt["removed"]))?,
        Err(_) => writeln!(out, "removed {id}")?,
    }
    Ok(())
}

struct Server<'a> {
    agent: Agent,
    args: &'a RemoveArgs,
}

impl<'a> Server<'a> {
    fn new(args: &'a RemoveArgs) -> Self {
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { agent: config.build().into(), args }
    }

    /// The JSON of a good answer; `null` where it is empty.
    fn call(&self, method: Method, path: &str) -> Result<Json> {
        let RemoveArgs { url, token, team, .. } = self.args;
        if url.starts_with("https:") {
            return Err(Failure::usage("this command speaks no TLS: give the server's own http:// address"));
        }
        let base = url.trim_end_matches('/');
        let query = team.as_ref().map_or(String::new(), |team| format!("?teamId={}", encode(team)));
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}{query}"))
            .header("authorization", format!("Bearer {token}"))
            .body(())
            .map_err(|error| Failure::usage(format_args!("{url} is not a URL that can be used: {error}")))?;
        let unreachable = |error| Failure::failed(format_args!("cannot reach {url}: {error}"));
        let mut answer = self.agent.run(request).map_err(unreachable)?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let json: Json = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(json);
        }
        let error = &json["error"];
        Err(Failure::failed(match (error["message"].as_str(), error["code"].as_str()) {
            (Some(message), Some(code)) => format!("{message} ({}, {code})", status.as_u16()),
            _ => format!("{url} answered {status}: is it a pintle server?"),
        }))
    }
}

/// What was typed, as a part of a URL.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The lists of a removal, in the order in which they are shown, and what a person calls an entry.
const LISTS: [(&str, &str, &str); 3] = [
    ("webhooks", "webhook", "webhooks"),
    ("drains", "drain", "drains"),
    ("environmentVariables", "environment variable", "environment variables"),
];

fn list(out: &mut impl Write, removes: &Json) -> std::io::Result<()> {
    for (key, one, many) in LISTS {
        let items = removes[key].as_array().map_or(&[][..], Vec::as_slice);
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
    let parts =
        LISTS.map(|(key, one, many)| counted(removed[key].as_array().map_or(0, Vec::len) as u64, one, many));
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
