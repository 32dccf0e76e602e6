//! Teams and their members.

use crate::clock::Millis;
use crate::ids::{OwnerId, UserId};
use crate::permissions::Role;
use crate::{Core, Error, OnConstraint, Result, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

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

/// What it takes to make one.
#[derive(Debug, Clone)]
pub struct NewTeam {
    pub slug: String,
    pub name: Option<String>,
}

/// Makes a team; its creator is its first owner.
///
/// # Errors
/// 400 `team_slug_taken`, as the contract says.
pub async fn create(core: &Core, creator: &UserId, input: NewTeam) -> Result<Team> {
    let team = Team::new(core, creator, input)?;
    let record = team.clone();
    core.db.write(async move |tx| insert(tx, &record).await).await?;
    Ok(team)
}

impl Team {
    /// A record that is not stored yet.
    pub(crate) fn new(core: &Core, creator: &UserId, input: NewTeam) -> Result<Self> {
        validate::slug("slug", &input.slug, 48)?;
        if let Some(name) = &input.name {
            validate::length("name", name, 256)?;
        }
        let now = core.clock.now();
        Ok(Self {
            id: OwnerId::new(&core.entropy),
            name: Some(input.name.unwrap_or_else(|| input.slug.clone())),
            staging_prefix: input.slug.clone(),
            slug: input.slug,
            avatar: None,
            description: None,
            creator_id: creator.clone(),
            invite_code: core.entropy.base62(32),
            created_at: now,
            updated_at: now,
            settings: Map::new(),
        })
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

/// Makes a user a member of a team.
///
/// # Errors
/// 409 where the user is one already; 404 where the user or team does not exist.
pub async fn add_member(core: &Core, team: &OwnerId, user: &UserId, role: Role) -> Result<()> {
    let (team, user, now) = (team.clone(), user.clone(), core.clock.now());
    core.db.write(async move |tx| insert_member(tx, &team, &user, role, now).await).await
}

pub(crate) async fn insert_member(
    tx: &Conn,
    team: &OwnerId,
    user: &UserId,
    role: Role,
    now: Millis,
) -> Result<()> {
    tx.execute(
        "INSERT INTO members (team_id, user_id, role, permissions, created_at, doc) VALUES ($1, $2, $3, '', $4, '{}')",
        &params![team, user, role.as_str(), now],
    )
    .await
    .on_unique("members_team_id_user_id_key", || Error::conflict("already_member", "The user is a member already"))
    .on_missing_parent(|| Error::not_found("User"))
    .map(drop)
}
