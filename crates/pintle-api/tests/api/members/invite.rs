//! inviteUserToTeam, deleteTeamInviteCode, joinTeam.

use super::{members, names, path, team};
use pintle_core::clock::DAY;
use pintle_store::params;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

const JOIN: &str = "/v1/teams/acme/members/teams/join";

async fn invited(owner: &Caller) -> Vec<Value> {
    let list = owner.get("/v3/teams/acme/members").await.ok(200);
    list["emailInviteCodes"].as_array().unwrap().clone()
}

async fn kinds(owner: &Caller, kinds: &str) -> usize {
    owner.get(&format!("/v3/events?types={kinds}")).await.ok(200)["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_address_of_a_user_is_a_member_at_once() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let site = owner.project("site").await;
        owner.post("/v1/access-groups", json!({ "name": "web" })).await.ok(200);
        let eve = pintle.user("eve").await.naming_team_of(&owner);
        let body = json!({
            "email": "Eve@Example.com", "role": "CONTRIBUTOR", "accessGroups": ["web"],
            "projects": [{ "projectId": site, "role": "PROJECT_VIEWER" }],
        });
        bob.post("/v1/teams/acme/members", body.clone()).await.fails(403, "forbidden");
        let added = owner.post("/v1/teams/acme/members", json!([body])).await.ok(200);
        assert_eq!(
            (&added["uid"], &added["username"], &added["email"], &added["role"]),
            (&json!(eve.user), &json!("eve"), &json!("eve@example.com"), &json!("CONTRIBUTOR"))
        );
        eve.get("/v9/projects/site").await.ok(200);
        let seen = members(&owner, &format!("?filterByUserIds={}", eve.user)).await;
        assert_eq!((&seen[0]["confirmed"], &seen[0]["joinedFrom"]["origin"]), (&json!(true), &json!("mail")));
        assert_eq!(seen[0]["accessGroups"][0]["name"], "web");
        owner.post("/v1/teams/acme/members", body).await.fails(400, "already_member");
        assert_eq!(kinds(&owner, "team-member-add").await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_address_of_nobody_waits_for_its_user_to_join() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let site = owner.project("site").await;
        let body = json!({
            "email": "eve@example.com", "role": "DEVELOPER", "teamPermissions": ["CreateProject"],
            "projects": [{ "projectId": site, "role": "ADMIN" }],
        });
        let first = owner.post("/v1/teams/acme/members", body.clone()).await.ok(200)["uid"].clone();
        let again = owner.post("/v1/teams/acme/members", body).await.ok(200);
        assert_ne!(again["uid"], first, "invited anew");
        let waiting = invited(&owner).await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(
            (&waiting[0]["email"], &waiting[0]["role"]),
            (&json!("eve@example.com"), &json!("DEVELOPER"))
        );
        assert_eq!(waiting[0]["projects"], json!({ site: "ADMIN" }));
        assert_eq!(invited(&bob).await, Vec::<Value>::new(), "for owners only");

        let eve = pintle.user("eve").await;
        let joined = eve.post(JOIN, json!({})).await.ok(200);
        assert_eq!(joined, json!({ "teamId": owner.team, "slug": "acme", "name": "acme", "from": "mail" }));
        let seen = members(&owner, "?search=eve").await;
        assert_eq!(
            (&seen[0]["role"], &seen[0]["teamPermissions"]),
            (&json!("DEVELOPER"), &json!(["CreateProject"]))
        );
        assert_eq!(seen[0]["projects"][0]["role"], "ADMIN");
        assert_eq!(invited(&owner).await, Vec::<Value>::new());
        eve.post(JOIN, json!({})).await.fails(400, "already_member");
        assert_eq!(kinds(&owner, "team-member-join,team-invite-link-created").await, 3);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_ends_with_its_time_or_is_withdrawn() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let invite = async |email: &str| {
            let body = json!({ "email": email });
            owner.post("/v1/teams/acme/members", body).await.ok(200)["uid"].as_str().unwrap().to_owned()
        };
        let late = invite("late@example.com").await;
        let gone = invite("gone@example.com").await;
        let path = format!("/v1/teams/acme/invites/{gone}");
        assert_eq!(owner.delete(&path).await.ok(200), json!({ "id": owner.team }));
        owner.delete(&path).await.fails(404, "not_found");
        let gone_user = pintle.user("gone").await;
        gone_user.post(JOIN, json!({})).await.fails(404, "not_found");
        gone_user.post(JOIN, json!({ "inviteCode": gone })).await.fails(404, "not_found");
        gone_user.post(JOIN, json!({ "inviteCode": late })).await.fails(404, "not_found");
        pintle.clock.advance(31 * DAY);
        assert_eq!(invited(&owner).await[0]["expired"], true);
        let anew = invite("Late@example.com").await;
        let late_user = pintle.user("late").await;
        late_user.post(JOIN, json!({ "inviteCode": late })).await.fails(404, "not_found");
        pintle.clock.advance(31 * DAY);
        late_user.post(JOIN, json!({})).await.fails(400, "invite_expired");
        late_user.post(JOIN, json!({ "inviteCode": anew })).await.fails(400, "invite_expired");
        // Now that there is such a user, it is a member at once, and nothing waits for it.
        assert_eq!(invite("late@example.com").await, late_user.user.to_string());
        assert_eq!(invited(&owner).await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn the_teams_code_and_its_own_domain_let_in() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let code = owner.get("/v2/teams/acme").await.ok(200)["inviteCode"].clone();
        let eve = pintle.user("eve").await;
        eve.post(JOIN, json!({})).await.fails(404, "not_found");
        eve.post(JOIN, json!({ "inviteCode": "wrong" })).await.fails(404, "not_found");
        eve.post("/v1/teams/nothing/members/teams/join", json!({ "inviteCode": code }))
            .await
            .fails(404, "not_found");
        let joined = eve.post(JOIN, json!({ "inviteCode": code })).await.ok(200);
        assert_eq!(joined["from"], "link");
        let seen = eve.get("/v2/teams/acme").await.ok(200);
        assert_eq!(seen["membership"]["joinedFrom"], json!({ "origin": "link" }));
        assert_eq!(members(&owner, "?search=eve").await[0]["role"], "MEMBER");
        owner.patch("/v2/teams/acme", json!({ "regenerateInviteCode": true })).await.ok(200);
        let fay = pintle.user("fay").await;
        fay.post(JOIN, json!({ "inviteCode": code })).await.fails(404, "not_found");
        owner.patch("/v2/teams/acme", json!({ "emailDomain": "example.com" })).await.ok(200);
        assert_eq!(fay.post(JOIN, json!({})).await.ok(200)["from"], "teams");
        // A token for one team stays there.
        let other = pintle.team("other").await;
        let token = other.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
        let bound = other.with_token(token["bearerToken"].as_str().unwrap()).without_team();
        bound.post(JOIN, json!({})).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn what_an_invitation_names_must_be_there() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let stranger = pintle.team("other").await;
        let foreign = stranger.project("theirs").await;
        let members_path = "/v1/teams/acme/members";
        let project = json!([{ "projectId": foreign, "role": "ADMIN" }]);
        owner
            .post(members_path, json!({ "email": "a@b.co", "projects": project }))
            .await
            .fails(404, "not_found");
        owner
            .post(members_path, json!({ "email": "a@b.co", "accessGroups": ["x"] }))
            .await
            .fails(404, "not_found");
        for body in [
            json!({}),
            json!([]),
            json!({ "email": "a" }),
            json!({ "email": "a@b.co", "role": "KING" }),
            json!({ "email": "a@b.co", "teamPermissions": ["Fly"] }),
            json!({ "email": "a@b.co", "more": 1 }),
            json!([{ "email": "a@b.co" }, { "email": "b" }]),
        ] {
            owner.post(members_path, body).await.fails(400, "bad_request");
        }
        assert_eq!(invited(&owner).await, Vec::<Value>::new());
        // What is gone when the invited comes is left out.
        let (site, path_of_site) = (owner.project("site").await, "/v9/projects/site");
        let project = json!([{ "projectId": site, "role": "ADMIN" }]);
        owner.post(members_path, json!({ "email": "eve@example.com", "projects": project })).await.ok(200);
        owner.delete(path_of_site).await.ok(204);
        pintle.user("eve").await.post(JOIN, json!({})).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn who_asks_is_accepted_or_declined() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let (eve, fay) = (pintle.user("eve").await, pintle.user("fay").await);
        pintle.clock.advance(10);
        let ask = json!({ "joinedFrom": { "origin": "github", "repoId": "7", "gitUserId": 12 } });
        let request = "/v1/teams/acme/request";
        let asked = eve.post(request, ask.clone()).await.ok(200);
        assert_eq!((&asked["teamSlug"], &asked["confirmed"]), (&json!("acme"), &json!(false)));
        assert_eq!(asked["joinedFrom"], ask["joinedFrom"]);
        pintle.clock.advance(10);
        assert_eq!(eve.post(request, ask.clone()).await.ok(200), asked, "asked already");
        fay.post(request, ask.clone()).await.ok(200);
        bob.post(request, ask.clone()).await.fails(400, "already_member");
        eve.post("/v1/teams/nothing/request", ask).await.fails(404, "not_found");
        eve.post(request, json!({})).await.fails(400, "bad_request");
        let long = json!({ "origin": "github", "repoPath": "x".repeat(257) });
        for joined in [json!({ "origin": "mail" }), long] {
            eve.post(request, json!({ "joinedFrom": joined })).await.fails(400, "bad_request");
        }
        owner
            .post("/v1/teams/acme/members", json!({ "email": "eve@example.com" }))
            .await
            .fails(400, "access_requested");

        let of = |user: &Caller| format!("{request}/{}", user.user);
        assert_eq!(eve.get(request).await.ok(200), asked);
        assert_eq!(owner.get(&of(&eve)).await.ok(200), asked);
        for caller in [&bob, &fay] {
            caller.get(&of(&eve)).await.fails(404, "not_found");
        }
        owner.get(&of(&bob)).await.fails(400, "already_member");
        assert_eq!(names(&members(&bob, "").await), ["dan", "cat", "bob", "acme-owner"]);
        let seen = members(&owner, "").await;
        assert_eq!(names(&seen)[..2], ["fay", "eve"]);
        assert_eq!(seen[1]["confirmed"], false);
        eve.naming_team_of(&owner).get("/v10/projects").await.fails(403, "team_unauthorized");

        owner.patch(&path(&eve), json!({ "role": "VIEWER" })).await.fails(404, "not_found");
        owner.patch(&path(&eve), json!({ "confirmed": true, "role": "VIEWER" })).await.ok(200);
        assert_eq!(eve.get(request).await.ok(200)["confirmed"], true);
        let membership = &eve.get("/v2/teams").await.ok(200)["teams"][0]["membership"];
        assert_eq!(membership["joinedFrom"], asked["joinedFrom"]);
        assert_eq!(membership["accessRequestedAt"], asked["accessRequestedAt"]);
        assert_eq!(members(&owner, "?search=eve").await[0]["role"], "VIEWER");
        owner.patch(&path(&eve), json!({ "confirmed": true })).await.fails(400, "bad_request");
        owner.delete(&path(&fay)).await.ok(200);
        fay.get(request).await.fails(404, "not_found");
        owner.delete(&path(&fay)).await.fails(404, "not_found");
        let all = "team-member-request-access,team-member-confirm-request,team-member-decline-request";
        assert_eq!(kinds(&owner, all).await, 4);
        let log = owner.get(&format!("/v3/events?withPayload=true&types={all}")).await.ok(200);
        let payloads: Vec<_> = log["events"].as_array().unwrap().iter().map(|event| &event["payload"]).collect();
        let settled = |user: &Caller, name: &str| json!({ "teamName": "acme", "teamId": owner.team, "username": name, "updatedUid": user.user });
        assert_eq!((payloads[0], payloads[1]), (&settled(&fay, "fay"), &settled(&eve, "eve")));
        assert_eq!(
            (&payloads[3]["requestedTeamName"], &payloads[3]["requestedUserName"]),
            (&json!("acme"), &json!("eve"))
        );
    })
    .await;
}

#[tokio::test]
async fn ten_ask_at_a_time() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let ask = json!({ "joinedFrom": { "origin": "teams" } });
        let mut users = Vec::new();
        for n in 0..11 {
            let user = pintle.user(&format!("user-{n}")).await;
            let answer = user.post("/v1/teams/acme/request", ask.clone()).await;
            match n {
                10 => drop(answer.fails(400, "too_many_access_requests")),
                _ => drop(answer.ok(200)),
            }
            users.push(user);
        }
        owner.delete(&path(&users[0])).await.ok(200);
        users[10].post("/v1/teams/acme/request", ask).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn every_invitation_that_waits_is_listed_and_a_thousand_do() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let invite = async |name: &str| {
            let body = json!({ "email": format!("{name}@example.com") });
            owner.post("/v1/teams/acme/members", body).await
        };
        invite("first").await.ok(200);
        let team = owner.team.clone().unwrap();
        pintle
            .core
            .db
            .write(async move |tx| {
                let sql = "INSERT INTO team_invites (id, team_id, email, created_at, expires_at, doc)
                  SELECT $2, team_id, $2, created_at, expires_at, doc FROM team_invites WHERE team_id = $1 AND email = $3";
                for n in 0..998 {
                    tx.execute(sql, &params![&team, format!("new-{n}"), "first@example.com"]).await?;
                }
                Ok::<_, pintle_store::Error>(())
            })
            .await
            .unwrap();
        let last = invite("last").await.ok(200);
        invite("late").await.fails(400, "too_many_invitations");
        assert_eq!(invited(&owner).await.len(), 1000);
        // Who is invited anew takes no further place.
        invite("first").await.ok(200);
        let path = format!("/v1/teams/acme/invites/{}", last["uid"].as_str().unwrap());
        owner.delete(&path).await.ok(200);
        invite("late").await.ok(200);
    })
    .await;
}
