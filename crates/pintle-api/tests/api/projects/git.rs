use super::events;
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

const LINK: &str = "/v9/projects/site/link";
const BRANCH: &str = "/v9/projects/site/branch";

#[tokio::test]
async fn a_repository_is_connected_and_disconnected() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        team.patch(BRANCH, json!({ "branch": "next" })).await.fails(400, "bad_request");
        let to = |kind: &str, repo: &str| json!({ "type": kind, "repo": repo });
        let linked = team.post(LINK, to("github", "acme/site")).await.ok(200);
        let link = &linked["link"];
        assert_eq!(
            (&link["type"], &link["org"], &link["repo"], &link["productionBranch"], &link["deployHooks"]),
            (&json!("github"), &json!("acme"), &json!("site"), &json!("main"), &json!([]))
        );
        assert_eq!(team.get("/v9/projects/site").await.ok(200), linked);
        pintle.clock.advance(1);
        assert_eq!(team.post(LINK, to("github", "acme/site")).await.ok(200), linked, "once is enough");
        let moved = team.patch(BRANCH, json!({ "branch": "next" })).await.ok(200);
        assert_eq!(moved["link"]["productionBranch"], "next");
        let other = team.post(LINK, to("gitlab", "group/sub/site")).await.ok(200);
        assert_eq!(
            (&other["link"]["projectNamespace"], &other["link"]["productionBranch"]),
            (&json!("group/sub"), &json!("main"))
        );
        for body in [to("github", "site"), to("svn", "acme/site"), json!({ "type": "github" })] {
            team.post(LINK, body).await.fails(400, "bad_request");
        }
        for branch in [String::new(), "b".repeat(251)] {
            team.patch(BRANCH, json!({ "branch": branch })).await.fails(400, "bad_request");
        }
        // Infrastructure clients read the answer, also of the second time.
        for _ in 0..2 {
            let bare = team.request(Method::DELETE, LINK, None).await.ok(200);
            assert_eq!((bare.get("link"), &bare["name"]), (None::<&Value>, &json!("site")));
        }
        for (kind, count) in [("connected", 2), ("disconnected", 1)] {
            assert_eq!(pintle.audited(&format!("project-git-repository-{kind}")).await, count, "{kind}");
        }
        assert_eq!(events(pintle, "production-branch-updated").await, 1);
        let path = LINK.replace("site", "none");
        team.post(&path, to("github", "acme/site")).await.fails(404, "not_found");
    })
    .await;
}
