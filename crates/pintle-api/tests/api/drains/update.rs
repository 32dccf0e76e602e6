//! Changing drains.

use super::{drain, event_types, http, with, without_secret};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn an_update_changes_what_it_names_and_clears_what_is_null() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let conditions = json!({ "version": "v2", "filter": { "type": "odata", "text": "level eq 'error'" } });
        let body = with(
            drain("one"),
            json!({
                "projects": "some", "projectIds": [one], "filter": conditions, "transforms": [{ "id": "tr_1" }],
                "sampling": [{ "type": "head_sampling", "rate": 0.5 }],
            }),
        );
        let made = team.post("/v1/drains", body).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let before = without_secret(made);

        let same = team.patch(&path, json!({ "name": "one", "projects": "some" })).await.ok(200);
        assert_eq!(same, before, "nothing changes, not even updatedAt");
        pintle.clock.advance(1000);
        let renamed = team.patch(&path, json!({ "name": "renamed", "projectIds": [two, two] })).await.ok(200);
        assert!(renamed["updatedAt"].as_i64() > before["updatedAt"].as_i64());
        let expected = json!({ "name": "renamed", "projectIds": [two], "updatedAt": renamed["updatedAt"] });
        assert_eq!(renamed, with(before, expected));

        let clear = json!({ "projectIds": null, "filter": null, "sampling": null, "transforms": null });
        let cleared = team.patch(&path, clear.clone()).await.ok(200);
        for name in clear.as_object().unwrap().keys() {
            assert_eq!(cleared.get(name), None, "{name}");
        }
        assert_eq!(cleared.get("filterV2"), None);
        let filtered = team.patch(&path, json!({ "filter": "level eq 'error'" })).await.ok(200);
        assert_eq!((&filtered["filter"], filtered.get("filterV2")), (&json!("level eq 'error'"), None));
        let filtered = team.patch(&path, json!({ "filter": conditions })).await.ok(200);
        assert_eq!((filtered.get("filter"), &filtered["filterV2"]), (None, &conditions));

        let some = team.patch(&path, json!({ "projects": "some" })).await;
        some.says(400, "bad_request", "Invalid request: missing required property `projectIds`.");
        team.patch(&path, json!({ "projects": "some", "projectIds": [one] })).await.ok(200);
        let all = team.patch(&path, json!({ "projects": "all" })).await.ok(200);
        assert_eq!(all.get("projectIds"), None);
        team.patch(&path, json!({ "projectIds": ["prj_unknown"] })).await.says(404, "not_found", "Project not found");
        let message = "Invalid request: should NOT have additional property `color`.";
        team.patch(&path, json!({ "color": "red" })).await.says(400, "bad_request", message);
        let message = "Invalid request: `delivery.endpoint` should match pattern \"^https?://\".";
        team.patch(&path, json!({ "delivery": http("nowhere") })).await.says(400, "bad_request", message);
        assert_eq!(team.get(&path).await.ok(200), all);
    })
    .await;
}

#[tokio::test]
async fn an_update_keeps_the_secret_unless_it_sets_one() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let secret = json!({ "delivery": with(http("https://example.com/a"), json!({ "secret": "first" })) });
        let made = team.post("/v1/drains", with(drain("one"), secret)).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let moved = team.patch(&path, json!({ "delivery": http("https://example.com/b") })).await.ok(200);
        assert_eq!(moved["delivery"], http("https://example.com/b"), "kept, so not shown");
        let stored = pintle.core.db.rows("drains").await.unwrap();
        let same = team.patch(&path, json!({ "delivery": http("https://example.com/b") })).await.ok(200);
        assert_eq!(same, moved);
        let first = with(http("https://example.com/b"), json!({ "secret": "first" }));
        assert_eq!(team.patch(&path, json!({ "delivery": first })).await.ok(200), moved);
        assert_eq!(pintle.core.db.rows("drains").await.unwrap(), stored, "it was this secret all along");
        let second = with(http("https://example.com/b"), json!({ "secret": "second" }));
        let set = team.patch(&path, json!({ "delivery": second })).await.ok(200);
        assert_eq!(set["delivery"], second);
    })
    .await;
}

#[tokio::test]
async fn a_drain_is_paused_and_resumed_and_each_change_is_an_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v1/drains", drain("one")).await.ok(200);
        let path = format!("/v1/drains/{}", made["id"].as_str().unwrap());
        let paused = team.patch(&path, json!({ "status": "disabled" })).await.ok(200);
        let facts = json!({
            "status": "disabled", "disabledAt": paused["updatedAt"], "disabledBy": team.user.as_str(),
            "disabledReason": "disabled-by-owner", "updatedAt": paused["updatedAt"],
        });
        assert_eq!(paused, with(without_secret(made), facts));
        pintle.clock.advance(1000);
        assert_eq!(team.patch(&path, json!({ "status": "disabled" })).await.ok(200), paused);
        let resumed = team.patch(&path, json!({ "status": "enabled", "name": "two" })).await.ok(200);
        assert_eq!(resumed["status"], "enabled");
        for absent in ["disabledAt", "disabledBy", "disabledReason"] {
            assert_eq!(resumed.get(absent), None, "{absent}");
        }
        let errored = team.patch(&path, json!({ "status": "errored" })).await;
        let message =
            "Invalid request: `status` should be equal to one of the allowed values \"enabled, disabled\".";
        errored.says(400, "bad_request", message);
        assert_eq!(team.delete(&path).await.status, 204);
        team.get(&path).await.says(404, "not_found", "Drain not found");
        team.delete(&path).await.fails(404, "not_found");
        team.patch(&path, json!({})).await.fails(404, "not_found");
        let mut types = event_types(pintle, &team).await;
        types.sort();
        let expected = ["drain-created", "drain-deleted", "drain-disabled", "drain-enabled", "drain-updated"];
        assert_eq!(types, expected);
    })
    .await;
}
