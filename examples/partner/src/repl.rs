//! A prompt at which a customer queries a database: here one that knows two words.

use crate::App;
use crate::broken::Broken;
use crate::refusal::{Json, Refusal, Result};
use crate::tokens::User;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    input: String,
    /// Change nothing. Neither word does, so it makes no difference here.
    #[serde(default, rename = "readOnly")]
    _read_only: bool,
}

/// `POST …/repl`: an array of blocks, which Pintle shows in their order. What cannot be understood is refused, and not answered with 5xx.
pub async fn query(
    State(partner): State<App>,
    _: User,
    Path((installation, id)): Path<(String, String)>,
    Json(line): Json<Line>,
) -> Result<Response> {
    let mut store = partner.store.lock();
    let resource = store.resource(&installation, &id)?;
    if partner.is(Broken::ReplWithoutBlocks) {
        return Ok("pong".into_response());
    }
    let blocks = match line.input.trim() {
        "ping" => json!([{ "type": "paragraph", "text": "pong" }]),
        "status" => json!([{ "type": "table", "rows": [
            ["name", resource.name], ["plan", resource.plan], ["product", resource.product],
        ] }]),
        other => {
            let message = format!("`{other}` is neither ping nor status");
            return Err(Refusal::invalid(message));
        }
    };
    Ok(Json(blocks).into_response())
}
