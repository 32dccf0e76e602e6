//! listUserEvents: who did what, and when.

use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

async fn events(caller: &Caller, query: &str) -> Vec<Value> {
    let list = caller.get(&format!("/v3/events{query}")).await.ok(200);
    list["events"].as_array().unwrap().clone()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn hook(caller: &Caller, url: &str) -> String {
    let body = json!({ "url": url, "events": ["project.created"] });
    caller.post("/v1/webhooks", body).await.ok(200)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_says_who_did_what() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        hook(&owner, "https://example.com").await;
        let events = events(&owner, "").await;
        assert_eq!(types(&events), ["webhook-created"]);
        let event = &events[0];
        assert!(event["id"].as_str().unwrap().starts_with("uev_"));
        let text = event["text"].as_str().unwrap();
        assert_eq!(text, "acme-owner created webhook https://example.com");
        let author = &event["entities"][0];
        assert_eq!(author["type"], "author");
        let (start, end) =
            (author["start"].as_u64().unwrap() as usize, author["end"].as_u64().unwrap() as usize);
        assert_eq!(&text[start..end], "acme-owner");
        assert_eq!((&event["userId"], &event["principalId"]), (&json!(owner.user), &json!(owner.user)));
        let user = json!({
            "uid": owner.user, "username": "acme-owner", "slug": "acme-owner",
            "email": "acme-owner@example.com", "avatar": "",
        });
        assert_eq!(event["user"], user);
        assert_eq!(
            (&event["principal"]["type"], &event["principal"]["uid"]),
            (&json!("user"), &json!(owner.user))
        );
        assert!(event.get("payload").is_none() && event.get("hookPayload").is_none(), "{event}");
    })
    .await;
}

#[tokio::test]
async fn an_installations_deeds_are_its_own() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let installed = owner.install("bridge").await;
        hook(&installed.caller, "https://example.com").await;
        let event = events(&owner, "?types=webhook-created").await.remove(0);
        assert_eq!((&event["userId"], &event["principalId"]), (&json!(""), &json!(installed.integration)));
        let app = json!({ "type": "app", "clientId": installed.integration, "name": "bridge" });
        assert_eq!((&event["principal"], event.get("user")), (&app, None));
        installed.caller.get("/v3/events").await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn payloads_come_when_asked_for() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let id = hook(&owner, "https://example.com").await;
        let with = events(&owner, "?withPayload=true").await;
        assert_eq!(with[0]["payload"], json!({ "id": id, "url": "https://example.com" }));
        let without = events(&owner, "?withPayload=false").await;
        assert!(without[0].get("payload").is_none());
        owner.get("/v3/events?withPayload=maybe").await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn events_are_filtered_by_type_and_by_who_did_it() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let member = pintle.member(&owner, "bob", Role::Member).await;
        let id = hook(&owner, "https://example.com/a").await;
        hook(&member, "https://example.com/b").await;
        pintle.clock.advance(10);
        owner.delete(&format!("/v1/webhooks/{id}")).await.ok(204);
        let of = async |query: String| types(&events(&owner, &query).await).join(" ");
        assert_eq!(of("?types=webhook-deleted".into()).await, "webhook-deleted");
        let both = "?types=webhook-deleted,webhook-created".to_owned();
        assert_eq!(of(both).await, "webhook-deleted webhook-created webhook-created");
        assert_eq!(of("?types=nothing".into()).await, "");
        for name in ["principalId", "userId"] {
            assert_eq!(of(format!("?{name}={}", member.user)).await, "webhook-created");
        }
        let principal = format!("?userId={}&principalId={}", owner.user, member.user);
        assert_eq!(of(principal).await, "webhook-created", "principalId counts where both are given");
        assert_eq!(of("?projectIds=prj_none".into()).await, "");
    })
    .await;
}

#[tokio::test]
async fn events_are_paged_by_stamps_in_milliseconds_or_iso_8601() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        for n in 0..5 {
            pintle.clock.advance(10);
            hook(&owner, &format!("https://example.com/{n}")).await;
        }
        let all = events(&owner, "").await;
        assert_eq!(all.len(), 5);
        let first = events(&owner, "?limit=2").await;
        assert_eq!(first, all[..2]);
        let until = first[1]["createdAt"].as_i64().unwrap();
        assert_eq!(events(&owner, &format!("?limit=2&until={until}")).await, all[2..4]);
        assert_eq!(events(&owner, &format!("?since={until}")).await, all[..1]);
        assert_eq!(events(&owner, "?since=2020-01-01T00:00:00.000Z").await, all);
        assert_eq!(events(&owner, "?until=2020-01-01").await, all[5..]);
        let wrong = owner.get("/v3/events?since=yesterday").await;
        wrong.says(400, "bad_request", "Invalid request: `since` should match format \"date-time\".");
        owner.get("/v3/events?limit=101").await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn each_owner_has_its_own_log_which_every_member_reads() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let viewer = pintle.member(&owner, "bob", Role::Viewer).await;
        let other = pintle.team("other").await;
        hook(&owner, "https://example.com/team").await;
        hook(&owner.without_team(), "https://example.com/account").await;
        assert_eq!(events(&viewer, "").await.len(), 1);
        assert!(events(&owner, "").await[0]["text"].as_str().unwrap().ends_with("/team"));
        assert!(events(&owner.without_team(), "").await[0]["text"].as_str().unwrap().ends_with("/account"));
        assert_eq!(events(&other, "").await.len(), 0);
        viewer
            .for_team(other.team.unwrap().to_string())
            .get("/v3/events")
            .await
            .fails(403, "team_unauthorized");
    })
    .await;
}

#[tokio::test]
async fn what_happens_to_teams_and_tokens_stands_in_the_log_of_whom_it_concerns() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let id =
            ada.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200)["id"].as_str().unwrap().to_owned();
        let team = ada.for_team(id.as_str());
        pintle_core::users::set_default_team(&pintle.core, &ada.user, team.team.as_ref()).await.unwrap();
        ada.post("/v3/user/tokens", json!({ "name": "account" })).await.ok(200);
        let token = team.post("/v3/user/tokens", json!({ "name": "team" })).await.ok(200)["token"].clone();
        ada.delete(&format!("/v3/user/tokens/{}", token["id"].as_str().unwrap())).await.ok(200);
        team.patch("/v2/teams/acme", json!({ "name": "Acme", "slug": "new", "description": "x" }))
            .await
            .ok(200);
        team.patch("/v2/teams/new", json!({ "name": "Acme" })).await.ok(200);

        let log = events(&team, "").await;
        let mut seen = types(&log);
        seen.sort_unstable();
        let expected = [
            "team",
            "team-collaboration-settings-updated",
            "team-name-update",
            "team-slug-update",
            "user-token-created",
            "user-token-deleted",
        ];
        assert_eq!(seen, expected);
        let personal = ada.for_team(ada.user.as_str());
        assert_eq!(types(&events(&personal, "").await), ["user-token-created"]);
        team.delete("/v1/teams/new").await.ok(200);
        let last = events(&personal, "?limit=1&withPayload=true").await.remove(0);
        assert_eq!((&last["type"], &last["payload"]["slug"]), (&json!("team-delete"), &json!("new")));
        assert_eq!(last["payload"]["teamId"], json!(id));
    })
    .await;
}

/// The variables that go with it are part of what is told.
#[tokio::test]
async fn a_removal_is_quiet_about_variables() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (shop, installed) = (team.project("shop").await, team.install("bridge").await);
        let name = "project.env-variable.deleted";
        team.post("/v1/webhooks", json!({ "url": "https://example.com/hook", "events": [name] }))
            .await
            .ok(200);
        for (caller, key) in [(&installed.caller, "APPS"), (&team, "OWN")] {
            let variable = json!({ "key": key, "value": "1", "type": "plain", "target": ["preview"] });
            caller.post(&format!("/v10/projects/{shop}/env"), variable).await.ok(201);
        }
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        team.delete(&format!("/v9/projects/{shop}")).await.ok(204);
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 1);
        assert_eq!(pintle.outbox("project.removed").await.len(), 1);
        assert!(pintle.outbox(name).await.is_empty());
    })
    .await;
}
