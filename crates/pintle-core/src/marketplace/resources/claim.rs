//! A sandbox is somebody's to claim. Where, is the partner's: its own pages, to which the user is signed on with the resource. The partner
//! says what has become of it with update-resource, as it says everything else: `ownership` and perhaps other secrets.

use super::asking;
use super::record::{self, Ownership};
use crate::{Core, Error, Result, Scope, integrations};

/// The address at which a person claims a sandbox, named by the team's id or the partner's.
///
/// # Errors
/// 404 for an unknown resource; 400 for one that is no sandbox, and where its integration has no page to sign in on; 409 while it is
/// being deleted or transferred.
pub async fn url(core: &Core, scope: &Scope, configuration: &str, resource: &str) -> Result<String> {
    let conn = core.db.read().await?;
    let resource = record::find_in(&conn, scope, configuration, resource).await?;
    if resource.ownership != Ownership::Sandbox {
        let text = format!("The resource `{}` is no sandbox: it has an owner already", resource.name);
        return Err(Error::bad_request(text).coded("not_a_sandbox"));
    }
    asking::require_quiet(&resource)?;
    let product = asking::product(&conn, &resource).await?;
    let app = integrations::require(&conn, product.integration_id.as_str()).await?;
    if app.redirect_login_url.is_none() {
        let text = "The integration has no page to claim on: it has no `redirectLoginUrl`";
        return Err(Error::bad_request(text));
    }
    Ok(format!("{}/sso/integrations/{}/{configuration}?resource_id={}", core.issuer, app.slug, resource.id))
}
