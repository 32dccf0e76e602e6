//! What a member is: in a team, in one project, and by extended permissions.

use super::Permission;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_the_names_of_the_contract() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
