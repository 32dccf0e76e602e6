//! `pintle trigger`: an event on order.

use crate::failure::{Failure, Result};
use crate::options::TriggerArgs;
use crate::server::Server;
use serde_json::{Map, Value as Json, json};
use std::io::{Write, stdout};

pub fn run(args: TriggerArgs) -> Result<()> {
    let mut body = json!({ "type": args.event });
    if let Some(project) = &args.project {
        body["projectId"] = json!(project);
    }
    for text in &args.set {
        let wrong =
            || Failure::usage(format_args!("`{text}` is not PATH=VALUE, such as payload.target=staging"));
        let (path, value) = text.split_once('=').ok_or_else(wrong)?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        set(&mut body, path, value).ok_or_else(wrong)?;
    }
    let made = Server::new(&args.server).post("/pintle/v1/events/trigger", &body)?;
    let text = |key: &str| made[key].as_str().unwrap_or_default();
    let told = match made["deliveries"].as_u64().unwrap_or_default() {
        0 => "nobody subscribes to it".to_owned(),
        1 => "to 1 subscriber".to_owned(),
        many => format!("to {many} subscribers"),
    };
    writeln!(stdout(), "{}  {}  {told}", text("id"), text("type"))?;
    Ok(())
}

/// Sets a value at a path of keys parted by dots, making objects on the way.
fn set(body: &mut Json, path: &str, value: Json) -> Option<()> {
    let mut place = body;
    for key in path.split('.') {
        if key.is_empty() {
            return None;
        }
        if place.is_null() {
            *place = Json::Object(Map::new());
        }
        place = place.as_object_mut()?.entry(key).or_insert(Json::Null);
    }
    *place = value;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_makes_the_objects_that_it_needs() {
        let mut body = json!({ "type": "x" });
        assert_eq!(set(&mut body, "payload.project.id", json!("prj_1")), Some(()));
        assert_eq!(set(&mut body, "payload.target", Json::Null), Some(()));
        assert_eq!(body, json!({ "type": "x", "payload": { "project": { "id": "prj_1" }, "target": null } }));
        for wrong in ["", "payload..id", "type.id"] {
            assert_eq!(set(&mut body, wrong, json!(1)), None, "{wrong}");
        }
    }
}
