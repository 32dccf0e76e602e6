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
    /// What it was made of.
    stored: Stored,
}

/// A drain's row, and the projects that its installation was given, `None` where those are all or the drain is no installation's.
type Stored = (Row, Option<Vec<ProjectId>>);

/// Not paused, and its installation not disabled.
const LIVE: &str = "SELECT d.doc, d.secret, d.configuration_id, c.selected
  FROM drains d LEFT JOIN configurations c ON c.id = d.configuration_id
  WHERE d.id = $1 AND d.status <> 'disabled' AND c.disabled_at IS NULL";

/// `None` where nothing may be sent to it now.
pub async fn load(core: &Core, id: &DrainId) -> Result<Option<Ready>> {
    let Some(stored) = find(core, id).await? else { return Ok(None) };
    let (mut drain, secrets) = open(core, &stored.0)?;
    drain.delivery.show(secrets, Shown::Everything);
    let selection = Selection::of(&drain, stored.1.as_deref());
    Ok(Some(Ready { drain, selection, stored }))
}

async fn find(core: &Core, id: &DrainId) -> Result<Option<Stored>> {
    type Live = (String, Vec<u8>, Option<String>, Option<i64>);
    let conn = core.db.read().await?;
    let row: Option<Live> = conn.opt(LIVE, &params![id]).await?;
    let Some((doc, secret, configuration, selected)) = row else { return Ok(None) };
    let projects = match (configuration, selected) {
        (Some(configuration), Some(1)) => {
            let sql = "SELECT project_id FROM configuration_projects WHERE configuration_id = $1 ORDER BY project_id";
            let rows: Vec<(String,)> = conn.all(sql, &params![configuration]).await?;
            Some(rows.into_iter().map(|(id,)| ProjectId::from(id)).collect())
        }
        _ => None,
    };
    Ok(Some(((doc, secret), projects)))
}

impl Ready {
    /// Whether it is still as it was read, and may be sent to: asked right before sending, as packing takes its time.
    pub async fn holds(&self, core: &Core) -> Result<bool> {
        Ok(find(core, &self.drain.id).await?.is_some_and(|stored| stored == self.stored))
    }
}
