//! Resources that move to another team's installation, by way of the partner.

use super::{connect, later, store, variables};
use pintle_core::clock::{DAY, HOUR, MINUTE};
use pintle_core::permissions::Role;
use pintle_testing::partner::Act;
use pintle_testing::{Answer, Caller, Installed, Partner, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

/// Two teams with the same integration, and a store of the first.
struct Two {
    giver: Caller,
    taker: Caller,
    from: Installed,
    to: Installed,
    partner: Partner,
    store: String,
}

impl Two {
    async fn new(pintle: &Pintle) -> Self {
        let (giver, taker) = (pintle.team("acme").await, pintle.team("other").await);
        let app = giver.register_native("acme-db").await;
        let (from, to) = (giver.install_native_app(&app).await, taker.install_native_app(&app).await);
        pintle.product(&from, "db").await;
        let partner = pintle.partner_of(&from).await;
        partner.know(&to.id);
        giver.project("site").await;
        taker.project("shop").await;
        let body = json!({ "name": "main", "integrationConfigurationId": from.id, "integrationProductIdOrSlug": "db" });
        let made = giver.post("/v1/storage/stores/integration/direct", body).await.ok(200);
        let store = made["store"]["id"].as_str().unwrap().to_owned();
        Self { giver, taker, from, to, partner, store }
    }

    async fn offer(&self, more: Value) -> Answer {
        let mut body = json!({ "storeIds": [self.store] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.giver.post(&self.path(&self.from), body).await
    }

    /// The code of a new offer.
    async fn code(&self) -> Value {
        let offered = self.offer(json!({})).await.ok(201);
        assert_eq!(offered["state"], "open");
        offered["code"].clone()
    }

    fn path(&self, of: &Installed) -> String {
        format!("/pintle/v1/integrations/configurations/{}/resource-transfers", of.id)
    }

    async fn accept(&self, code: &Value) -> Answer {
        self.taker.post(&format!("{}/accept", self.path(&self.to)), json!({ "code": code })).await
    }

    async fn verify(&self, code: &Value) -> Answer {
        self.taker.post(&format!("{}/verify", self.path(&self.to)), json!({ "code": code })).await
    }

    async fn stores(&self, team: &Caller) -> usize {
        team.get("/v1/storage/stores").await.ok(200)["stores"].as_array().unwrap().len()
    }

    /// Whose the partner says that the only resource is.
    fn at_partner(&self) -> Value {
        let resources = self.partner.resources();
        assert_eq!(resources.len(), 1);
        resources[0]["installationId"].clone()
    }
}

fn silent_acceptance(asked: &pintle_testing::partner::Asked) -> Option<Act> {
    asked.path.ends_with("/accept").then_some(Act::DoneUnheard)
}

#[tokio::test]
async fn a_resource_moves_with_its_id_and_secrets() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let code = two.code().await;
        let seen = two.verify(&code).await.ok(200);
        assert_eq!(seen["resources"][0]["name"], "main");
        let moved = two.accept(&code).await.ok(200);
        assert_eq!(
            (&moved["stores"][0]["id"], &moved["stores"][0]["name"]),
            (&json!(two.store), &json!("main"))
        );
        assert_eq!(two.at_partner(), json!(two.to.id));
        assert_eq!((two.stores(&two.giver).await, two.stores(&two.taker).await), (0, 1));
        connect(&two.taker, &two.store, "shop", json!({})).await;
        assert_eq!(variables(&two.taker, "shop").await[1].1, "db://res_1/0");
        two.to.caller.get(&two.to.resource("res_1")).await.ok(200);
        two.from.caller.get(&two.from.resource("res_1")).await.fails(404, "not_found");
        two.accept(&code).await.fails(404, "not_found");

        let offered = &two.partner.asked_for("POST", "/resource-transfer-requests")[0];
        assert_eq!(
            (offered.header("x-vercel-auth"), &offered.body["resourceIds"]),
            ("system", &json!(["res_1"]))
        );
        let accepted = &two.partner.asked_for("POST", "/accept")[0];
        assert_eq!(
            (accepted.header("x-vercel-auth"), &accepted.claims["user_id"]),
            ("user", &json!(two.taker.user))
        );
        assert_eq!(two.partner.asked_for("GET", "/verify").last().unwrap().header("x-vercel-auth"), "system");

        // The end of the one installation leaves it alone, that of the other takes it.
        two.giver.delete(&format!("/v1/integrations/configuration/{}", two.from.id)).await.ok(204);
        assert_eq!(variables(&two.taker, "shop").await.len(), 2);
        two.taker.delete(&format!("/v1/integrations/configuration/{}", two.to.id)).await.ok(204);
        let given = two.giver.get(&format!("/pintle/v1/removals/{}", two.from.id)).await.ok(200);
        assert_eq!(given["removed"]["resources"], json!([]));
        let taken = two.taker.get(&format!("/pintle/v1/removals/{}", two.to.id)).await.ok(200);
        assert_eq!(taken["removed"]["resources"][0]["id"], json!(two.store));
        assert_eq!((variables(&two.taker, "shop").await.len(), two.partner.resources().len()), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_refuses_changes_nothing() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let refusal = || json!({ "error": { "code": "no", "message": "Not this one" } });
        two.partner.then(Act::Answer(422, refusal()));
        two.offer(json!({})).await.fails(422, "no");
        assert_eq!(two.giver.get(&two.path(&two.from)).await.ok(200), json!({ "transfers": [] }));
        let code = two.code().await;
        two.partner.script(|asked| {
            let no = json!({ "error": { "code": "no", "message": "Not this one" } });
            asked.path.ends_with("/verify").then_some(Act::Answer(409, no))
        });
        two.verify(&code).await.fails(409, "no");
        two.accept(&code).await.fails(409, "no");
        assert_eq!(two.partner.asked_for("POST", "/accept").len(), 0);
        two.partner.script(|asked| {
            let no = json!({ "error": { "code": "no", "message": "Not this one" } });
            asked.path.ends_with("/accept").then_some(Act::Answer(403, no))
        });
        two.accept(&code).await.fails(403, "no");
        assert_eq!(
            (store(&two.giver, &two.store).await["status"].clone(), two.stores(&two.taker).await),
            (json!("available"), 0)
        );
        connect(&two.giver, &two.store, "site", json!({})).await;
        two.accept(&code).await.fails(409, "resource_connected");
        two.giver.delete(&format!("/v1/storage/stores/{}/connections", two.store)).await.ok(204);
        two.partner.script(|_| None);
        two.accept(&code).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn while_the_partner_is_silent_nothing_else_happens_to_it() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let code = two.code().await;
        two.partner.script(silent_acceptance);
        assert_eq!(two.accept(&code).await.ok(202), json!({ "state": "accepting" }));
        two.accept(&code).await.fails(409, "transfer_pending");
        let path = format!("/v1/storage/stores/{}", two.store);
        two.giver
            .post(&format!("{path}/connections"), json!({ "projectId": "site" }))
            .await
            .fails(409, "conflict");
        two.giver.patch(&path, json!({ "name": "new" })).await.fails(409, "conflict");
        two.giver
            .delete(&format!("/v1/storage/stores/integration/{}", two.store))
            .await
            .fails(409, "conflict");
        two.from.caller.delete(&two.from.resource("res_1")).await.fails(409, "conflict");
        let listed = two.giver.get(&two.path(&two.from)).await.ok(200)["transfers"][0].clone();
        assert_eq!(listed["state"], "accepting");
        assert!(!listed.to_string().contains(&two.to.id), "who accepts is nobody else's business");
        let withdraw = format!("{}/{}", two.path(&two.from), listed["id"].as_str().unwrap());
        two.giver.delete(&withdraw).await.fails(409, "transfer_pending");
        assert_eq!((two.stores(&two.giver).await, two.stores(&two.taker).await), (1, 0));
        // The partner has done it, and has told the new installation of it already.
        let secrets = json!([super::secret("DATABASE_URL", "db://moved")]);
        two.to.import("res_1", secrets).await;
        two.partner.script(|_| None);
        assert_eq!(later(pintle, MINUTE).await, 1);
        assert_eq!((two.stores(&two.giver).await, two.stores(&two.taker).await), (0, 1));
        connect(&two.taker, &two.store, "shop", json!({})).await;
        assert_eq!(variables(&two.taker, "shop").await[0].1, "db://moved");
        let tries = two.partner.asked_for("POST", "/accept");
        assert!(tries.iter().all(|one| one.header("idempotency-key") == tries[0].header("idempotency-key")));
    })
    .await;
}

#[tokio::test]
async fn after_a_day_of_silence_it_is_free_again() {
    on_sqlite(async |pintle| {
        let two = Two::new(pintle).await;
        let code =
            two.offer(json!({ "expiresAt": pintle.clock.now() + 10 * DAY })).await.ok(201)["code"].clone();
        two.partner.script(|asked| asked.path.ends_with("/accept").then_some(Act::Answer(500, json!({}))));
        two.accept(&code).await.ok(202);
        for _ in 0..10 {
            later(pintle, DAY / 4).await;
        }
        connect(&two.giver, &two.store, "site", json!({})).await;
        two.giver.delete(&format!("/v1/storage/stores/{}/connections", two.store)).await.ok(204);
        two.partner.script(|_| None);
        two.accept(&code).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn what_its_team_removes_meanwhile_does_not_stay_at_the_partner() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let code = two.code().await;
        two.partner.script(silent_acceptance);
        two.accept(&code).await.ok(202);
        two.giver.delete(&format!("/v1/integrations/configuration/{}", two.from.id)).await.ok(204);
        assert_eq!(two.at_partner(), json!(two.to.id));
        two.partner.script(|_| None);
        later(pintle, MINUTE).await;
        assert_eq!((two.partner.resources().len(), two.stores(&two.taker).await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn the_removal_of_the_installation_that_accepts_sets_it_free() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let code = two.code().await;
        two.partner.script(|asked| asked.path.ends_with("/accept").then_some(Act::Answer(503, json!({}))));
        two.accept(&code).await.ok(202);
        two.taker.delete(&format!("/v1/integrations/configuration/{}", two.to.id)).await.ok(204);
        connect(&two.giver, &two.store, "site", json!({})).await;
        assert_eq!(two.at_partner(), json!(two.from.id));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_good_until_it_expires_or_is_withdrawn() {
    on_sqlite(async |pintle| {
        let two = Two::new(pintle).await;
        two.offer(json!({ "storeIds": [] })).await.fails(400, "bad_request");
        two.offer(json!({ "storeIds": ["store_none"] })).await.fails(404, "not_found");
        two.offer(json!({ "expiresAt": pintle.clock.now() })).await.fails(400, "bad_request");
        two.accept(&json!("wrong")).await.fails(404, "not_found");
        let code = two.code().await;
        let listed = two.giver.get(&two.path(&two.from)).await.ok(200)["transfers"][0].clone();
        assert!(listed.get("code").is_none());
        let withdraw = format!("{}/{}", two.path(&two.from), listed["id"].as_str().unwrap());
        two.taker.delete(&withdraw.replace(&two.from.id, &two.to.id)).await.fails(404, "not_found");
        two.giver.delete(&withdraw).await.ok(204);
        two.accept(&code).await.fails(404, "not_found");

        let code = two.code().await;
        let own = format!("{}/accept", two.path(&two.from));
        two.giver.post(&own, json!({ "code": code })).await.fails(400, "bad_request");
        let elsewhere = two.taker.install_native("another").await;
        let path = format!("{}/accept", two.path(&elsewhere));
        two.taker.post(&path, json!({ "code": code })).await.fails(409, "other_integration");
        pintle.product(&elsewhere, "db").await;
        elsewhere.import("main", json!([])).await;
        assert_eq!(two.accept(&code).await.fails(409, "names_taken")["resources"], json!(["main"]));
        pintle.clock.advance(DAY + HOUR);
        two.accept(&code).await.fails(404, "not_found");
        pintle_core::marketplace::resources::transfers::sweep(&pintle.core).await.unwrap();
        assert_eq!(two.giver.get(&two.path(&two.from)).await.ok(200), json!({ "transfers": [] }));
    })
    .await;
}

#[tokio::test]
async fn an_offer_ends_with_a_transfer_of_its_installation() {
    on_sqlite(async |pintle| {
        let two = Two::new(pintle).await;
        let code = two.code().await;
        let third = pintle.team("third").await.team.unwrap();
        pintle_core::teams::add_member(
            &pintle.core,
            &third,
            &two.giver.user,
            pintle_core::permissions::Role::Member,
        )
        .await
        .unwrap();
        let path = format!("/pintle/v1/integrations/configurations/{}/transfer", two.from.id);
        two.partner.script(|asked| asked.path.ends_with("/accept").then_some(Act::Answer(503, json!({}))));
        two.accept(&code).await.ok(202);
        two.giver.post(&path, json!({ "teamId": third })).await.fails(409, "transfer_pending");
        two.partner.script(|asked| asked.path.ends_with("/accept").then_some(Act::Answer(409, json!({}))));
        later(pintle, MINUTE).await;
        two.giver.post(&path, json!({ "teamId": third })).await.ok(200);
        two.partner.script(|_| None);
        two.accept(&code).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn an_offer_ends_with_the_right_of_whoever_made_it() {
    on_each_engine(async |pintle| {
        let two = Two::new(pintle).await;
        let member = |user: &Caller| format!("/v1/teams/acme/members/{}", user.user);
        let [bob, cat] = [
            pintle.member(&two.giver, "bob", Role::Member).await,
            pintle.member(&two.giver, "cat", Role::Member).await,
        ];
        let offer = async |caller: &Caller| {
            let body = json!({ "storeIds": [two.store] });
            caller.post(&two.path(&two.from), body).await.ok(201)["code"].clone()
        };
        let own = two.code().await;
        let (of_bob, of_cat) = (offer(&bob).await, offer(&cat).await);
        two.giver.delete(&member(&bob)).await.ok(200);
        two.accept(&of_bob).await.fails(404, "not_found");
        two.giver.patch(&member(&cat), json!({ "role": "VIEWER" })).await.ok(200);
        two.accept(&of_cat).await.fails(404, "not_found");
        let left = two.giver.get(&two.path(&two.from)).await.ok(200);
        assert_eq!(left["transfers"].as_array().unwrap().len(), 1);
        assert_eq!(left["transfers"][0]["offeredBy"], json!(two.giver.user));
        two.accept(&own).await.ok(200);
    })
    .await;
}
