//! `pintle remove`: shows what a removal takes, asks, and does it, over HTTP.

use crate::failure::{Failure, Result};
use crate::options::RemoveArgs;
use crate::server::{Server, encode};
use pintle_core::clock;
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
        Ok(receipt) => {
            writeln!(out, "removed {id}, with {}", summary(&receipt["removed"]))?;
            if let Some(text) = partners_part(&receipt["closing"]) {
                writeln!(out, "{text}")?;
            }
        }
        Err(_) => writeln!(out, "removed {id}")?,
    }
    Ok(())
}

/// The lists of a removal, in the order in which they are shown, and what a person calls an entry. The first three are named also where
/// they are empty.
const LISTS: [(&str, &str, &str); 8] = [
    ("webhooks", "webhook", "webhooks"),
    ("drains", "drain", "drains"),
    ("environmentVariables", "environment variable", "environment variables"),
    ("resources", "resource", "resources"),
    ("connections", "connection of a resource", "connections of resources"),
    ("protectionBypasses", "protection bypass", "protection bypasses"),
    ("edgeConfigs", "edge config", "edge configs"),
    ("edgeConfigTokens", "edge config token", "edge config tokens"),
];

/// A list of a removal.
struct Listed<'a> {
    one: &'static str,
    many: &'static str,
    items: &'a [Json],
    /// How many more there are that the token's bearer may not see.
    hidden: u64,
}

impl Listed<'_> {
    fn counted(&self) -> String {
        counted(self.items.len() as u64 + self.hidden, self.one, self.many)
    }
}

fn lists(removes: &Json) -> impl Iterator<Item = Listed<'_>> {
    LISTS.into_iter().enumerate().filter_map(|(at, (key, one, many))| {
        let items = removes[key].as_array().map_or(&[][..], Vec::as_slice);
        let hidden = removes["hidden"][key].as_u64().unwrap_or_default();
        (at < 3 || !items.is_empty() || hidden > 0).then_some(Listed { one, many, items, hidden })
    })
}

fn list(out: &mut impl Write, removes: &Json) -> std::io::Result<()> {
    for listed in lists(removes) {
        writeln!(out, "  {}", listed.counted())?;
        for item in listed.items {
            let text = |key: &str| item[key].as_str().unwrap_or_default();
            let project = item["projectId"].as_str().map_or(String::new(), |id| format!("  in {id}"));
            writeln!(out, "    {}  {}{project}", text("id"), text("name"))?;
        }
        if listed.hidden > 0 {
            writeln!(out, "    {} that you may not see", listed.hidden)?;
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
    let parts: Vec<String> = lists(removed).map(|listed| listed.counted()).collect();
    let tokens = counted(removed["tokens"].as_u64().unwrap_or_default(), "token", "tokens");
    format!("{} and {tokens}", parts.join(", "))
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What is still to come where the partner's part has not ended with the team's.
fn partners_part(closing: &Json) -> Option<String> {
    if closing["state"] != "closing" {
        return None;
    }
    let partner = match closing["partner"].as_str().unwrap_or_default() {
        "waiting" => "has not answered yet, and is told again for a day",
        "took-note" => "took note",
        "finalized" => "has nothing left to settle",
        "unknown" => "does not know the installation",
        "refused" => "refused this",
        _ => "did not answer",
    };
    let until = clock::text(closing["closesAt"].as_i64()?);
    let open: Vec<&str> = closing["openInvoices"].as_array()?.iter().filter_map(Json::as_str).collect();
    let then = match open.is_empty() {
        true => String::new(),
        false => format!(", and it stays open until these invoices are settled: {}", open.join(", ")),
    };
    Some(format!("its partner {partner}; final invoices may come until {until}{then}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_partner_has_left_is_told() {
        let closing = |state: &str, partner: &str, open: Json| {
            partners_part(
                &json!({ "state": state, "partner": partner, "closesAt": 86_400_000, "openInvoices": open }),
            )
        };
        assert_eq!(partners_part(&Json::Null), None);
        assert_eq!(closing("closed", "finalized", json!([])), None);
        let window = "final invoices may come until 1970-01-02T00:00:00.000Z";
        let told = closing("closing", "took-note", json!([]));
        assert_eq!(told, Some(format!("its partner took note; {window}")));
        let told = closing("closing", "waiting", json!(["mi_1", "mi_2"])).unwrap();
        let waits = "its partner has not answered yet, and is told again for a day";
        let open = "it stays open until these invoices are settled: mi_1, mi_2";
        assert_eq!(told, format!("{waits}; {window}, and {open}"));
    }

    #[test]
    fn what_the_bearer_may_not_see_is_counted() {
        let removes = json!({
            "webhooks": [], "drains": [], "environmentVariables": [{ "id": "e1", "name": "KEY", "projectId": "prj_1" }],
            "connections": [], "tokens": 1, "codes": 0, "hidden": { "environmentVariables": 2, "webhooks": 1, "connections": 1 },
        });
        let mut out = Vec::new();
        list(&mut out, &removes).unwrap();
        let expected = "  1 webhook\n    1 that you may not see\n  0 drains\n  3 environment variables\n    e1  KEY  in prj_1\n    2 that you may not see\n  1 connection of a resource\n    1 that you may not see\n  1 token\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let text = "1 webhook, 0 drains, 3 environment variables, 1 connection of a resource and 1 token";
        assert_eq!(summary(&removes), text);
    }
}
