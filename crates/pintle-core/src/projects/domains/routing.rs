//! What a domain leads to: production, a branch, a custom environment, or another domain.

use super::name::DomainName;
use crate::projects::{Located, Project, environments};
use crate::{Error, Result, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};

/// Which environment a domain leads to; none of them: production.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Routing {
    /// Another domain.
    pub redirect: Option<String>,
    pub redirect_status_code: Option<u16>,
    pub git_branch: Option<String>,
    pub custom_environment_id: Option<String>,
}

/// The statuses of a redirect; the first is that of one without a status of its own.
const STATUSES: [u16; 4] = [307, 301, 302, 308];

impl Routing {
    /// As it can be stored.
    ///
    /// # Errors
    /// 400 for what contradicts itself, a redirect that leads nowhere or to itself, and the production branch; 404 for an unknown custom
    /// environment.
    pub(super) async fn checked(mut self, conn: &Conn, project: &Located, name: &DomainName) -> Result<Self> {
        let targets =
            [&self.redirect, &self.git_branch, &self.custom_environment_id].into_iter().flatten().count();
        if targets > 1 {
            let text = "You can't set more than one of a git branch, a custom environment and a redirect for the domain";
            return Err(Error::bad_request(text));
        }
        self.check_redirect(name)?;
        if let Some(branch) = &self.git_branch {
            validate::length("gitBranch", branch, 250)?;
            let stored: Project = serde_json::from_str(&project.doc)?;
            if stored.link.is_some_and(|link| link.production_branch == *branch) {
                let text = "You can not set the production branch as a branch for your domain";
                return Err(Error::bad_request(text));
            }
        }
        let named = self.custom_environment_id.iter();
        if environments::unknown(conn, &project.id, named).await?.is_some() {
            return Err(Error::not_found("Custom environment"));
        }
        Ok(self)
    }

    fn check_redirect(&mut self, name: &DomainName) -> Result<()> {
        let Some(redirect) = &self.redirect else {
            self.redirect_status_code = None;
            return Ok(());
        };
        let target = DomainName::parse(redirect)
            .map_err(|_| Error::bad_request("The domain redirect is not valid").coded("invalid_redirect"))?;
        if target == *name {
            return Err(Error::bad_request("A domain cannot redirect to itself").coded("invalid_redirect"));
        }
        let status = self.redirect_status_code.unwrap_or(STATUSES[0]);
        if !STATUSES.contains(&status) {
            let text =
                "`redirectStatusCode` should be equal to one of the allowed values \"301, 302, 307, 308\".";
            return Err(Error::invalid(text));
        }
        self.redirect = Some(target.as_str().to_owned());
        self.redirect_status_code = Some(status);
        Ok(())
    }
}
