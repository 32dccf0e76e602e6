//! How somebody becomes a member: with a role in the team, and perhaps roles in projects and access groups.

use super::members;
use crate::clock::Millis;
use crate::ids::{AccessGroupId, OwnerId, ProjectId};
use crate::marketplace::account::{self, PartnerRole};
use crate::permissions::{Extended, ProjectRole, Role};
use crate::users::User;
use crate::{Core, Error, Result, Scope, access_groups, project_members, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What somebody is let in with. It is also what an invitation promises.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Promise {
    pub role: Role,
    pub team_permissions: Vec<String>,
    pub projects: BTreeMap<ProjectId, ProjectRole>,
    pub access_groups: Vec<AccessGroupId>,
}

impl Promise {
    pub fn of(role: Role) -> Self {
        Self { role, team_permissions: Vec::new(), projects: BTreeMap::new(), access_groups: Vec::new() }
    }
}

/// Where a member comes from, as the wire has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinedFrom {
    pub origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo_path: Option<String>,
    /// A text or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    git_user_id: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    git_user_login: Option<String>,
}

impl JoinedFrom {
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            commit_id: None,
            repo_id: None,
            repo_path: None,
            git_user_id: None,
            git_user_login: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        const ORIGINS: [&str; 7] =
            ["import", "teams", "github", "gitlab", "bitbucket", "feedback", "organization-teams"];
        validate::one_of("joinedFrom.origin", &self.origin, &ORIGINS)?;
        // It stands in another team's list of members.
        let texts = [
            ("commitId", &self.commit_id),
            ("repoId", &self.repo_id),
            ("repoPath", &self.repo_path),
            ("gitUserLogin", &self.git_user_login),
        ];
        for (name, text) in texts {
            let text = text.as_deref().unwrap_or_default();
            validate::at_most(&format!("joinedFrom.{name}"), text, 256)?;
        }
        if let Some(Json::String(id)) = &self.git_user_id {
            validate::at_most("joinedFrom.gitUserId", id, 256)?;
        }
        match &self.git_user_id {
            None | Some(Json::String(_) | Json::Number(_)) => Ok(()),
            Some(_) => Err(Error::invalid("`joinedFrom.gitUserId` should be string,number.")),
        }
    }
}

/// How a member came: the document of a membership, and of a request for one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Origin {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_from: Option<JoinedFrom>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_requested_at: Option<Millis>,
}

/// Makes a user a member of the scope's team, in the caller's transaction. What was promised of a project or a group that is gone meanwhile
/// is gone with it.
///
/// # Errors
/// 400 `already_member`; 404 where the team is gone.
pub(super) async fn admit(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    user: &User,
    promise: &Promise,
    origin: &Origin,
) -> Result<()> {
    let (team, now) = (scope.owner(), core.clock.now());
    require_no_member(tx, team, user).await?;
    members::insert(tx, team, &user.id, promise.role, now).await?;
    let extended = Extended::of(&promise.team_permissions);
    let sql = "UPDATE members SET permissions = $3, doc = $4 WHERE team_id = $1 AND user_id = $2";
    let doc = serde_json::to_string(origin)?;
    tx.execute(sql, &params![team, &user.id, &extended.0, doc]).await?;
    for (project, role) in &promise.projects {
        if let Some(name) = project_name(tx, team, project).await? {
            project_members::give(tx, core, scope, user, (project, &name), Some(*role)).await?;
        }
    }
    for id in &promise.access_groups {
        if let Some(group) = access_groups::look(tx, scope, id.as_str()).await? {
            access_groups::join(tx, core, scope, &group, &user.id).await?;
        }
    }
    let role = PartnerRole::of(promise.role, &extended);
    account::tell_of_member(tx, core, scope, user, Some(role), now).await
}

/// # Errors
/// 400 `already_member`.
pub(super) async fn require_no_member(tx: &Conn, team: &OwnerId, user: &User) -> Result<()> {
    let sql = "SELECT user_id FROM members WHERE team_id = $1 AND user_id = $2";
    let found: Option<(String,)> = tx.opt(sql, &params![team, &user.id]).await?;
    match found {
        None => Ok(()),
        Some(_) => {
            Err(Error::bad_request("The user is a member of the team already").coded("already_member"))
        }
    }
}

/// The name of a project of the team, where it has it.
pub(super) async fn project_name(tx: &Conn, team: &OwnerId, id: &ProjectId) -> Result<Option<String>> {
    let sql = "SELECT name FROM projects WHERE owner_id = $1 AND id = $2";
    let row: Option<(String,)> = tx.opt(sql, &params![team, id]).await?;
    Ok(row.map(|(name,)| name))
}
