//! A team can demand that new variables of production and preview are sensitive (semantics.md 7.1).

use super::rules::failure;
use super::{Kind, Target, Variable};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Policy {
    pub(super) sensitive: bool,
}

/// The one setting of a team that is read here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    sensitive_environment_variable_policy: Option<String>,
}

impl Policy {
    pub(in crate::projects) async fn of(core: &Core, scope: &Scope) -> Result<Self> {
        Self::read(&core.db.read().await?, scope).await
    }

    pub(super) async fn read(conn: &Conn, scope: &Scope) -> Result<Self> {
        if scope.personal {
            return Ok(Self::default());
        }
        let sql = "SELECT doc FROM owners WHERE id = $1";
        let row: Option<(String,)> = conn.opt(sql, &params![scope.owner()]).await?;
        let settings: Option<Settings> = row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?;
        let policy = settings.and_then(|settings| settings.sensitive_environment_variable_policy);
        Ok(Self { sensitive: policy.as_deref() == Some("on") })
    }

    /// Makes a new variable sensitive where the team demands it.
    ///
    /// # Errors
    /// 400 where it also targets development, which a sensitive one cannot.
    pub(super) fn apply(self, variable: &mut Variable) -> Result<()> {
        let readable = matches!(variable.kind, Kind::Plain | Kind::Encrypted | Kind::Secret);
        if readable {
            let custom = !variable.custom_environment_ids.is_empty();
            variable.kind = self.kind(variable.kind, &variable.key, &variable.target, custom)?;
        }
        Ok(())
    }

    /// The type of a new variable of these targets that could be read; `custom`: it is in custom environments too.
    ///
    /// # Errors
    /// As `apply`.
    pub(super) fn kind(self, wanted: Kind, key: &str, target: &[Target], custom: bool) -> Result<Kind> {
        if !self.sensitive || target == [Target::Development] && !custom {
            return Ok(wanted);
        }
        if target.contains(&Target::Development) {
            let text =
                "The team demands sensitive environment variables, so development needs one of its own";
            return Err(failure("BAD_REQUEST", text).with("key", key));
        }
        Ok(Kind::Sensitive)
    }
}
