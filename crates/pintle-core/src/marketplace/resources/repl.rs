//! A person queries a resource at its partner's prompt (semantics.md 4.3). What is typed, and what comes back, is between those two: it is
//! asked once, and neither is written down.

use super::record::{self, Resource};
use super::{asking, life};
use crate::ids::DeliveryId;
use crate::marketplace::Actor;
use crate::marketplace::claims::Speaker;
use crate::marketplace::partner::{self, Question};
use crate::marketplace::products::{Product, Repl};
use crate::{Core, Error, Result, Scope, validate};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Bytes of one input.
const LONGEST: usize = 64 << 10;

/// The body, as the partner gets it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    pub input: String,
    /// Change nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// What the partner answered: blocks, each an object with its `type`.
pub enum Said {
    /// An array of them.
    Blocks(Bytes),
    /// One on each line.
    Lines(Bytes),
}

/// Puts one input to a resource. That it was done stands in the audit log; what it said does not.
///
/// # Errors
/// 400 for an input beyond its limits, `repl_not_enabled` where the product has no prompt, and `read_only_not_supported`; 403 for who is
/// no user; 404 for an unknown store; 409 for one that is not there yet or any more; what the partner refuses it with, and 502
/// `partner_unavailable` where it does not answer, or with something that cannot be.
pub async fn put(core: &Core, scope: &Scope, id: &str, line: Line) -> Result<Said> {
    validate::length("input", &line.input, LONGEST)?;
    let actor = Actor::of(scope);
    if !actor.is_user() {
        return Err(Error::forbidden("Only a user can query a resource"));
    }
    let (resource, product) = find(core, scope, id).await?;
    prompt(&product, line.read_only == Some(true))?;
    let path = asking::path(&resource, &["repl"])?;
    note(core, scope, &resource).await?;
    let key = DeliveryId::at(core.clock.now(), &core.entropy);
    let question = Question {
        integration: &product.integration_id,
        installation: Some(&resource.configuration_id),
        actor: &actor,
        speaker: Speaker::User,
        method: Method::POST,
        path: &path,
        then: None,
        key: Some(key.as_str()),
        body: Some(serde_json::to_string(&line)?),
    };
    read(partner::once(core, &question).await?)
}

async fn find(core: &Core, scope: &Scope, id: &str) -> Result<(Resource, Product)> {
    let conn = core.db.read().await?;
    let resource = record::find(&conn, scope, id).await?;
    let product = asking::product(&conn, &resource).await?;
    Ok((resource, product))
}

/// That the product has a prompt, and one that keeps to reading where that is asked for.
fn prompt(product: &Product, read_only: bool) -> Result<()> {
    let repl = product.protocols.storage.as_ref().and_then(|storage| storage.repl.as_ref());
    match repl.filter(|repl| repl.enabled) {
        None => {
            let text = format!("The product `{}` cannot be queried here", product.name);
            Err(Error::bad_request(text).coded("repl_not_enabled"))
        }
        Some(Repl { supports_read_only_mode: false, .. }) if read_only => {
            let text = format!("The product `{}` knows no queries that only read", product.name);
            Err(Error::bad_request(text).coded("read_only_not_supported"))
        }
        Some(_) => Ok(()),
    }
}

/// Before it is asked: who looked into a resource is known, whatever came of it.
async fn note(core: &Core, scope: &Scope, resource: &Resource) -> Result<()> {
    let (core, scope, resource) = (core.clone(), scope.clone(), resource.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let now = core.clock.now();
            life::announce(tx, &core, &scope, &resource, now, "storage-accessed-data-browser", "queried")
                .await
        })
        .await
}

fn read(body: Bytes) -> Result<Said> {
    let wrong = || partner::unavailable("it should be a list of blocks, or one on each line");
    let is_block = |value: &Json| value["type"].is_string();
    if let Ok(Json::Array(blocks)) = serde_json::from_slice(&body) {
        return if blocks.iter().all(is_block) { Ok(Said::Blocks(body)) } else { Err(wrong()) };
    }
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    for line in lines {
        let block: Json = serde_json::from_slice(line).map_err(|_| wrong())?;
        if !is_block(&block) {
            return Err(wrong());
        }
    }
    Ok(Said::Lines(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_blocks_in_one_of_two_forms() {
        let kind = |body: &'static str| {
            read(Bytes::from_static(body.as_bytes())).map(|said| matches!(said, Said::Blocks(_)))
        };
        for blocks in ["[]", r#"[{"type":"paragraph","text":"a"},{"type":"table","rows":[]}]"#] {
            assert!(kind(blocks).unwrap(), "{blocks}");
        }
        for lines in ["", "{\"type\":\"paragraph\"}", "{\"type\":\"a\"}\r\n\n{\"type\":\"b\"}\n"] {
            assert!(!kind(lines).unwrap(), "{lines}");
        }
        for wrong in
            ["ok", "{}", "[1]", "[{\"text\":\"a\"}]", "{\"type\":\"a\"}\nok", "\"a\"", "{\"type\":1}"]
        {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
