//! Authentication and tenancy: from a bearer token to the owner on whose behalf a request acts (semantics.md 8.4).
//!
//! A `Scope` is the only way to an owner's data: every function on such data takes one first.

mod closing;

use crate::clock::{MINUTE, Millis};
use crate::credential;
use crate::ids::{ConfigurationId, IntegrationId, OwnerId, TokenId, UserId};
use crate::permissions::{Extended, Permission, Role, Scopes, TokenNeeds, Verdict};
use crate::{Core, Error, Result, integrations};
use pintle_store::{FromRow, FromValue, Row, params};

/// Who acts.
#[derive(Debug, Clone)]
pub enum Principal {
    User {
        id: UserId,
        username: String,
    },
    Installation(Installation),
    /// A marketplace installation that was removed and is not settled yet: its token is good for its bills.
    Closing {
        configuration: ConfigurationId,
        integration: IntegrationId,
    },
    /// Pintle itself: background jobs.
    System,
}

/// What an installation's token stands for.
#[derive(Debug, Clone)]
pub struct Installation {
    pub configuration: ConfigurationId,
    pub integration: IntegrationId,
    /// The user who installed it.
    pub user: UserId,
    pub scopes: Scopes,
    /// Whether it may reach only the projects that were selected.
    pub selected: bool,
}

/// The owner on whose behalf a request acts, who acts, and with which right.
#[derive(Debug, Clone)]
pub struct Scope {
    owner: OwnerId,
    pub owner_slug: String,
    /// The owner is a personal account, not a team.
    pub personal: bool,
    /// The user's token is good for this team only.
    pub team_only: bool,
    pub principal: Principal,
    /// The token that was presented; empty for `Principal::System`.
    pub token: TokenId,
    /// Requests a minute that the token may make; `None` is the server's default.
    pub rate_limit: Option<i64>,
    pub role: Role,
    pub extended: Extended,
    /// What the operation needs, and the caller was found to have, at least for some project: see `by_project`.
    pub permission: Permission,
    /// The right depends on the caller's role in the project.
    pub by_project: bool,
}

/// Which team a request names.
#[derive(Debug, Clone, Copy)]
pub enum TeamHint<'a> {
    None,
    /// `teamId` in the path: the team itself is asked for. A slug is accepted too.
    Path(&'a str),
    /// `teamId` in the query; a slug is accepted too.
    Id(&'a str),
    Slug(&'a str),
}

impl TeamHint<'_> {
    /// The answer where the team is unknown or not the caller's, which must look the same: 404 for the team that a path leads
    /// to, 403 for a team that a request only acts for.
    fn refusal(self) -> Error {
        match self {
            TeamHint::Path(_) => Error::not_found("Team"),
            _ => Error::team_unauthorized(),
        }
    }
}

impl Scope {
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// Pintle itself, acting for an owner.
    pub fn system(owner: OwnerId, personal: bool) -> Self {
        Self {
            owner,
            owner_slug: String::new(),
            personal,
            team_only: false,
            principal: Principal::System,
            token: TokenId::from(""),
            rate_limit: None,
            role: Role::Owner,
            extended: Extended::default(),
            permission: Permission::Account,
            by_project: false,
        }
    }

    /// The same caller acting for another owner, whose right to do so the operation has found out: for the entries of its
    /// change in that owner's log.
    pub(crate) fn acting_for(&self, owner: OwnerId) -> Self {
        let personal = self.user().is_some_and(|user| user.as_str() == owner.as_str());
        Self { owner, personal, ..self.clone() }
    }

    /// `teamId` as the wire has it: absent for a personal account.
    pub fn team_id(&self) -> Option<OwnerId> {
        (!self.personal).then(|| self.owner.clone())
    }

    pub fn installation(&self) -> Option<&Installation> {
        match &self.principal {
            Principal::Installation(installation) => Some(installation),
            _ => None,
        }
    }

    /// The installation whose partner calls, also where it closes.
    ///
    /// # Errors
    /// 403 for anybody else.
    pub fn partner(&self) -> Result<&ConfigurationId> {
        match &self.principal {
            Principal::Installation(installation) => Ok(&installation.configuration),
            Principal::Closing { configuration, .. } => Ok(configuration),
            Principal::User { .. } | Principal::System => Err(Error::forbidden("Not authorized")),
        }
    }

    /// That a path names the installation whose token this is.
    ///
    /// # Errors
    /// 404 for another's.
    pub fn require_partner(&self, id: &str) -> Result<()> {
        match self.partner()?.as_str() == id {
            true => Ok(()),
            false => Err(Error::not_found("Installation")),
        }
    }

    /// What the caller's role in the team, or its token's scopes, say of one more right, whatever it came with.
    pub(crate) fn verdict(&self, permission: Permission) -> Verdict {
        let allowed = |yes| if yes { Verdict::Yes } else { Verdict::No };
        match &self.principal {
            Principal::User { .. } => permission.for_role(self.role, &self.extended),
            Principal::Installation(installation) => {
                allowed(installation.scopes.allow(permission.token_needs()))
            }
            Principal::Closing { .. } => Verdict::No,
            Principal::System => Verdict::Yes,
        }
    }

    /// What a new record is stamped with when an installation makes it.
    pub fn configuration(&self) -> Option<&ConfigurationId> {
        self.installation().map(|installation| &installation.configuration)
    }

    /// The user who acts, or on whose behalf the installation was made.
    pub fn user(&self) -> Option<&UserId> {
        match &self.principal {
            Principal::User { id, .. } => Some(id),
            Principal::Installation(installation) => Some(&installation.user),
            Principal::Closing { .. } | Principal::System => None,
        }
    }
}

/// Requests carry a token; this finds out whose it is, for whom it acts, and whether it may.
///
/// # Errors
/// The 403 bodies of semantics.md 8.1: no token, unknown token, a team that is not the caller's, a disabled installation, a
/// scope or role that does not suffice.
pub async fn authenticate(
    core: &Core,
    bearer: Option<&str>,
    team: TeamHint<'_>,
    permission: Permission,
) -> Result<Scope> {
    let bearer = bearer.ok_or_else(Error::missing_token)?;
    // Questions about the caller itself are not asked on behalf of a team, whichever the request names.
    let team = if permission.is_callers() { TeamHint::None } else { team };
    let Some(found) = look_up(core, bearer, team).await? else {
        let closing = match permission {
            Permission::MarketplaceBilling => closing::look_up(core, bearer).await?,
            _ if crate::planted::on("closing-token-reads") => closing::look_up(core, bearer).await?,
            _ => None,
        };
        return closing.ok_or_else(Error::invalid_token);
    };
    let now = core.clock.now();
    if found.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid_token());
    }
    if found.active_at + MINUTE < now {
        touch(core, found.token.clone(), now).await?;
    }
    found.into_scope(core, team, permission)
}

/// Notes that a token was used: once a minute, since reading must not cost a write.
async fn touch(core: &Core, token: TokenId, now: Millis) -> Result<()> {
    core.db
        .write(async move |tx| {
            tx.execute("UPDATE tokens SET active_at = $2 WHERE id = $1", &params![&token, now]).await?;
            Ok(())
        })
        .await
}

const BY_ID: &str = "SELECT t.id, t.user_id, t.team_id, t.expires_at, t.active_at, t.rate_limit, u.slug,
    c.id, c.owner_id, c.integration_id, c.scopes, c.selected, c.disabled_at, o.id, o.slug, o.kind, m.role, m.permissions, c.installation_type
  FROM tokens t JOIN owners u ON u.id = t.user_id
  LEFT JOIN configurations c ON c.id = t.configuration_id
  LEFT JOIN owners o ON o.id = COALESCE($2, t.team_id, c.owner_id, u.default_team_id, t.user_id)
  LEFT JOIN members m ON m.team_id = o.id AND m.user_id = t.user_id
  WHERE t.id = $1";

/// A name is a slug, or the id of the caller's personal account, which has no prefix to know it by.
const BY_NAME: &str = "SELECT t.id, t.user_id, t.team_id, t.expires_at, t.active_at, t.rate_limit, u.slug,
    c.id, c.owner_id, c.integration_id, c.scopes, c.selected, c.disabled_at, o.id, o.slug, o.kind, m.role, m.permissions, c.installation_type
  FROM tokens t JOIN owners u ON u.id = t.user_id
  LEFT JOIN configurations c ON c.id = t.configuration_id
  LEFT JOIN owners o
    ON o.id = CASE WHEN t.user_id = $2 THEN t.user_id ELSE (SELECT s.id FROM owners s WHERE s.slug = $2) END
  LEFT JOIN members m ON m.team_id = o.id AND m.user_id = t.user_id
  WHERE t.id = $1";

async fn look_up(core: &Core, bearer: &str, team: TeamHint<'_>) -> Result<Option<Found>> {
    let (sql, named) = match team {
        TeamHint::None => (BY_ID, None),
        TeamHint::Path(id) | TeamHint::Id(id) if id.starts_with("team_") => (BY_ID, Some(id)),
        TeamHint::Path(name) | TeamHint::Id(name) | TeamHint::Slug(name) => (BY_NAME, Some(name)),
    };
    let token = credential::hash(bearer);
    Ok(core.db.read().await?.opt(sql, &params![&token, named]).await?)
}

/// A token, its bearer, and the owner that the request names.
struct Found {
    token: TokenId,
    user: UserId,
    token_team: Option<String>,
    expires_at: Option<Millis>,
    active_at: Millis,
    rate_limit: Option<i64>,
    username: String,
    configuration: Option<FoundConfiguration>,
    owner: Option<(OwnerId, String, bool)>,
    role: Option<Role>,
    extended: Extended,
}

struct FoundConfiguration {
    owner: String,
    /// Of the marketplace, where a partner answers for it.
    native: bool,
    disabled: bool,
    installation: Installation,
}

impl FromRow for Found {
    fn from_row(row: &Row<'_>) -> pintle_store::Result<Self> {
        let text = |index| Option::<String>::from_value(row, index);
        let int = |index| Option::<i64>::from_value(row, index);
        let user = UserId::from(text(1)?.unwrap_or_default());
        let configuration = match (text(7)?, text(8)?, text(9)?) {
            (Some(id), Some(owner), Some(integration)) => Some(FoundConfiguration {
                owner,
                native: text(18)?.as_deref() == Some(integrations::Kind::Marketplace.as_str()),
                disabled: int(12)?.is_some(),
                installation: Installation {
                    configuration: ConfigurationId::from(id),
                    integration: IntegrationId::from(integration),
                    user: user.clone(),
                    scopes: Scopes::stored(text(10)?.unwrap_or_default()),
                    selected: int(11)? == Some(1),
                },
            }),
            _ => None,
        };
        let owner = match (text(13)?, text(14)?, text(15)?) {
            (Some(id), Some(slug), Some(kind)) => Some((OwnerId::from(id), slug, kind == "user")),
            _ => None,
        };
        Ok(Self {
            token: TokenId::from(text(0)?.unwrap_or_default()),
            user,
            token_team: text(2)?,
            expires_at: int(3)?,
            active_at: int(4)?.unwrap_or_default(),
            rate_limit: int(5)?,
            username: text(6)?.unwrap_or_default(),
            configuration,
            owner,
            role: text(16)?.as_deref().and_then(Role::parse),
            extended: Extended(text(17)?.unwrap_or_default()),
        })
    }
}

impl Found {
    fn into_scope(self, core: &Core, team: TeamHint<'_>, permission: Permission) -> Result<Scope> {
        let (owner, owner_slug, personal) = self.owner.ok_or_else(|| team.refusal())?;
        let team_only = self.token_team.is_some() && self.configuration.is_none();
        let (principal, role, by_project) = match self.configuration {
            Some(found) if found.owner == owner.as_str() => {
                let unnamed = matches!(team, TeamHint::None) && !personal;
                let installation = found.admit(permission, core.strict_team_scope && unnamed)?;
                (Principal::Installation(installation), Role::Owner, false)
            }
            Some(_) => return Err(team.refusal()),
            None => {
                let elsewhere = self.token_team.is_some_and(|team| team != owner.as_str());
                let own_account = personal && owner.as_str() == self.user.as_str();
                let role = if own_account { Some(Role::Owner) } else { self.role };
                let role = role.filter(|_| !elsewhere).ok_or_else(|| team.refusal())?;
                let verdict = permission.for_role(role, &self.extended);
                if verdict == Verdict::No && !crate::planted::on("role-unchecked") {
                    return Err(Error::forbidden("Not authorized"));
                }
                let user = Principal::User { id: self.user, username: self.username };
                (user, role, verdict == Verdict::ByProject)
            }
        };
        Ok(Scope {
            owner,
            owner_slug,
            personal,
            team_only,
            principal,
            token: self.token,
            rate_limit: self.rate_limit,
            role,
            extended: self.extended,
            permission,
            by_project,
        })
    }
}

impl FoundConfiguration {
    /// Whether the installation is enabled and holds the scope. `nameless`: it should have named its team and did not.
    fn admit(self, permission: Permission, nameless: bool) -> Result<Installation> {
        let needs = permission.token_needs();
        if nameless && needs != TokenNeeds::Nothing {
            let text = "Not authorized: this token acts for a team; name it with teamId";
            return Err(Error::forbidden(text));
        }
        if self.disabled {
            return Err(crate::configurations::disabled());
        }
        if permission.is_partners() && !self.native {
            return Err(Error::forbidden("Not authorized: this installation is not of the marketplace"));
        }
        if !self.installation.scopes.allow(needs) && !crate::planted::on("scope-unchecked") {
            return Err(Error::forbidden("Not authorized"));
        }
        Ok(self.installation)
    }
}
