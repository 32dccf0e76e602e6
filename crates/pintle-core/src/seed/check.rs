//! What is wrong with a seed in itself: found before anything is opened or written.

use super::{Integration, Problem, Project, Seed, Team, Token, User};
use crate::ids::{IntegrationId, OwnerId};
use crate::permissions::Role;
use crate::{integrations, projects, validate};
use std::collections::HashMap;

type Result = std::result::Result<(), Problem>;

impl Seed {
    /// Looks for names that are malformed, taken twice or unknown, and for values that break a rule.
    ///
    /// # Errors
    /// The first problem, in the order of the parts.
    pub fn check(&self) -> Result {
        self.names()?;
        each("users", &self.users, |path, user| self.user(path, user))?;
        each("teams", &self.teams, |path, team| self.team(path, team))?;
        each("tokens", &self.tokens, |path, token| self.token(path, token))?;
        each("projects", &self.projects, |path, project| self.project(path, project))?;
        each("integrations", &self.integrations, |path, app| self.integration(path, app))
    }

    /// Each name once. Users and teams share one space of names, since both own things.
    fn names(&self) -> Result {
        let mut owners = Taken::default();
        let mut emails = Taken::default();
        each("users", &self.users, |path, user| {
            owners.take(user.username.clone(), format!("{path}.username"))?;
            emails.take(user.email.to_lowercase(), format!("{path}.email"))
        })?;
        each("teams", &self.teams, |path, team| owners.take(team.slug.clone(), format!("{path}.slug")))?;
        let mut tokens = Taken::default();
        each("tokens", &self.tokens, |path, token| {
            let twice =
                |problem: Problem| Problem::new(problem.path, "the same value stands at another token");
            tokens.take(token.value.clone(), format!("{path}.value")).map_err(twice)
        })?;
        let mut projects = Taken::default();
        each("projects", &self.projects, |path, project| {
            let owner = project.team.as_deref().or(project.user.as_deref()).unwrap_or_default();
            projects.take(format!("{owner}/{}", project.name), format!("{path}.name"))
        })?;
        let mut apps = Taken::default();
        each("integrations", &self.integrations, |path, app| {
            apps.take(app.slug(), format!("{path}.{}", if app.slug.is_some() { "slug" } else { "name" }))
        })
    }

    fn user(&self, path: &str, user: &User) -> Result {
        user.new_user().check().map_err(|error| Problem::of(path, error))?;
        let Some(team) = &user.default_team else { return Ok(()) };
        self.membership(&format!("{path}.defaultTeam"), team, &user.username)
    }

    fn team(&self, path: &str, team: &Team) -> Result {
        team.new_team().check().map_err(|error| Problem::of(path, error))?;
        let mut members = Taken::default();
        each(&format!("{path}.members"), &team.members, |path, member| {
            self.known_user(&format!("{path}.user"), &member.user)?;
            members.take(member.user.clone(), format!("{path}.user"))
        })?;
        match team.members.iter().any(|member| member.role == Role::Owner) {
            true => Ok(()),
            false => Err(Problem::new(format!("{path}.members"), "one of them must have the role OWNER")),
        }
    }

    fn token(&self, path: &str, token: &Token) -> Result {
        let field = |name: &str| format!("{path}.{name}");
        self.known_user(&field("user"), &token.user)?;
        validate::length("name", &token.name, 256).map_err(|error| Problem::of(path, error))?;
        // The command line of the platform refuses anything else.
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        validate::pattern("value", &token.value, "^[A-Za-z0-9_]+$", good)
            .map_err(|error| Problem::of(path, error))?;
        if token.rate_limit.is_some_and(|limit| limit < 1) {
            return Err(Problem::new(field("rateLimit"), "it must be at least 1"));
        }
        if token.expires_at.is_some_and(|at| at < 1) {
            return Err(Problem::new(field("expiresAt"), "it must be a time in milliseconds since 1970"));
        }
        token.team.as_ref().map_or(Ok(()), |team| self.membership(&field("team"), team, &token.user))
    }

    fn project(&self, path: &str, project: &Project) -> Result {
        self.owner(path, project.team.as_deref(), project.user.as_deref())?;
        projects::check(project.body()?).map_err(|error| Problem::of(path, error))
    }

    fn integration(&self, path: &str, app: &Integration) -> Result {
        self.owner(path, app.team.as_deref(), app.user.as_deref())?;
        if let Some(secret) = &app.client_secret {
            validate::length("clientSecret", secret, 256).map_err(|error| Problem::of(path, error))?;
        }
        let (id, owner) = (IntegrationId::from(""), OwnerId::from(""));
        let draft = integrations::Integration::draft(id, owner, 0, app.new_integration());
        draft.map_err(|error| Problem::of(path, error))?;
        super::products::check(path, app.kind.unwrap_or_default(), &app.products)
    }

    /// Exactly one owner, and a known one.
    fn owner(&self, path: &str, team: Option<&str>, user: Option<&str>) -> Result {
        match (team, user) {
            (Some(team), None) => self.known_team(&format!("{path}.team"), team),
            (None, Some(user)) => self.known_user(&format!("{path}.user"), user),
            (Some(_), Some(_)) => {
                Err(Problem::new(format!("{path}.user"), "it cannot belong to a team and to a user"))
            }
            (None, None) => Err(Problem::new(path, "it needs an owner: a `team` or a `user`")),
        }
    }

    fn membership(&self, path: &str, team: &str, user: &str) -> Result {
        self.known_team(path, team)?;
        let mut members = self.teams.iter().filter(|known| known.slug == team).flat_map(|team| &team.members);
        match members.any(|member| member.user == user) {
            true => Ok(()),
            false => Err(Problem::new(path, format!("`{user}` is no member of the team `{team}`"))),
        }
    }

    fn known_user(&self, path: &str, name: &str) -> Result {
        match self.users.iter().any(|user| user.username == name) {
            true => Ok(()),
            false => Err(Problem::new(path, format!("there is no user `{name}` in `users`"))),
        }
    }

    fn known_team(&self, path: &str, slug: &str) -> Result {
        match self.teams.iter().any(|team| team.slug == slug) {
            true => Ok(()),
            false => Err(Problem::new(path, format!("there is no team `{slug}` in `teams`"))),
        }
    }
}

fn each<T>(list: &str, items: &[T], mut check: impl FnMut(&str, &T) -> Result) -> Result {
    items.iter().enumerate().try_for_each(|(index, item)| check(&format!("{list}[{index}]"), item))
}

/// Names, and where each stands.
#[derive(Default)]
struct Taken(HashMap<String, String>);

impl Taken {
    fn take(&mut self, name: String, path: String) -> Result {
        if let Some(first) = self.0.get(&name) {
            return Err(Problem::new(path, format!("`{name}` stands at {first} already")));
        }
        self.0.insert(name, path);
        Ok(())
    }
}
