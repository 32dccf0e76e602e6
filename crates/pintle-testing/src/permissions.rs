//! docs/permissions.md, from the code that decides.

use pintle_api::{Route, routes};
use pintle_core::permissions::{Extended, Permission, ProjectRole, Role, TokenNeeds, Verdict};

const HEAD: &str = "\
# Who may do what

Generated from the code that decides (`cargo xtask permissions`); a test fails when it is stale.

* A **role in the team** allows what its column says, for everything that the team owns. ● is yes.
* A **role in a project** adds to it in that project. It is given to a member itself or to an access group that the member is in; what
  counts is the strongest of all ways, the team's included. A contributor has no other way to a project, and sees, also in lists and in the
  audit log, only the projects that it was given.
* An **extended permission** opens the operations of its column to a member of any role; what is done to a project, not to contributors.
* Variables of production are for owners, members, administrators of the project, and members with `EnvVariableManager` or
  `FullProductionDeployment`.
* An **installation's token** needs the scope; where there is none, no installation may. *itself* is what every good token may.
* In a personal account its user is the owner.

What a caller may not see is answered as if it were not there (404); what it sees and may not do is 403.

";

/// The whole document.
pub fn document() -> String {
    let mut rows: Vec<&Route> = routes().filter(|route| route.permission != Permission::Public).collect();
    rows.sort_by_key(|route| (bare(route.path), route.method.as_str(), route.id));
    let mut text = HEAD.to_owned();
    let roles = Role::ALL.map(|role| format!("{} |", role.as_str())).join(" ");
    text.push_str(&format!("| Request | Operation | {roles} in the project | extended | installation |\n"));
    text.push_str(&format!(
        "| --- | --- | {} --- | --- | --- |\n",
        ":-: | ".repeat(Role::ALL.len()).trim_end()
    ));
    for route in rows {
        text.push_str(&row(route));
    }
    let open: Vec<&str> =
        routes().filter(|route| route.permission == Permission::Public).map(|route| route.id).collect();
    text.push_str(&format!("\nWithout a token: {}.\n", open.join(", ")));
    text
}

/// A path without its version, so that what belongs together stands together.
fn bare(path: &str) -> String {
    let version = |segment: &&str| segment.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok());
    path.split('/').filter(|segment| !version(segment)).collect::<Vec<_>>().join("/")
}

fn row(route: &Route) -> String {
    let Route { id, method, path, permission, .. } = route;
    let may = |role: &Role| permission.for_role(*role, &Extended::default()) == Verdict::Yes;
    let roles = Role::ALL.map(|role| if may(&role) { "● |" } else { " |" }).join(" ");
    let (projects, extended, token) = (in_project(*permission), lifted(*permission), token(*permission));
    format!("| {} `{path}` | {id} | {roles} {projects} | {extended} | {token} |\n", method.as_str())
}

fn in_project(permission: Permission) -> String {
    if !permission.is_project_level() {
        return String::new();
    }
    let may = ProjectRole::ALL.into_iter().filter(|role| role.may(permission));
    may.map(ProjectRole::as_str).collect::<Vec<_>>().join(", ")
}

/// The extended permissions with which a viewer may what a viewer may not.
fn lifted(permission: Permission) -> String {
    let verdict = |held: &str| permission.for_role(Role::Viewer, &Extended(held.to_owned()));
    if verdict("") == Verdict::Yes {
        return String::new();
    }
    let opens = Extended::NAMES.into_iter().filter(|name| verdict(name) == Verdict::Yes);
    opens.collect::<Vec<_>>().join(", ")
}

fn token(permission: Permission) -> String {
    match permission.token_needs() {
        TokenNeeds::User => String::new(),
        TokenNeeds::Nothing if permission.is_partners() => "of its own installation".to_owned(),
        TokenNeeds::Nothing => "*itself*".to_owned(),
        TokenNeeds::Read(stem) => format!("read:{stem}"),
        TokenNeeds::Write(stem) => format!("read-write:{stem}"),
        TokenNeeds::WriteBoth(one, other) => format!("read-write:{one} and read-write:{other}"),
        TokenNeeds::WriteEither(one, other) => format!("read-write:{one} or read-write:{other}"),
    }
}
