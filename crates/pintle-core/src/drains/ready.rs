//! A drain as it stands right now, for whoever sends to it.

use super::delivery::Shown;
use super::{Drain, Row, Selection, open};
use crate::ids::{DrainId, ProjectId};
use crate::{Core, Result};
use pintle_store::params;

/// A drain that is sent to, with its secrets, and what it gets.
#[derive(Debug)]
pub struct Ready {
    pub drain: Drain,
    pub selection: Selection,
    /// The document that it was read from.
    stored: String,
}

/// Not paused, and its installation not disabled.
const LIVE: &str = "FROM drains d LEFT JOIN configurations c ON c.id = d.configuration_id
  WHERE d.id = $1 AND d.status <> 'disabled' AND c.disabled_at IS NULL";

/// `None` where nothing may be sent to it now.
///
/// # Errors
/// Where its filter is none, too.
pub async fn load(core: &Core, id: &DrainId) -> Result<Option<Ready>> {
    let conn = core.db.read().await?;
    let sql = format!("SELECT d.doc, d.secret, c.selected {LIVE}");
    let row: Option<(String, Vec<u8>, Option<i64>)> = conn.opt(&sql, &params![id]).await?;
    let Some((doc, secret, selected)) = row else { return Ok(None) };
    let row: Row = (doc, secret);
    let (mut drain, secrets) = open(core, &row)?;
    drain.delivery.show(secrets, Shown::Everything);
    let projects = match (&drain.configuration_id, selected) {
        (Some(configuration), Some(1)) => {
            let sql = "SELECT project_id FROM configuration_projects WHERE configuration_id = $1";
            let rows: Vec<(String,)> = conn.all(sql, &params![configuration]).await?;
            Some(rows.into_iter().map(|(id,)| ProjectId::from(id)).collect::<Vec<_>>())
        }
        _ => None,
    };
    let selection = Selection::of(&drain, projects.as_deref())?;
    Ok(Some(Ready { drain, selection, stored: row.0 }))
}

impl Ready {
    /// Whether it is still as it was read, and may be sent to: asked right before sending, as packing takes its time.
    pub async fn holds(&self, core: &Core) -> Result<bool> {
        let sql = format!("SELECT d.doc {LIVE}");
        let row: Option<(String,)> = core.db.read().await?.opt(&sql, &params![&self.drain.id]).await?;
        Ok(row.is_some_and(|(doc,)| doc == self.stored))
    }
}
