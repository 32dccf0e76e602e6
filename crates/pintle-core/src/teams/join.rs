//! joinTeam: with the team's invite code, an invitation, or an address of the team's own domain.

use super::admission::{JoinedFrom, Origin, Promise, admit, require_no_member};
use super::invites::{self, Invite};
use super::{Team, not_found, outside};
use crate::events::{self, Event};
use crate::ids::OwnerId;
use crate::permissions::Role;
use crate::users::{self, User};
use crate::{Core, Error, Result, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The body.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Join {
    invite_code: Option<String>,
}

/// The team that the caller is a member of from now on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Joined {
    team_id: OwnerId,
    slug: String,
    name: String,
    from: String,
}

/// joinTeam. An invitation of the caller's address says with which role, however the caller comes; without one it is `MEMBER`.
///
/// # Errors
/// 404 where there is no such team, or nothing that lets the caller in: one answer for both; 400 for who is a member already, and for an
/// invitation that came too late; 403 for tokens that are good for one team only.
pub async fn join(core: &Core, scope: &Scope, team: &str, body: Join) -> Result<Joined> {
    let (core, scope, named) = (core.clone(), scope.clone(), team.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let (team, scope) = outside(tx, &scope, &named).await?;
            let user = users::load(tx, scope.user().ok_or_else(not_found)?).await?;
            require_no_member(tx, &team.id, &user).await?;
            let invite = invites::of(tx, &scope, &user.email, core.clock.now()).await?;
            let from = way_in(&team, &user, invite.as_ref(), body.invite_code.as_deref())?;
            let promise = match &invite {
                Some(invite) if invite.good => invite.promise.clone(),
                _ => Promise::of(Role::Member),
            };
            let origin = Origin { joined_from: Some(JoinedFrom::new(from)), access_requested_at: None };
            admit(tx, &core, &scope, &user, &promise, &origin).await?;
            let payload = json!({ "uid": user.id, "role": promise.role, "origin": from });
            let event = Event::new("team-member-join", "joined the team", payload);
            events::record(tx, &core, &scope, core.clock.now(), event).await?;
            let name = team.shown_name().to_owned();
            Ok(Joined { team_id: team.id, slug: team.slug, name, from: from.to_owned() })
        })
        .await
}

/// Where the caller comes from, if anything lets it in.
fn way_in(team: &Team, user: &User, invite: Option<&Invite>, code: Option<&str>) -> Result<&'static str> {
    let by_mail = |invite: &Invite| match invite.good {
        true => Ok("mail"),
        false => Err(Error::bad_request("The invitation has expired").coded("invite_expired")),
    };
    match (code, invite) {
        (Some(code), _) if code == team.invite_code => Ok("link"),
        (Some(code), Some(invite)) if code == invite.id.as_str() => by_mail(invite),
        (Some(_), _) => Err(not_found()),
        (None, Some(invite)) => by_mail(invite),
        (None, None) if of_domain(team, &user.email) => Ok("teams"),
        (None, None) => Err(not_found()),
    }
}

/// Whether the address is of the domain that the team has for its own.
fn of_domain(team: &Team, email: &str) -> bool {
    let domain = team.settings.get("emailDomain").and_then(|domain| domain.as_str());
    let host = email.rsplit_once('@').map(|(_, host)| host);
    domain.zip(host).is_some_and(|(domain, host)| domain.eq_ignore_ascii_case(host))
}
