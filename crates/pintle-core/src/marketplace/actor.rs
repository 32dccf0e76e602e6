//! On whose behalf a partner is asked. A call that is tried for a day outlives its request, so who asked is stored with it.

use crate::Scope;
use crate::ids::{ConfigurationId, IntegrationId, OwnerId, UserId};
use crate::permissions::{Permission, Scopes, Verdict};
use crate::scope::{Installation, Principal};
use serde::{Deserialize, Serialize};

/// Who asks, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    pub owner: OwnerId,
    pub personal: bool,
    pub(super) who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type")]
pub(super) enum Who {
    User {
        id: UserId,
        username: String,
        /// It could install integrations when it asked.
        admin: bool,
    },
    /// The installation's own token, on behalf of the user who installed it.
    Installation {
        configuration: ConfigurationId,
        integration: IntegrationId,
        user: UserId,
    },
    System,
}

impl Actor {
    pub fn of(scope: &Scope) -> Self {
        let who = match &scope.principal {
            Principal::User { id, username } => {
                let admin = Permission::Install.for_role(scope.role, &scope.extended) == Verdict::Yes;
                Who::User { id: id.clone(), username: username.clone(), admin }
            }
            Principal::Installation(installation) => Who::Installation {
                configuration: installation.configuration.clone(),
                integration: installation.integration.clone(),
                user: installation.user.clone(),
            },
            Principal::Closing { .. } | Principal::System => Who::System,
        };
        Self { owner: scope.owner().clone(), personal: scope.personal, who }
    }

    /// Pintle itself.
    pub fn system(owner: OwnerId, personal: bool) -> Self {
        Self { owner, personal, who: Who::System }
    }

    /// The scope of what follows from an answer: its events are by the same actor.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::system(self.owner.clone(), self.personal);
        scope.principal = match self.who.clone() {
            Who::User { id, username, .. } => Principal::User { id, username },
            Who::Installation { configuration, integration, user } => {
                let scopes = Scopes::stored(String::new());
                let installation = Installation { configuration, integration, user, scopes, selected: false };
                Principal::Installation(installation)
            }
            Who::System => Principal::System,
        };
        scope
    }

    pub(super) fn is_user(&self) -> bool {
        matches!(self.who, Who::User { .. })
    }
}
