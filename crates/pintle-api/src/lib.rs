#![doc = include_str!("../README.md")]

mod body;
mod call;
mod dispatch;
mod failure;
mod incoming;
mod limits;
mod query;
mod reply;
mod router;
mod serve;

mod access_groups;
mod authentication;
mod catalogue;
mod clock;
mod deliveries;
mod drains;
mod edge_config;
mod environment;
mod faults;
mod integrations;
mod listeners;
mod log_drains;
mod logs;
mod marketplace;
mod oauth;
mod openapi;
mod otlp;
mod products;
mod project_members;
mod projects;
mod registry;
mod removals;
mod storage;
mod teams;
mod transfers;
mod user;
mod webhooks;
mod wellknown;

pub use dispatch::{Api, Options};
pub use incoming::Incoming;
pub use openapi::describe;
pub use router::{Handler, Method, Route};
pub use serve::serve;

/// Every operation that Pintle serves. The router, the authorization and the tests walk this list.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    [
        access_groups::ROUTES,
        authentication::ROUTES,
        catalogue::ROUTES,
        clock::ROUTES,
        deliveries::ROUTES,
        drains::ROUTES,
        edge_config::ROUTES,
        environment::ROUTES,
        faults::ROUTES,
        integrations::ROUTES,
        listeners::ROUTES,
        log_drains::ROUTES,
        logs::ROUTES,
        marketplace::ROUTES,
        marketplace::resources::ROUTES,
        marketplace::billing::ROUTES,
        marketplace::experimentation::ROUTES,
        oauth::ROUTES,
        openapi::ROUTES,
        otlp::ROUTES,
        products::ROUTES,
        project_members::ROUTES,
        projects::ROUTES,
        projects::domains::ROUTES,
        projects::env::ROUTES,
        registry::ROUTES,
        removals::ROUTES,
        storage::ROUTES,
        teams::ROUTES,
        transfers::ROUTES,
        user::ROUTES,
        webhooks::ROUTES,
        wellknown::ROUTES,
    ]
    .into_iter()
    .flatten()
}
