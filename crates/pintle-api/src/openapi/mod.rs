//! `/openapi.json`: every operation that Pintle serves, of the contract and beyond it.
//!
//! The document is a file, which a test holds against the routes: `describe` runs each handler on a call that takes notes of what the
//! handler asks of its query, and of the type that it reads its body as. So nothing in it is written by hand.

mod notes;
mod sketch;

pub(crate) use notes::Notes;

use crate::call::Call;
use crate::query::Query;
use crate::reply::Reply;
use crate::router::{Handler, Route, routes};
use axum::body::Bytes;
use axum::http::HeaderMap;
use pintle_core::ids::{ConfigurationId, IntegrationId, OwnerId, UserId};
use pintle_core::permissions::{Scopes, TokenNeeds};
use pintle_core::scope::{Installation, Principal};
use pintle_core::{Core, Result, Scope};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

routes! {
    "getOpenApiDocument": Get "/openapi.json", Public => document;
}

async fn document(_call: Call) -> Result<Reply> {
    Ok(Reply::whole(include_str!("../../openapi.json")))
}

/// What stands for every parameter of a path, and for the installation that asks.
const NAMED: &str = "described";

/// The document, one path on a line. Handlers run on `core`, which should be one that nothing else uses.
pub async fn describe(core: &Core) -> String {
    let mut paths: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    for route in crate::routes() {
        let notes = take_notes(core, route).await;
        let method = route.method.as_str().to_lowercase();
        paths.entry(route.path).or_default().insert(method, operation(route, &notes));
    }
    let lines: Vec<String> =
        paths.into_iter().map(|(path, item)| format!("{}:{}", json!(path), Json::Object(item))).collect();
    let info = json!({ "title": "Pintle", "version": env!("CARGO_PKG_VERSION") });
    let components = components();
    let paths = lines.join(",\n");
    format!(
        "{{\"openapi\":\"3.0.3\",\"info\":{info},\n\"components\":{components},\n\"paths\":{{\n{paths}\n}}}}\n"
    )
}

fn components() -> Json {
    let error = json!({
        "type": "object", "required": ["error"],
        "properties": { "error": {
            "type": "object", "required": ["code", "message"],
            "properties": { "code": { "type": "string" }, "message": { "type": "string" } },
        } },
    });
    json!({
        "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        "responses": { "Error": {
            "description": "What is wrong", "content": { "application/json": { "schema": error } },
        } },
    })
}

/// Runs the handler as a user would be served, and as an installation: each may be turned away before it has asked for everything.
async fn take_notes(core: &Core, route: &'static Route) -> Notes {
    let notes = Notes::default();
    for scope in [user(), installation()] {
        let params = route.parameters().map(|name| (name, NAMED.to_owned())).collect();
        let call = Call {
            core: core.clone(),
            params,
            query: Query::noting(notes.clone()),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            version: None,
            notes: Some(notes.clone()),
        };
        let answer = match route.handler {
            Handler::Public(handler) => handler(call),
            Handler::Scoped(handler) => handler(call, scope),
            // It reads its body as it comes.
            Handler::Feeding(_) => continue,
        };
        // What it answers says nothing here: there is nothing that it could be about.
        drop(tokio::time::timeout(Duration::from_secs(5), answer).await);
    }
    notes
}

fn user() -> Scope {
    let mut scope = Scope::system(OwnerId::from(NAMED), false);
    scope.principal = Principal::User { id: UserId::from(NAMED), username: NAMED.to_owned() };
    scope
}

fn installation() -> Scope {
    let mut scope = Scope::system(OwnerId::from(NAMED), false);
    scope.principal = Principal::Installation(Installation {
        configuration: ConfigurationId::from(NAMED),
        integration: IntegrationId::from(NAMED),
        user: UserId::from(NAMED),
        scopes: Scopes::default(),
        selected: false,
    });
    scope
}

fn operation(route: &Route, notes: &Notes) -> Json {
    let mut parameters: Vec<Json> = route
        .parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let public = matches!(route.handler, Handler::Public(_));
    let of_a_team = !public && route.permission.token_needs() != TokenNeeds::Nothing;
    let mut query = notes.query();
    for name in ["slug", "teamId"].into_iter().filter(|_| of_a_team) {
        query.entry(name.to_owned()).or_insert_with(|| (json!({ "type": "string" }), false));
    }
    for (name, (schema, required)) in query {
        let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
        if required {
            parameter["required"] = json!(true);
        }
        parameters.push(parameter);
    }
    let mut operation = json!({
        "operationId": route.id,
        "tags": [tag(route.path)],
        "x-permission": format!("{:?}", route.permission),
        "security": if public { json!([]) } else { json!([{ "token": [] }]) },
        "parameters": parameters,
        "responses": { "2XX": { "description": "Done" }, "4XX": { "$ref": "#/components/responses/Error" } },
    });
    if let Some(schema) = notes.body() {
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
    }
    operation
}

/// The first word of a path that is neither a version nor Pintle's own.
fn tag(path: &str) -> &str {
    let version = |part: &&str| part.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty() && !version(part) && !["pintle", "api"].contains(part));
    parts.next().unwrap_or("pintle")
}
