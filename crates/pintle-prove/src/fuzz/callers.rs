//! Who calls.

use serde_json::{Map, Value as Json};

/// A bearer, and what its requests are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub token: String,
    /// The team that its requests name.
    pub team: Option<String>,
    /// What it can ask for alone, by kind: paths that name one name this.
    pub own: Option<(&'static str, String)>,
}

/// Kinds that have tokens of their own.
pub const INSTALLATION: &str = "configuration";
const EDGE_CONFIG: &str = "edgeconfig";

impl Caller {
    pub fn user(token: &str, team: &str) -> Self {
        Self { token: token.to_owned(), team: Some(team.to_owned()), own: None }
    }

    pub fn installation(token: &str, id: &str) -> Self {
        Self { token: token.to_owned(), team: None, own: Some((INSTALLATION, id.to_owned())) }
    }

    /// Something else that opens something, such as a key that feeds logs.
    pub fn key(token: &str) -> Self {
        Self { token: token.to_owned(), team: None, own: None }
    }

    pub fn owning(self, installation: &str) -> Self {
        Self { own: Some((INSTALLATION, installation.to_owned())), ..self }
    }

    /// A partner or an integration.
    pub fn is_installation(&self) -> bool {
        self.team.is_none() && self.own.as_ref().is_some_and(|(kind, _)| *kind == INSTALLATION)
    }

    /// One whom an answer told a token, under a path with its last parameter.
    pub fn told(path: &str, last: Option<&String>, answer: &Map<String, Json>) -> Option<Self> {
        const TOKENS: [&str; 5] = ["access_token", "accessToken", "bearerToken", "logKey", "token"];
        let token = TOKENS.iter().find_map(|name| answer.get(*name)?.as_str())?;
        let own = match answer.get("installation_id").and_then(Json::as_str) {
            Some(id) => Some((INSTALLATION, id.to_owned())),
            None if path.contains("/edge-config/") => last.map(|id| (EDGE_CONFIG, id.clone())),
            None if path.contains("/credentials/") => last.map(|id| (INSTALLATION, id.clone())),
            None => None,
        };
        Some(Self { own, ..Self::key(token) })
    }
}
