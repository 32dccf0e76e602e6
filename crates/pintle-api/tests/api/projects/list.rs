use super::{named, with};
use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

async fn names(caller: &Caller, query: &str) -> String {
    let listed = caller.get(&format!("/v10/projects?{query}")).await.ok(200);
    let names =
        listed["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}

/// Follows `next` through a list; answers the names and the `next` of each page.
async fn walk(caller: &Caller, path: &str, parameter: &str) -> (Vec<String>, Vec<Value>) {
    let (mut names, mut cursors) = (Vec::new(), Vec::new());
    let mut query = String::new();
    loop {
        let listed = caller.get(&format!("{path}?limit=4{query}")).await.ok(200);
        let page = listed["projects"].as_array().unwrap();
        assert!(page.len() <= 4);
        assert_eq!(listed["pagination"]["count"], page.len());
        names.extend(page.iter().map(|project| project["name"].as_str().unwrap().to_owned()));
        let next = listed["pagination"]["next"].clone();
        cursors.push(next.clone());
        match next {
            Value::Null => return (names, cursors),
            Value::String(token) => query = format!("&{parameter}={token}"),
            stamp => query = format!("&{parameter}={stamp}"),
        }
        assert!(cursors.len() < 10, "{cursors:?}");
    }
}

#[tokio::test]
async fn pages_lose_nothing_by_token_or_stamp() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for n in 0..11 {
            team.project(&format!("p{n}")).await;
        }
        let newest_first: Vec<String> = (0..11).rev().map(|n| format!("p{n}")).collect();
        let (listed, cursors) = walk(&team, "/v10/projects", "from").await;
        assert_eq!(listed, newest_first);
        assert!(cursors[0].is_string(), "{cursors:?}");
        for path in ["/v10/projects", "/projects"] {
            assert_eq!(walk(&team, path, "until").await.0, newest_first);
        }
        let (listed, cursors) = walk(&team, "/v9/projects", "until").await;
        assert_eq!(listed, newest_first);
        assert!(cursors[0].is_i64(), "{cursors:?}");
        assert_eq!(names(&team, "until=0&limit=1").await, "p10");
    })
    .await;
}

#[tokio::test]
async fn tokens_tell_projects_of_one_stamp_apart() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for n in 0..6 {
            team.project(&format!("p{n}")).await;
        }
        let sql = "UPDATE projects SET updated_at = 1000";
        let changed = pintle.core.db.write(async move |tx| tx.execute(sql, &[]).await).await;
        assert_eq!(changed.unwrap(), 6);
        let (mut listed, _) = walk(&team, "/v10/projects", "from").await;
        listed.sort();
        assert_eq!(listed, ["p0", "p1", "p2", "p3", "p4", "p5"]);
    })
    .await;
}

#[tokio::test]
async fn the_last_changed_comes_first_and_from_is_the_oldest_change() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for name in ["a", "b", "c"] {
            team.project(name).await;
        }
        let changed = team.patch("/v9/projects/a", json!({ "gitLFS": true })).await.ok(200);
        assert_eq!(names(&team, "").await, "a c b");
        let at = changed["updatedAt"].as_i64().unwrap();
        assert_eq!(names(&team, &format!("from={}", at - 1)).await, "a");
        assert_eq!(names(&team, &format!("from={at}")).await, "");
        assert_eq!(names(&team, "from=1").await, "a c b");
    })
    .await;
}

#[tokio::test]
async fn filters_choose_projects() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let linked = |kind: &str, repo: &str| json!({ "gitRepository": { "type": kind, "repo": repo } });
        team.post("/v11/projects", with(named("web_a"), linked("github", "acme/web"))).await.ok(200);
        team.post("/v11/projects", with(named("webxa"), linked("gitlab", "acme/api"))).await.ok(200);
        team.post("/v11/projects", with(named("docs"), json!({ "gitForkProtection": false }))).await.ok(200);
        let resources = json!({ "buildMachineType": "turbo", "elasticConcurrencyEnabled": true });
        let body =
            json!({ "resourceConfig": resources, "staticIps": { "enabled": true }, "nodeVersion": "18.x" });
        team.patch("/v9/projects/docs", body).await.ok(200);
        let cases = [
            ("search=WEB", "webxa web_a"),
            ("search=b_a", "web_a"),
            ("search=%25", ""),
            ("repo=acme/web", "web_a"),
            ("repo=api", "webxa"),
            ("repo=pi", ""),
            ("repoUrl=https://github.com/Acme/web.git", "web_a"),
            ("excludeRepos=acme/web,nothing", "docs webxa"),
            ("gitForkProtection=0", "docs"),
            ("gitForkProtection=1", "webxa web_a"),
            ("elasticConcurrencyEnabled=1", "docs"),
            ("staticIpsEnabled=0", "webxa web_a"),
            ("buildMachineTypes=turbo,enhanced", "docs"),
            ("buildMachineTypes=default", "webxa web_a"),
            ("deprecated=true", "docs"),
            ("edgeConfigId=ecfg_a", ""),
            ("edgeConfigTokenId=a", ""),
            ("limit=2", "docs webxa"),
        ];
        for (query, expected) in cases {
            assert_eq!(names(&team, query).await, expected, "{query}");
        }
        for n in 0..20 {
            team.project(&format!("p{n}")).await;
        }
        let found = team.get("/v10/projects?limit=1&repo=web").await.ok(200);
        assert_eq!(
            (&found["projects"][0]["name"], &found["pagination"]["next"]),
            (&json!("web_a"), &Value::Null)
        );
        let refused =
            ["limit=0", "limit=101", "limit=x", "gitForkProtection=yes", "from=x", "until=x", "deprecated=2"];
        for query in refused {
            team.get(&format!("/v10/projects?{query}")).await.fails(400, "bad_request");
        }
        let long = "a".repeat(101);
        team.get(&format!("/v10/projects?search={long}")).await.fails(400, "bad_request");
    })
    .await;
}
