//! Who may do what: team roles, extended permissions, project roles, and the scopes of an installation's token
//! (semantics.md 1.3 and 9). One table, asked by every operation.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A member's role in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    Owner,
    Member,
    Developer,
    Security,
    Billing,
    Viewer,
    ViewerForPlus,
    Contributor,
}

impl Role {
    pub const ALL: [Role; 8] = [
        Role::Owner,
        Role::Member,
        Role::Developer,
        Role::Security,
        Role::Billing,
        Role::Viewer,
        Role::ViewerForPlus,
        Role::Contributor,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "OWNER",
            Role::Member => "MEMBER",
            Role::Developer => "DEVELOPER",
            Role::Security => "SECURITY",
            Role::Billing => "BILLING",
            Role::Viewer => "VIEWER",
            Role::ViewerForPlus => "VIEWER_FOR_PLUS",
            Role::Contributor => "CONTRIBUTOR",
        }
    }

    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// What a member of this role is in every project of the team, whatever else it was given; `None`: nothing, it sees only the
    /// projects that it was given.
    pub fn in_projects(self) -> Option<ProjectRole> {
        match self {
            Role::Owner | Role::Member => Some(ProjectRole::Admin),
            Role::Developer => Some(ProjectRole::ProjectDeveloper),
            Role::Security | Role::Billing | Role::Viewer | Role::ViewerForPlus => {
                Some(ProjectRole::ProjectViewer)
            }
            Role::Contributor => None,
        }
    }
}

/// A member's role in one project. A stronger one is greater, and may what a weaker one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProjectRole {
    Admin,
    ProjectDeveloper,
    ProjectViewer,
}

impl Ord for ProjectRole {
    fn cmp(&self, other: &Self) -> Ordering {
        // The contract names the strongest first.
        (*other as u8).cmp(&(*self as u8))
    }
}

impl PartialOrd for ProjectRole {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ProjectRole {
    pub const ALL: [ProjectRole; 3] =
        [ProjectRole::Admin, ProjectRole::ProjectDeveloper, ProjectRole::ProjectViewer];

    pub fn as_str(self) -> &'static str {
        match self {
            ProjectRole::Admin => "ADMIN",
            ProjectRole::ProjectDeveloper => "PROJECT_DEVELOPER",
            ProjectRole::ProjectViewer => "PROJECT_VIEWER",
        }
    }

    pub fn parse(text: &str) -> Option<ProjectRole> {
        ProjectRole::ALL.into_iter().find(|role| role.as_str() == text)
    }

    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            ProjectRole::Admin => permission.is_project_level(),
            ProjectRole::ProjectDeveloper => {
                matches!(
                    permission,
                    ProjectRead | ProjectMemberRead | EnvRead | EnvWrite | LogRead | LogWrite
                )
            }
            ProjectRole::ProjectViewer => matches!(permission, ProjectRead | ProjectMemberRead),
        }
    }
}

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

/// What an installation's token must hold to use a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenNeeds {
    /// Not for installations at all.
    User,
    /// Nothing but being valid.
    Nothing,
    Read(&'static str),
    Write(&'static str),
    /// Either of two scopes with write access.
    WriteEither(&'static str, &'static str),
    /// Both of them.
    WriteBoth(&'static str, &'static str),
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

/// Extended permissions of a member, as stored: names parted by spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extended(pub String);

impl Extended {
    pub const NAMES: [&'static str; 9] = [
        "IntegrationManager",
        "CreateProject",
        "FullProductionDeployment",
        "UsageViewer",
        "EnvVariableManager",
        "EnvironmentManager",
        "V0Builder",
        "V0Chatter",
        "V0Viewer",
    ];

    pub fn has(&self, name: &str) -> bool {
        self.0.split(' ').any(|held| held == name)
    }

    /// Each name once, in the order of `NAMES`; others are left out.
    pub fn of(names: &[String]) -> Self {
        let held = Self::NAMES.into_iter().filter(|name| names.iter().any(|wanted| wanted == name));
        Self(held.collect::<Vec<_>>().join(" "))
    }

    pub fn list(&self) -> Vec<String> {
        self.0.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}

/// The scopes of an installation: `read:X` and `read-write:X`, parted by spaces as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(String);

impl Scopes {
    /// The stems that Pintle knows (semantics.md 1.3).
    pub const STEMS: [&'static str; 15] = [
        "integration-configuration",
        "deployment",
        "deployment-check",
        "edge-config",
        "project",
        "project-env-vars",
        "global-project-env-vars",
        "team",
        "user",
        "log-drain",
        "drain",
        "domain",
        "billing",
        "otel-endpoint",
        "monitoring",
    ];

    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn join(list: &[String]) -> Self {
        Self(list.join(" "))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn list(&self) -> Vec<String> {
        self.0.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect()
    }

    pub fn can_read(&self, stem: &str) -> bool {
        self.0
            .split(' ')
            .any(|s| s.strip_prefix("read:") == Some(stem) || s.strip_prefix("read-write:") == Some(stem))
    }

    pub fn can_write(&self, stem: &str) -> bool {
        self.0.split(' ').any(|s| s.strip_prefix("read-write:") == Some(stem))
    }

    pub fn allow(&self, needs: TokenNeeds) -> bool {
        match needs {
            TokenNeeds::User => false,
            TokenNeeds::Nothing => true,
            TokenNeeds::Read(stem) => self.can_read(stem),
            TokenNeeds::Write(stem) => self.can_write(stem),
            TokenNeeds::WriteEither(one, other) => self.can_write(one) || self.can_write(other),
            TokenNeeds::WriteBoth(one, other) => self.can_write(one) && self.can_write(other),
        }
    }

    /// Whether a text is a scope that Pintle knows.
    pub fn is_known(scope: &str) -> bool {
        let stem = scope.strip_prefix("read:").or_else(|| scope.strip_prefix("read-write:"));
        stem.is_some_and(|stem| Self::STEMS.contains(&stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_write_includes_read() {
        let scopes = Scopes::stored("read-write:project read:team");
        assert!(scopes.can_read("project") && scopes.can_write("project"));
        assert!(scopes.can_read("team") && !scopes.can_write("team"));
        assert!(!scopes.can_read("proj"));
    }

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

    #[test]
    fn roles_have_the_names_of_the_contract() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
