//! `deployment.*`.

use super::{Facts, Sample, of_project, with};
use serde_json::{Value as Json, json};

pub const SAMPLES: &[Sample] = &[
    of_project("deployment.created", |f| with(deployment(f), json!({ "alias": [alias(f)] }))),
    of_project("deployment.ready", deployment),
    of_project("deployment.succeeded", deployment),
    of_project("deployment.error", deployment),
    of_project("deployment.canceled", deployment),
    of_project("deployment.promoted", |f| {
        let mut promoted = deployment(f);
        if let Some(map) = promoted.as_object_mut() {
            map.shift_remove("target");
        }
        promoted
    }),
    of_project(
        "deployment.rollback",
        |f| json!({ "project": f.project_id(), "fromDeploymentId": f.id("dpl"), "toDeploymentId": f.id("dpl") }),
    ),
    of_project("deployment.blocked", deployment),
    of_project("deployment.build-requested", deployment),
    of_project("deployment.cleanup", |f| {
        let more = json!({
            "alias": [alias(f)], "target": "production", "customEnvironmentId": null, "regions": ["iad1"],
        });
        json!({ "deployment": with(built(f), more), "project": f.project_id() })
    }),
    of_project(
        "deployment.check-rerequested",
        |f| json!({ "deployment": { "id": f.id("dpl") }, "check": { "id": f.id("check") } }),
    ),
    of_project("deployment.checks.succeeded", |f| checks(f, "succeeded")),
    of_project("deployment.checks.failed", |f| checks(f, "failed")),
    of_project("deployment.integration.action.start", action),
    of_project("deployment.integration.action.cancel", action),
    of_project("deployment.integration.action.cleanup", action),
    of_project("deployment.checkrun.start", |f| check_run(f, json!({ "timeout": 300 }))),
    of_project("deployment.checkrun.cancel", |f| check_run(f, json!({}))),
];

fn alias(f: &Facts<'_>) -> String {
    format!("{}-{}.vercel.app", f.project.name, f.owner_slug)
}

fn built(f: &Facts<'_>) -> Json {
    json!({
        "id": f.id("dpl"),
        "meta": {
            "githubCommitAuthorName": "Ada Lovelace", "githubCommitMessage": "Count faster",
            "githubCommitOrg": "acme", "githubCommitRef": "main", "githubCommitRepo": f.project.name,
            "githubCommitSha": "9f2d4c7e1b3a5d6f8091a2b3c4d5e6f708192a3b", "githubDeployment": "1",
            "githubOrg": "acme", "githubRepo": f.project.name,
        },
        "url": format!("{}-{}.vercel.app", f.project.name, f.entropy.base62(9).to_lowercase()),
        "name": f.project.name,
    })
}

/// What most of them tell, with what integrations are told beside: which installations it concerns.
fn deployment(f: &Facts<'_>) -> Json {
    let built = built(f);
    let page = format!("https://vercel.com/{}/{}", f.owner_slug, f.project.name);
    let id = built["id"].as_str().unwrap_or_default().trim_start_matches("dpl_").to_owned();
    json!({
        "deployment": built,
        "links": { "deployment": format!("{page}/{id}"), "project": page },
        "target": "production",
        "project": f.project_id(),
        "plan": "pro",
        "regions": ["iad1"],
        "installationIds": [f.configuration.id],
        "integrations": [{ "installationId": f.configuration.id }],
    })
}

fn checks(f: &Facts<'_>, conclusion: &str) -> Json {
    let check =
        json!({ "id": f.id("check"), "name": "Lighthouse", "status": "completed", "conclusion": conclusion });
    with(deployment(f), json!({ "checks": [check] }))
}

fn action(f: &Facts<'_>) -> Json {
    json!({
        "configuration": f.configuration_id(), "installationId": f.configuration.id, "resourceId": f.id("store"),
        "action": "branch", "deployment": { "id": f.id("dpl") },
    })
}

fn check_run(f: &Facts<'_>, more: Json) -> Json {
    let deployment = f.id("dpl");
    let run = json!({
        "id": f.id("cr"), "checkId": f.id("chk"), "deploymentId": deployment,
        "source": { "kind": "integration", "integrationConfigurationId": f.configuration.id },
    });
    json!({ "checkRun": with(run, more), "deployment": { "id": deployment } })
}
