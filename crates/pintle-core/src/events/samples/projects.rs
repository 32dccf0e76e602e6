//! `project.*`.

use super::{Facts, Sample, of_project, with};
use serde_json::{Value as Json, json};

pub const SAMPLES: &[Sample] = &[
    of_project("project.created", |f| json!({ "project": f.project() })),
    of_project("project.removed", |f| json!({ "project": f.project() })),
    of_project(
        "project.renamed",
        |f| json!({ "project": f.project(), "previousName": format!("old-{}", f.project.name) }),
    ),
    of_project("project.env-variable.created", variable),
    of_project("project.env-variable.updated", variable),
    of_project("project.env-variable.deleted", variable),
    of_project("project.domain.created", domain),
    of_project("project.domain.deleted", domain),
    of_project("project.domain.verified", domain),
    of_project("project.domain.unverified", domain),
    of_project("project.domain.moved", |f| {
        json!({
            "domain": { "name": name(f) }, "from": { "projectId": f.id("prj") }, "to": { "projectId": f.project.id },
            "isRedirect": false,
        })
    }),
    of_project("project.domain.updated", |f| {
        let state = |redirect: Option<&str>| {
            json!({
                "domain": name(f), "redirect": redirect, "redirectStatusCode": redirect.map(|_| 308), "gitBranch": null,
            })
        };
        json!({ "project": f.project_id(), "previous": state(None), "next": state(Some("example.com")) })
    }),
    of_project("project.rolling-release.started", |f| rolling(f, "ACTIVE", 10)),
    of_project("project.rolling-release.approved", |f| rolling(f, "ACTIVE", 50)),
    of_project("project.rolling-release.completed", |f| rolling(f, "COMPLETE", 100)),
    of_project("project.rolling-release.aborted", |f| rolling(f, "ABORTED", 0)),
];

fn variable(f: &Facts<'_>) -> Json {
    json!({ "projectId": f.project.id, "envVarId": f.entropy.base62(16) })
}

fn name(f: &Facts<'_>) -> String {
    format!("{}.example.com", f.project.name)
}

fn domain(f: &Facts<'_>) -> Json {
    json!({ "project": f.project_id(), "domain": { "name": name(f) } })
}

fn rolling(f: &Facts<'_>, state: &str, percentage: u8) -> Json {
    let (base, target) = (f.id("dpl"), f.id("dpl"));
    let release = |state: &str, percentage: u8| {
        json!({
            "projectId": f.project.id, "ownerId": f.owner, "deploymentIds": [base, target], "state": state,
            "activeStageIndex": if percentage < 50 { 0 } else { 1 },
            "default": {
                "baseDeploymentId": base, "targetDeploymentId": target, "targetPercentage": percentage,
                "targetStartAt": f.now, "targetUpdatedAt": f.now,
            },
            "config": {
                "target": "production",
                "stages": [{ "targetPercentage": 10 }, { "targetPercentage": 50 }, { "targetPercentage": 100 }],
            },
            "writtenBy": "api",
        })
    };
    let before = if percentage == 10 { Json::Null } else { release("ACTIVE", 10) };
    with(
        json!({ "project": f.project() }),
        json!({ "rollingRelease": release(state, percentage), "prevRollingRelease": before }),
    )
}
