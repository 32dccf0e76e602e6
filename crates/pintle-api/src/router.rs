//! From a path to a route.
//!
//! Clients call the same operation under many versions, without one, below `/api` and below `/now` (semantics.md 11, no. 15). No
//! two operations of the contract differ only in their version, so the version is not part of a route: it is taken off, and
//! handed to the few handlers that behave differently by it.

use crate::call::Call;
use crate::incoming::Incoming;
use crate::reply::Reply;
use pintle_core::permissions::Permission;
use pintle_core::{Result, Scope};
use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// `HEAD` is answered where `GET` is; the server leaves the body out.
    fn parse(method: &axum::http::Method) -> Option<Method> {
        Some(match method.as_str() {
            "GET" | "HEAD" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return None,
        })
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Reply>> + Send>>;

#[derive(Clone, Copy)]
pub enum Handler {
    /// Answers without a token.
    Public(fn(Call) -> Answer),
    /// Answers for an owner, once the caller was found to have the route's permission.
    Scoped(fn(Call, Scope) -> Answer),
    /// Takes in logs: finds out itself who feeds, since log keys are known only there, and then reads the body.
    Feeding(fn(Call, Incoming) -> Answer),
}

/// One operation.
pub struct Route {
    /// The contract's operation id, or ours where the contract has none.
    pub id: &'static str,
    pub method: Method,
    /// The path as the contract has it, version and parameters included.
    pub path: &'static str,
    pub permission: Permission,
    pub handler: Handler,
}

impl Route {
    /// The names of the path's parameters, in its order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// A group's operations: `routes! { "getWebhook": Get "/v1/webhooks/{id}", WebhookRead => get; … }`, and `public "…"` for those
/// that need no token.
macro_rules! routes {
    ($($id:literal: $method:ident $path:literal, $permission:ident => $handler:expr;)*) => {
        pub(crate) const ROUTES: &[$crate::router::Route] = &[$($crate::router::routes!(@one $id $method $path $permission $handler)),*];
    };
    (@one $id:literal $method:ident $path:literal Public $handler:expr) => {
        $crate::router::Route {
            id: $id, method: $crate::router::Method::$method, path: $path,
            permission: ::pintle_core::permissions::Permission::Public,
            handler: $crate::router::Handler::Public(|call| Box::pin($handler(call))),
        }
    };
    (@one $id:literal $method:ident $path:literal LogWrite $handler:expr) => {
        $crate::router::Route {
            id: $id, method: $crate::router::Method::$method, path: $path,
            permission: ::pintle_core::permissions::Permission::LogWrite,
            handler: $crate::router::Handler::Feeding(|call, incoming| Box::pin($handler(call, incoming))),
        }
    };
    (@one $id:literal $method:ident $path:literal $permission:ident $handler:expr) => {
        $crate::router::Route {
            id: $id, method: $crate::router::Method::$method, path: $path,
            permission: ::pintle_core::permissions::Permission::$permission,
            handler: $crate::router::Handler::Scoped(|call, scope| Box::pin($handler(call, scope))),
        }
    };
}
pub(crate) use routes;

/// The parameters of a path, in its order.
pub(crate) type Params = Vec<(&'static str, String)>;

/// What a path leads to.
pub(crate) enum Match {
    Route {
        route: &'static Route,
        params: Params,
        version: Option<u32>,
    },
    /// The path is known, the method is not.
    WrongMethod,
    Nothing,
}

#[derive(Default)]
struct Node {
    literal: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    /// Each with its path's segments.
    routes: Vec<(&'static Route, Vec<&'static str>)>,
}

/// Names that paths begin with, and what newer clients say instead.
pub(crate) const ALSO: &[(&str, &str)] = &[("edge-config", "global-config")];

/// The path of a route as newer clients have it, where that is another.
fn newer(segments: &[&'static str]) -> Option<Vec<&'static str>> {
    let (first, rest) = segments.split_first()?;
    let (_, also) = ALSO.iter().find(|(name, _)| name == first)?;
    Some([&[*also], rest].concat())
}

/// All routes as a tree of path segments. A literal segment beats a parameter.
pub(crate) struct Router(Node);

impl Node {
    fn add(&mut self, route: &'static Route, segments: Vec<&'static str>) {
        let mut node = self;
        for segment in &segments {
            node = match segment.starts_with('{') {
                true => node.parameter.get_or_insert_default(),
                false => node.literal.entry(segment).or_default(),
            };
        }
        node.routes.push((route, segments));
    }
}

impl Router {
    pub(crate) fn new(routes: impl Iterator<Item = &'static Route>) -> Self {
        let mut root = Node::default();
        let mut also = Vec::new();
        for route in routes {
            let segments = unversioned(route.path).1;
            also.extend(newer(&segments).map(|segments| (route, segments)));
            root.add(route, segments);
        }
        // Last: a route of its own under the newer name comes first.
        for (route, segments) in also {
            root.add(route, segments);
        }
        Self(root)
    }

    pub(crate) fn find(&self, method: &axum::http::Method, path: &str) -> Match {
        let (version, segments) = unversioned(path);
        let Some(node) = walk(&self.0, &segments) else { return Match::Nothing };
        let method = Method::parse(method);
        let Some((route, names)) = node.routes.iter().find(|(route, _)| Some(route.method) == method) else {
            return Match::WrongMethod;
        };
        let params = names.iter().zip(&segments).filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name, decode(value).into_owned()))
        });
        Match::Route { route, params: params.collect(), version }
    }
}

fn walk<'a>(node: &'a Node, segments: &[&str]) -> Option<&'a Node> {
    let Some((first, rest)) = segments.split_first() else {
        return (!node.routes.is_empty()).then_some(node);
    };
    let literal = node.literal.get::<str>(first).and_then(|next| walk(next, rest));
    literal.or_else(|| node.parameter.as_ref().and_then(|next| walk(next, rest)))
}

/// The segments of a path without what clients put before them, and the version that was there.
fn unversioned(path: &str) -> (Option<u32>, Vec<&str>) {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.first() == Some(&"api") {
        segments.remove(0);
    }
    let version = segments.first().and_then(|s| s.strip_prefix('v')).and_then(|digits| digits.parse().ok());
    if version.is_some() {
        segments.remove(0);
    }
    if segments.first() == Some(&"now") {
        segments.remove(0);
    }
    (version, segments)
}

fn decode(segment: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(&'static str, Option<u32>)> {
        let router = Router::new(crate::routes());
        match router.find(&method.parse().unwrap(), path) {
            Match::Route { route, version, .. } => Some((route.id, version)),
            _ => None,
        }
    }

    #[test]
    fn any_version_and_none_lead_to_the_same_route() {
        for path in [
            "/v1/webhooks",
            "/v9/webhooks/",
            "/webhooks",
            "/api/v1/webhooks",
            "/api/webhooks",
            "/now/webhooks",
        ] {
            assert_eq!(found("GET", path).map(|(id, _)| id), Some("getWebhooks"), "{path}");
        }
        assert_eq!(found("HEAD", "/v3/webhooks"), Some(("getWebhooks", Some(3))));
        assert_eq!(found("GET", "/v1/nothing"), None);
    }

    #[test]
    fn newer_names_lead_to_the_same_routes_unless_they_have_their_own() {
        for (path, id) in [("items", "getEdgeConfigItems"), ("item/a", "getEdgeConfigItem")] {
            assert_eq!(found("GET", &format!("/v1/edge-config/ecfg_a/{path}")), Some((id, Some(1))));
            assert_eq!(found("GET", &format!("/v1/global-config/ecfg_a/{path}")), Some((id, Some(1))));
        }
        let tokens = found("GET", "/v1/global-config/ecfg_a/tokens");
        assert_eq!(tokens, Some(("listGlobalConfigTokens", Some(1))));
    }

    #[test]
    fn no_two_routes_have_the_same_method_and_shape() {
        let mut seen = std::collections::HashSet::new();
        for route in crate::routes() {
            let shape: Vec<_> = unversioned(route.path)
                .1
                .into_iter()
                .map(|s| if s.starts_with('{') { "{}" } else { s })
                .collect();
            assert!(seen.insert((route.method, shape)), "{} {}", route.method.as_str(), route.path);
        }
    }
}
