//! What a consent page offers: for whom a person may install an integration, and which projects it could reach.

use crate::ids::{OwnerId, ProjectId, UserId};
use crate::integrations::Integration;
use crate::permissions::{Permission, Role};
use crate::projects::reach::narrowed;
use crate::scope::{self, TeamHint};
use crate::{Core, Error, Kind, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// A person's account, or a team that the person is a member of.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: OwnerId,
    pub slug: String,
    pub name: String,
    /// The person's role in the team; `Owner` of the own account.
    pub role: Role,
    /// For acting there; absent where the person may not install.
    pub scope: Option<Scope>,
}

/// The accounts of the person whose token this is: the own one first, then the teams by name.
pub async fn accounts(core: &Core, bearer: &str, person: &UserId) -> Result<Vec<Account>> {
    let sql = "SELECT o.id, o.slug, o.doc, m.role FROM owners o LEFT JOIN members m ON m.team_id = o.id AND m.user_id = $1
      WHERE o.id = $1 OR m.user_id = $1 ORDER BY o.kind DESC, o.slug";
    let rows: Vec<(String, String, String, Option<String>)> =
        core.db.read().await?.all(sql, &params![person]).await?;
    let mut accounts = Vec::with_capacity(rows.len());
    for (id, slug, doc, role) in rows {
        let scope = scope::authenticate(core, Some(bearer), TeamHint::Id(&id), Permission::Install).await;
        let scope = match scope {
            Err(error) if error.kind != Kind::Forbidden => return Err(error),
            scope => scope.ok(),
        };
        let role = role.as_deref().and_then(Role::parse).unwrap_or(Role::Owner);
        let name = name_in(&doc)?.unwrap_or_else(|| slug.clone());
        accounts.push(Account { id: OwnerId::from(id), slug, name, role, scope });
    }
    Ok(accounts)
}

/// What the team or account that develops an integration is called.
pub async fn developer(conn: &Conn, app: &Integration) -> Result<String> {
    let row: Option<(String, String)> =
        conn.opt("SELECT slug, doc FROM owners WHERE id = $1", &params![&app.owner_id]).await?;
    let (slug, doc) = row.ok_or_else(|| Error::not_found("Team"))?;
    Ok(name_in(&doc)?.unwrap_or(slug))
}

fn name_in(doc: &str) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Named {
        name: Option<String>,
    }
    let Named { name } = serde_json::from_str(doc)?;
    Ok(name.filter(|name| !name.is_empty()))
}

/// The projects that the caller can give an integration access to, by name: a contributor only those it was given itself.
pub async fn projects(conn: &Conn, scope: &Scope) -> Result<Vec<(ProjectId, String)>> {
    let sql = "SELECT id, name FROM projects WHERE owner_id = $1 AND (CAST($2 AS TEXT) IS NULL
        OR id IN (SELECT project_id FROM project_roles WHERE user_id = $2)) ORDER BY name";
    let rows: Vec<(String, String)> = conn.all(sql, &params![scope.owner(), narrowed(scope)]).await?;
    Ok(rows.into_iter().map(|(id, name)| (ProjectId::from(id), name)).collect())
}
