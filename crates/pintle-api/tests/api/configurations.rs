//! Installations as they are read, bounded, and refused.

use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, Installed, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const RW: &str = "read-write:integration-configuration";

fn path(installed: &Installed) -> String {
    format!("/v1/integrations/configuration/{}", installed.id)
}

/// The slugs of a list, in its order.
async fn slugs(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/v1/integrations/configurations?{query}")).await.ok(200);
    list.as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_list_is_a_bare_array_with_a_required_view() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        assert_eq!(team.get("/v1/integrations/configurations?view=project").await.ok(200), json!([]));
        team.install("first").await;
        pintle.clock.advance(1);
        let second = team.install("second").await;
        let list = "/v1/integrations/configurations";
        team.get(list).await.says(400, "bad_request", "Invalid request: missing required property `view`.");
        let allowed = "Invalid request: `view` should be equal to one of the allowed values \"account, project\".";
        team.get(&format!("{list}?view=all")).await.says(400, "bad_request", allowed);
        team.get(&format!("{list}?view=account&installationType=x")).await.fails(400, "bad_request");

        let plain = team.get(&format!("{list}?view=account")).await.ok(200);
        assert_eq!(plain[0]["id"], json!(second.id));
        assert_eq!(plain[0]["integration"], Value::Null);
        let with_app = team.get(&format!("{list}?view=project")).await.ok(200);
        let app = json!({ "id": second.integration, "name": "second", "slug": "second", "icon": "", "isLegacy": false });
        assert_eq!(with_app[0]["integration"], app);
        let newer = team.get("/v2/integrations/configurations").await.ok(200);
        assert_eq!(newer, with_app);
        team.get("/v2/integrations/configurations?view=teapot").await.fails(400, "bad_request");
        team.get("/integrations/configurations").await.fails(400, "bad_request");

        assert_eq!(slugs(&team, "view=account").await, ["second", "first"]);
        assert_eq!(slugs(&team, "view=account&integrationIdOrSlug=first").await, ["first"]);
        assert_eq!(slugs(&team, &format!("view=project&integrationIdOrSlug={}", second.integration)).await, ["second"]);
        assert!(slugs(&team, "view=account&integrationIdOrSlug=unknown").await.is_empty());
        assert!(slugs(&team, "view=account&installationType=marketplace").await.is_empty());
        assert_eq!(slugs(&team, "view=account&installationType=external").await.len(), 2);
        assert_eq!(slugs(&second.caller, "view=account").await, ["second"], "an installation sees itself alone");
        assert!(slugs(&team.without_team(), "view=account").await.is_empty(), "the personal account is another owner");
    })
    .await;
}

#[tokio::test]
async fn a_configuration_has_the_contracts_fields() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("shop").await;
        let installed = team.install_with("bridge", &[RW], json!({ "projects": [project] })).await;
        let found = team.get(&path(&installed)).await.ok(200);
        let expected = json!({
            "id": installed.id, "integrationId": installed.integration, "slug": "bridge", "ownerId": team.team,
            "teamId": team.team, "userId": team.user, "scopes": [RW], "projectSelection": "selected",
            "projects": [project], "source": "external", "installationType": "external", "type": "integration-configuration",
            "createdAt": found["createdAt"], "updatedAt": found["updatedAt"], "completedAt": found["completedAt"],
        });
        assert_eq!(found, expected);
        assert!(["createdAt", "updatedAt", "completedAt"].iter().all(|at| found[at].is_i64()));
        assert_eq!(installed.caller.get(&path(&installed)).await.ok(200), expected);
        let all = team.install("all").await;
        let found = team.get(&path(&all)).await.ok(200);
        assert_eq!((found.get("projects"), &found["projectSelection"]), (None, &json!("all")));
    })
    .await;
}

/// Every kind of caller, and what it gets for `GET` and then for `DELETE`.
#[tokio::test]
async fn who_may_see_and_who_may_remove() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let other = pintle.team("other").await;
        let manager = pintle.member(&team, "manny", Role::Developer).await;
        pintle.extend(&manager, "IntegrationManager").await;
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        let member = pintle.member(&team, "mem", Role::Member).await;
        let neighbour = team.install("neighbour").await.caller;
        let cases = [
            ("owner", team.clone(), 200, 204),
            ("member", member, 200, 204),
            ("developer with IntegrationManager", manager, 200, 204),
            ("developer", developer, 200, 403),
            ("viewer", viewer, 200, 403),
            ("another team's owner, for its own team", other.clone(), 404, 404),
            ("another team's owner, naming this team", other.naming_team_of(&team), 403, 403),
            ("an owner, for the personal account", team.without_team(), 404, 404),
            ("another installation of the team", neighbour, 404, 404),
            ("an unknown token", team.with_token("nonsense"), 403, 403),
        ];
        for (index, (who, caller, see, remove)) in cases.into_iter().enumerate() {
            let installed = team.install(&format!("app-{index}")).await;
            assert_eq!(caller.get(&path(&installed)).await.status, see, "{who} looks");
            let answer = caller.delete(&path(&installed)).await;
            assert_eq!(answer.status, remove, "{who} removes: {}", answer.text);
            let left = if remove == 204 { 404 } else { 200 };
            assert_eq!(team.get(&path(&installed)).await.status, left, "after {who}");
        }
        let foreign = other.naming_team_of(&team);
        foreign.get("/v1/integrations/configuration/icfg_1").await.fails(403, "team_unauthorized");
        let text = "Integration configuration not found";
        team.get("/v1/integrations/configuration/icfg_1").await.says(404, "not_found", text);
    })
    .await;
}

#[tokio::test]
async fn an_installations_token_reaches_as_far_as_its_scopes() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let read = team.install_with("reader", &["read:integration-configuration"], json!({})).await;
        read.caller.get(&path(&read)).await.ok(200);
        read.caller.delete(&path(&read)).await.says(403, "forbidden", "Not authorized");
        let none = team.install_with("nobody", &["read:team"], json!({})).await;
        none.caller.get(&path(&none)).await.fails(403, "forbidden");
        none.caller.delete(&path(&none)).await.fails(403, "forbidden");
        none.caller.get("/v1/integrations/configurations?view=account").await.fails(403, "forbidden");

        let write = team.install_with("writer", &[RW], json!({})).await;
        let id = &write.id;
        for (method, path, body) in [
            (Method::PATCH, path(&write), json!({ "projects": "all" })),
            (Method::GET, format!("/v1/integrations/configuration/{id}/project/prj_1"), Value::Null),
            (
                Method::POST,
                format!("/v1/integrations/configuration/{id}/project/prj_1"),
                json!({ "allowed": true }),
            ),
            (Method::POST, format!("/pintle/v1/integrations/configurations/{id}/disable"), json!({})),
            (Method::POST, format!("/pintle/v1/integrations/configurations/{id}/take-over"), json!({})),
            (Method::POST, format!("/pintle/v1/integrations/configurations/{id}/confirm-scopes"), json!({})),
        ] {
            write.caller.request(method, &path, Some(body)).await.fails(403, "forbidden");
        }
        let elsewhere = pintle.team("other").await;
        write.caller.naming_team_of(&elsewhere).get(&path(&write)).await.fails(403, "team_unauthorized");
        write.caller.without_team().get(&path(&write)).await.ok(200);
        write.caller.without_team().delete(&path(&write)).await.ok(204);
        assert_eq!(write.caller.get(&path(&write)).await.fails(403, "forbidden")["invalidToken"], true);
    })
    .await;
}

#[tokio::test]
async fn a_disabled_installations_token_is_told_so() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let disable = format!("/pintle/v1/integrations/configurations/{}/disable", installed.id);
        let disabled = team.post(&disable, json!({})).await.ok(200);
        assert_eq!(disabled["disabledReason"], "disabled-by-owner");
        assert_eq!(team.get(&path(&installed)).await.ok(200)["disabledAt"], disabled["disabledAt"]);
        for (method, path) in [
            (Method::GET, path(&installed)),
            (Method::DELETE, path(&installed)),
            (Method::GET, "/v10/projects".into()),
            (Method::POST, "/v1/webhooks".into()),
            (Method::GET, "/v2/user".into()),
        ] {
            let answer = installed.caller.request(method, &path, Some(json!({}))).await;
            answer.says(
                403,
                "integration_configuration_disabled",
                "The integration configuration is disabled",
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_selection_bounds_the_token_at_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let installed = team.install("bridge").await;
        let reach = async |project: &str| {
            let path = format!("/v9/projects/{project}/env");
            installed.caller.get(&path).await.status
        };
        assert_eq!((reach(&one).await, reach(&two).await), (200, 200));
        let updated = team.patch(&path(&installed), json!({ "projects": [one, one] })).await.ok(200);
        assert_eq!((&updated["projects"], &updated["projectSelection"]), (&json!([one]), &json!("selected")));
        assert_eq!((reach(&one).await, reach(&two).await), (200, 403));
        team.patch(&path(&installed), json!({ "projects": [two] })).await.ok(200);
        assert_eq!((reach(&one).await, reach(&two).await), (403, 200));
        team.patch(&path(&installed), json!({ "projects": [] })).await.ok(200);
        assert_eq!((reach(&one).await, reach(&two).await), (403, 403));
        let updated = team.patch(&path(&installed), json!({ "projects": "all" })).await.ok(200);
        assert_eq!((updated.get("projects"), &updated["projectSelection"]), (None, &json!("all")));
        assert_eq!((reach(&one).await, reach(&two).await), (200, 200));

        for wrong in
            [json!({}), json!({ "projects": "some" }), json!({ "projects": 7 }), json!({ "projects": [7] })]
        {
            team.patch(&path(&installed), wrong).await.fails(400, "bad_request");
        }
        team.patch(&path(&installed), json!({ "projects": [one, "prj_unknown"] }))
            .await
            .fails(404, "not_found");
        assert_eq!(reach(&two).await, 200, "a failed change changes nothing");
        team.patch("/v1/integrations/configuration/icfg_1", json!({ "projects": "all" }))
            .await
            .fails(404, "not_found");
        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        viewer.patch(&path(&installed), json!({ "projects": [one] })).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn each_change_of_a_selection_is_one_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let mut all = [team.project("one").await, team.project("two").await];
        all.sort();
        let [one, two] = all;
        let installed = team.install("bridge").await;
        let change = async |projects: Value| {
            team.patch(&path(&installed), json!({ "projects": projects })).await.ok(200);
        };
        change(json!("all")).await;
        change(json!([one])).await;
        change(json!([one])).await;
        pintle.clock.advance(1);
        change(json!([two])).await;
        pintle.clock.advance(1);
        change(json!("all")).await;
        let events = pintle.outbox("integration-configuration.permission-upgraded").await;
        let payload = |selection: &str, projects: Value, added: Value, removed: Value| {
            json!({
                "configuration": { "id": installed.id, "projectSelection": selection, "projects": projects },
                "projects": { "added": added, "removed": removed },
                "team": { "id": team.team }, "user": { "id": team.user },
            })
        };
        let expected = [
            payload("selected", json!([one]), json!([]), json!([two])),
            payload("selected", json!([two]), json!([two]), json!([one])),
            payload("all", json!([]), json!([one]), json!([])),
        ];
        assert_eq!(events.iter().map(|event| event.payload.clone()).collect::<Vec<_>>(), expected);
        assert!(events.iter().all(|event| event.kind == "integration-installation-permission-updated"));
        assert_eq!(events[0].audit["integrationName"], "bridge");
    })
    .await;
}

#[tokio::test]
async fn access_to_one_project_is_given_and_taken() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let installed = team.install("bridge").await;
        let of = |project: &str| format!("{}/project/{project}", path(&installed));
        assert_eq!(team.get(&of(&one)).await.ok(200), json!({ "allowed": true }));
        assert_eq!(team.get(&of("prj_gone")).await.ok(200), json!({ "allowed": false }));
        let access = async |project: &str, allowed: bool| {
            let answer = team.post(&of(project), json!({ "allowed": allowed })).await.ok(200);
            assert_eq!(answer, json!({ "allowed": allowed }));
            assert_eq!(team.get(&of(project)).await.ok(200), json!({ "allowed": allowed }));
            team.get(&path(&installed)).await.ok(200)["projects"].clone()
        };
        assert_eq!(access(&one, true).await, Value::Null, "all stays all");
        assert_eq!(access(&one, false).await, json!([two]));
        assert_eq!(access(&one, false).await, json!([two]));
        let mut both = [one.clone(), two.clone()];
        both.sort();
        assert_eq!(access(&one, true).await, json!(both));
        assert_eq!(access(&two, false).await, json!([one]));
        assert_eq!(access(&one, false).await, json!([]));
        assert_eq!(installed.caller.get(&format!("/v9/projects/{one}/env")).await.status, 403);
        team.post(&of("prj_gone"), json!({ "allowed": true })).await.says(
            404,
            "not_found",
            "Project not found",
        );
        team.post(&of(&one), json!({ "allowed": "yes" })).await.fails(400, "bad_request");
        team.post(&of(&one), json!({})).await.fails(400, "bad_request");
        let gone = format!("/v1/integrations/configuration/icfg_1/project/{one}");
        team.get(&gone).await.fails(404, "not_found");
        team.post(&gone, json!({ "allowed": true })).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn changes_at_once_follow_one_another() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let projects = [team.project("a").await, team.project("b").await, team.project("c").await];
        for round in 0..5 {
            let installed = team.install(&format!("app-{round}")).await;
            let path = path(&installed);
            let change = async |body: Value| team.patch(&path, body).await.ok(200);
            tokio::join!(
                change(json!({ "projects": projects })),
                change(json!({ "projects": projects[1..] })),
                change(json!({ "projects": projects })),
            );
            let found = team.get(&path).await.ok(200)["projects"].clone();
            for project in &projects {
                let listed = found.as_array().unwrap().contains(&json!(project));
                let reached = installed.caller.get(&format!("/v9/projects/{project}")).await.status == 200;
                assert_eq!(listed, reached, "what is shown is what holds");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_selection_never_widens_when_its_last_project_is_deleted() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let installed =
            team.install_with("bridge", &["read:project", RW], json!({ "projects": [one] })).await;
        team.delete(&format!("/v9/projects/{one}")).await.ok(204);
        let found = team.get(&path(&installed)).await.ok(200);
        assert_eq!((&found["projects"], &found["projectSelection"]), (&json!([]), &json!("selected")));
        installed.caller.get(&format!("/v9/projects/{two}")).await.fails(403, "forbidden");
        let of_one = format!("{}/project/{one}", path(&installed));
        assert_eq!(team.get(&of_one).await.ok(200), json!({ "allowed": false }));
        let three = team.project("three").await;
        installed.caller.get(&format!("/v9/projects/{three}")).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_contributor_gives_access_only_to_projects_it_can_see() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let (seen, hidden) = (team.project("seen").await, team.project("hidden").await);
        let installed = team.install_with("bridge", &[RW], json!({ "projects": [seen] })).await;
        let cleo = pintle.member(&team, "cleo", Role::Contributor).await;
        pintle.extend(&cleo, "IntegrationManager").await;
        let of_hidden = format!("{}/project/{hidden}", path(&installed));
        cleo.post(&of_hidden, json!({ "allowed": true })).await.fails(404, "not_found");
        cleo.patch(&path(&installed), json!({ "projects": [seen, hidden] })).await.fails(404, "not_found");
        cleo.patch(&path(&installed), json!({ "projects": [] })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn uninstalling_is_the_removal() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let viewer = pintle.member(&team, "vera", Role::Viewer).await;
        let uninstall = format!("/v2/integrations/installations/{}/uninstall", installed.id);
        viewer.post(&uninstall, json!({})).await.fails(403, "forbidden");
        team.post(&uninstall, json!({})).await.ok(204);
        team.get(&path(&installed)).await.fails(404, "not_found");
        team.post(&uninstall, json!({})).await.fails(404, "not_found");
    })
    .await;
}
