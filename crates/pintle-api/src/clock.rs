//! Beyond the contract, with `--dev`: Pintle's time, which can be moved forward.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::clock::{self, Millis, Move};
use pintle_core::{Core, Error, Result, Scope};
use serde::Deserialize;
use serde_json::json;

routes! {
    "getClock": Get "/pintle/v1/clock", Develop => get;
    "advanceClock": Post "/pintle/v1/clock", Develop => advance;
}

/// One of the three.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    /// Such as `24h`.
    advance: Option<String>,
    advance_ms: Option<Millis>,
    to: Option<Millis>,
}

impl Wanted {
    fn parse(self) -> Result<Move> {
        match (self.advance, self.advance_ms, self.to) {
            (Some(length), None, None) => clock::length(&length).map(Move::By).ok_or_else(|| {
                Error::invalid("`advance` should be a number and a unit (ms, s, m, h, d), such as 24h.")
            }),
            (None, Some(by), None) => Ok(Move::By(by)),
            (None, None, Some(at)) => Ok(Move::To(at)),
            _ => Err(Error::invalid("exactly one of `advance`, `advanceMs` and `to` is needed.")),
        }
    }
}

async fn get(call: Call, _: Scope) -> Result<Reply> {
    shown(&call.core)
}

async fn advance(call: Call, _: Scope) -> Result<Reply> {
    clock::advance(&call.core, call.json::<Wanted>()?.parse()?).await?;
    shown(&call.core)
}

fn shown(core: &Core) -> Result<Reply> {
    Reply::json(&json!({ "now": core.clock.now(), "aheadMs": core.clock.ahead() }))
}
