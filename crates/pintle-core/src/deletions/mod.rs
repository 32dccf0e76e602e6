//! The end of a team or of an account: everything that it owns goes with it, in one transaction and in the way of a removal
//! (`configurations::removal`), and a receipt says what went.
//!
//! Its installations go first, each with its event, its own receipt, and word for its partner. What else there is is read, named in the
//! receipt, and deleted; the foreign keys stand behind that.

mod owned;
mod team;
mod user;

pub use owned::{KINDS, Kind, Owned, PARTS};
pub use team::{Deleted, delete as delete_team};
pub use user::{Gone, delete as delete_user};

use crate::clock::Millis;
use crate::configurations::removal::{self, Actor, Item};
use crate::ids::{OwnerId, UserId};
use crate::page::{self, Page, Pagination};
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of a deletion: why, for the audit log and the receipt.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Farewell {
    #[serde(default)]
    reasons: Vec<Reason>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    slug: String,
    description: String,
}

/// Whose end it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    Team,
    User,
}

/// What a deletion deleted. Never a secret or a value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub id: OwnerId,
    #[serde(rename = "type")]
    whose: Whose,
    pub slug: String,
    deleted_at: Millis,
    deleted_by: Actor,
    reasons: Vec<Reason>,
    /// Each has a receipt of its own.
    pub installations: Vec<Item>,
    /// The teams that a user left, in which it had these roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Item>,
    pub deleted: Owned,
}

/// Deletes all that the scope's owner owns, and the owner, in the caller's transaction: what went, without those whom it left.
///
/// # Errors
/// 409 `integration_installed` while others have installed what this owner develops; 404 where it is gone already.
async fn delete_owner(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    (whose, slug): (Whose, &str),
    farewell: &Farewell,
) -> Result<Receipt> {
    let owner = scope.owner();
    let installations = removal::remove_owned(tx, core, scope).await?;
    let deleted = Owned::of(tx, owner).await?;
    Owned::delete(tx, owner).await?;
    match tx.execute("DELETE FROM owners WHERE id = $1", &params![owner]).await? {
        1 => Ok(Receipt {
            id: owner.clone(),
            whose,
            slug: slug.to_owned(),
            deleted_at: core.clock.now(),
            deleted_by: Actor::of(scope),
            reasons: farewell.reasons.clone(),
            installations,
            left: Vec::new(),
            deleted,
        }),
        _ => Err(Error::not_found(match whose {
            Whose::Team => "Team",
            Whose::User => "User",
        })),
    }
}

impl Receipt {
    /// Writes it down, for whose bearer may read it.
    async fn write(&self, tx: &Conn, reader: &UserId) -> Result<()> {
        let sql = "INSERT INTO deletions (id, reader_id, created_at, doc) VALUES ($1, $2, $3, $4)";
        let row = params![&self.id, reader, self.deleted_at, serde_json::to_string(self)?];
        tx.execute(sql, &row).await?;
        Ok(())
    }
}

/// The user that may read the receipts of what it deleted.
fn reader(scope: &Scope) -> Result<&UserId> {
    match scope.user().filter(|_| scope.installation().is_none() && !scope.team_only) {
        Some(user) => Ok(user),
        None => Err(Error::forbidden("Not authorized: this needs a token of the whole account")),
    }
}

/// The receipts of the teams that the caller deleted, newest first.
///
/// # Errors
/// 403 for a token that is good for one team only.
pub async fn receipts(core: &Core, scope: &Scope, page: Page) -> Result<(Vec<Box<RawValue>>, Pagination)> {
    let sql = "SELECT created_at, doc FROM deletions WHERE reader_id = $1";
    let conn = core.db.read().await?;
    let (rows, pagination) = page::read(&conn, sql, "created_at", &params![reader(scope)?], page).await?;
    let receipts = rows.into_iter().map(|row| RawValue::from_string(row.doc));
    Ok((receipts.collect::<Result<_, _>>()?, pagination))
}

/// One receipt, by the id of the team that was deleted.
///
/// # Errors
/// 404 where the caller has deleted no such team; 403 for a token that is good for one team only.
pub async fn receipt(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let sql = "SELECT doc FROM deletions WHERE id = $1 AND reader_id = $2";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![id, reader(scope)?]).await?;
    row.map(|(doc,)| doc).ok_or_else(|| Error::not_found("Deletion"))
}
