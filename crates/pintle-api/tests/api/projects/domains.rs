use super::with;
use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const DOMAINS: &str = "/v10/projects/site/domains";

async fn add(team: &Caller, name: &str, more: Value) -> Value {
    team.post(DOMAINS, with(json!({ "name": name }), more)).await.ok(200)
}

fn at(name: &str) -> String {
    format!("/v9/projects/site/domains/{name}")
}

async fn names(team: &Caller, query: &str) -> Vec<String> {
    let list = team.get(&format!("/v9/projects/site/domains?{query}")).await.ok(200);
    let domains = list["domains"].as_array().unwrap();
    domains.iter().map(|domain| domain["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_domain_is_added_changed_and_removed_and_each_is_told() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let made = add(&team, "WWW.Example.co.uk", json!({})).await;
        assert_eq!(
            (&made["name"], &made["apexName"], &made["verified"], &made["projectId"]),
            (&json!("www.example.co.uk"), &json!("example.co.uk"), &json!(true), &json!(project))
        );
        assert_eq!(team.get(&at("www.example.co.uk")).await.ok(200), made);
        let change = json!({ "redirect": "example.co.uk", "redirectStatusCode": 308 });
        let changed = team.patch(&at("www.example.co.uk"), change).await.ok(200);
        assert_eq!((&changed["redirect"], &changed["redirectStatusCode"]), (&json!("example.co.uk"), &json!(308)));
        // A branch takes the redirect's place, a millisecond later: so it is told later.
        pintle.clock.advance(1);
        let changed = team.patch(&at("www.example.co.uk"), json!({ "gitBranch": "next" })).await.ok(200);
        assert_eq!((&changed["redirect"], &changed["redirectStatusCode"]), (&Value::Null, &Value::Null));
        let told = pintle.outbox("project.domain.updated").await;
        assert_eq!((told.len(), told[0].kind.as_str()), (2, "project-domain-updated"));
        let side = |redirect: Value, status: Value, branch: Value| {
            json!({ "domain": "www.example.co.uk", "redirect": redirect, "redirectStatusCode": status, "gitBranch": branch })
        };
        assert_eq!(told[1].payload["previous"], side(json!("example.co.uk"), json!(308), Value::Null));
        assert_eq!(told[1].payload["next"], side(Value::Null, Value::Null, json!("next")));
        assert_eq!(team.delete(&at("www.example.co.uk")).await.ok(200), json!({}));
        team.get(&at("www.example.co.uk")).await.fails(404, "not_found");
        team.delete(&at("www.example.co.uk")).await.fails(404, "not_found");
        for (hook, kind) in
            [("project.domain.created", "project-add-alias"), ("project.domain.deleted", "project-domain-deleted")]
        {
            let told = pintle.outbox(hook).await;
            assert_eq!((told.len(), told[0].kind.as_str()), (1, kind));
            assert_eq!(told[0].payload["project"], json!({ "id": project }));
            assert_eq!(told[0].payload["domain"], json!({ "name": "www.example.co.uk" }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_is_one_projects_and_another_team_must_wait_for_it() {
    on_each_engine(async |pintle| {
        let (team, rival) = (pintle.team("acme").await, pintle.team("rival").await);
        let project = team.project("site").await;
        team.project("other").await;
        rival.project("site").await;
        add(&team, "example.com", json!({})).await;
        for path in [DOMAINS, "/v10/projects/other/domains"] {
            let taken =
                team.post(path, json!({ "name": "example.com" })).await.fails(409, "domain_already_in_use");
            assert_eq!(taken["projectId"], project);
        }
        for name in ["example.com", "api.example.com"] {
            let claimed = add(&rival, name, json!({})).await;
            assert_eq!(claimed["verified"], false);
            let challenge = &claimed["verification"][0];
            assert_eq!(
                (&challenge["type"], &challenge["domain"]),
                (&json!("TXT"), &json!("_vercel.example.com"))
            );
            assert!(challenge["value"].as_str().unwrap().starts_with(&format!("vc-domain-verify={name},")));
            rival.post(&format!("{}/verify", at(name)), json!({})).await.fails(400, "missing_txt_record");
        }
        assert_eq!(names(&rival, "verified=false").await.len(), 2);
        team.delete("/v9/projects/site").await.ok(204);
        for name in ["api.example.com", "example.com", "example.com"] {
            let verified = rival.post(&format!("{}/verify", at(name)), json!({})).await.ok(200);
            assert_eq!((&verified["verified"], verified.get("verification")), (&json!(true), None));
        }
        let told = pintle.outbox("project.domain.verified").await;
        assert_eq!((told.len(), told[0].kind.as_str()), (2, "project-domain-verified"));
        team.project("site").await;
        let waiting = team.post(DOMAINS, json!({ "name": "example.com" })).await.ok(200);
        assert_eq!(waiting["verified"], false, "now it is the other way round");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let body = json!({ "name": "site", "gitRepository": { "type": "github", "repo": "acme/site" } });
        team.post("/v11/projects", body).await.ok(200);
        for name in ["", "localhost", "10.0.0.1", "co.uk", "a b.com", "https://example.com"] {
            team.post(DOMAINS, json!({ "name": name })).await.fails(400, "invalid_domain");
        }
        for (body, code) in [
            (json!({}), "bad_request"),
            (json!({ "redirect": "example.com" }), "invalid_redirect"),
            (json!({ "redirect": "nowhere" }), "invalid_redirect"),
            (json!({ "redirect": "www.example.com", "gitBranch": "next" }), "bad_request"),
            (json!({ "redirect": "www.example.com", "redirectStatusCode": 200 }), "bad_request"),
            (json!({ "gitBranch": "main" }), "bad_request"),
            (json!({ "gitBranch": "b".repeat(251) }), "bad_request"),
        ] {
            let named = if body == json!({}) { body } else { with(json!({ "name": "example.com" }), body) };
            team.post(DOMAINS, named.clone()).await.fails(400, code);
        }
        let unknown = json!({ "name": "example.com", "customEnvironmentId": "env_unknown" });
        team.post(DOMAINS, unknown).await.fails(404, "not_found");
        assert!(names(&team, "").await.is_empty());
        let made = add(&team, "example.com", json!({ "redirect": "www.example.com" })).await;
        assert_eq!(made["redirectStatusCode"], 307);
        assert_eq!(pintle.outbox("project.domain.created").await[0].kind, "project-add-redirect");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_filtered_and_paged_either_way() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let environment =
            team.post("/v9/projects/site/custom-environments", json!({ "slug": "staging" })).await;
        let environment = environment.ok(201)["id"].as_str().unwrap().to_owned();
        let kinds = [
            ("a.com", json!({})),
            ("b.com", json!({ "redirect": "a.com" })),
            ("c.com", json!({ "gitBranch": "next" })),
            ("d.com", json!({ "customEnvironmentId": environment })),
        ];
        for (name, more) in kinds {
            pintle.clock.advance(1);
            add(&team, name, more).await;
        }
        let by_environment = format!("customEnvironmentId={environment}");
        for (query, expected) in [
            ("", "d c b a"),
            ("order=ASC", "a b c d"),
            ("production=true", "b a"),
            ("target=production&redirects=false", "a"),
            ("target=preview", "c"),
            ("gitBranch=next", "c"),
            ("redirect=a.com", "b"),
            (by_environment.as_str(), "d"),
            ("verified=false", ""),
        ] {
            let found = names(&team, query).await.join(" ").replace(".com", "");
            assert_eq!(found, expected, "{query}");
        }
        for (order, into, expected) in [("DESC", "until", "d c b a"), ("ASC", "since", "a b c d")] {
            let mut found = Vec::new();
            let mut query = format!("limit=3&order={order}");
            loop {
                let page = team.get(&format!("/v9/projects/site/domains?{query}")).await.ok(200);
                found.extend(names(&team, &query).await);
                let Some(next) = page["pagination"]["next"].as_i64() else { break };
                query = format!("limit=3&order={order}&{into}={next}");
            }
            assert_eq!(found.join(" ").replace(".com", ""), expected);
        }
        team.get("/v9/projects/site/domains?limit=101").await.fails(400, "bad_request");
        // A custom environment takes its domains along.
        team.delete(&format!("/v9/projects/site/custom-environments/{environment}")).await.ok(200);
        assert_eq!(names(&team, "").await.len(), 3);
        let told = pintle.outbox("project.domain.deleted").await;
        assert_eq!((told.len(), &told[0].payload["domain"]["name"]), (1, &json!("d.com")));
    })
    .await;
}

#[tokio::test]
async fn a_name_is_found_however_it_is_written() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let made = add(&team, "bücher.example", json!({})).await;
        assert_eq!(made["name"], "xn--bcher-kva.example");
        for written in ["b%C3%BCcher.example", "XN--bcher-kva.Example"] {
            assert_eq!(team.get(&at(written)).await.ok(200), made);
        }
        team.get(&at("no%20name")).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn it_moves_with_what_redirects_to_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (site, other) = (team.project("site").await, team.project("other").await);
        add(&team, "example.com", json!({ "gitBranch": "next" })).await;
        add(&team, "www.example.com", json!({ "redirect": "example.com" })).await;
        add(&team, "stays.com", json!({})).await;
        let path = format!("{}/move", at("example.com"));
        team.post(&path, json!({ "projectId": site })).await.fails(400, "bad_request");
        team.post(&path, json!({ "projectId": "prj_unknown" })).await.fails(404, "not_found");
        let moved = team.post(&path, json!({ "projectId": other })).await.ok(200);
        assert_eq!((&moved["projectId"], &moved["gitBranch"]), (&json!(other), &Value::Null));
        assert_eq!(names(&team, "").await, ["stays.com"]);
        let there = team.get("/v9/projects/other/domains").await.ok(200);
        assert_eq!(there["domains"].as_array().unwrap().len(), 2);
        let told = pintle.outbox("project.domain.moved").await;
        let redirects: Vec<_> = told.iter().map(|told| told.payload["isRedirect"].clone()).collect();
        assert_eq!(redirects.iter().filter(|redirect| **redirect == true).count(), 1);
        assert_eq!(
            (&told[0].payload["from"], &told[0].payload["to"]),
            (&json!({ "projectId": site }), &json!({ "projectId": other }))
        );
        let end = json!({ "removeRedirects": true });
        let path = "/v9/projects/other/domains/example.com";
        team.request(axum::http::Method::DELETE, path, Some(end)).await.ok(200);
        let left = team.get("/v9/projects/other/domains").await.ok(200);
        assert_eq!(left["domains"], json!([]));
    })
    .await;
}
