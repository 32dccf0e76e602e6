//! Who may do what: team roles, extended permissions, project roles, and the scopes of an installation's token
//! (semantics.md 1.3 and 9). One table, asked by every operation.

mod roles;
mod scopes;

pub use roles::{Extended, ProjectRole, Role};
pub use scopes::{Scopes, TokenNeeds};

/// What an operation needs. Every route names exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// No token at all: consent pages, code exchange.
    Public,
    /// Any good token: the caller's own account.
    Account,
    /// A user's own token, not an installation's: the caller's own tokens.
    AccountTokens,
    ConfigurationRead,
    ConfigurationUpdate,
    ConfigurationRemove,
    /// Install an integration, confirm its new scopes.
    Install,
    /// Take over or re-enable a disabled installation.
    ConfigurationTransfer,
    /// Give resources to another team, or take some.
    ResourceTransfer,
    /// Go on to the partner of an installation, signed in there as oneself.
    SignOn,
    AppRead,
    AppWrite,
    WebhookRead,
    WebhookWrite,
    DrainRead,
    DrainWrite,
    /// Log drains of integrations.
    LogDrainRead,
    LogDrainWrite,
    /// Log drains of the account, which integrations may not touch.
    AccountLogDrainRead,
    AccountLogDrainWrite,
    EdgeConfigRead,
    EdgeConfigWrite,
    ProjectRead,
    ProjectCreate,
    ProjectWrite,
    /// Which names lead to a project.
    ProjectDomainWrite,
    /// Give a project to another team.
    ProjectTransfer,
    /// Who has a role in a project.
    ProjectMemberRead,
    ProjectMemberWrite,
    EnvRead,
    EnvWrite,
    /// Variables of the team, which projects get by a link.
    SharedEnvRead,
    SharedEnvWrite,
    /// Custom environments of a project.
    EnvironmentWrite,
    TeamRead,
    TeamCreate,
    TeamWrite,
    MemberWrite,
    /// Take a member out of a team. Who is no owner may take out only itself, which the operation checks.
    MemberRemove,
    /// Come into a team that one is no member of yet, or ask to: whichever team the request acts for counts for nothing.
    TeamJoin,
    AccessGroupRead,
    AccessGroupWrite,
    EventRead,
    /// Send an owner's subscribers an event that did not happen.
    EventTrigger,
    /// Hear an owner's events, or an integration's, at a shell.
    Listen,
    /// What projects logged.
    LogRead,
    /// Feed a project's logs.
    LogWrite,
    LogKeyRead,
    LogKeyWrite,
    /// A marketplace installation's own side of things, for its partner and for nobody else (semantics.md 4.4).
    Marketplace,
    /// The same for its bills: also while the installation closes.
    MarketplaceBilling,
    /// Invoices of marketplace integrations.
    InvoiceRead,
    /// Pay them, buy credits.
    InvoiceWrite,
    /// Drive a server in development, and with it everybody's: its clock, its faults. Such routes exist only with `--dev`.
    Develop,
}

/// What a role says about a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// It depends on the member's role in the project.
    ByProject,
}

impl Permission {
    pub fn token_needs(self) -> TokenNeeds {
        use Permission::*;
        use TokenNeeds::*;
        match self {
            Public | Account | Marketplace | MarketplaceBilling => Nothing,
            ConfigurationRead | WebhookRead => Read("integration-configuration"),
            ConfigurationRemove | WebhookWrite => Write("integration-configuration"),
            DrainRead | DrainWrite => Write("drain"),
            LogDrainRead | LogDrainWrite => Write("log-drain"),
            EdgeConfigRead => Read("edge-config"),
            EdgeConfigWrite => Write("edge-config"),
            ProjectRead => Read("project"),
            ProjectCreate | ProjectWrite | EnvironmentWrite => Write("project"),
            ProjectDomainWrite => WriteBoth("project", "domain"),
            EnvRead | EnvWrite => WriteEither("project-env-vars", "global-project-env-vars"),
            TeamRead => Read("team"),
            // The platform has no scope for these.
            LogRead => Read("deployment"),
            LogWrite => Write("deployment"),
            AccountTokens
            | SharedEnvRead
            | SharedEnvWrite
            | AccountLogDrainRead
            | AccountLogDrainWrite
            | ConfigurationUpdate
            | Install
            | ConfigurationTransfer
            | ResourceTransfer
            | ProjectTransfer
            | SignOn
            | AppRead
            | AppWrite
            | TeamCreate
            | TeamWrite
            | MemberWrite
            | MemberRemove
            | TeamJoin
            | AccessGroupRead
            | AccessGroupWrite
            | ProjectMemberRead
            | ProjectMemberWrite
            | EventRead
            | EventTrigger
            | Listen
            | LogKeyRead
            | LogKeyWrite
            | InvoiceRead
            | InvoiceWrite
            | Develop => User,
        }
    }

    /// What is done to one project, where a role in the project counts too.
    pub const OF_PROJECTS: [Permission; 12] = {
        use Permission::*;
        [
            ProjectRead,
            ProjectWrite,
            ProjectDomainWrite,
            ProjectMemberRead,
            ProjectMemberWrite,
            EnvRead,
            EnvWrite,
            EnvironmentWrite,
            LogRead,
            LogWrite,
            LogKeyRead,
            LogKeyWrite,
        ]
    };

    pub fn is_project_level(self) -> bool {
        Self::OF_PROJECTS.contains(&self)
    }

    /// Whether it is about the caller alone, whichever team the request names.
    pub fn is_callers(self) -> bool {
        self == Permission::TeamJoin || self.token_needs() == TokenNeeds::Nothing
    }

    /// Whether it is for a marketplace installation's partner: the path names the installation, which must be the token's own.
    pub fn is_partners(self) -> bool {
        matches!(self, Permission::Marketplace | Permission::MarketplaceBilling)
    }

    /// Whether a member of this role, with these extended permissions, may. Where these do not suffice for what is done to a project,
    /// a role in the project can.
    pub fn for_role(self, role: Role, extended: &Extended) -> Verdict {
        use Permission::*;
        use Role::*;
        // Who sees only some projects has in those what it was given there, and nothing for all of them.
        let extended = match role == Contributor && self.is_project_level() {
            true => &Extended::default(),
            false => extended,
        };
        let yes = match self {
            Public | Account | AccountTokens | TeamCreate | TeamJoin | TeamRead | MemberRemove
            | ConfigurationRead | EdgeConfigRead | EventRead | SignOn | Develop => true,
            Marketplace | MarketplaceBilling => false,
            InvoiceRead | InvoiceWrite => matches!(role, Owner | Billing),
            ConfigurationTransfer
            | ProjectTransfer
            | TeamWrite
            | MemberWrite
            | AccessGroupWrite
            | ProjectMemberWrite => role == Owner,
            AccessGroupRead => role != Contributor,
            ConfigurationUpdate | ConfigurationRemove | Install | EdgeConfigWrite => {
                matches!(role, Owner | Member) || extended.has("IntegrationManager")
            }
            ResourceTransfer | AppRead | AppWrite | EventTrigger | Listen | WebhookRead | WebhookWrite
            | DrainRead | DrainWrite | LogDrainRead | LogDrainWrite | AccountLogDrainRead
            | AccountLogDrainWrite => {
                matches!(role, Owner | Member)
            }
            ProjectCreate => matches!(role, Owner | Member | Developer) || extended.has("CreateProject"),
            ProjectRead | ProjectMemberRead => role != Contributor,
            ProjectWrite | ProjectDomainWrite | LogKeyRead | LogKeyWrite => matches!(role, Owner | Member),
            LogRead => matches!(role, Owner | Member | Developer | Security),
            LogWrite => matches!(role, Owner | Member | Developer),
            EnvRead | EnvWrite | SharedEnvRead | SharedEnvWrite => {
                matches!(role, Owner | Member | Developer) || extended.has("EnvVariableManager")
            }
            EnvironmentWrite => matches!(role, Owner | Member) || extended.has("EnvironmentManager"),
        };
        match yes {
            true => Verdict::Yes,
            false if self.is_project_level() => Verdict::ByProject,
            false => Verdict::No,
        }
    }

    /// Whether a role in the project could add to what the role in the team allows: all of it, or the variables of production.
    pub fn asks_project(self, role: Role, extended: &Extended) -> bool {
        let variables = matches!(self, Permission::EnvRead | Permission::EnvWrite);
        self.for_role(role, extended) == Verdict::ByProject
            || (variables && !may_touch_production(role, extended, None))
    }
}

/// Whether variables of production are within reach: for owners, members and administrators of the project; for others by an extended
/// permission (semantics.md 9).
pub fn may_touch_production(role: Role, extended: &Extended, in_project: Option<ProjectRole>) -> bool {
    matches!(role, Role::Owner | Role::Member)
        || in_project == Some(ProjectRole::Admin)
        || extended.has("EnvVariableManager")
        || extended.has("FullProductionDeployment")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_role_in_a_project_may_what_a_weaker_one_may() {
        let [admin, developer, viewer] = ProjectRole::ALL;
        assert!(viewer < developer && developer < admin);
        for (stronger, weaker) in [(admin, developer), (developer, viewer)] {
            for permission in Permission::OF_PROJECTS {
                assert!(!weaker.may(permission) || stronger.may(permission), "{permission:?}");
            }
        }
    }

    #[test]
    fn a_role_in_the_team_stands_for_a_role_in_each_project_that_gives_no_more() {
        for role in Role::ALL {
            let Some(in_projects) = role.in_projects() else { continue };
            for permission in Permission::OF_PROJECTS.into_iter().filter(|one| in_projects.may(*one)) {
                // Members do everything in projects, but for saying who else may.
                let excepted = role == Role::Member && permission == Permission::ProjectMemberWrite;
                let verdict = permission.for_role(role, &Extended::default());
                assert_eq!(verdict == Verdict::Yes, !excepted, "{role:?} {permission:?}");
            }
        }
    }
}
