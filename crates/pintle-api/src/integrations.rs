//! Group `integrations` of the contract, and the routes beside it that real clients call (semantics.md 3.6).

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::configurations::removal;
use pintle_core::configurations::{self, Configuration, Filter, Projects};
use pintle_core::ids::{ConfigurationId, ProjectId};
use pintle_core::integrations::{Integration, Kind};
use pintle_core::marketplace::installations;
use pintle_core::marketplace::installations::install::{self as native, Purchase};
use pintle_core::marketplace::sso;
use pintle_core::{Core, Error, Result, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

routes! {
    "getConfigurations": Get "/v1/integrations/configurations", ConfigurationRead => list;
    "getConfiguration": Get "/v1/integrations/configuration/{id}", ConfigurationRead => get;
    "deleteConfiguration": Delete "/v1/integrations/configuration/{id}", ConfigurationRemove => delete;
    "updateConfiguration": Patch "/v1/integrations/configuration/{id}", ConfigurationUpdate => update;
    "getConfigurationProject":
        Get "/v1/integrations/configuration/{id}/project/{projectId}", ConfigurationUpdate => project_access;
    "setConfigurationProject":
        Post "/v1/integrations/configuration/{id}/project/{projectId}", ConfigurationUpdate => set_project_access;
    "uninstallConfiguration":
        Post "/v2/integrations/installations/{id}/uninstall", ConfigurationRemove => uninstall;
    "installNativeIntegration":
        Post "/v2/integrations/integration/{integrationIdOrSlug}/marketplace/install", Install => install;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let view = call.query.one_of("view", &["account", "project"])?;
    // The newer version, which the command line calls, does not insist on a view and always tells of the integration.
    let newer = call.version == Some(2);
    if view.is_none() && !newer {
        call.query.required("view")?;
    }
    let kind = call.query.one_of("installationType", &["marketplace", "external"])?;
    let filter = Filter {
        installation_type: kind
            .map(|kind| if kind == "external" { Kind::External } else { Kind::Marketplace }),
        integration_id_or_slug: call.query.text("integrationIdOrSlug"),
    };
    let found = configurations::list(&call.core, &scope, filter).await?;
    let with_integration = newer || view == Some("project");
    let items: Result<Vec<Value>> =
        found.iter().map(|(c, app)| item(&call.core, c, app, with_integration)).collect();
    Reply::json(&items?)
}

/// One item of the list; the second shape of the contract tells of the integration too.
fn item(
    core: &Core,
    configuration: &Configuration,
    app: &Integration,
    with_integration: bool,
) -> Result<Value> {
    let mut item = serde_json::to_value(configuration)?;
    sso::follow_notification(core, &app.slug, configuration.id.as_str(), &mut item);
    if with_integration {
        item["integration"] = json!({
            "id": app.id, "name": app.name, "slug": app.slug, "icon": app.icon, "isLegacy": false,
        });
    }
    Ok(item)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let document = configurations::get(&call.core, &scope, call.param("id")).await?;
    // Most have no link to follow, and go as they are stored.
    if !document.contains("\"sso:") {
        return Ok(Reply::document(document));
    }
    let mut document: Value = serde_json::from_str(&document)?;
    let slug = document["slug"].as_str().unwrap_or_default().to_owned();
    sso::follow_notification(&call.core, &slug, call.param("id"), &mut document);
    Reply::json(&document)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    removal::remove(&call.core, &scope, ConfigurationId::from(call.param("id"))).await?;
    Ok(Reply::nothing())
}

/// Which projects the installation may reach: `"all"`, or their ids; or, of a native one, another plan.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    projects: Option<ProjectsField>,
    billing_plan_id: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum ProjectsField {
    Word(String),
    List(Vec<ProjectId>),
}

impl ProjectsField {
    fn read(self) -> Result<Projects> {
        match self {
            ProjectsField::Word(word) if word == "all" => Ok(Projects::All),
            ProjectsField::List(list) => Ok(Projects::Selected(list)),
            ProjectsField::Word(_) => {
                Err(Error::invalid("`projects` should be \"all\" or an array of project ids."))
            }
        }
    }
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let Update { projects, billing_plan_id } = call.json()?;
    let id = ConfigurationId::from(call.param("id"));
    let changed = match (projects, billing_plan_id) {
        (Some(projects), None) => {
            configurations::select_projects(&call.core, &scope, id, projects.read()?).await?
        }
        (None, Some(plan)) => installations::change_plan(&call.core, &scope, &id, plan).await?,
        (None, None) => {
            return Err(Error::invalid("missing required property `projects` or `billingPlanId`."));
        }
        (Some(_), Some(_)) => {
            return Err(Error::invalid("`projects` and `billingPlanId` are changed one at a time."));
        }
    };
    Reply::json(&changed)
}

async fn project_access(call: Call, scope: Scope) -> Result<Reply> {
    let (id, project) = (ConfigurationId::from(call.param("id")), ProjectId::from(call.param("projectId")));
    let allowed = configurations::project_access(&call.core, &scope, &id, &project).await?;
    Reply::json(&json!({ "allowed": allowed }))
}

#[derive(Deserialize)]
struct Access {
    allowed: bool,
}

async fn set_project_access(call: Call, scope: Scope) -> Result<Reply> {
    let Access { allowed } = call.json()?;
    let (id, project) = (ConfigurationId::from(call.param("id")), ProjectId::from(call.param("projectId")));
    configurations::set_project_access(&call.core, &scope, id, project, allowed).await?;
    Reply::json(&json!({ "allowed": allowed }))
}

/// What the dashboard and the command line call. It refuses while resources exist.
async fn uninstall(call: Call, scope: Scope) -> Result<Reply> {
    removal::uninstall(&call.core, &scope, ConfigurationId::from(call.param("id"))).await?;
    Ok(Reply::nothing())
}

/// How a team takes a native integration: the command line sends the first two.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InstallNative {
    #[serde(default)]
    accepted_policies: BTreeMap<String, String>,
    /// Which client it is.
    #[serde(rename = "source")]
    _source: Option<String>,
    billing_plan_id: Option<String>,
    projects: Option<ProjectsField>,
}

async fn install(call: Call, scope: Scope) -> Result<Reply> {
    let InstallNative { accepted_policies, billing_plan_id, projects, .. } = call.json()?;
    let projects = projects.map_or(Ok(Projects::All), ProjectsField::read)?;
    let purchase = Purchase { accepted_policies, billing_plan_id, projects, source: None };
    Reply::json(&native::install(&call.core, &scope, call.param("integrationIdOrSlug"), purchase).await?)
}
