use super::{create, keys, run, variable, with};
use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::json;

const PATH: &str = "/v10/projects/site/env";

fn one(id: &str) -> String {
    format!("/v9/projects/site/env/{id}")
}

#[tokio::test]
async fn an_installation_sees_and_changes_only_its_own() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let app = team.install("bridge").await;
        let other = team.install("tunnel").await.caller;
        let users = create(&team, variable("USERS", &["preview"])).await;
        let others = create(&other, variable("OTHERS", &["preview"])).await;
        let made = app.caller.post(PATH, variable("OWN", &["production"])).await.ok(201)["created"].clone();
        assert_eq!((&made["configurationId"], &made["createdBy"]), (&json!(app.id), &json!(null)));
        let own = made["id"].as_str().unwrap();

        assert_eq!(keys(&app.caller.get(PATH).await.ok(200)), ["OWN"]);
        assert_eq!(keys(&team.get(PATH).await.ok(200)), ["OWN", "OTHERS", "USERS"]);
        for id in [&users, &others] {
            app.caller.get(&one(id)).await.fails(404, "not_found");
            app.caller.patch(&one(id), json!({ "value": "a" })).await.fails(404, "not_found");
            app.caller.delete(&one(id)).await.fails(404, "not_found");
        }
        let ids = json!({ "ids": [users, others] });
        let batch = app.caller.request(Method::DELETE, PATH, Some(ids)).await.ok(200);
        assert_eq!(batch["deleted"], 0);
        for body in [variable("USERS", &["preview"]), variable("OTHERS", &["preview"])] {
            app.caller.post(&format!("{PATH}?upsert=true"), body).await.fails(400, "ENV_CONFLICT");
        }
        app.caller.post(&format!("{PATH}?upsert=true"), variable("OWN", &["production"])).await.ok(201);
        // It cannot say whose a variable is, and a user who changes it does not become its owner.
        let claimed = with(variable("CLAIM", &["preview"]), json!({ "configurationId": "icfg_a" }));
        assert_eq!(team.post(PATH, claimed).await.ok(201)["created"]["configurationId"], json!(null));
        let changed = team.patch(&one(own), json!({ "value": "b" })).await.ok(200);
        assert_eq!(
            (&changed["configurationId"], &changed["updatedBy"]),
            (&json!(app.id), &json!(team.user.as_str()))
        );
        let body = with(variable("OWN", &["production"]), json!({ "value": "c" }));
        team.post(&format!("{PATH}?upsert=true"), body).await.ok(201);
        assert_eq!(app.caller.get(&one(own)).await.ok(200)["value"], "c");
        team.delete(&one(own)).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn the_global_scope_reaches_all_and_no_scope_none() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let id = create(&team, variable("USERS", &["production"])).await;
        let global =
            team.install_with("global", &["read-write:global-project-env-vars"], json!({})).await.caller;
        assert_eq!(keys(&global.get(PATH).await.ok(200)), ["USERS"]);
        let changed = global.patch(&one(&id), json!({ "value": "a" })).await.ok(200);
        assert_eq!((&changed["configurationId"], &changed["updatedBy"]), (&json!(null), &json!(null)));
        global.delete(&one(&id)).await.ok(200);
        for scopes in
            [&["read-write:project"][..], &["read:project-env-vars"], &["read:global-project-env-vars"]]
        {
            let app = team.install_with(&format!("a{}", scopes[0].len()), scopes, json!({})).await.caller;
            app.get(PATH).await.fails(403, "forbidden");
            app.post(PATH, variable("A", &["preview"])).await.fails(403, "forbidden");
        }
    })
    .await;
}

#[tokio::test]
async fn a_selection_bounds_every_operation() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        team.project("other").await;
        let scopes = ["read-write:project-env-vars", "read-write:project"];
        let app = team.install_with("bridge", &scopes, json!({ "projects": [site] })).await.caller;
        let id = create(&app, variable("OWN", &["preview"])).await;
        app.get("/v10/projects/other/env").await.fails(403, "forbidden");
        app.post("/v10/projects/other/env", variable("A", &["preview"])).await.fails(403, "forbidden");
        app.get(&format!("/v1/projects/other/env/{id}")).await.fails(403, "forbidden");
        app.patch(&format!("/v9/projects/other/env/{id}"), json!({})).await.fails(403, "forbidden");
        app.delete(&format!("/v9/projects/other/env/{id}")).await.fails(403, "forbidden");
        app.get("/v10/projects/none/env").await.fails(404, "not_found");
    })
    .await;
}

/// What a caller may do with variables of production, and with others.
async fn may_touch_production(team: &Caller, caller: &Caller, may: bool) {
    let secret = create(team, variable("SECRET", &["production", "preview"])).await;
    let open = create(team, variable("OPEN", &["preview"])).await;
    let listed = caller.get(PATH).await.ok(200);
    if may {
        assert_eq!(keys(&listed), ["OPEN", "SECRET"]);
        assert_eq!(listed["hiddenProductionEnvCount"], 0);
        caller.get(&one(&secret)).await.ok(200);
        caller.patch(&one(&open), json!({ "target": ["production"] })).await.ok(200);
    } else {
        assert_eq!((keys(&listed), &listed["hiddenProductionEnvCount"]), (vec!["OPEN"], &json!(1)));
        let preview = caller.get(&format!("{PATH}?target=preview")).await.ok(200);
        assert_eq!((keys(&preview), &preview["hiddenProductionEnvCount"]), (vec!["OPEN"], &json!(1)));
        let batch = json!([variable("A", &["preview"]), variable("B", &["production"])]);
        caller.post(PATH, batch).await.fails(403, "forbidden");
        caller.post(PATH, variable("B", &["production"])).await.fails(403, "forbidden");
        let onto = variable("SECRET", &["production", "preview"]);
        caller.post(&format!("{PATH}?upsert=true"), onto).await.fails(403, "forbidden");
        caller.get(&one(&secret)).await.fails(403, "forbidden");
        caller.patch(&one(&secret), json!({ "target": ["preview"] })).await.fails(403, "forbidden");
        caller.patch(&one(&open), json!({ "target": ["production"] })).await.fails(403, "forbidden");
        caller.delete(&one(&secret)).await.fails(403, "forbidden");
        let ids = json!({ "ids": [open, secret] });
        caller.request(Method::DELETE, PATH, Some(ids)).await.fails(403, "forbidden");
        assert_eq!(keys(&team.get(PATH).await.ok(200)), ["OPEN", "SECRET"]);
    }
    let made = create(caller, variable("MADE", &["preview"])).await;
    caller.patch(&one(&made), json!({ "value": "a" })).await.ok(200);
    for id in [made, open] {
        caller.delete(&one(&id)).await.ok(200);
    }
    team.delete(&one(&secret)).await.ok(200);
}

async fn give(pintle: &Pintle, member: &Caller, permission: &str) {
    run(pintle, format!("UPDATE members SET permissions = '{permission}' WHERE user_id = '{}'", member.user))
        .await;
}

#[tokio::test]
async fn production_needs_a_further_right() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let site = team.project("site").await;
        let member = pintle.member(&team, "mia", Role::Member).await;
        may_touch_production(&team, &member, true).await;
        let developer = pintle.member(&team, "dev", Role::Developer).await;
        may_touch_production(&team, &developer, false).await;
        for permission in ["EnvVariableManager", "FullProductionDeployment"] {
            give(pintle, &developer, permission).await;
            may_touch_production(&team, &developer, true).await;
        }
        let guest = pintle.member(&team, "guest", Role::Contributor).await;
        guest.get(PATH).await.fails(404, "not_found");
        let role = |role: &str| {
            format!("INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ('{site}', '{}', '{role}', 1)", guest.user)
        };
        run(pintle, role("PROJECT_DEVELOPER")).await;
        may_touch_production(&team, &guest, false).await;
        run(pintle, "UPDATE project_members SET role = 'ADMIN'".into()).await;
        may_touch_production(&team, &guest, true).await;
        run(pintle, "UPDATE project_members SET role = 'PROJECT_VIEWER'".into()).await;
        guest.get(PATH).await.fails(403, "forbidden");
        for (name, role) in [("vic", Role::Viewer), ("sec", Role::Security), ("bill", Role::Billing)] {
            let member = pintle.member(&team, name, role).await;
            member.get(PATH).await.fails(403, "forbidden");
            member.post(PATH, variable("A", &["preview"])).await.fails(403, "forbidden");
            give(pintle, &member, "EnvVariableManager").await;
            may_touch_production(&team, &member, true).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_variable_goes_with_its_installation_and_its_key_is_free_again() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let app = team.install("bridge").await;
        create(&app.caller, variable("KEY", &["production"])).await;
        create(&team, variable("KEY", &["preview"])).await;
        let racing: Vec<_> = (0..6)
            .map(|n| {
                let (caller, body) = (app.caller.clone(), variable(&format!("K{n}"), &["preview"]));
                tokio::spawn(async move { caller.post(PATH, body).await })
            })
            .collect();
        let removal = team.delete(&format!("/v1/integrations/configuration/{}", app.id)).await;
        assert_eq!(removal.status, 204);
        for attempt in racing {
            let answer = attempt.await.unwrap();
            if answer.status != 201 {
                assert_eq!(answer.fails(403, "forbidden")["invalidToken"], true);
            }
        }
        assert_eq!(keys(&team.get(PATH).await.ok(200)), ["KEY"]);
        create(&team, variable("KEY", &["production"])).await;
    })
    .await;
}
