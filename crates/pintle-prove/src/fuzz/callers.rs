//! Who calls.

use serde_json::{Map, Value as Json};

/// A bearer, and what its requests are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub token: String,
    /// The team that its requests name.
    pub team: Option<String>,
    /// The installation that the token belongs to: paths that name one name this.
    pub installation: Option<String>,
}

impl Caller {
    pub fn user(token: &str, team: &str) -> Self {
        Self { token: token.to_owned(), team: Some(team.to_owned()), installation: None }
    }

    pub fn installation(token: &str, id: &str) -> Self {
        Self { token: token.to_owned(), team: None, installation: Some(id.to_owned()) }
    }

    /// Something else that opens something: a key that feeds logs, a token of an edge config.
    pub fn key(token: &str) -> Self {
        Self { token: token.to_owned(), team: None, installation: None }
    }

    /// One whom an answer told a token.
    pub fn told(answer: &Map<String, Json>) -> Option<Self> {
        const TOKENS: [&str; 5] = ["access_token", "accessToken", "bearerToken", "logKey", "token"];
        let token = TOKENS.iter().find_map(|name| answer.get(*name)?.as_str())?;
        match answer.get("installation_id").and_then(Json::as_str) {
            Some(id) => Some(Self::installation(token, id)),
            None => Some(Self::key(token)),
        }
    }
}
