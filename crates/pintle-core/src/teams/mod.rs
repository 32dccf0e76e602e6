//! Teams: whom they belong to, and what is set for all that they own.

mod admission;
pub mod invites;
pub mod join;
pub mod members;
mod patch;
pub mod requests;

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{OwnerId, UserId};
use crate::page::{self, Page, Pagination, Stamp};
use crate::permissions::Role;
use crate::scope::Principal;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use members::Membership;
use pintle_store::{Conn, FromRow, FromValue, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

pub use members::add as add_member;
pub(crate) use members::insert as insert_member;
use patch::renew_invite_code;
pub use patch::{TeamPatch, patch};

/// What is stored of a team: what Pintle reads and decides is typed, all else that was set travels in `settings`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    pub id: OwnerId,
    pub slug: String,
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub description: Option<String>,
    pub creator_id: UserId,
    pub staging_prefix: String,
    pub invite_code: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    #[serde(flatten)]
    pub settings: Map<String, Json>,
}

impl Team {
    /// A record that is not stored yet.
    pub(crate) fn new(core: &Core, creator: &UserId, input: NewTeam) -> Result<Self> {
        input.check()?;
        let now = core.clock.now();
        let name = input.name.filter(|name| !name.is_empty()).unwrap_or_else(|| input.slug.clone());
        Ok(Self {
            id: OwnerId::new(&core.entropy),
            name: Some(name),
            staging_prefix: input.slug.clone(),
            slug: input.slug,
            avatar: None,
            description: None,
            creator_id: creator.clone(),
            invite_code: invite_code(core),
            created_at: now,
            updated_at: now,
            settings: Map::new(),
        })
    }

    /// What a person calls it.
    fn shown_name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.slug)
    }

    /// The wire form: the team as this caller sees it.
    fn view(&self, scope: &Scope, membership: &Membership) -> Result<Json> {
        let mut view = serde_json::to_value(self)?;
        // Who holds the code can join, so only owners see it, and no installation on their behalf.
        if membership.role != Role::Owner || scope.installation().is_some() {
            view.as_object_mut().map(|map| map.remove("inviteCode"));
        }
        view["membership"] = serde_json::to_value(membership)?;
        // Newer clients insist on it. Nothing is billed.
        view["billing"] = Json::Null;
        Ok(view)
    }

    /// The wire form for a token that may know of the team but not read it.
    fn limited(&self, membership: &Membership) -> Json {
        json!({
            "limited": true, "limitedBy": ["scope"], "id": self.id, "slug": self.slug, "name": self.name,
            "avatar": self.avatar, "membership": membership, "createdAt": self.created_at,
        })
    }
}

/// What it takes to make one.
#[derive(Debug, Clone)]
pub struct NewTeam {
    pub slug: String,
    pub name: Option<String>,
}

impl NewTeam {
    pub(crate) fn check(&self) -> Result<()> {
        check_slug(&self.slug)?;
        self.name.as_ref().map_or(Ok(()), |name| validate::at_most("name", name, 256))
    }
}

/// The body of createTeam. Where its sender came from is taken and not kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTeam {
    pub slug: String,
    pub name: Option<String>,
    #[expect(dead_code, reason = "of no use to a server of one's own")]
    attribution: Option<Map<String, Json>>,
}

/// Makes a team; its creator is its first owner.
///
/// # Errors
/// 400 `team_slug_taken`, as the contract says; 404 where there is no such user.
pub async fn create(core: &Core, creator: &UserId, input: NewTeam) -> Result<Team> {
    let team = Team::new(core, creator, input)?;
    let record = team.clone();
    core.db.write(async move |tx| insert(tx, &record).await).await?;
    Ok(team)
}

/// createTeam.
///
/// # Errors
/// 400 for a slug that is malformed or taken; 403 for a token that is good for one team only.
pub async fn create_by(core: &Core, scope: &Scope, body: CreateTeam) -> Result<Team> {
    let Principal::User { id: creator, .. } = &scope.principal else {
        return Err(Error::forbidden("Only a user can create a team"));
    };
    if scope.team_only {
        return Err(Error::forbidden("Not authorized: this token is good for its own team only"));
    }
    let team = Team::new(core, creator, NewTeam { slug: body.slug, name: body.name })?;
    let (core, record) = (core.clone(), team.clone());
    let scope = scope.acting_for(team.id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            insert(tx, &record).await?;
            let payload = json!({ "slug": record.slug });
            let event = Event::new("team", format!("created team {}", record.slug), payload);
            events::record(tx, &core, &scope, record.created_at, event).await.map(drop)
        })
        .await?;
    Ok(team)
}

/// A team's slug has no underscore, so none can look like an id.
fn check_slug(slug: &str) -> Result<()> {
    validate::slug("slug", slug, 48)?;
    match slug.contains('_') {
        false => Ok(()),
        true => Err(Error::invalid("`slug` should match pattern \"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$\".")),
    }
}

/// Stores a new team with its creator as its first owner.
pub(crate) async fn insert(tx: &Conn, team: &Team) -> Result<()> {
    tx.execute(
        "INSERT INTO owners (id, kind, slug, created_at, doc) VALUES ($1, 'team', $2, $3, $4)",
        &params![&team.id, &team.slug, team.created_at, serde_json::to_string(team)?],
    )
    .await
    .on_unique("owners_slug_key", || slug_taken(&team.slug))?;
    insert_member(tx, &team.id, &team.creator_id, Role::Owner, team.created_at).await
}

fn slug_taken(slug: &str) -> Error {
    Error::bad_request(format!("The slug `{slug}` is already in use")).coded("team_slug_taken")
}

/// getTeam: the team that the scope acts for.
///
/// # Errors
/// 404 where that is a personal account.
pub async fn get(core: &Core, scope: &Scope) -> Result<Json> {
    let conn = core.db.read().await?;
    let membership = members::of(&conn, scope).await?;
    load(&conn, scope).await?.view(scope, &membership)
}

/// The team that the scope acts for, as a record.
pub(crate) async fn load(conn: &Conn, scope: &Scope) -> Result<Team> {
    let sql = "SELECT doc FROM owners WHERE id = $1 AND kind = 'team'";
    let row: Option<(String,)> = conn.opt(sql, &params![scope.owner()]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// The team that an id or a slug names, whoever asks.
///
/// # Errors
/// 404 where there is none.
async fn find(conn: &Conn, id_or_slug: &str) -> Result<Team> {
    let sql = "SELECT doc FROM owners WHERE kind = 'team' AND (id = $1 OR slug = $1)";
    let row: Option<(String,)> = conn.opt(sql, &params![id_or_slug]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// A team that the caller may be no member of yet, and the scope for the entries of what it does there.
///
/// # Errors
/// 404 for an unknown team; 403 for a token that is good for one team only.
async fn outside(tx: &Conn, scope: &Scope, id_or_slug: &str) -> Result<(Team, Scope)> {
    if scope.team_only {
        return Err(Error::forbidden("Not authorized: this token is good for its own team only"));
    }
    let team = find(tx, id_or_slug).await?;
    let scope = scope.acting_for(team.id.clone());
    Ok((team, scope))
}

/// With this whoever knows it becomes a member.
fn invite_code(core: &Core) -> String {
    core.entropy.base62(32)
}

fn not_found() -> Error {
    Error::not_found("Team")
}

/// getTeams: the teams that the user is a member of, newest first. An installation sees its own team only; a token that is good
/// for one team knows of the others that they are there.
pub async fn list(core: &Core, scope: &Scope, page: Page) -> Result<(Vec<Json>, Pagination)> {
    if scope.installation().is_some() {
        let team = if scope.personal { None } else { Some(get(core, scope).await?) };
        let pagination = Pagination { count: team.iter().len(), next: None, prev: None };
        return Ok((team.into_iter().collect(), pagination));
    }
    let sql = format!(
        "SELECT o.created_at, o.doc, {} FROM members m JOIN owners o ON o.id = m.team_id WHERE m.user_id = $1",
        members::COLUMNS
    );
    let conn = core.db.read().await?;
    let (rows, pagination) =
        page::rows::<Listed>(&conn, &sql, "o.created_at", &params![scope.user()], page).await?;
    let view = |row: &Listed| {
        let team: Team = serde_json::from_str(&row.doc)?;
        match scope.team_only && team.id != *scope.owner() {
            true => Ok(team.limited(&row.membership)),
            false => team.view(scope, &row.membership),
        }
    };
    Ok((rows.iter().map(view).collect::<Result<_>>()?, pagination))
}

/// A team of a list, with what the user is in it.
struct Listed {
    at: Millis,
    doc: String,
    membership: Membership,
}

impl FromRow for Listed {
    fn from_row(row: &Row<'_>) -> pintle_store::Result<Self> {
        let (at, doc) = (i64::from_value(row, 0)?, String::from_value(row, 1)?);
        Ok(Self { at, doc, membership: Membership::read(row, 2)? })
    }
}

impl Stamp for Listed {
    fn at(&self) -> Millis {
        self.at
    }
}
