//! A user queries a resource.

use super::cases;
use super::resources::path;
use crate::ask::{Answer, Ask};
use crate::expect::{Verdict, failed, fine, skipped};
use crate::world::World;
use serde_json::{Value as Json, json};

cases! { pub(super) CASES:
    "repl", "answers a query in blocks",
        "Pintle passes blocks on to the user, and nothing else: it is asked once" => query;
}

async fn query(world: &mut World) -> Verdict {
    let Some(input) = world.settings.query.clone() else { return skipped("give --query") };
    let (installation, resource) = (world.first()?, world.resource()?);
    let path = format!("{}/repl", path(&installation.id, &resource.id));
    let ask = Ask::post(path, &json!({ "input": input, "readOnly": true })).by_user(&installation.id);
    let answer = world.send(ask).await?;
    match answer.status == 200 && has_blocks(&answer) {
        true => fine(),
        false => {
            failed("200 with an array of blocks, each an object with its `type`, or one block on each line")
        }
    }
}

fn has_blocks(answer: &Answer) -> bool {
    let is_block = |value: &Json| value["type"].is_string();
    match &answer.json {
        Json::Array(blocks) => blocks.iter().all(is_block),
        _ => {
            let mut lines = answer.text.lines().filter(|line| !line.trim().is_empty());
            lines.all(|line| serde_json::from_str(line).is_ok_and(|block| is_block(&block)))
        }
    }
}
