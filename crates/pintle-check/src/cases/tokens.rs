//! Tokens that must not be taken: each on a request that reads and on one that changes something.

use super::cases;
use crate::ask::Ask;
use crate::expect::{Verdict, fine};
use crate::token::{Flaw, Token};
use crate::world::World;
use serde_json::Value as Json;

cases! { pub(super) CASES:
    "no-token", "refuses a request without a token",
        "anybody can send that" => |world| refused(world, Flaw::Missing);
    "garbage-token", "refuses what is no token",
        "anybody can send that" => |world| refused(world, Flaw::Garbage);
    "tampered-token", "refuses a token whose claims were changed",
        "only the signature tells what Pintle said from what somebody made of it" => |world| refused(world, Flaw::Tampered);
    "unsigned-token", "refuses a token with `alg: none`",
        "a token must not choose how it is checked" => |world| refused(world, Flaw::Unsigned);
    "expired-token", "refuses a token that has expired",
        "a token that leaked must be worth nothing soon" => |world| refused(world, Flaw::Expired);
    "wrong-audience", "refuses a token for another integration",
        "another partner gets tokens of the same issuer, and could use them here" => |world| refused(world, Flaw::OtherAudience);
    "wrong-issuer", "refuses a token of another issuer",
        "only the issuer that was configured speaks for customers" => |world| refused(world, Flaw::OtherIssuer);
    "foreign-token", "refuses another installation's token",
        "one customer could read and change another's things: the path must be the installation that the token names" => foreign;
}

async fn refused(world: &mut World, flaw: Flaw) -> Verdict {
    let id = world.first()?.id;
    let system = Token { flaw: Some(flaw.clone()), ..Token::system(Some(&id)) };
    let user = Token { flaw: Some(flaw), ..Token::user(&id) };
    both(world, &id, system, user).await
}

async fn foreign(world: &mut World) -> Verdict {
    let (id, other) = (world.first()?.id, world.second()?.id);
    both(world, &id, Token::system(Some(&other)), Token::user(&other)).await
}

/// Tries to read the installation, and to make a resource in it.
async fn both(world: &mut World, id: &str, system: Token, user: Token) -> Verdict {
    let read = Ask { token: system, ..Ask::get(format!("/v1/installations/{id}")) };
    world.send(read).await?.must_be(&[401, 403])?;
    if world.product().is_ok() {
        let body = Json::Object(world.wanted(&world.name())?);
        let change = Ask { token: user, ..Ask::post(format!("/v1/installations/{id}/resources"), &body) };
        world.send(change).await?.must_be(&[401, 403])?;
    }
    fine()
}
