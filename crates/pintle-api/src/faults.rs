//! Beyond the contract, with `--dev`: faults that a developer orders, and what a request meets of them.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::{Match, Route, Router, routes};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use pintle_core::faults::{self, Fault, NewFault};
use pintle_core::permissions::Permission;
use pintle_core::{Core, Error, Result, Scope};
use serde_json::json;

routes! {
    "listFaults": Get "/pintle/v1/faults", Develop => list;
    "createFault": Post "/pintle/v1/faults", Develop => create;
    "deleteFaults": Delete "/pintle/v1/faults", Develop => delete_all;
    "deleteFault": Delete "/pintle/v1/faults/{id}", Develop => delete;
}

/// Names what is on in an answer.
pub const HEADER: HeaderName = HeaderName::from_static("x-pintle-faults");

async fn list(call: Call, _: Scope) -> Result<Reply> {
    Reply::json(&json!({ "faults": call.core.faults.list() }))
}

async fn create(call: Call, _: Scope) -> Result<Reply> {
    let mut order: NewFault = call.json()?;
    order.route = order.route.map(|route| operation(&route)).transpose()?;
    Reply::created(&faults::create(&call.core, order).await?)
}

async fn delete_all(call: Call, _: Scope) -> Result<Reply> {
    faults::delete_all(&call.core).await?;
    Ok(Reply::nothing())
}

async fn delete(call: Call, _: Scope) -> Result<Reply> {
    faults::delete(&call.core, call.param("id")).await?;
    Ok(Reply::nothing())
}

/// The id of the operation that is named by its id, or by a method and a path that lead to it.
fn operation(named: &str) -> Result<String> {
    let found = match named.split_once(' ') {
        Some((method, path)) => at(method, path.trim()),
        None => crate::routes().find(|route| route.id == named),
    };
    let wrong = || Error::invalid("`route` should be an operation's id, or a method and a path.");
    let route = found.ok_or_else(wrong)?;
    // Or a fault could not be taken away.
    if route.permission == Permission::Develop {
        return Err(Error::invalid(format_args!("`{}` is never faulty.", route.id)));
    }
    Ok(route.id.to_owned())
}

fn at(method: &str, path: &str) -> Option<&'static Route> {
    let method: Method = method.to_uppercase().parse().ok()?;
    match Router::new(crate::routes()).find(&method, path) {
        Match::Route { route, .. } => Some(route),
        _ => None,
    }
}

/// What the answers to a request that comes now say.
pub fn shown(core: &Core) -> Option<HeaderValue> {
    if !core.faults.any() {
        return None;
    }
    let names: Vec<String> = core.faults.list().iter().map(Fault::to_string).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

/// The answer that a fault gives in place of the operation's, but for 429, whose body the contract knows.
pub fn answer(status: u16, retry_after: Option<u32>) -> Result<Reply> {
    let status = StatusCode::from_u16(status).map_err(Error::internal)?;
    let code = status.canonical_reason().unwrap_or("fault").to_lowercase().replace([' ', '-'], "_");
    let error = json!({ "error": { "code": code, "message": format!("A fault answers {status}") } });
    let reply = Reply::json_as(status, &error)?;
    Ok(match retry_after {
        Some(seconds) => reply.with(header::RETRY_AFTER, seconds.into()),
        None => reply,
    })
}
