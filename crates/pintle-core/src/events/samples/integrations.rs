//! `integration-configuration.*`, `integration-resource.*`, `marketplace.*`: about one installation, and told to nobody else's.

use super::{Facts, Sample, of_owner, of_project, with};
use crate::clock::DAY;
use serde_json::{Value as Json, json};

pub const SAMPLES: &[Sample] = &[
    of_owner("integration-configuration.removed", |f| json!({ "configuration": f.configuration.summary })),
    of_owner("integration-configuration.permission-upgraded", |f| {
        json!({
            "configuration": f.configuration.summary, "projects": { "added": [f.project.id], "removed": [] },
        })
    }),
    of_owner(
        "integration-configuration.scope-change-confirmed",
        |f| json!({ "configuration": { "id": f.configuration.id, "scopes": f.configuration.scopes } }),
    ),
    of_owner("integration-configuration.transferred", |f| {
        let (previous, new) = (f.id("team"), f.owner);
        with(
            installation(f),
            json!({
                "previousTeamId": previous, "previousAccountId": previous, "newTeamId": new, "newAccountId": new,
            }),
        )
    }),
    of_project("integration-resource.project-connected", |f| resource(f, f.project())),
    of_project("integration-resource.project-disconnected", |f| resource(f, f.project_id())),
    of_owner("marketplace.member.changed", |f| {
        let more =
            json!({ "memberId": f.entropy.base62(24), "role": "USER", "userEmail": "ada@example.com" });
        with(installation(f), more)
    }),
    of_owner("marketplace.invoice.created", invoice),
    of_owner("marketplace.invoice.paid", invoice),
    of_owner("marketplace.invoice.notpaid", invoice),
    of_owner("marketplace.invoice.overdue", invoice),
    of_owner("marketplace.invoice.refunded", |f| {
        let mut refunded = invoice(f);
        if let Some(map) = refunded.as_object_mut() {
            map.shift_remove("invoiceDate");
            map.shift_remove("invoiceTotal");
        }
        with(refunded, json!({ "amount": "12.50", "reason": "The service was down" }))
    }),
];

fn installation(f: &Facts<'_>) -> Json {
    json!({ "configuration": f.configuration_id(), "installationId": f.configuration.id })
}

fn resource(f: &Facts<'_>, project: Json) -> Json {
    let more = json!({
        "resourceId": f.id("store"), "project": project, "projectId": f.project.id,
        "targets": ["production", "preview", "development"],
    });
    with(installation(f), more)
}

fn invoice(f: &Facts<'_>) -> Json {
    let moment = crate::clock::text;
    let more = json!({
        "invoiceId": f.id("mi"), "externalInvoiceId": null,
        "period": { "start": moment(f.now - 30 * DAY), "end": moment(f.now) },
        "invoiceDate": moment(f.now), "invoiceTotal": "42.00",
    });
    with(installation(f), more)
}
