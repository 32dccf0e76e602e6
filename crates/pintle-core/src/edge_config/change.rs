//! patchEdgeConfigItems: many changes of items, all of them or none.

use super::items::{Details, Item, Items, check_key};
use super::record::{self, Conditions};
use super::write;
use crate::clock::Millis;
use crate::patch::Patch;
use crate::{Core, Error, Result, Scope, validate};
use serde::Deserialize;
use serde_json::Value as Json;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    pub items: Vec<Change>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    operation: Operation,
    key: String,
    /// `null` is a value like any other.
    #[serde(default)]
    value: Patch<Json>,
    #[serde(default)]
    description: Patch<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Create,
    Update,
    Upsert,
    Delete,
}

/// Applies the changes in their order.
///
/// # Errors
/// 400 for a body that breaks the contract, items that become too large or do not fit the schema; 404 for a key to update or to delete that
/// is not there, and for another owner's edge config; 403 for a partner's; 409 for a key to create that is there; 412 where the edge
/// config is not the one that the request names.
pub async fn patch(
    core: &Core,
    scope: &Scope,
    id: &str,
    changes: Changes,
    conditions: Conditions,
) -> Result<()> {
    for (index, change) in changes.items.iter().enumerate() {
        change.check(&format!("items[{index}]"))?;
    }
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            config.require_own()?;
            conditions.require(&config.digest)?;
            let before = Items::load(tx, &config).await?;
            let mut after = before.clone();
            for (index, change) in changes.items.iter().enumerate() {
                change.apply(&mut after, &format!("items[{index}]"), now)?;
            }
            write::replace(tx, &core, &scope, config, [&before, &after], now).await.map(drop)
        })
        .await
}

impl Change {
    /// `place` is where it stands in the body.
    fn check(&self, place: &str) -> Result<()> {
        check_key(&format!("{place}.key"), &self.key)?;
        let description = self.description.as_set().map_or("", String::as_str);
        validate::at_most(&format!("{place}.description"), description, 512)?;
        let says_nothing = self.value == Patch::Absent && self.description == Patch::Absent;
        match self.operation {
            Operation::Create if self.value == Patch::Absent => Err(no_value(place)),
            Operation::Update | Operation::Upsert if says_nothing => Err(no_value(place)),
            _ => Ok(()),
        }
    }

    fn apply(&self, items: &mut Items, place: &str, now: Millis) -> Result<()> {
        let missing = || Error::not_found(&format!("Edge Config item `{}`", self.key));
        match (self.operation, items.0.get_mut(&self.key)) {
            (Operation::Create, Some(_)) => {
                let text = format!("There is an Edge Config item `{}` already", self.key);
                Err(Error::conflict("edge_config_item_exists", text))
            }
            (Operation::Update | Operation::Delete, None) => Err(missing()),
            (Operation::Create | Operation::Upsert, None) => {
                let value = self.value().ok_or_else(|| no_value(place))?;
                let mut details = Details { description: None, created_at: now, updated_at: now };
                self.description.clone().apply(&mut details.description);
                items.0.insert(self.key.clone(), Item { value, details });
                Ok(())
            }
            (Operation::Delete, Some(_)) => {
                items.0.remove(&self.key);
                Ok(())
            }
            (Operation::Update | Operation::Upsert, Some(item)) => {
                if let Some(value) = self.value() {
                    item.value = value;
                }
                self.description.clone().apply(&mut item.details.description);
                item.details.updated_at = now;
                Ok(())
            }
        }
    }

    fn value(&self) -> Option<Json> {
        match &self.value {
            Patch::Absent => None,
            Patch::Null => Some(Json::Null),
            Patch::Set(value) => Some(value.clone()),
        }
    }
}

fn no_value(place: &str) -> Error {
    Error::invalid(format_args!("missing required property `{place}.value`."))
}
