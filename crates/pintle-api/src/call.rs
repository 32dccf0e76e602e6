//! What a handler is given.

use crate::body;
use crate::openapi::Notes;
use crate::query::Query;
use crate::router::Params;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use pintle_core::page::Page;
use pintle_core::scope::TeamHint;
use pintle_core::{Core, Error, Result};
use serde::de::DeserializeOwned;

pub struct Call {
    pub core: Core,
    pub params: Params,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The version in the path, where there was one.
    pub version: Option<u32>,
    /// Where the type of the body is written down, in place of reading it.
    pub(crate) notes: Option<Notes>,
}

impl Call {
    /// A parameter of the path. Every name that a route has in braces is there.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    /// Where the caller reached Pintle: `http://host:port`.
    pub fn origin(&self) -> String {
        let get = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = get("x-forwarded-proto").unwrap_or("http");
        format!("{scheme}://{}", get("x-forwarded-host").or(get("host")).unwrap_or("localhost"))
    }

    /// Whether the request says for which team it acts.
    pub fn names_team(&self) -> bool {
        self.query.get("teamId").or(self.query.get("slug")).is_some()
    }

    /// The bearer token, where there is one.
    pub fn bearer(&self) -> Option<&str> {
        let text = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (_, token) = text.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))?;
        Some(token.trim()).filter(|token| !token.is_empty())
    }

    /// The team that it acts for. One in the path counts before one in the query.
    pub fn team(&self) -> TeamHint<'_> {
        let in_path = Some(self.param("teamId")).filter(|id| !id.is_empty());
        match (in_path, self.query.get("teamId"), self.query.get("slug")) {
            (Some(id), _, _) => TeamHint::Path(id),
            (None, Some(id), _) => TeamHint::Id(id),
            (None, None, Some(slug)) => TeamHint::Slug(slug),
            (None, None, None) => TeamHint::None,
        }
    }

    /// The JSON body as `T`, whatever the content type says: clients send JSON as `text/plain` too.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if let Some(notes) = &self.notes {
            notes.read_as::<T>();
            return Err(Error::internal("described"));
        }
        body::json(&self.body)
    }

    /// `limit`, `until` and `since` of the query.
    pub fn page(&self) -> Result<Page> {
        self.page_of(Page::DEFAULT)
    }

    /// The same, where without `limit` a page holds so many.
    pub fn page_of(&self, limit: i64) -> Result<Page> {
        let limit = self.query.number("limit")?.unwrap_or(limit);
        Page::new(Some(limit), self.query.number("until")?, self.query.number("since")?)
    }
}
