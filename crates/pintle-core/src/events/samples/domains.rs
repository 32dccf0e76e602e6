//! `domain.*`: of an account's domains, not of a project's.

use super::{Facts, Sample, of_owner, with};
use crate::clock::DAY;
use serde_json::{Value as Json, json};

const NAME: &str = "example.com";

pub const SAMPLES: &[Sample] = &[
    of_owner("domain.created", |_| json!({ "domain": { "name": NAME, "delegated": true } })),
    of_owner("domain.dns.records.changed", |f| {
        let record =
            json!({ "id": f.id("rec"), "type": "A", "name": "www", "value": "76.76.21.21", "ttl": 60 });
        json!({ "zone": NAME, "changes": [{ "type": "create", "next": record }] })
    }),
    of_owner("domain.transfer-in.started", domain),
    of_owner("domain.transfer-in.completed", domain),
    of_owner("domain.transfer-in.failed", domain),
    of_owner("domain.certificate.add", certificate),
    of_owner("domain.certificate.renew", certificate),
    of_owner("domain.certificate.deleted", certificate),
    of_owner("domain.certificate.add.failed", |_| json!({ "dnsNames": [NAME] })),
    of_owner("domain.certificate.renew.failed", |_| json!({ "dnsNames": [NAME] })),
    of_owner("domain.renewal", |f| {
        let more = json!({ "price": 20, "expirationDate": f.now + 365 * DAY, "renewedAt": f.now });
        with(domain(f), more)
    }),
    of_owner("domain.renewal.failed", |f| {
        with(domain(f), json!({ "errorReason": "The card was declined", "failedAt": f.now }))
    }),
    of_owner("domain.auto-renew.changed", |f| with(domain(f), json!({ "previous": true, "next": false }))),
];

fn domain(_: &Facts<'_>) -> Json {
    json!({ "domain": { "name": NAME } })
}

fn certificate(f: &Facts<'_>) -> Json {
    let cert = json!({
        "id": f.id("cert"), "createdAt": f.now, "expiresAt": f.now + 90 * DAY, "autoRenew": true, "cns": [NAME],
    });
    json!({ "cert": cert })
}
