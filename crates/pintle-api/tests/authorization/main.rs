//! Every operation that Pintle serves, against every kind of caller. A route without a case fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test's own code")]

mod cases;
mod edge_config;
mod world;

use cases::{CASES, Case, LIFTED, Needs, PUBLIC, REFUSED, UNFOUND_IS_BAD};
use pintle_api::{Handler, Route, routes};
use pintle_core::permissions::{ProjectRole, Role, Scopes};
use pintle_testing::{Answer, Caller, Pintle, on_each_engine};
use serde_json::json;
use std::collections::HashSet;
use world::{Thing, World, next, send};

fn case(route: &Route) -> Option<&'static Case> {
    CASES.iter().find(|case| case.id == route.id)
}

fn scoped() -> impl Iterator<Item = (&'static Route, &'static Case)> {
    routes().filter_map(|route| case(route).map(|case| (route, case)))
}

/// One user for each role, the same in every team.
async fn users(pintle: &Pintle) -> Vec<(Role, Caller)> {
    let mut users = Vec::new();
    for role in Role::ALL {
        let name = role.as_str().to_lowercase().replace('_', "-");
        users.push((role, pintle.user(&format!("the-{name}")).await));
    }
    users
}

#[track_caller]
fn good(answer: Answer) {
    assert!((200..300).contains(&answer.status), "{} answered {}", answer.request, answer.text);
}

#[test]
fn every_route_has_a_case_and_every_case_a_route() {
    let mut seen = HashSet::new();
    for route in routes() {
        assert!(seen.insert(route.id), "two routes have the id {}", route.id);
        let public = PUBLIC.iter().any(|(id, _)| *id == route.id);
        let is_public = matches!(route.handler, Handler::Public(_));
        assert_eq!(is_public, public, "{}: is it for everybody? say so in PUBLIC, with the reason", route.id);
        assert_ne!(public, case(route).is_some(), "{} has no line in cases.rs", route.id);
    }
    let listed = CASES.iter().map(|case| case.id).chain(PUBLIC.iter().map(|(id, _)| *id));
    let gone: Vec<_> = listed.filter(|id| !seen.contains(id)).collect();
    assert_eq!(gone, Vec::<&str>::new(), "cases without a route");
}

#[tokio::test]
async fn a_request_needs_a_good_token_and_a_team_of_its_bearer() {
    on_each_engine(async |pintle| {
        let stranger = pintle.team("strangers").await;
        for (route, case) in scoped() {
            let world = World::new(pintle, &[]).await;
            let params = world.make(case.at, &world.owner, None).await;
            let body = || (case.body)(next());
            let anonymous = world.owner.with_token("");
            let error = send(route, &anonymous, &params, body()).await.fails(403, "forbidden");
            assert_eq!(error["missingToken"], true, "{}", route.id);
            let unknown = world.owner.with_token("pnt_unknown");
            let error = send(route, &unknown, &params, body()).await.fails(403, "forbidden");
            assert_eq!(error["invalidToken"], true, "{}", route.id);
            let answer = send(route, &stranger.for_team(world.team()), &params, body()).await;
            match (case.needs, case.at) {
                // A question about the caller itself is for no team.
                (Needs::Nothing, _) => good(answer),
                (Needs::Partner, _) => drop(answer.fails(403, "forbidden")),
                // A team that the path names is an object like any other.
                (_, Thing::Team | Thing::Member | Thing::Invite) => drop(answer.fails(404, "not_found")),
                // Who comes from outside acts for itself, whichever team the request names.
                (_, Thing::TeamToJoin | Thing::ForeignTeam) => good(answer),
                (_, Thing::RequestedTeam | Thing::RequestedTeamOnly) => drop(answer.fails(404, "not_found")),
                _ => drop(answer.fails(403, "team_unauthorized")),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_belongs_to_another_team_is_not_found() {
    on_each_engine(async |pintle| {
        let stranger = pintle.team("strangers").await;
        for (route, case) in scoped() {
            // Nothing of another team is named, or the team itself is.
            let of_nobody = [
                Thing::Nowhere,
                Thing::AnyIntegration,
                Thing::NativeOffer,
                Thing::PlannedProduct,
                Thing::OfferedProject,
                Thing::Team,
                Thing::Member,
                Thing::TeamToJoin,
                Thing::ForeignTeam,
                Thing::LastOwner,
                Thing::Fault,
                Thing::DeploymentName,
                Thing::ProvisioningProduct,
            ];
            if of_nobody.contains(&case.at) || case.needs == Needs::Partner {
                continue;
            }
            let world = World::new(pintle, &[]).await;
            let params = world.make(case.at, &world.owner, None).await;
            not_found(route, send(route, &stranger, &params, (case.body)(next())).await);
        }
    })
    .await;
}

/// What is not there, or not the caller's to see.
fn not_found(route: &Route, answer: Answer) {
    let (status, code) =
        if UNFOUND_IS_BAD.contains(&route.id) { (400, "bad_request") } else { (404, "not_found") };
    answer.fails(status, code);
}

#[tokio::test]
async fn every_role_may_what_its_row_says() {
    on_each_engine(async |pintle| {
        let users = users(pintle).await;
        for (route, case) in scoped() {
            let world = World::new(pintle, &users).await;
            // The owner comes last, and may delete the team.
            for (role, member) in world.members.iter().rev() {
                let may = case.roles.may.contains(role);
                let own = [
                    Thing::OwnToken,
                    Thing::RequestedTeam,
                    Thing::RequestedTeamOnly,
                    Thing::LastOwner,
                    Thing::DeletedTeam,
                ];
                let by = if own.contains(&case.at) { member } else { &world.owner };
                let params = world.make(case.at, by, None).await;
                let body = (case.body)(next());
                let answer = send(route, member, &params, body).await;
                match may {
                    true if REFUSED.contains(&route.id) => drop(answer.ok(400)),
                    true => good(answer),
                    false if *role == Role::Contributor && case.roles.in_project.is_some() => {
                        not_found(route, answer);
                    }
                    false => drop(answer.fails(403, "forbidden")),
                }
            }
        }
    })
    .await;
}

/// A contributor has nothing but its roles in projects; what others have beside them is the more of both. The one is given the role
/// itself, the other with an access group.
#[tokio::test]
async fn a_role_in_the_project_adds_to_the_role_in_the_team() {
    on_each_engine(async |pintle| {
        for (role, by_group) in [(Role::Contributor, false), (Role::Viewer, true)] {
            let users = [(role, pintle.user(&format!("with-a-role-{by_group}")).await)];
            for (route, case) in scoped() {
                let Some(in_project) = case.roles.in_project else { continue };
                for in_this in ProjectRole::ALL {
                    let world = World::new(pintle, &users).await;
                    let (_, member) = &world.members[0];
                    let params = world.make(case.at, &world.owner, None).await;
                    world.give(member, in_this, by_group, &params).await;
                    let answer = send(route, member, &params, (case.body)(next())).await;
                    match in_project.contains(&in_this) || case.roles.may.contains(&role) {
                        true => good(answer),
                        false => drop(answer.fails(403, "forbidden")),
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_extended_permission_opens_its_operations_to_any_role() {
    on_each_engine(async |pintle| {
        let users = [(Role::Viewer, pintle.user("the-viewer").await)];
        for (permission, ids) in LIFTED {
            for (route, case) in scoped().filter(|(route, _)| ids.contains(&route.id)) {
                let world = World::new(pintle, &users).await;
                let (_, member) = &world.members[0];
                world.extend(member, "UsageViewer").await;
                let params = world.make(case.at, &world.owner, None).await;
                send(route, member, &params, (case.body)(next())).await.fails(403, "forbidden");
                world.extend(member, permission).await;
                good(send(route, member, &params, (case.body)(next())).await);
            }
        }
    })
    .await;
}

/// All scopes but those in question, of which only reading is left.
fn all_but(stems: &[&str], reading: bool) -> Vec<String> {
    let others = Scopes::STEMS.iter().filter(|stem| !stems.contains(stem));
    let mut scopes: Vec<String> = others.map(|stem| format!("read-write:{stem}")).collect();
    if reading {
        scopes.extend(stems.iter().map(|stem| format!("read:{stem}")));
    }
    scopes
}

#[tokio::test]
async fn an_installation_may_what_its_scopes_say() {
    on_each_engine(async |pintle| {
        for (route, case) in scoped().filter(|(_, case)| case.needs != Needs::Partner) {
            let world = World::new(pintle, &[]).await;
            let (lacking, enough): (Vec<Vec<String>>, Vec<String>) = match case.needs {
                Needs::User => (vec![all_but(&[], false)], vec![]),
                Needs::Nothing | Needs::Partner => (vec![], vec![String::new()]),
                Needs::Read(stem) => (vec![all_but(&[stem], false)], vec![format!("read:{stem}")]),
                Needs::Write(stem) => (vec![all_but(&[stem], true)], vec![format!("read-write:{stem}")]),
                Needs::WriteEither(one, other) => {
                    let enough = vec![format!("read-write:{one}"), format!("read-write:{other}")];
                    (vec![all_but(&[one, other], true)], enough)
                }
                Needs::WriteBoth(one, other) => {
                    let enough = format!("read-write:{one} read-write:{other}");
                    (vec![all_but(&[one], true), all_but(&[other], true)], vec![enough])
                }
            };
            for scopes in lacking {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                let installed = world.install(&scopes).await;
                let params = world.make(case.at, &world.owner, None).await;
                send(route, &installed.caller, &params, (case.body)(next())).await.fails(403, "forbidden");
            }
            for scope in enough {
                let scopes: Vec<&str> = scope.split(' ').filter(|s| !s.is_empty()).collect();
                let installed = world.install(&scopes).await;
                // With a right only to read, what is read was made by the owner, and may not be the installation's to see.
                let writes = !matches!(case.needs, Needs::Read(_));
                let by = if writes { &installed.caller } else { &world.owner };
                let params = world.make(case.at, by, Some(&installed)).await;
                let answer = send(route, &installed.caller, &params, (case.body)(next())).await;
                if writes { good(answer) } else { assert_ne!(answer.status, 403, "{}", answer.text) }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_partner_may_what_is_its_own_installations_and_another_ones_is_not_found() {
    on_each_engine(async |pintle| {
        for (route, case) in scoped().filter(|(_, case)| case.needs == Needs::Partner) {
            let world = World::new(pintle, &[]).await;
            let [own, other] = [world.install_native().await, world.install_native().await];
            let params = world.make(case.at, &own.caller, Some(&own)).await;
            send(route, &other.caller, &params, (case.body)(next())).await.fails(404, "not_found");
            // Under its own name it finds nothing of another's.
            let mut renamed = params.clone();
            renamed[0].1 = other.id.clone();
            if ![
                Thing::Installation,
                Thing::InstallationMember,
                Thing::InstallationWithSecret,
                Thing::ClosingInstallation,
            ]
            .contains(&case.at)
            {
                send(route, &other.caller, &renamed, (case.body)(next())).await.fails(404, "not_found");
            }
            // A connectable account has no partner.
            let account = world.install(&["read-write:integration-configuration"]).await;
            let mut renamed = params.clone();
            renamed[0].1 = account.id.clone();
            send(route, &account.caller, &renamed, (case.body)(next())).await.fails(403, "forbidden");
            let answer = send(route, &own.caller, &params, (case.body)(next())).await;
            good(answer);
        }
    })
    .await;
}

#[tokio::test]
async fn an_installation_reaches_only_the_projects_that_it_was_given() {
    on_each_engine(async |pintle| {
        for (route, case) in scoped().filter(|(_, case)| {
            [Thing::Project, Thing::FedProject, Thing::Deployment, Thing::Env].contains(&case.at)
        }) {
            let world = World::new(pintle, &[]).await;
            let params = world.make(case.at, &world.owner, None).await;
            let other = json!({ "projects": [world.project().await] });
            let scopes = all_but(&[], false);
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let installed = world.owner.install_with(&format!("app-{}", next()), &scopes, other).await;
            send(route, &installed.caller, &params, (case.body)(next())).await.fails(403, "forbidden");
        }
    })
    .await;
}

#[tokio::test]
async fn a_disabled_installation_may_nothing() {
    on_each_engine(async |pintle| {
        for (route, case) in scoped() {
            let world = World::new(pintle, &[]).await;
            let installed = world.owner.install(&format!("disabled-{}", next())).await;
            let disable = format!("/pintle/v1/integrations/configurations/{}/disable", installed.id);
            world.owner.post(&disable, json!({})).await.ok(200);
            let params = world.make(case.at, &world.owner, None).await;
            let answer = send(route, &installed.caller, &params, (case.body)(next())).await;
            answer.fails(403, "integration_configuration_disabled");
        }
    })
    .await;
}

#[tokio::test]
async fn a_developer_may_not_touch_production_variables() {
    on_each_engine(async |pintle| {
        let users = [(Role::Developer, pintle.user("the-developer").await)];
        let world = World::new(pintle, &users).await;
        let (_, developer) = &world.members[0];
        let path = format!("/v10/projects/{}/env", world.project().await);
        let mut body = cases::env(next());
        developer.post(&path, body.clone()).await.ok(201);
        body["key"] = json!("OTHER");
        body["target"] = json!(["production"]);
        developer.post(&path, body.clone()).await.fails(403, "forbidden");
        world.owner.post(&path, body).await.ok(201);
    })
    .await;
}
