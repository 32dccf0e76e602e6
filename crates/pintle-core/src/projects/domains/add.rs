//! addProjectDomain.

use super::name::DomainName;
use super::routing::Routing;
use super::{Challenge, Change, Domain, is_held_elsewhere};
use crate::credential;
use crate::ids::ProjectId;
use crate::projects::locate;
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDomain {
    pub name: String,
    pub git_branch: Option<String>,
    pub custom_environment_id: Option<String>,
    pub redirect: Option<String>,
    pub redirect_status_code: Option<u16>,
}

/// addProjectDomain.
///
/// # Errors
/// As [`locate`]; 400 for a name that is none (`invalid_domain`), and for routing that makes no sense; 404 for an unknown custom environment;
/// 409 `domain_already_in_use` where a project of the same owner has the name.
pub async fn add(core: &Core, scope: &Scope, project: &str, input: NewDomain) -> Result<Domain> {
    let name = DomainName::parse(&input.name)?;
    let now = core.clock.now();
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            require_free(tx, &scope, &name).await?;
            let routing = Routing {
                redirect: input.redirect.clone(),
                redirect_status_code: input.redirect_status_code,
                git_branch: input.git_branch.clone(),
                custom_environment_id: input.custom_environment_id.clone(),
            };
            let routing = routing.checked(tx, &project, &name).await?;
            let verified = !is_held_elsewhere(tx, scope.owner(), &name).await?;
            let verification = if verified { Vec::new() } else { vec![challenge(&name, &project.id)] };
            let domain = Domain {
                name: name.as_str().to_owned(),
                apex_name: name.apex().to_owned(),
                project_id: project.id.clone(),
                routing,
                created_at: now,
                updated_at: now,
                verified,
                verification,
            };
            insert(tx, &scope, &domain).await?;
            let kind =
                if domain.routing.redirect.is_some() { "project-add-redirect" } else { "project-add-alias" };
            let change = Change { tx, core: &core, scope: &scope, project: &project, now };
            change.announce(kind, "project.domain.created", "added domain", &domain).await?;
            Ok(domain)
        })
        .await
}

/// An owner has a name in one project only.
async fn require_free(tx: &Conn, scope: &Scope, name: &DomainName) -> Result<()> {
    let sql = "SELECT project_id FROM project_domains WHERE owner_id = $1 AND name = $2 LIMIT 1";
    let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), name.as_str()]).await?;
    row.map_or(Ok(()), |(project,)| Err(in_use(name.as_str()).with("projectId", project)))
}

fn in_use(name: &str) -> Error {
    let text = format!("Cannot add {name} since it's already in use by one of your projects.");
    Error::conflict("domain_already_in_use", text)
}

/// What its owner would have to publish. The same for the same project, so that it can be made before the domain is added again.
fn challenge(name: &DomainName, project: &ProjectId) -> Challenge {
    let proof = credential::hash(&format!("{project} {}", name.as_str()));
    Challenge {
        kind: "TXT".into(),
        domain: format!("_vercel.{}", name.apex()),
        value: format!("vc-domain-verify={},{}", name.as_str(), proof.as_str().get(..20).unwrap_or_default()),
        reason: "pending_domain_verification".into(),
    }
}

async fn insert(tx: &Conn, scope: &Scope, domain: &Domain) -> Result<()> {
    let sql = "INSERT INTO project_domains (project_id, owner_id, name, verified, redirect, git_branch,
        custom_environment_id, created_at, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let Domain { project_id, name, routing, verified, created_at, .. } = domain;
    let params = params![
        project_id,
        scope.owner(),
        name.as_str(),
        i64::from(*verified),
        routing.redirect.as_deref(),
        routing.git_branch.as_deref(),
        routing.custom_environment_id.as_deref(),
        *created_at,
        serde_json::to_string(domain)?
    ];
    let inserted = tx.execute(sql, &params).await.on_unique("project_domains_name_key", || in_use(name));
    inserted.on_missing_parent(|| Error::not_found("Project")).map(drop)
}
