//! Group `user` of the contract.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::{Result, Scope, users};

routes! {
    "getAuthUser": Get "/v2/user", Account => get;
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&users::get(&call.core, &scope).await?)
}
