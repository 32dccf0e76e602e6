//! What a change of a project is called in the audit log: newer clients know a type for nearly every setting.

use super::Project;
use crate::events::Event;
use crate::{Result, Scope};
use serde_json::{Map, Value as Json, json};

/// A setting and the type of the event that tells of its change.
#[rustfmt::skip]
const KINDS: &[(&str, &str)] = &[
    ("autoAssignCustomDomains", "project-auto-assign-custom-production-domains-updated"),
    ("buildCommand", "project-build-command-updated"),
    ("devCommand", "project-build-command-updated"),
    ("commandForIgnoringBuildStep", "project-ignored-build-step-updated"),
    ("connectConfigurations", "project-connect-configurations"),
    ("customerSupportCodeVisibility", "project-customer-success-code-visibility-updated"),
    ("deploymentPolicy", "project-deployment-policy-updated"),
    ("directoryListing", "project-directory-listing"),
    ("enableAffectedProjectsDeployments", "project-affected-projects-deployments-updated"),
    ("enableExternalRewriteCaching", "project-external-rewrite-caching-updated"),
    ("framework", "project-framework-updated"),
    ("gitComments", "project-git-pr-comments-toggled"),
    ("gitForkProtection", "project-git-fork-protection-updated"),
    ("gitLFS", "project-git-lfs-toggled"),
    ("gitProviderOptions", "project-git-create-deployments-toggled"),
    ("installCommand", "project-install-command-updated"),
    ("nodeVersion", "project-node-version-updated"),
    ("oidcTokenConfig", "project-oidc-issuer-mode-updated"),
    ("optionsAllowlist", "project-options-allowlist"),
    ("outputDirectory", "project-output-directory-updated"),
    ("passport", "project-passport-updated"),
    ("passwordProtection", "project-password-protection"),
    ("previewDeploymentSuffix", "project-preview-deployment-suffix"),
    ("productionDeploymentsFastLane", "project-prioritize-production-builds-updated"),
    ("protectedSourcemaps", "project-protected-sourcemaps-updated"),
    ("publicSource", "project-build-logs-and-source-protection-updated"),
    ("previewDeploymentsDisabled", "project-git-create-deployments-toggled"),
    ("resourceConfig.buildMachineSelection", "project-build-machine-updated"),
    ("resourceConfig.buildMachineType", "project-build-machine-updated"),
    ("resourceConfig.elasticConcurrencyEnabled", "project-elastic-concurrency-updated"),
    ("resourceConfig.enableFunctionsBeta", "project-functions-beta-updated"),
    ("resourceConfig.functionDefaultMemoryType", "project-function-cpu-memory"),
    ("resourceConfig.functionDefaultRegions", "project-function-regions"),
    ("resourceConfig.functionDefaultTimeout", "project-function-max-duration"),
    ("resourceConfig.functionZeroConfigFailover", "project-function-failover"),
    ("rootDirectory", "project-root-directory-updated"),
    ("sandbox", "project-sandbox-config-updated"),
    ("serverlessFunctionZeroConfigFailover", "project-function-failover"),
    ("skewProtectionAllowedDomains", "project-skew-protection-allowed-domains-updated"),
    ("skewProtectionBoundaryAt", "project-skew-protection-threshold-updated"),
    ("skewProtectionMaxAge", "project-skew-protection-max-age-updated"),
    ("sourceFilesOutsideRootDirectory", "project-source-files-outside-root-directory-updated"),
    ("ssoProtection", "project-sso-protection"),
    ("staticIps", "project-static-ips-updated"),
    ("trustedIps", "project-trusted-ips"),
    ("trustedSources", "project-trusted-sources"),
];

/// For a setting that has no type of its own: clients know only the types of a closed list.
const PREFERENCE: &str = "project-card-widget-preference-updated";

/// The events of a change: one for the name, and one for each type that the changed settings have.
pub(super) fn changes(
    scope: &Scope,
    before: &Project,
    after: &Project,
    password: bool,
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    if before.name != after.name {
        events.push(renamed(scope, before, after));
    }
    let mut kinds: Vec<(&str, Vec<String>)> = Vec::new();
    let mut note = |setting: String, kind| match kinds.iter_mut().find(|(known, _)| *known == kind) {
        Some((_, settings)) => settings.push(setting),
        None => kinds.push((kind, vec![setting])),
    };
    let (old, new) = (flat(before)?, flat(after)?);
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    for setting in new.keys().chain(gone).filter(|key| old.get(*key) != new.get(*key)) {
        note(setting.clone(), kind(setting, after));
    }
    if password && old.get("passwordProtection") == new.get("passwordProtection") {
        note("passwordProtection".into(), "project-password-protection");
    }
    for (kind, settings) in kinds {
        let text = format!("changed {} of project {}", settings.join(", "), after.name);
        let payload = json!({ "projectId": after.id, "projectName": after.name, "settings": settings });
        events.push(Event::new(kind, text, payload).in_project(&after.id));
    }
    Ok(events)
}

fn renamed(scope: &Scope, before: &Project, after: &Project) -> Event {
    let text = format!("renamed project {} to {}", before.name, after.name);
    let payload =
        json!({ "projectId": after.id, "previousProjectName": before.name, "newProjectName": after.name });
    let told = json!({ "project": { "id": after.id, "name": after.name }, "previousName": before.name });
    Event::new("project-name", text, payload).in_project(&after.id).hook(scope, "project.renamed", told)
}

fn kind(setting: &str, after: &Project) -> &'static str {
    if setting == "resourceConfig.fluid" {
        let on = after.resource_config.settings.get("fluid") == Some(&Json::Bool(true));
        return if on { "project-functions-fluid-enabled" } else { "project-functions-fluid-disabled" };
    }
    KINDS.iter().find(|(known, _)| *known == setting).map_or(PREFERENCE, |(_, kind)| kind)
}

/// The settings by name, those of `resourceConfig` one by one; without what is no setting or only mirrors one.
fn flat(project: &Project) -> Result<Map<String, Json>> {
    let mut flat = Map::new();
    let Json::Object(document) = serde_json::to_value(project)? else { return Ok(flat) };
    for (key, value) in document {
        match (key.as_str(), value) {
            ("name" | "updatedAt" | "serverlessFunctionRegion", _) => {}
            ("resourceConfig", Json::Object(resources)) => {
                flat.extend(
                    resources.into_iter().map(|(key, value)| (format!("resourceConfig.{key}"), value)),
                );
            }
            (_, value) => drop(flat.insert(key, value)),
        }
    }
    Ok(flat)
}
