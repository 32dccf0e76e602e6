use super::at;
use pintle_core::permissions::Role;
use pintle_store::params;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn an_account_is_the_team_and_its_best_person() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let member = pintle.member(&team, "mem", Role::Member).await;
        let partner = member.install_native("db").await;
        let account = partner.caller.get(&at(&partner, "/account")).await.ok(200);
        let id = team.team.as_ref().unwrap();
        let url = format!("http://pintle.test/v1/integrations/configuration/{}?teamId={id}", partner.id);
        let contact = json!({ "email": "acme-owner@example.com" });
        assert_eq!(account, json!({ "name": "acme", "url": url, "contact": contact }));
        // Whoever installed it, once that is an owner.
        let path = format!("/v1/teams/{id}/members/{}", member.user);
        team.patch(&path, json!({ "role": "OWNER" })).await.ok(200);
        let account = partner.caller.get(&at(&partner, "/account")).await.ok(200);
        assert_eq!(account["contact"]["email"], "mem@example.com");
        let user = pintle.user("solo").await;
        let own = user.install_native("own").await;
        let account = own.caller.get(&at(&own, "/account")).await.ok(200);
        assert_eq!(account["contact"]["email"], "solo@example.com");
        let path = at(&own, &format!("/member/{}", user.user));
        assert_eq!(own.caller.get(&path).await.ok(200)["role"], "ADMIN");
    })
    .await;
}

#[tokio::test]
async fn a_member_is_admin_where_it_may_install() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        for role in Role::ALL {
            let name = role.as_str().to_lowercase().replace('_', "-");
            let member = pintle.member(&team, &name, role).await;
            let path = at(&partner, &format!("/member/{}", member.user));
            let expected = if matches!(role, Role::Owner | Role::Member) { "ADMIN" } else { "USER" };
            let found = partner.caller.get(&path).await.ok(200);
            assert_eq!(found, json!({ "id": member.user, "role": expected }));
            if role == Role::Viewer {
                pintle.extend(&member, "IntegrationManager").await;
                assert_eq!(partner.caller.get(&path).await.ok(200)["role"], "ADMIN");
            }
        }
        let stranger = pintle.team("other").await;
        let path = at(&partner, &format!("/member/{}", stranger.user));
        partner.caller.get(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_knows_no_other_key() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        let (path, shown) = (at(&partner, ""), format!("/v1/integrations/configuration/{}", partner.id));
        let mut plan = json!({ "id": "pro", "type": "subscription", "name": "Pro" });
        let told = json!({ "level": "warn", "title": "Soon full", "href": "sso:https://example.com" });
        let patch =
            json!({ "billingPlan": plan, "notification": told, "status": "ready", "externalId": "x1" });
        partner.caller.patch(&path, patch).await.ok(204);
        let configuration = team.get(&shown).await.ok(200);
        for (key, value) in [
            ("scope", json!("installation")),
            ("description", json!("")),
            ("paymentMethodRequired", json!(true)),
        ] {
            plan[key] = value;
        }
        assert_eq!(configuration["billingPlan"], plan);
        assert_eq!(configuration["notification"]["title"], "Soon full");
        assert_eq!((&configuration["status"], &configuration["externalId"]), (&json!("ready"), &json!("x1")));
        partner.caller.patch(&path, json!({ "notification": null })).await.ok(204);
        let configuration = team.get(&shown).await.ok(200);
        assert!(configuration.get("notification").is_none() && configuration["billingPlan"] == plan);
        partner.caller.patch(&path, json!({ "notification": "Hello" })).await.ok(204);
        assert_eq!(team.get(&shown).await.ok(200)["notification"]["title"], "Hello");
        assert_eq!(pintle.audited("integration-installation-billing-plan-updated").await, 1);
        let refused = [
            (json!({ "name": "x" }), "should NOT have additional property `name`."),
            (
                json!({ "billingPlan": { "id": "x", "type": "free" } }),
                "`billingPlan.type` should be equal to one of",
            ),
            (json!({ "billingPlan": 1 }), "`billingPlan` should be object."),
            (
                json!({ "notification": { "level": "info" } }),
                "missing required property `notification.title`.",
            ),
            (json!({ "status": "fine" }), "`status` should be equal to one of the allowed values"),
        ];
        for (body, message) in refused {
            let error = partner.caller.patch(&path, body).await.fails(400, "bad_request");
            let text = error["message"].as_str().unwrap();
            assert!(text.starts_with(&format!("Invalid request: {message}")), "{text}");
        }
    })
    .await;
}

/// Ends the team's part of an installation as its removal does: what is left is a window for bills.
pub(super) async fn close(pintle: &pintle_testing::Pintle, id: &str) {
    let id = id.to_owned();
    let write = pintle.core.db.write(async move |tx| {
        for sql in [
            "INSERT INTO closing_tokens (id, installation_id) SELECT id, configuration_id FROM tokens WHERE configuration_id = $1",
            "UPDATE installations SET state = 'closing' WHERE id = $1",
            "DELETE FROM configurations WHERE id = $1",
        ] {
            tx.execute(sql, &params![&id]).await?;
        }
        Ok::<_, pintle_core::Error>(())
    });
    write.await.unwrap();
}

#[tokio::test]
async fn a_closing_installations_token_is_good_for_bills_only() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = super::on_a_plan(&team, "db").await;
        let other = super::on_a_plan(&team, "other").await;
        let open = super::submit(&partner, super::invoice(pintle)).await;
        close(pintle, &partner.id).await;
        for path in ["/account", &format!("/member/{}", team.user)] {
            let error = partner.caller.get(&at(&partner, path)).await.fails(403, "forbidden");
            assert_eq!(error["invalidToken"], true, "{path}");
        }
        partner.caller.patch(&at(&partner, ""), json!({})).await.fails(403, "forbidden");
        partner.caller.get("/v2/user").await.fails(403, "forbidden");
        partner.caller.get(&at(&other, &format!("/billing/invoices/{open}"))).await.fails(404, "not_found");
        assert_eq!(super::state(&partner, &open).await, "pending");
        let mut last = super::invoice(pintle);
        last["externalId"] = json!("inv-2");
        last["final"] = json!(true);
        last["period"] = json!({ "start": super::day(pintle, 29), "end": super::day(pintle, 40) });
        last["invoiceDate"] = last["period"]["start"].clone();
        let id = super::submit(&partner, last).await;
        let told = pintle.outbox("marketplace.invoice.created").await;
        assert_eq!(told[1].payload["invoiceId"], json!(id));
        // The integration hears of it, although it is installed no longer.
        assert_eq!(told[1].receivers[0].0, "https://example.com/hook");
        assert_eq!(told[1].receivers.len(), 1);
    })
    .await;
}
