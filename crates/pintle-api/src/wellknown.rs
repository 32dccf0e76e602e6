//! Where partners find the keys that Pintle's tokens are signed with (semantics.md 4.1).

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::Result;
use pintle_core::marketplace::keys;

routes! {
    "getOpenIdConfiguration": Get "/.well-known/openid-configuration", Public => discovery;
    "getSigningKeys": Get "/.well-known/jwks", Public => jwks;
    "getSigningKeysAsFile": Get "/.well-known/jwks.json", Public => jwks;
}

async fn discovery(call: Call) -> Result<Reply> {
    Reply::json(&keys::discovery(&call.core))
}

async fn jwks(call: Call) -> Result<Reply> {
    Reply::json(&keys::jwks(&call.core).await?)
}
