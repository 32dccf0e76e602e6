//! Whether a call still waits for its answer.

use crate::Result;
use crate::deliveries::State;
use crate::ids::DeliveryId;
use pintle_store::{Conn, params};

/// The body of a call that is pending, empty where it has none; `None` where it is pending no more.
pub(crate) async fn waiting(conn: &Conn, id: &DeliveryId) -> Result<Option<String>> {
    let sql = "SELECT c.body FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
      WHERE d.id = $1 AND d.state = $2";
    let row: Option<(Option<String>,)> = conn.opt(sql, &params![id, State::Pending.as_str()]).await?;
    Ok(row.map(|(body,)| body.unwrap_or_default()))
}
