//! One request of a kind waits for its answer at a time.

use crate::deliveries::State;
use crate::ids::DeliveryId;
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde_json::Value as Json;

/// The call that a request for the same is, where `earlier` still waits for its answer; `None` where it does not. So no two are under way
/// whose answers could come in another order than the partner gave them. `whose` is what they concern, for people.
///
/// # Errors
/// 409 `call_pending` where that one asks for something else.
pub(crate) async fn joined(
    tx: &Conn,
    earlier: Option<&DeliveryId>,
    body: Option<&Json>,
    whose: &str,
) -> Result<Option<DeliveryId>> {
    let Some(earlier) = earlier else { return Ok(None) };
    let sql = "SELECT c.body FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
      WHERE d.id = $1 AND d.state = $2";
    let row: Option<(Option<String>,)> = tx.opt(sql, &params![earlier, State::Pending.as_str()]).await?;
    let same = body.map(Json::to_string);
    match row {
        None => Ok(None),
        Some((waiting,)) if waiting == same => Ok(Some(earlier.clone())),
        Some(_) => Err(is_pending(earlier, whose)),
    }
}

fn is_pending(call: &DeliveryId, whose: &str) -> Error {
    let text = format!(
        "The partner has not answered an earlier request of this kind for `{whose}`; it is asked again in the background"
    );
    Error::conflict("call_pending", text).with("deliveryId", call.as_str())
}
