//! Identifiers: one type per kind, with the contract's prefixes and lengths (semantics.md 8.6).

use crate::entropy::Entropy;
use pintle_store::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $length:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new one that nobody has.
            pub fn new(entropy: &Entropy) -> Self {
                Self(format!("{}{}", $prefix, entropy.base62($length)))
            }

            /// One that somebody else named: from a path, a body or the database.
            pub fn from(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&$name> for Value {
            fn from(id: &$name) -> Value {
                Value::Text(id.0.clone())
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Value {
                Value::Text(id.0)
            }
        }
    };
}

id!(
    /// A personal account or a team: whoever owns things. A new one is a team's.
    OwnerId, "team_", 24
);
id!(UserId, "", 24);
id!(ProjectId, "prj_", 28);
id!(
    /// An app; also its OAuth client id.
    IntegrationId, "oac_", 24
);
id!(
    /// An installation of an integration. Never used again after removal.
    ConfigurationId, "icfg_", 24
);
id!(WebhookId, "account_hook_", 16);
id!(
    /// A drain made by `/v1/drains`. One made by the log-drain APIs is `ld_` + 16: see `DrainId::log_drain`.
    DrainId, "drn_", 24
);
id!(EnvId, "", 16);
id!(EventId, "uev_", 24);
id!(
    /// The lower-case hex SHA-256 of the token.
    TokenId, "", 64
);

impl UserId {
    /// The personal account of this user, as an owner.
    pub fn as_owner(&self) -> OwnerId {
        OwnerId(self.0.clone())
    }
}

impl DrainId {
    pub fn log_drain(entropy: &Entropy) -> Self {
        Self(format!("ld_{}", entropy.base62(16)))
    }

    pub fn is_log_drain(&self) -> bool {
        self.0.starts_with("ld_")
    }
}
