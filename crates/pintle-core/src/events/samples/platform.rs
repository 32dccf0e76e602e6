//! What else the platform tells. Where nothing about a payload is documented, these are its likely fields.

use super::{Facts, Sample, of_owner, of_project, with};
use crate::clock::{DAY, HOUR};
use serde_json::{Value as Json, json};

pub const SAMPLES: &[Sample] = &[
    of_owner("budget.reached", |_| budget(100)),
    of_owner("budget.reset", |_| budget(0)),
    of_owner("edge-config.created", |f| json!({ "edgeConfig": edge_config(f) })),
    of_owner("edge-config.deleted", |f| json!({ "edgeConfig": edge_config(f) })),
    of_owner("edge-config.items.updated", |f| {
        let items = json!([{ "operation": "update", "key": "greeting" }]);
        json!({ "edgeConfig": edge_config(f), "items": items })
    }),
    of_project("firewall.attack", |f| with(found(f), json!({ "action": "deny", "requestCount": 120_000 }))),
    of_project("firewall.system-rule-anomaly", |f| with(found(f), json!({ "ruleId": "system" }))),
    of_project("firewall.custom-rule-anomaly", |f| with(found(f), json!({ "ruleId": f.id("rule") }))),
    of_project("function.archival-required", function),
    of_project("function.removal-required", function),
    of_project("alerts.triggered", alert),
    of_owner("ai-gateway.balance-depleted", |_| json!({ "balance": "0.00" })),
    of_owner("ai-gateway.auto-reload.limit-reached", |_| json!({ "limit": "100.00", "spent": "100.00" })),
    of_project("botid.anomaly", found),
    of_project("flag.created", flag),
    of_project("flag.updated", flag),
    of_project("flag.deleted", flag),
    of_project("observability.anomaly", found),
    of_project("observability.anomaly-error", found),
    of_project("observability.usage-anomaly", found),
    of_project("observability.error-anomaly", found),
    of_project("observability.anomaly-botId", found),
    of_owner("test-webhook", |_| json!({ "message": "This is a test" })),
];

fn budget(percent: u8) -> Json {
    json!({ "budgetAmount": 500, "currentSpend": 5 * u16::from(percent), "thresholdPercent": percent })
}

fn edge_config(f: &Facts<'_>) -> Json {
    json!({ "id": f.id("ecfg"), "slug": "settings" })
}

/// Something was seen in the traffic of a project.
fn found(f: &Facts<'_>) -> Json {
    json!({ "projectId": f.project.id, "project": f.project(), "startedAt": f.now - HOUR })
}

fn function(f: &Facts<'_>) -> Json {
    json!({ "project": f.project_id(), "deployment": { "id": f.id("dpl") }, "runtime": "nodejs18.x", "until": f.now + 30 * DAY })
}

fn flag(f: &Facts<'_>) -> Json {
    json!({ "projectId": f.project.id, "flag": { "id": f.id("flag"), "slug": "new-checkout", "state": "active" } })
}

fn alert(f: &Facts<'_>) -> Json {
    let page = format!("https://vercel.com/{}/{}/observability", f.owner_slug, f.project.name);
    json!({
        "teamId": f.owner, "projectId": f.project.id, "startedAt": f.now - HOUR, "links": { "observability": page },
        "projectSlug": f.project.name, "teamSlug": f.owner_slug, "groupId": f.id("alert"),
        "alerts": [{
            "type": "error_anomaly", "startedAt": f.now - HOUR, "title": "More errors than usual",
            "unit": "errors", "count": 120, "average": 4, "stddev": 2,
        }],
    })
}
