//! createProject.

use super::env::{self, Drafts, Policy};
use super::link::Link;
use super::reach::narrowed;
use super::settings::{Body, NODE_VERSION, kept_for_ever};
use super::{Located, NAME_INDEX, Project, ResourceConfig, name_taken, shown, stamp};
use crate::events::{self, Event};
use crate::ids::ProjectId;
use crate::permissions::{Permission, ProjectRole, Verdict};
use crate::{Core, Error, OnConstraint, Result, Scope, project_members, users};
use pintle_store::{Conn, params};
use serde_json::{Map, Value as Json, json};

/// A project that is ready to be inserted; what does not need the transaction was done outside it.
pub(crate) struct Prepared {
    project: Project,
    password: Option<Vec<u8>>,
    drafts: Drafts,
}

/// createProject: the project as it goes on the wire. The variables of the body come with it or it does not come at all. Who sees only the
/// projects that it was given becomes the administrator of this one.
///
/// # Errors
/// 400 for a body that breaks the contract or a variable that breaks the rules; 403 for variables without the right to make them, and
/// for an installation that was given chosen projects only; 409 `conflict` for a name that is taken.
pub async fn create(core: &Core, scope: &Scope, body: Body) -> Result<String> {
    let prepared = prepare(core, scope, body, Policy::of(core, scope).await?)?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let made = insert(tx, &core, &scope, &prepared).await?;
            shown::one(tx, &core, &scope, &Located::new(&made)?).await
        })
        .await
}

/// Whether a body has the form of a creation.
///
/// # Errors
/// 400 for the first violation.
pub(crate) fn check(body: Body) -> Result<()> {
    body.for_creation().map(drop)
}

/// The operator's own projects come under `Policy::default()`, which demands nothing.
pub(crate) fn prepare(core: &Core, scope: &Scope, body: Body, policy: Policy) -> Result<Prepared> {
    let now = core.clock.now();
    let (name, variables, repository, settings) = body.for_creation()?;
    check_rights(scope, !variables.is_empty())?;
    let within = |at| format!("environmentVariables[{at}].");
    let drafts = Drafts::new(core, scope, variables, policy, within)?;
    let mut project = Project {
        id: ProjectId::new(&core.entropy),
        account_id: scope.owner().clone(),
        name,
        created_at: now,
        updated_at: now,
        framework: None,
        node_version: NODE_VERSION.into(),
        directory_listing: false,
        resource_config: ResourceConfig::new(),
        default_resource_config: ResourceConfig::new(),
        link: repository.map(|repository| Link::new("gitRepository.repo", &repository, now)).transpose()?,
        settings: defaults(),
    };
    settings.apply(&mut project, now);
    let password = seal(core, &project.id, settings.password.flatten().as_deref())?;
    Ok(Prepared { project, password, drafts })
}

/// Inserts it in the caller's transaction.
pub(crate) async fn insert(tx: &Conn, core: &Core, scope: &Scope, prepared: &Prepared) -> Result<Project> {
    let now = prepared.project.created_at;
    let at = stamp(tx, scope, now).await?;
    let project = Project { created_at: at, updated_at: at, ..prepared.project.clone() };
    write(tx, &project, prepared.password.as_deref()).await?;
    let payload = json!({ "projectId": project.id, "projectName": project.name });
    let told = json!({ "project": { "id": project.id, "name": project.name } });
    let event = Event::new("project-created", format!("created project {}", project.name), payload)
        .in_project(&project.id)
        .hook(scope, "project.created", told);
    events::record(tx, core, scope, now, event).await?;
    let mut located = Located::new(&project)?;
    if let Some(user) = narrowed(scope) {
        let user = users::load(tx, user).await?;
        located.role = Some(ProjectRole::Admin);
        project_members::give(tx, core, scope, &user, (&project.id, &project.name), located.role).await?;
    }
    let outcome = env::insert(tx, core, scope, &located, &prepared.drafts, false, now).await?;
    outcome.failed.into_iter().next().map_or(Ok(project), Err)
}

fn check_rights(scope: &Scope, with_variables: bool) -> Result<()> {
    let Some(installation) = scope.installation() else {
        // Who sees only what it was given administers what it makes.
        let may = Permission::EnvWrite.for_role(scope.role, &scope.extended) == Verdict::Yes
            || narrowed(scope).is_some();
        return match with_variables && !may {
            true => Err(Error::forbidden("Not authorized: environment variables need a further permission")),
            false => Ok(()),
        };
    };
    if installation.selected {
        // It could not reach what it made.
        return Err(Error::forbidden(
            "Not authorized: the integration was given access to chosen projects only",
        ));
    }
    if with_variables && !installation.scopes.allow(Permission::EnvWrite.token_needs()) {
        return Err(Error::forbidden("Not authorized: environment variables need a further scope"));
    }
    Ok(())
}

async fn write(tx: &Conn, project: &Project, password: Option<&[u8]>) -> Result<()> {
    tx.execute(
        "INSERT INTO projects (id, owner_id, name, created_at, updated_at, password, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &params![
            &project.id,
            &project.account_id,
            &project.name,
            project.created_at,
            project.updated_at,
            password,
            serde_json::to_string(project)?
        ],
    )
    .await
    .on_unique(NAME_INDEX, || name_taken(&project.name))
    .on_missing_parent(Error::team_unauthorized)
    .map(drop)
}

pub(super) fn seal(core: &Core, id: &ProjectId, password: Option<&str>) -> Result<Option<Vec<u8>>> {
    password.map(|password| core.vault.seal(id.as_str(), password.as_bytes(), &core.entropy)).transpose()
}

/// What a project has that its creator did not say. Newer clients insist on `alias` and `deploymentExpiration`.
fn defaults() -> Map<String, Json> {
    let defaults = json!({
        "alias": [], "autoAssignCustomDomains": true, "autoExposeSystemEnvs": true, "buildCommand": null,
        "commandForIgnoringBuildStep": null, "customerSupportCodeVisibility": false,
        "deploymentExpiration": kept_for_ever(), "devCommand": null,
        "enablePreviewFeedback": null, "enableProductionFeedback": null, "gitForkProtection": true, "gitLFS": false,
        "installCommand": null, "latestDeployments": [], "live": false,
        "oidcTokenConfig": { "enabled": true, "issuerMode": "team" }, "outputDirectory": null, "publicSource": null,
        "rootDirectory": null, "sourceFilesOutsideRootDirectory": true,
        "ssoProtection": { "deploymentType": "all_except_custom_domains" }, "targets": {},
    });
    defaults.as_object().cloned().unwrap_or_default()
}
