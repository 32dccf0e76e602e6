//! What one task of a round does.

use super::super::kinds::Kind;
use super::super::world::{Thing, World};
use pintle_testing::{Answer, Caller};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub enum Act {
    Create(Kind, Value),
    Variables(Vec<Value>),
    /// Webhooks, one after the other, until one is refused.
    Storm(Value),
    Exchange(Value),
    Select(Option<Vec<String>>),
    Delete(Thing),
    /// A new comment for a variable.
    Edit(Thing),
    /// An owner makes the installation his own.
    TakeOver,
    /// The same integration once more, which works only after the removal.
    InstallAgain,
    Remove(Remover),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    Owner,
    Member,
    OwnToken,
    Uninstall,
}

impl Act {
    pub fn name(&self) -> &'static str {
        match self {
            Act::Create(Kind::Webhook, _) => "webhook",
            Act::Create(Kind::IntegrationLogDrain | Kind::LogDrain, _) => "log drain",
            Act::Create(Kind::Drain, _) => "drain",
            Act::Create(Kind::EdgeConfig, _) => "edge config",
            Act::Create(Kind::Variable, _) => "variable",
            Act::Variables(_) => "variable array",
            Act::Storm(_) => "storm",
            Act::Exchange(_) => "code exchange",
            Act::Select(_) => "project selection",
            Act::Delete(_) => "deletion",
            Act::Edit(_) => "edit",
            Act::TakeOver => "take-over",
            Act::InstallAgain => "installation",
            Act::Remove(_) => "removal",
        }
    }

    /// Who does it: the installation's token, or a user.
    pub fn actor(&self, world: &World, token: &Caller) -> Caller {
        let tenant = &world.tenants[0];
        match self {
            Act::Remove(Remover::Owner | Remover::Uninstall) => tenant.owner.clone(),
            Act::Select(_) | Act::TakeOver | Act::InstallAgain => tenant.owner.clone(),
            Act::Remove(Remover::Member) => tenant.member.clone().expect("a member"),
            _ => token.clone(),
        }
    }

    pub async fn run(&self, actor: &Caller, configuration: &str, app: &str, project: &str) -> Answer {
        let path = format!("/v1/integrations/configuration/{configuration}");
        match self {
            Act::Create(kind, body) => {
                actor.post(&kind.row().create.replace("{project}", project), body.clone()).await
            }
            Act::Storm(body) => actor.post("/v1/webhooks", body.clone()).await,
            Act::Variables(bodies) => {
                actor.post(&format!("/v10/projects/{project}/env"), json!(bodies)).await
            }
            Act::Exchange(form) => actor.post("/v2/oauth/access_token", form.clone()).await,
            Act::Select(projects) => {
                let projects = projects.as_ref().map_or(json!("all"), |projects| json!(projects));
                actor.patch(&path, json!({ "projects": projects })).await
            }
            Act::Delete(thing) => actor.delete(&thing.path(thing.kind.row().delete)).await,
            Act::Edit(thing) => {
                actor
                    .patch(&thing.path("/v9/projects/{project}/env/{id}"), json!({ "comment": "edited" }))
                    .await
            }
            Act::TakeOver => {
                let path = format!("/pintle/v1/integrations/configurations/{configuration}/take-over");
                actor.post(&path, json!({})).await
            }
            Act::InstallAgain => {
                actor.post(&format!("/pintle/v1/integrations/{app}/install"), json!({})).await
            }
            Act::Remove(Remover::Uninstall) => {
                let path = format!("/v2/integrations/installations/{configuration}/uninstall");
                actor.post(&path, json!({})).await
            }
            Act::Remove(_) => actor.delete(&path).await,
        }
    }
}
