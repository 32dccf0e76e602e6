//! A seed becomes rows, in one transaction: all of it or nothing.

use super::{Integration, Owner, Problem, Project, Seed, Team, Token, User};
use crate::clock::Millis;
use crate::ids::{OwnerId, UserId};
use crate::integrations;
use crate::permissions::Role;
use crate::projects::env::Policy;
use crate::tokens::{self, Issued, NewToken};
use crate::{Core, Error, Kind, OnConstraint, Scope, projects, teams, users};
use pintle_store::{Conn, params};
use serde_json as json;
use std::collections::HashMap;

type Result<T> = std::result::Result<T, Problem>;

/// How much was new or different.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub made: usize,
    pub changed: usize,
}

/// Applies a seed.
///
/// # Errors
/// What `Seed::check` finds, and names that the database has given to something else.
pub async fn apply(core: &Core, seed: &Seed) -> Result<Applied> {
    if seed.is_empty() {
        return Ok(Applied::default());
    }
    seed.check()?;
    let (core, seed) = (core.clone(), seed.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let mut run = Run {
                core: &core,
                tx,
                now: core.clock.now(),
                users: HashMap::new(),
                teams: HashMap::new(),
                applied: Applied::default(),
            };
            for (index, user) in seed.users.iter().enumerate() {
                run.user(&format!("users[{index}]"), user).await?;
            }
            for (index, team) in seed.teams.iter().enumerate() {
                run.team(&format!("teams[{index}]"), team).await?;
            }
            for user in &seed.users {
                run.default_team(user).await?;
            }
            for (index, token) in seed.tokens.iter().enumerate() {
                run.token(&format!("tokens[{index}]"), token).await?;
            }
            for project in &seed.projects {
                run.project(project).await?;
            }
            for (index, app) in seed.integrations.iter().enumerate() {
                run.integration(&format!("integrations[{index}]"), app).await?;
            }
            Ok(run.applied)
        })
        .await
}

/// A name that the database has given to something else, which `path` asks for.
pub(super) fn conflict(path: &str, error: Error) -> Problem {
    let path = if error.kind == Kind::Conflict { path } else { "" };
    Problem { path: path.to_owned(), error: Box::new(error) }
}

/// One run inside its transaction, with the ids of the names that it has seen.
pub(super) struct Run<'a> {
    pub(super) core: &'a Core,
    pub(super) tx: &'a Conn,
    pub(super) now: Millis,
    users: HashMap<String, UserId>,
    teams: HashMap<String, OwnerId>,
    pub(super) applied: Applied,
}

impl Run<'_> {
    async fn user(&mut self, path: &str, wanted: &User) -> Result<()> {
        let sql = "SELECT kind, doc FROM owners WHERE slug = $1";
        let found: Option<(String, String)> = self.tx.opt(sql, &params![&wanted.username]).await?;
        let user = match found {
            None => {
                let user = users::User::new(self.core, wanted.new_user())?;
                users::insert(self.tx, &user)
                    .await
                    .map_err(|error| conflict(&format!("{path}.email"), error))?;
                self.applied.made += 1;
                user
            }
            Some((kind, _)) if kind != "user" => {
                return Err(Problem::new(
                    format!("{path}.username"),
                    format!("`{}` is a team", wanted.username),
                ));
            }
            Some((_, doc)) => {
                let mut user: users::User = json::from_str(&doc)?;
                let before = (user.email.clone(), user.name.clone());
                user.email.clone_from(&wanted.email);
                user.name = wanted.name.clone().or(user.name);
                if before != (user.email.clone(), user.name.clone()) {
                    let sql = "UPDATE owners SET email = $2, doc = $3 WHERE id = $1";
                    let row = params![&user.id, &user.email, json::to_string(&user)?];
                    let taken = || Error::conflict("email_taken", "The e-mail address is taken");
                    let saved = self.tx.execute(sql, &row).await.on_unique("owners_email_key", taken);
                    saved.map_err(|error| conflict(&format!("{path}.email"), error))?;
                    self.applied.changed += 1;
                }
                user
            }
        };
        self.users.insert(wanted.username.clone(), user.id);
        Ok(())
    }

    async fn team(&mut self, path: &str, wanted: &Team) -> Result<()> {
        let sql = "SELECT kind, doc FROM owners WHERE slug = $1";
        let found: Option<(String, String)> = self.tx.opt(sql, &params![&wanted.slug]).await?;
        let team = match found {
            None => {
                let first = wanted.members.iter().find(|member| member.role == Role::Owner);
                let creator = self.user_id(first.map_or("", |member| &member.user))?;
                let team = teams::Team::new(self.core, &creator, wanted.new_team())?;
                teams::insert(self.tx, &team).await?;
                self.applied.made += 1;
                team
            }
            Some((kind, _)) if kind != "team" => {
                return Err(Problem::new(format!("{path}.slug"), format!("`{}` is a user", wanted.slug)));
            }
            Some((_, doc)) => {
                let mut team: teams::Team = json::from_str(&doc)?;
                if wanted.name.is_some() && wanted.name != team.name {
                    team.name.clone_from(&wanted.name);
                    team.updated_at = self.now;
                    let sql = "UPDATE owners SET doc = $2 WHERE id = $1";
                    self.tx.execute(sql, &params![&team.id, json::to_string(&team)?]).await?;
                    self.applied.changed += 1;
                }
                team
            }
        };
        // Owners first, so that there is one at any time.
        let (owners, others): (Vec<_>, Vec<_>) =
            wanted.members.iter().partition(|member| member.role == Role::Owner);
        for member in owners.into_iter().chain(others) {
            let user = self.user_id(&member.user)?;
            self.member(&team.id, &user, member.role).await?;
        }
        self.teams.insert(wanted.slug.clone(), team.id);
        Ok(())
    }

    async fn member(&mut self, team: &OwnerId, user: &UserId, role: Role) -> Result<()> {
        let sql = "SELECT role FROM members WHERE team_id = $1 AND user_id = $2";
        if self.tx.opt::<(String,)>(sql, &params![team, user]).await?.is_none() {
            teams::insert_member(self.tx, team, user, role, self.now).await?;
            self.applied.made += 1;
            return Ok(());
        }
        let scope = Scope::system(team.clone(), false);
        let changed = teams::members::change_role(self.tx, self.core, &scope, user, role).await?;
        self.applied.changed += usize::from(changed);
        Ok(())
    }

    async fn default_team(&mut self, wanted: &User) -> Result<()> {
        let Some(team) = &wanted.default_team else { return Ok(()) };
        let (user, team) = (self.user_id(&wanted.username)?, self.owner_id(Owner::Team(team))?);
        let sql = "UPDATE owners SET default_team_id = $2
          WHERE id = $1 AND (default_team_id IS NULL OR default_team_id <> $2)";
        self.applied.changed += self.tx.execute(sql, &params![&user, &team]).await? as usize;
        Ok(())
    }

    async fn token(&mut self, path: &str, wanted: &Token) -> Result<()> {
        let user = self.user_id(&wanted.user)?;
        let team = wanted.team.as_deref().map(|team| self.owner_id(Owner::Team(team))).transpose()?;
        let Token { name, value, expires_at, rate_limit, .. } = wanted.clone();
        let input = NewToken { name, expires_at, team, rate_limit, value: Some(value) };
        let token = Issued::new(self.core, input.clone()).token;
        let sql = "SELECT user_id, configuration_id, rate_limit, doc FROM tokens WHERE id = $1";
        let found: Option<(String, Option<String>, Option<i64>, String)> =
            self.tx.opt(sql, &params![&token.id]).await?;
        let Some((owner, configuration, limit, doc)) = found else {
            tokens::insert(self.tx, &user, &token, rate_limit).await?;
            self.applied.made += 1;
            return Ok(());
        };
        if owner != user.as_str() || configuration.is_some() {
            return Err(Problem::new(format!("{path}.value"), "it is the token of somebody else"));
        }
        let before: tokens::Token = json::from_str(&doc)?;
        let token = Issued::made_at(before.created_at, self.core, input).token;
        if token != before || limit != rate_limit {
            let doc = json::to_string(&token)?;
            let sql =
                "UPDATE tokens SET team_id = $2, expires_at = $3, rate_limit = $4, doc = $5 WHERE id = $1";
            let row = params![&token.id, token.team_id.as_ref(), expires_at, rate_limit, doc];
            self.tx.execute(sql, &row).await?;
            self.applied.changed += 1;
        }
        Ok(())
    }

    async fn project(&mut self, wanted: &Project) -> Result<()> {
        let owner = self.owner_id(Owner::of(wanted.team.as_deref(), wanted.user.as_deref()))?;
        let sql = "SELECT doc FROM projects WHERE owner_id = $1 AND name = $2";
        let found: Option<(String,)> = self.tx.opt(sql, &params![&owner, &wanted.name]).await?;
        let scope = Scope::system(owner, wanted.team.is_none());
        let Some((doc,)) = found else {
            let prepared = projects::prepare(self.core, &scope, wanted.body()?, Policy::default())?;
            projects::insert(self.tx, self.core, &scope, &prepared).await?;
            self.applied.made += 1;
            return Ok(());
        };
        let before: projects::Project = json::from_str(&doc)?;
        let after = projects::change(self.tx, self.core, &scope, before.clone(), wanted.body()?).await?;
        self.applied.changed += usize::from(after != before);
        Ok(())
    }

    async fn integration(&mut self, path: &str, wanted: &Integration) -> Result<()> {
        let owner = self.owner_id(Owner::of(wanted.team.as_deref(), wanted.user.as_deref()))?;
        let slug = wanted.slug();
        let found = integrations::find(self.tx, &slug).await?.filter(|app| app.slug == slug);
        let Some(before) = found else {
            let app = integrations::Integration::new(self.core, &owner, wanted.new_integration())?;
            let secret = wanted.client_secret.clone().unwrap_or_else(|| self.core.entropy.base62(24));
            let sealed = self.core.vault.seal(app.id.as_str(), secret.as_bytes(), &self.core.entropy)?;
            integrations::insert(self.tx, &app, &sealed).await?;
            self.applied.made += 1;
            return self.products(path, &app, &wanted.products).await;
        };
        if before.owner_id != owner {
            let problem = "an integration of another owner has it";
            return Err(Problem::new(format!("{path}.slug"), format!("`{}`: {problem}", before.slug)));
        }
        if wanted.kind.is_some_and(|kind| kind != before.kind) {
            return Err(Problem::new(format!("{path}.kind"), "the kind of an integration cannot change"));
        }
        let mut after = before.clone();
        wanted.patch().apply(&mut after)?;
        if after != before {
            integrations::change(
                self.tx,
                self.core,
                &Scope::system(owner, wanted.team.is_none()),
                &before,
                wanted.patch(),
            )
            .await?;
            self.applied.changed += 1;
        }
        self.products(path, &after, &wanted.products).await?;
        let Some(secret) = &wanted.client_secret else { return Ok(()) };
        if *secret != integrations::client_secret(self.tx, self.core, &before.id).await? {
            let sealed = self.core.vault.seal(before.id.as_str(), secret.as_bytes(), &self.core.entropy)?;
            let sql = "UPDATE integrations SET client_secret = $2 WHERE id = $1";
            self.tx.execute(sql, &params![&before.id, sealed]).await?;
            self.applied.changed += 1;
        }
        Ok(())
    }

    /// `Seed::check` has found every name.
    fn user_id(&self, username: &str) -> Result<UserId> {
        let unknown = || Problem::new("", format!("there is no user `{username}`"));
        self.users.get(username).cloned().ok_or_else(unknown)
    }

    fn owner_id(&self, owner: Owner<'_>) -> Result<OwnerId> {
        match owner {
            Owner::User(username) => Ok(self.user_id(username)?.as_owner()),
            Owner::Team(slug) => {
                let unknown = || Problem::new("", format!("there is no team `{slug}`"));
                self.teams.get(slug).cloned().ok_or_else(unknown)
            }
        }
    }
}
