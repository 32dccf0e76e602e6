//! verifyProjectDomain.

use super::name::DomainName;
use super::{Change, Domain, is_held_elsewhere, load};
use crate::projects::locate;
use crate::{Core, Error, OnConstraint, Result, Scope};

/// verifyProjectDomain. Pintle asks no name server yet, so what decides is whether another owner still holds the name.
///
/// # Errors
/// As [`locate`]; 404 where the project has no such domain; 400 `missing_txt_record` while another owner holds it.
pub async fn verify(core: &Core, scope: &Scope, project: &str, name: &str) -> Result<Domain> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, name) = (project.to_owned(), name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let domain = load(tx, &project.id, &name).await?;
            if domain.verified {
                return Ok(domain);
            }
            if is_held_elsewhere(tx, scope.owner(), &DomainName::parse(&domain.name)?).await? {
                return Err(held(&domain));
            }
            let domain = Domain { verified: true, verification: Vec::new(), updated_at: now, ..domain };
            domain.save(tx, &project.id).await.on_unique("project_domains_name_key", || held(&domain))?;
            let change = Change { tx, core: &core, scope: &scope, project: &project, now };
            change
                .announce("project-domain-verified", "project.domain.verified", "verified domain", &domain)
                .await?;
            Ok(domain)
        })
        .await
}

fn held(domain: &Domain) -> Error {
    let text = format!(
        "{} is held by a project of another team. Pintle does not look TXT records up yet: the name can be verified once that project \
         has given it up",
        domain.name
    );
    Error::bad_request(text).coded("missing_txt_record")
}
