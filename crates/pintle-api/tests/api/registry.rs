//! `/pintle/v1/integrations`: what the real platform has only a console for.

use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const APPS: &str = "/pintle/v1/integrations";

async fn create(caller: &Caller, body: Value) -> Value {
    caller.post(APPS, body).await.ok(201)
}

#[tokio::test]
async fn an_integration_is_registered_read_listed_and_deleted() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let whole = json!({
            "name": "Big Bridge", "slug": "bridge", "kind": "external", "icon": "icon-1", "description": "Carries things",
            "website": "https://bridge.example", "redirectUrl": "http://localhost:3000/callback",
            "webhookUrl": "https://bridge.example/hook", "events": ["project.created", "integration-configuration.removed"],
            "scopes": ["read:project", "read-write:drain"], "configurationUrl": "https://bridge.example/settings",
        });
        let made = create(&team, whole.clone()).await;
        assert!(made["id"].as_str().unwrap().starts_with("oac_") && made["id"].as_str().unwrap().len() == 28);
        assert_eq!(made["clientSecret"].as_str().unwrap().len(), 24);
        for (field, value) in whole.as_object().unwrap() {
            assert_eq!(&made[field], value, "{field}");
        }
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("clientSecret");
        for name in ["bridge", made["id"].as_str().unwrap()] {
            assert_eq!(team.get(&format!("{APPS}/{name}")).await.ok(200), shown);
        }
        pintle.clock.advance(1);
        let small = create(&team, json!({ "name": "Füll  Of_things!" })).await;
        assert_eq!((&small["slug"], &small["kind"], &small["events"]), (&json!("f-ll-of-things"), &json!("external"), &json!([])));
        let list = team.get(APPS).await.ok(200);
        assert_eq!(list["integrations"][0]["id"], small["id"]);
        assert_eq!(list["integrations"][1], shown);
        assert!(!list.to_string().contains("clientSecret"));
        team.delete(&format!("{APPS}/bridge")).await.ok(204);
        team.get(&format!("{APPS}/bridge")).await.says(404, "not_found", "Integration not found");
        team.delete(&format!("{APPS}/bridge")).await.fails(404, "not_found");
        create(&team, whole).await;
    })
    .await;
}

#[tokio::test]
async fn every_field_is_held_to_its_rule() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        create(&team, json!({ "name": "Bridge" })).await;
        let url = |length: usize| format!("https://{}", "x".repeat(length - 8));
        let cases = [
            ("name", json!(""), "NOT be shorter"),
            ("name", json!("x".repeat(65)), "NOT be longer than 64"),
            ("name", json!(7), "should be string"),
            ("slug", json!("x".repeat(33)), "NOT be longer than 32"),
            ("slug", json!("Big Bridge"), "match pattern"),
            ("slug", json!("configuration"), "reserved"),
            ("kind", json!("native"), "\"external, marketplace\""),
            ("description", json!("x".repeat(769)), "NOT be longer than 768"),
            ("icon", json!("x".repeat(2_049)), "NOT be longer than 2048"),
            ("website", json!("javascript:alert(1)"), "match pattern"),
            ("redirectUrl", json!("ftp://example.com"), "match pattern"),
            ("redirectUrl", json!("https://"), "match format"),
            ("webhookUrl", json!(url(2_049)), "NOT be longer than 2048"),
            ("configurationUrl", json!("settings"), "match pattern"),
            ("events", json!(["project.imploded"]), "not `project.imploded`"),
            ("events", json!(["project-created"]), "not `project-created`"),
            ("events", json!(["budget.reached"]), "not `budget.reached`"),
            ("events", json!(["marketplace.invoice.paid"]), "not `marketplace.invoice.paid`"),
            ("events", json!("project.created"), "should be array"),
            ("scopes", json!(["write:project"]), "not `write:project`"),
            ("scopes", json!(["read:everything"]), "not `read:everything`"),
            ("clientSecret", json!("mine"), "additional property `clientSecret`"),
        ];
        for (field, value, text) in cases {
            let mut body = json!({ "name": "Other" });
            body[field] = value.clone();
            let error = team.post(APPS, body).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
            if field == "kind" {
                continue;
            }
            let error = team
                .patch(&format!("{APPS}/bridge"), json!({ field: value }))
                .await
                .fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
        }
        team.post(APPS, json!({})).await.says(
            400,
            "bad_request",
            "Invalid request: missing required property `name`.",
        );
        let kind = json!({ "kind": "marketplace" });
        team.patch(&format!("{APPS}/bridge"), kind).await.fails(400, "bad_request");
        let market =
            json!({ "name": "Store", "kind": "marketplace", "events": ["marketplace.invoice.paid"] });
        create(&team, market).await;
        assert_eq!(team.get(APPS).await.ok(200)["integrations"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_native_integration_has_settings_of_its_own() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let native = json!({
            "name": "Store", "kind": "marketplace", "baseUrl": "https://partner.example/api",
            "redirectLoginUrl": "https://partner.example/login", "importResourceUrl": "https://partner.example/import",
            "installationLevelBillingPlans": true, "eulaUrl": "https://partner.example/eula",
            "privacyUrl": "https://partner.example/privacy",
            "listing": {
                "listed": true, "developerName": "Acme", "shortDescription": "Short", "additionalInformation": "More",
                "contactEmail": "dev@partner.example", "support": "help@partner.example",
                "documentationUrl": "https://partner.example/docs", "category": "databases",
                "media": ["https://partner.example/1.png"],
            },
        });
        let made = create(&team, native.clone()).await;
        for (field, value) in native.as_object().unwrap() {
            assert_eq!(&made[field], value, "{field}");
        }
        let patch = json!({ "baseUrl": null, "installationLevelBillingPlans": false, "listing": { "category": "ai" } });
        let after = team.patch(&format!("{APPS}/store"), patch).await.ok(200);
        assert_eq!((after.get("baseUrl"), &after["listing"]), (None, &json!({ "category": "ai" })));
        assert_eq!((&after["installationLevelBillingPlans"], &after["eulaUrl"]), (&json!(false), &made["eulaUrl"]));
        let plain = create(&team, json!({ "name": "Bridge" })).await;
        assert_eq!((plain.get("listing"), &plain["installationLevelBillingPlans"]), (None, &json!(false)));
    })
    .await;
}

#[tokio::test]
async fn native_settings_are_held_to_their_rules() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let cases = [
            ("baseUrl", json!("partner.example"), "`baseUrl` should match pattern"),
            ("baseUrl", json!("https://partner.example/?a=1"), "`baseUrl` should have neither a query nor"),
            ("baseUrl", json!("https://169.254.169.254/"), "`baseUrl` is refused"),
            ("redirectLoginUrl", json!("login"), "`redirectLoginUrl` should match pattern"),
            ("importResourceUrl", json!(1), "`importResourceUrl` should be string"),
            (
                "installationLevelBillingPlans",
                json!("yes"),
                "`installationLevelBillingPlans` should be boolean",
            ),
            ("eulaUrl", json!("eula"), "`eulaUrl` should match pattern"),
            ("privacyUrl", json!("x"), "`privacyUrl` should match pattern"),
            (
                "listing",
                json!({ "developerName": "x".repeat(65) }),
                "`listing.developerName` should NOT be longer",
            ),
            ("listing", json!({ "shortDescription": "x".repeat(41) }), "NOT be longer than 40"),
            (
                "listing",
                json!({ "contactEmail": "nobody" }),
                "`listing.contactEmail` should match format \"email\"",
            ),
            ("listing", json!({ "support": "help" }), "`listing.support` should match pattern"),
            ("listing", json!({ "documentationUrl": "docs" }), "`listing.documentationUrl` should match"),
            ("listing", json!({ "category": "Big Data" }), "`listing.category` should match pattern"),
            ("listing", json!({ "media": ["1.png"] }), "`listing.media[0]` should match pattern"),
            ("listing", json!({ "stars": 5 }), "`listing` should NOT have additional property `stars`"),
        ];
        create(&team, json!({ "name": "Store", "kind": "marketplace" })).await;
        for (field, value, text) in cases {
            let mut body = json!({ "name": "Other", "kind": "marketplace" });
            body[field] = value.clone();
            let error = team.post(APPS, body).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
            let error =
                team.patch(&format!("{APPS}/store"), json!({ field: value })).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
        }
        let misplaced = json!({ "name": "Bridge", "baseUrl": "https://partner.example" });
        let text = "Invalid request: `baseUrl` is for integrations of kind `marketplace`.";
        team.post(APPS, misplaced).await.says(400, "bad_request", text);
    })
    .await;
}

#[tokio::test]
async fn scopes_and_events_are_kept_once() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let made = create(
            &team,
            json!({
                "name": "Bridge", "events": ["project.created", "domain.created", "project.created"],
                "scopes": ["read:project", "read-write:team", "read-write:project", "read-write:team"],
            }),
        )
        .await;
        assert_eq!(made["events"], json!(["project.created", "domain.created"]));
        assert_eq!(made["scopes"], json!(["read-write:team", "read-write:project"]));
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = json!({
            "name": "Bridge", "description": "old", "website": "https://old.example", "redirectUrl": "https://old.example/r",
            "webhookUrl": "https://old.example/w", "configurationUrl": "https://old.example/c", "scopes": ["read:project"],
        });
        let before = create(&team, app).await;
        pintle.clock.advance(5);
        let path = format!("{APPS}/bridge");
        let after = team.patch(&path, json!({ "description": "new", "website": null, "webhookUrl": null })).await.ok(200);
        assert_eq!((&after["description"], after.get("website"), after.get("webhookUrl")), (&json!("new"), None, None));
        for same in ["id", "name", "slug", "redirectUrl", "configurationUrl", "scopes", "createdAt"] {
            assert_eq!(after[same], before[same], "{same}");
        }
        assert!(after["updatedAt"].as_i64() > before["updatedAt"].as_i64());
        for cleared in ["name", "slug", "icon"] {
            let message = format!("Invalid request: `{cleared}` should be string.");
            team.patch(&path, json!({ cleared: null })).await.says(400, "bad_request", &message);
        }
        team.patch(&path, json!({ "scopes": null })).await.says(400, "bad_request", "Invalid request: `scopes` should be array.");
        assert_eq!(team.get(&path).await.ok(200), after);
        assert_eq!(team.patch(&path, json!({})).await.ok(200)["description"], "new");

        create(&team, json!({ "name": "Taken" })).await;
        team.patch(&path, json!({ "slug": "taken" })).await.fails(409, "slug_taken");
        team.post(APPS, json!({ "name": "Bridge" })).await.fails(409, "slug_taken");
        team.patch(&path, json!({ "slug": "moved" })).await.ok(200);
        team.get(&path).await.fails(404, "not_found");
        team.get(&format!("{APPS}/moved")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_new_slug_reaches_the_installations() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        team.patch(&format!("{APPS}/bridge"), json!({ "slug": "moved" })).await.ok(200);
        let found = team.get(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(200);
        assert_eq!(found["slug"], "moved");
    })
    .await;
}

#[tokio::test]
async fn one_that_is_installed_is_not_deleted() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("acme").await;
        let installed = developer.install("bridge").await;
        let customer = pintle.team("customer").await;
        customer.post(&format!("{APPS}/bridge/install"), json!({})).await.ok(201);
        let error = developer.delete(&format!("{APPS}/bridge")).await.fails(409, "integration_installed");
        assert_eq!(error["installations"], 2);
        developer.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        let error = developer.delete(&format!("{APPS}/bridge")).await.fails(409, "integration_installed");
        assert_eq!(error["installations"], 1);
        let list = customer.get("/v1/integrations/configurations?view=account").await.ok(200);
        customer
            .delete(&format!("/v1/integrations/configuration/{}", list[0]["id"].as_str().unwrap()))
            .await
            .ok(204);
        developer.delete(&format!("{APPS}/bridge")).await.ok(204);
    })
    .await;
}

#[tokio::test]
async fn only_its_developers_see_and_change_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        create(&team, json!({ "name": "Bridge" })).await;
        let path = format!("{APPS}/bridge");
        let other = pintle.team("other").await;
        other.get(&path).await.fails(404, "not_found");
        other.patch(&path, json!({ "name": "Mine" })).await.fails(404, "not_found");
        other.delete(&path).await.fails(404, "not_found");
        other.post(&format!("{path}/rotate-secret"), json!({})).await.fails(404, "not_found");
        other.naming_team_of(&team).get(&path).await.fails(403, "team_unauthorized");
        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        viewer.get(&path).await.fails(403, "forbidden");
        viewer.post(APPS, json!({ "name": "Another" })).await.fails(403, "forbidden");
        pintle.member(&team, "mem", Role::Member).await.patch(&path, json!({ "name": "Ours" })).await.ok(200);
        let installed = team.install("tool").await;
        installed.caller.get(APPS).await.fails(403, "forbidden");
        installed.caller.post(APPS, json!({ "name": "Another" })).await.fails(403, "forbidden");
    })
    .await;
}

/// The installation as its team sees it.
async fn scopes(team: &Caller, id: &str) -> (Value, Value) {
    let found = team.get(&format!("/v1/integrations/configuration/{id}")).await.ok(200);
    (found["scopes"].clone(), found["scopesQueue"].clone())
}

#[tokio::test]
async fn what_a_change_adds_waits_for_an_owner() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let app = json!({ "name": "Bridge", "redirectUrl": "https://example.com/callback", "scopes": ["read:project"] });
        let app = create(&developer, app).await;
        let team = pintle.team("acme").await;
        let installed = team.install_app(&app, json!({})).await;
        let change = async |scopes: Value, note: Value| {
            pintle.clock.advance(1);
            developer.patch(&format!("{APPS}/bridge"), json!({ "scopes": scopes, "note": note })).await.ok(200)
        };
        let updated = change(json!(["read-write:project", "read:team"]), json!("To list members")).await;
        let request = json!({
            "scopes": { "added": ["read:team"], "upgraded": ["read-write:project"] }, "note": "To list members",
            "requestedAt": updated["updatedAt"],
        });
        assert_eq!(scopes(&team, &installed.id).await, (json!(["read:project"]), json!([request])));
        installed.caller.get("/v2/teams/acme").await.fails(403, "forbidden");
        installed.caller.post("/v11/projects", json!({ "name": "mine" })).await.fails(403, "forbidden");

        change(json!(["read-write:project", "read:team", "read:user"]), Value::Null).await;
        let (held, queue) = scopes(&team, &installed.id).await;
        assert_eq!((held, &queue[0]), (json!(["read:project"]), &request));
        assert_eq!((&queue[1]["scopes"]["added"], &queue[1]["note"]), (&json!(["read:user"]), &json!("")));
        change(json!(["read:project", "read:user"]), Value::Null).await;
        let (_, queue) = scopes(&team, &installed.id).await;
        assert_eq!(queue.as_array().unwrap().len(), 1, "what is no longer asked for does not wait");

        let confirm = format!("/pintle/v1/integrations/configurations/{}/confirm-scopes", installed.id);
        let member = pintle.member(&team, "mem", Role::Member).await;
        member.post(&confirm, json!({})).await.fails(403, "forbidden");
        developer.post(&confirm, json!({})).await.fails(404, "not_found");
        let confirmed = team.post(&confirm, json!({})).await.ok(200);
        assert_eq!(confirmed["scopes"], json!(["read:project", "read:user"]));
        assert_eq!(scopes(&team, &installed.id).await, (json!(["read:project", "read:user"]), Value::Null));
        team.post(&confirm, json!({})).await.fails(409, "nothing_to_confirm");

        let events = pintle.outbox("integration-configuration.scope-change-confirmed").await;
        assert_eq!(events.len(), 1);
        let configuration = json!({ "id": installed.id, "scopes": ["read:project", "read:user"] });
        assert_eq!(events[0].payload["configuration"], configuration);
        assert_eq!(events[0].kind, "integration-configuration-scope-change-confirmed");
        assert_eq!(events[0].audit["confirmedScopes"], json!(["read:project", "read:user"]));
        assert_eq!(pintle.audited("integration-scope-changed").await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_a_change_takes_goes_at_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let all = ["read-write:project", "read:team", "read-write:integration-configuration"];
        let installed = team.install_with("bridge", &all, json!({})).await;
        let own = &installed.caller;
        own.post("/v11/projects", json!({ "name": "before" })).await.ok(200);
        own.get("/v2/teams/acme").await.ok(200);
        let less = json!({ "scopes": ["read:project", "read-write:integration-configuration"] });
        team.patch(&format!("{APPS}/bridge"), less).await.ok(200);
        let left = json!(["read:project", "read-write:integration-configuration"]);
        assert_eq!(scopes(&team, &installed.id).await, (left, Value::Null));
        own.post("/v11/projects", json!({ "name": "after" })).await.fails(403, "forbidden");
        own.get("/v10/projects").await.ok(200);
        own.get("/v2/teams/acme").await.fails(403, "forbidden");
        assert!(pintle.outbox("integration-configuration.scope-change-confirmed").await.is_empty());
    })
    .await;
}
