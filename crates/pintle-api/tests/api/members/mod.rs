//! Group `teams`: the members of a team.

mod change;
mod invite;
mod leave;
mod list;

use pintle_core::permissions::Role;
use pintle_testing::{Caller, Pintle};
use serde_json::Value;

async fn members(caller: &Caller, query: &str) -> Vec<Value> {
    let list = caller.get(&format!("/v3/teams/acme/members{query}")).await.ok(200);
    list["members"].as_array().unwrap().clone()
}

fn names(members: &[Value]) -> Vec<&str> {
    members.iter().map(|member| member["username"].as_str().unwrap()).collect()
}

/// A team with an owner, and members of three roles, each younger than the one before.
async fn team(pintle: &Pintle) -> (Caller, [Caller; 3]) {
    let owner = pintle.team("acme").await;
    let mut others = Vec::new();
    for (name, role) in [("bob", Role::Member), ("cat", Role::Developer), ("dan", Role::Contributor)] {
        pintle.clock.advance(10);
        others.push(pintle.member(&owner, name, role).await);
    }
    (owner, others.try_into().ok().unwrap())
}

fn path(member: &Caller) -> String {
    format!("/v1/teams/acme/members/{}", member.user)
}
