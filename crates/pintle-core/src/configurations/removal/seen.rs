//! What a reader sees of a plan or a receipt: what it could list itself goes by name, the rest by its number.

use super::{Attached, Item};
use crate::permissions::{Permission, ProjectRole, Verdict};
use crate::projects::reach;
use crate::{Result, Scope};
use pintle_store::Conn;
use std::collections::HashMap;

/// Whoever asks for plans and receipts, which every role may.
pub(super) struct Reader<'a> {
    scope: &'a Scope,
    /// Its roles in single projects, where the role in the team leaves something to them.
    given: HashMap<String, ProjectRole>,
}

/// What a list of an `Attached` is called on the wire, and what it takes to see one; the other lists are for all who see the installation.
const GUARDED: [(&str, Permission); 5] = [
    ("webhooks", Permission::WebhookRead),
    ("drains", Permission::DrainRead),
    ("environmentVariables", Permission::EnvRead),
    // As in the project itself: they open it.
    ("protectionBypasses", Permission::ProjectWrite),
    ("connections", Permission::ProjectRead),
];

impl<'a> Reader<'a> {
    pub async fn of(conn: &Conn, scope: &'a Scope) -> Result<Self> {
        let by_project =
            GUARDED.iter().any(|(_, permission)| scope.verdict(*permission) == Verdict::ByProject);
        let given = if by_project { reach::given(conn, scope).await? } else { HashMap::new() };
        Ok(Self { scope, given })
    }

    /// Whether nothing is hidden from it. An installation made all of it itself.
    pub fn sees_all(&self) -> bool {
        let yes = |(_, permission): &(&str, Permission)| self.scope.verdict(*permission) == Verdict::Yes;
        self.scope.installation().is_some() || GUARDED.iter().all(yes)
    }

    fn sees(&self, permission: Permission, item: &Item) -> bool {
        match self.scope.verdict(permission) {
            Verdict::Yes => true,
            Verdict::No => false,
            Verdict::ByProject => {
                let role = item.project_id.as_ref().and_then(|project| self.given.get(project));
                role.is_some_and(|role| role.may(permission))
            }
        }
    }

    /// The same with what it may not see only counted.
    pub fn shown(&self, mut attached: Attached) -> Attached {
        if self.sees_all() {
            return attached;
        }
        let Attached {
            webhooks,
            drains,
            environment_variables,
            protection_bypasses,
            connections,
            hidden,
            ..
        } = &mut attached;
        let lists = [webhooks, drains, environment_variables, protection_bypasses, connections];
        for ((kind, permission), items) in GUARDED.into_iter().zip(lists) {
            let all = items.len();
            items.retain(|item| self.sees(permission, item));
            if items.len() < all {
                hidden.insert(kind.to_owned(), all - items.len());
            }
        }
        attached
    }
}
