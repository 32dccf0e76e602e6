//! The body of createProject and updateProject: which settings there are, what they may be, and what each does to a project.
//!
//! A key is accepted when the contract has it for either of the two operations, or a newer client is known to send it; any other is
//! refused, as the contract says. What the contract types is checked; what only newer clients know travels as it came.

use super::env::NewVariable;
use super::link::GitRepository;
use super::{Project, ResourceConfig};
use crate::shape::Shape::{self, Any, Begins, Boolean, Integer, List, Nullable, Number, Object, OneOf, Text};
use crate::shape::{self, Field, optional, required};
use crate::{Error, Result, validate};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

/// The node version of a new project: the newest that the contract knows.
pub(super) const NODE_VERSION: &str = "22.x";
pub(super) const REGION: &str = "iad1";

const NAME: usize = 100;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Body(Map<String, Json>);

const COMMAND: Shape = Nullable(&Text(256));
const PROTECTED: Shape =
    OneOf(&["all", "preview", "prod_deployment_urls_and_all_previews", "all_except_custom_domains"]);

const FIELDS: &[Field] = &[
    optional("name", Text(NAME)),
    optional("autoAssignCustomDomains", Boolean),
    optional("autoAssignCustomDomainsUpdatedBy", Text(usize::MAX)),
    optional("autoExposeSystemEnvs", Boolean),
    optional("buildCommand", COMMAND),
    optional("commandForIgnoringBuildStep", COMMAND),
    optional("connectConfigurations", Nullable(&List { of: &Shape::Map, min: 1, max: usize::MAX })),
    optional("customerSupportCodeVisibility", Boolean),
    optional("devCommand", COMMAND),
    optional("directoryListing", Boolean),
    optional("enableAffectedProjectsDeployments", Boolean),
    optional("enablePreviewFeedback", Nullable(&Boolean)),
    optional("enableProductionFeedback", Nullable(&Boolean)),
    optional("framework", Nullable(&OneOf(FRAMEWORKS))),
    optional("gitForkProtection", Boolean),
    optional("gitLFS", Boolean),
    optional("installCommand", COMMAND),
    optional("nodeVersion", OneOf(&["24.x", "22.x", "20.x", "18.x", "16.x", "14.x", "12.x", "10.x"])),
    optional(
        "oidcTokenConfig",
        Nullable(&Object(&[
            optional("enabled", Boolean),
            optional("issuerMode", OneOf(&["team", "global"])),
        ])),
    ),
    optional(
        "optionsAllowlist",
        Nullable(&Object(&[required(
            "paths",
            List { of: &Object(&[required("value", Begins('/', usize::MAX))]), min: 1, max: 5 },
        )])),
    ),
    optional("outputDirectory", COMMAND),
    optional(
        "passwordProtection",
        Nullable(&Object(&[
            required("deploymentType", PROTECTED),
            optional("password", Nullable(&Text(72))),
        ])),
    ),
    optional("previewDeploymentsDisabled", Nullable(&Boolean)),
    optional("publicSource", Nullable(&Boolean)),
    optional("resourceConfig", Object(RESOURCES)),
    optional("rootDirectory", COMMAND),
    optional("serverlessFunctionRegion", Nullable(&Text(4))),
    optional("serverlessFunctionZeroConfigFailover", Boolean),
    optional("skewProtectionBoundaryAt", Integer { min: 0 }),
    optional("skewProtectionMaxAge", Integer { min: 0 }),
    optional("skipGitConnectDuringLink", Boolean),
    optional("sourceFilesOutsideRootDirectory", Boolean),
    optional("ssoProtection", Nullable(&Object(&[required("deploymentType", PROTECTED)]))),
    optional("staticIps", Object(&[required("enabled", Boolean)])),
    optional("trustedIps", Nullable(&Object(TRUSTED_IPS))),
    // Newer than the contract.
    optional("deploymentExpiration", Nullable(&Shape::Map)),
    optional("deploymentPolicy", Any),
    optional("dismissedToasts", Any),
    optional("enableExternalRewriteCaching", Boolean),
    optional("gitComments", Nullable(&Shape::Map)),
    optional("gitProviderOptions", Nullable(&Shape::Map)),
    optional("passport", Any),
    optional("previewDeploymentSuffix", Nullable(&Text(256))),
    optional("productionDeploymentsFastLane", Boolean),
    optional("protectedSourcemaps", Boolean),
    optional("sandbox", Any),
    optional("skewProtectionAllowedDomains", Any),
    optional("tracing", Any),
    optional("trustedSources", Any),
    optional("v0", Boolean),
];

/// What only a creation has beside the settings.
const CREATION: &[Field] = &[
    // Some clients send `null` for none.
    optional("environmentVariables", Nullable(&List { of: &Object(VARIABLE), min: 0, max: usize::MAX })),
    optional(
        "gitRepository",
        Nullable(&Object(&[
            required("repo", Text(usize::MAX)),
            required("type", OneOf(&["github", "github-limited", "gitlab", "bitbucket"])),
        ])),
    ),
];

const VARIABLE: &[Field] = &[
    required("key", Text(usize::MAX)),
    // One target or a list of them.
    required("target", Any),
    required("value", Text(usize::MAX)),
    optional("comment", Any),
    optional("customEnvironmentIds", Any),
    optional("gitBranch", Nullable(&Text(250))),
    optional("id", Any),
    optional("type", OneOf(&["system", "secret", "encrypted", "plain", "sensitive"])),
    optional("visibility", Any),
];

/// Settings that answers show as `null`. Any other that is cleared is not shown at all: answers have no `null` for it.
#[rustfmt::skip]
const NULLABLE: &[&str] = &[
    "buildCommand", "commandForIgnoringBuildStep", "connectConfigurations", "deploymentExpiration", "devCommand",
    "enablePreviewFeedback", "enableProductionFeedback", "installCommand", "optionsAllowlist", "outputDirectory",
    "passwordProtection", "previewDeploymentSuffix", "previewDeploymentsDisabled", "publicSource", "rootDirectory",
    "ssoProtection", "trustedIps",
];

const TRUSTED_IPS: &[Field] = &[
    required(
        "deploymentType",
        OneOf(&[
            "all",
            "preview",
            "production",
            "prod_deployment_urls_and_all_previews",
            "all_except_custom_domains",
        ]),
    ),
    required(
        "addresses",
        List {
            of: &Object(&[required("value", Text(usize::MAX)), optional("note", Nullable(&Text(20)))]),
            min: 1,
            max: usize::MAX,
        },
    ),
    required("protectionMode", OneOf(&["exclusive", "additional"])),
];

const RESOURCES: &[Field] = &[
    optional("buildMachineType", Nullable(&OneOf(&["enhanced", "turbo", "basic", "standard", "elastic"]))),
    optional("elasticConcurrencyEnabled", Boolean),
    optional("fluid", Boolean),
    optional(
        "functionDefaultMemoryType",
        OneOf(&["standard_legacy", "standard", "performance", "performance_xl"]),
    ),
    optional("functionDefaultRegions", List { of: &Text(4), min: 1, max: usize::MAX }),
    optional("functionDefaultTimeout", Number { min: 1.0, max: 900.0 }),
    optional("functionZeroConfigFailover", Boolean),
    optional("isNSNBDisabled", Boolean),
    // Newer than the contract.
    optional("buildMachineElasticLastUpdated", Any),
    optional("buildMachineElasticReason", Any),
    optional("buildMachineSelection", Any),
    optional("buildQueue", Any),
    optional("enableFunctionsBeta", Boolean),
];

/// The contract's, then those of newer clients.
#[rustfmt::skip]
const FRAMEWORKS: &[&str] = &[
    "blitzjs", "nextjs", "gatsby", "remix", "react-router", "astro", "hexo", "eleventy", "docusaurus-2", "docusaurus",
    "preact", "solidstart-1", "solidstart", "dojo", "ember", "vue", "scully", "ionic-angular", "angular", "polymer",
    "svelte", "sveltekit", "sveltekit-1", "ionic-react", "create-react-app", "gridsome", "umijs", "sapper", "saber",
    "stencil", "nuxtjs", "redwoodjs", "hugo", "jekyll", "brunch", "middleman", "zola", "hydrogen", "vite", "vitepress",
    "vuepress", "parcel", "fastapi", "flask", "fasthtml", "sanity-v3", "sanity", "storybook", "nitro", "hono", "express",
    "h3", "nestjs", "fastify", "xmcp",
    "container", "tanstack-start", "tanstack-start-lovable", "django", "ash", "factory-eve", "eve", "sanity-v2", "koa",
    "elysia", "python", "ruby", "rust", "axum", "actix-web", "bun", "node", "go", "services", "mastra",
];

impl Body {
    pub fn named(name: &str) -> Self {
        Self(Map::from_iter([("name".to_owned(), json!(name))]))
    }

    /// Takes out what only a creation has: the name, the variables, the repository.
    ///
    /// # Errors
    /// 400 for the first violation.
    pub(super) fn for_creation(
        mut self,
    ) -> Result<(String, Vec<NewVariable>, Option<GitRepository>, Settings)> {
        let own: Map<String, Json> =
            CREATION.iter().filter_map(|field| self.0.remove_entry(field.name)).collect();
        shape::object("", &own, CREATION)?;
        let mut settings = Settings::new(self.0)?;
        let missing = || Error::invalid("missing required property `name`.");
        let name = settings.name.take().ok_or_else(missing)?;
        let repository = own.get("gitRepository").filter(|value| !value.is_null());
        let variables = own.get("environmentVariables").and_then(Json::as_array);
        let variables = variables.into_iter().flatten().enumerate().map(variable).collect::<Result<_>>()?;
        Ok((name, variables, repository.map(GitRepository::deserialize).transpose()?, settings))
    }

    /// # Errors
    /// 400 for the first violation.
    pub(super) fn for_update(self) -> Result<Settings> {
        Settings::new(self.0)
    }
}

/// Its type is optional here, other than in the environment variables' own operation.
fn variable((at, value): (usize, &Json)) -> Result<NewVariable> {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.entry("type").or_insert_with(|| json!("encrypted"));
    }
    NewVariable::deserialize(value)
        .map_err(|error| Error::invalid(format_args!("`environmentVariables[{at}]`: {error}.")))
}

/// Settings that were checked.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub name: Option<String>,
    /// To be sealed; `Some(None)` takes it away.
    pub password: Option<Option<String>>,
    values: Map<String, Json>,
}

impl Settings {
    fn new(mut values: Map<String, Json>) -> Result<Self> {
        shape::object("", &values, FIELDS)?;
        let name = values.remove("name").and_then(|name| name.as_str().map(str::to_owned));
        if let Some(name) = &name {
            check_name(name)?;
        }
        let password = take_password(&mut values);
        Ok(Self { name, password, values })
    }

    /// Changes the project. `null` clears, what is absent stays, `resourceConfig` merges key by key.
    pub(super) fn apply(&self, project: &mut Project) {
        for (key, value) in &self.values {
            let text = || value.as_str().map(str::to_owned);
            match key.as_str() {
                "framework" => project.framework = text(),
                "nodeVersion" => project.node_version = text().unwrap_or_else(|| NODE_VERSION.into()),
                "directoryListing" => project.directory_listing = value.as_bool().unwrap_or_default(),
                "serverlessFunctionRegion" => {
                    project.resource_config.function_default_regions =
                        vec![text().unwrap_or_else(|| REGION.into())];
                }
                "resourceConfig" => {}
                name if value.is_null() && !NULLABLE.contains(&name) => drop(project.settings.remove(key)),
                "buildCommand" | "devCommand" | "installCommand" | "outputDirectory" if value == "" => {
                    project.settings.insert(key.clone(), Json::Null);
                }
                _ => drop(project.settings.insert(key.clone(), value.clone())),
            }
        }
        if let Some(resources) = self.values.get("resourceConfig").and_then(Json::as_object) {
            project.resource_config.merge(resources);
        }
        let region = project.resource_config.function_default_regions.first();
        let region = region.map_or(Json::Null, |region| json!(region));
        project.settings.insert("serverlessFunctionRegion".into(), region);
    }
}

impl ResourceConfig {
    pub(super) fn new() -> Self {
        let settings = Map::from_iter([("fluid".to_owned(), json!(true))]);
        Self { function_default_regions: vec![REGION.into()], settings }
    }

    fn merge(&mut self, changes: &Map<String, Json>) {
        for (key, value) in changes {
            match (key.as_str(), value) {
                ("functionDefaultRegions", Json::Array(regions)) => {
                    let regions = regions.iter().filter_map(Json::as_str).map(str::to_owned);
                    self.function_default_regions = regions.collect();
                }
                // Follows from the type.
                ("buildMachineSelection", _) => {}
                ("buildMachineType", Json::String(kind)) if kind == "elastic" => {
                    self.settings.insert("buildMachineSelection".into(), json!("elastic"));
                    self.settings.entry("buildMachineType").or_insert_with(|| json!("enhanced"));
                }
                (_, Json::Null) => drop(self.settings.remove(key)),
                _ => drop(self.settings.insert(key.clone(), value.clone())),
            }
            if key == "buildMachineType" && value != "elastic" {
                self.settings.remove("buildMachineSelection");
            }
        }
    }
}

/// The password leaves the settings: answers never show it.
fn take_password(values: &mut Map<String, Json>) -> Option<Option<String>> {
    let protection = values.get_mut("passwordProtection")?;
    let Some(protection) = protection.as_object_mut() else { return Some(None) };
    match protection.remove("password") {
        None => None,
        Some(Json::String(password)) => Some(Some(password)),
        Some(_) => Some(None),
    }
}

fn check_name(name: &str) -> Result<()> {
    validate::length("name", name, NAME)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    validate::pattern("name", name, "^[a-z0-9._-]+$", allowed)?;
    if name.contains("---") {
        return Err(Error::invalid("`name` should NOT contain \"---\"."));
    }
    Ok(())
}
