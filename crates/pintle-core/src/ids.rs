//! Identifiers: one type per kind, with the contract's prefixes and lengths (semantics.md 8.6).

use crate::clock::Millis;
use crate::entropy::{ALPHABET, Entropy};
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

        /// So that a set of ids can be asked for a text.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
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
id!(AccessGroupId, "ag_", 24);
id!(
    /// Who was invited by e-mail address.
    InviteId, "tinv_", 24
);
id!(ProjectId, "prj_", 28);
id!(
    /// An app; also its OAuth client id.
    IntegrationId, "oac_", 24
);
id!(
    /// An installation of an integration. Never used again after removal.
    ConfigurationId, "icfg_", 24
);
id!(
    /// What a native integration offers.
    ProductId, "iap_", 24
);
id!(
    /// A resource of a partner, as the team's side names it.
    ResourceId, "store_", 16
);
id!(
    /// A resource's connection to a project.
    ConnectionId, "spc_", 24
);
id!(
    /// Resources on offer to another team.
    TransferId, "rtr_", 24
);
id!(InvoiceId, "mi_", 24);
id!(
    /// A client certificate of a project.
    ClientCertId, "cert_", 24
);
id!(EdgeConfigId, "ecfg_", 32);
id!(SigningKeyId, "key_", 16);
id!(FaultId, "flt_", 12);
id!(WebhookId, "account_hook_", 16);
id!(
    /// A drain made by `/v1/drains`. One made by the log-drain APIs is `ld_` + 16: see `DrainId::log_drain`.
    DrainId, "drn_", 24
);
id!(
    /// New ones come by `EnvId::at`.
    EnvId, "", 16
);
id!(
    /// A variable of an owner's, which projects get by a link.
    SharedEnvId, "env_", 24
);
id!(
    /// A custom environment of a project.
    EnvironmentId, "env_", 28
);
id!(ListenerId, "lis_", 16);
id!(EventId, "uev_", 24);
id!(
    /// New ones come by `DeliveryId::at`.
    DeliveryId, "dlv_", 24
);
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

impl EnvId {
    /// A new one: seven characters for the millisecond, then random ones.
    ///
    /// There can be a hundred thousand variables. In an index by random ids each new one changes a page of its own, anywhere among
    /// thousands, and all of these are read, logged and written; so the new ones stand side by side.
    pub fn at(now: Millis, entropy: &Entropy) -> Self {
        Self(stamp(now) + &entropy.base62(9))
    }
}

impl DeliveryId {
    /// A new one, which stands beside those of its time for the same reason as a variable's.
    pub fn at(now: Millis, entropy: &Entropy) -> Self {
        Self(format!("dlv_{}{}", stamp(now), entropy.base62(17)))
    }
}

/// Seven characters for a millisecond, in the order of time.
fn stamp(now: Millis) -> String {
    let mut rest = now.unsigned_abs();
    let mut stamp = [0; 7];
    for place in stamp.iter_mut().rev() {
        *place = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    stamp.into_iter().map(char::from).collect()
}

impl DrainId {
    pub fn log_drain(entropy: &Entropy) -> Self {
        Self(format!("ld_{}", entropy.base62(16)))
    }

    pub fn is_log_drain(&self) -> bool {
        self.0.starts_with("ld_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_variables_are_sorted_by_time() {
        let entropy = Entropy::seeded(1);
        let times = [0, 1, 61, 62, 1_700_000_000_000, 1_700_000_000_001, 3_500_000_000_000];
        let ids: Vec<EnvId> = times.iter().map(|at| EnvId::at(*at, &entropy)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.as_str().len() == 16));
        assert_ne!(EnvId::at(7, &entropy), EnvId::at(7, &entropy));
    }
}
