//! What one run of a call does, and what a partner's answer becomes.

use super::{World, refusal};
use http::Method;
use pintle_core::Kind;
use pintle_core::marketplace::Outcome;
use pintle_core::marketplace::calls;
use pintle_core::marketplace::claims::Speaker;
use pintle_core::marketplace::partner::{self, Question};
use pintle_testing::on_each_engine;
use pintle_testing::partner::Act;
use serde_json::{Value, json};

#[tokio::test]
async fn a_second_quick_try_has_the_same_key_and_body() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        world.partner.then(Act::DoneUnheard);
        let id = world.intend(world.change().await).await;
        let outcome = world.run(&id).await;
        assert!(matches!(outcome, Outcome::Answered { status: 200, .. }), "{outcome:?}");
        let asked = world.partner.asked_for("PATCH", &world.installed.id);
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].header("idempotency-key"), id.as_str());
        assert_eq!(asked[1].header("idempotency-key"), id.as_str());
        assert_eq!(asked[0].text, asked[1].text);
        let shown = world.shown(&id).await;
        assert_eq!((&shown["state"], &shown["tries"]), (&json!("delivered"), &json!(2)));
        // Whoever runs it again gets the same, and nothing is sent.
        assert_eq!(world.run(&id).await, outcome);
        assert_eq!(world.partner.asked_for("PATCH", &world.installed.id).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn nobody_who_waits_is_kept_for_a_third_try() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.partner.script(|_| Some(Act::Text(503, "later")));
        let id = world.intend(world.change().await).await;
        let Outcome::Unknown { reason, given_up: false } = world.run(&id).await else { panic!("unknown") };
        assert_eq!(reason, "it answered 503");
        assert_eq!(world.partner.asked().len(), 2);
        assert_eq!(world.shown(&id).await["state"], "pending");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_reaches_the_user_in_the_partners_words() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let body = json!({ "error": {
            "code": "validation_error", "message": "region: enum", "user": { "message": "This region is full", "url": "https://p.example/r" },
            "fields": [{ "key": "region", "message": "Choose another" }],
        } });
        for (status, kind) in [
            (400, Kind::BadRequest),
            (403, Kind::Forbidden),
            (404, Kind::NotFound),
            (409, Kind::Conflict),
            (422, Kind::Unprocessable),
        ] {
            world.partner.then(Act::Answer(status, body.clone()));
            let id = world.intend(world.change().await).await;
            let error = refusal(&world.run(&id).await);
            assert_eq!((error.kind, error.code.as_ref()), (kind, "validation_error"));
            assert_eq!(error.message, "This region is full");
            assert_eq!(error.details[1].1, json!([{ "key": "region", "message": "Choose another" }]));
            let shown = world.shown(&id).await;
            assert_eq!((&shown["state"], &shown["tries"]), (&json!("failed"), &json!(1)), "{status}");
            world.team.post(&format!("/pintle/v1/deliveries/{id}/redeliver"), json!({})).await.fails(409, "call_answered");
        }
    })
    .await;
}

#[tokio::test]
async fn a_question_is_asked_twice_and_then_the_partner_is_unavailable() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        let (integration, installation) = (world.integration(), world.configuration());
        let actor = world.actor(&world.team).await;
        let path = partner::path(&["v1", "installations", installation.as_str(), "plans"]);
        let question = Question {
            integration: &integration,
            installation: Some(&installation),
            actor: &actor,
            speaker: Speaker::System,
            method: Method::GET,
            path: &path,
            then: None,
            key: None,
            body: None,
        };
        world.partner.then(Act::Text(500, "oops"));
        let plans = partner::get(&pintle.core, question.clone()).await.unwrap();
        assert_eq!(plans["plans"][0]["id"], "free");
        assert_eq!(world.partner.asked_for("GET", "/plans")[0].header("x-vercel-auth"), "system");

        world.partner.then(Act::Text(200, "not JSON"));
        let error = partner::get(&pintle.core, question.clone()).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_ref()), (Kind::BadGateway, "partner_unavailable"));
        world.partner.then(Act::Answer(404, Value::Null));
        assert_eq!(partner::get(&pintle.core, question).await.unwrap_err().kind, Kind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn an_integration_without_a_base_url_is_asked_nothing() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let mut call = world.change().await;
        call.integration = pintle_core::ids::IntegrationId::from("oac_nobody");
        let core = pintle.core.clone();
        let intent = pintle.core.db.write(async move |tx| calls::intend(tx, &core, call.clone()).await).await;
        assert_eq!(intent.unwrap_err().kind, Kind::NotFound);
        assert!(
            world.team.get("/pintle/v1/deliveries?kind=partner").await.ok(200)["deliveries"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    })
    .await;
}
