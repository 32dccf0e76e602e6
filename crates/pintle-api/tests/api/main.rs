//! The API through the wire, group by group. One program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test's own code")]

mod access_groups;
mod account;
mod authentication;
mod both_ways;
mod catalogue;
mod clock;
mod configurations;
mod consent;
mod contract;
mod drains;
mod edge_config;
mod effective;
mod egress;
mod env;
mod environments;
mod events;
mod faults;
mod imports;
mod install;
mod installations;
mod lifecycle;
mod limits;
mod listeners;
mod log_drains;
mod logs;
mod marketplace;
mod members;
mod openapi;
mod payloads;
mod permissions;
mod plans;
mod products;
mod project_members;
mod projects;
mod registry;
mod removal;
mod resources;
mod sso;
mod teams;
mod tokens;
mod user;
mod wire;
