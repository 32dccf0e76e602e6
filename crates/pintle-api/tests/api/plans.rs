//! getBillingPlans, which a partner answers.

use pintle_testing::partner::{Act, Partner};
use pintle_testing::{Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const PLANS: &str = "/v1/integrations/integration/acme-db/products/pg/plans";

/// A native integration with the product `pg`, and its partner.
async fn native(pintle: &Pintle) -> (Caller, String, Partner) {
    let developer = pintle.team("dev").await;
    let app = json!({ "name": "Acme DB", "kind": "marketplace" });
    let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
    let product = json!({ "name": "PG" });
    developer.post("/pintle/v1/integrations/acme-db/products", product).await.ok(201);
    let partner = pintle.partner().await;
    let id = app["id"].as_str().unwrap().to_owned();
    partner.serve(pintle, &id).await;
    (developer, id, partner)
}

#[tokio::test]
async fn plans_are_the_partners_in_the_contracts_shape() {
    on_each_engine(async |pintle| {
        let (_, id, partner) = native(pintle).await;
        let team = pintle.team("acme").await;
        let sent = json!([
            { "id": "free", "type": "subscription", "name": "Free", "description": "", "color": "red", "cost": "0.00" },
            { "id": "pro", "type": "prepayment", "scope": "installation", "name": "Pro", "description": "All", "paymentMethodRequired": false },
        ]);
        partner.then(Act::Answer(200, json!({ "plans": sent })));
        let plans = team.get(&format!("{PLANS}?metadata=%7B%22size%22%3A%208%7D")).await.ok(200);
        let shown = json!({ "plans": [
            {
                "id": "free", "type": "subscription", "scope": "resource", "name": "Free", "description": "",
                "paymentMethodRequired": true, "cost": "0.00",
            },
            sent[1],
        ] });
        assert_eq!(plans, shown);
        let asked = partner.asked_for("GET", "/v1/products/pg/plans?metadata=%7B%22size%22%3A8%7D");
        assert_eq!((asked.len(), asked[0].header("x-vercel-auth")), (1, "system"));
        assert_eq!((&asked[0].claims["aud"], &asked[0].claims["installation_id"]), (&json!(id), &Value::Null));
        team.get(PLANS).await.ok(200);
        assert_eq!(partner.asked_for("GET", "/v1/products/pg/plans").len(), 1);
        let install = "/v2/integrations/integration/acme-db/marketplace/install";
        let installed = team.post(install, json!({})).await.ok(200);
        team.get(PLANS).await.ok(200);
        let asked = partner.asked_for("GET", "/v1/products/pg/plans");
        assert_eq!(asked[1].claims["installation_id"], installed["id"]);
    })
    .await;
}

#[tokio::test]
async fn plans_for_the_whole_installation_come_first_where_there_are_such() {
    on_sqlite(async |pintle| {
        let (developer, _, partner) = native(pintle).await;
        let whole = json!({ "installationLevelBillingPlans": true });
        developer.patch("/pintle/v1/integrations/acme-db", whole).await.ok(200);
        let team = pintle.team("acme").await;
        team.get(PLANS).await.ok(200);
        assert_eq!(partner.asked_for("GET", "/plans").len(), 1, "nothing is installed yet");
        let install = "/v2/integrations/integration/acme-db/marketplace/install";
        let id = team.post(install, json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        let plan = |id: &str, scope: &str| {
            json!({ "id": id, "type": "subscription", "scope": scope, "name": id, "description": "", "paymentMethodRequired": true })
        };
        let (of_all, of_one) = (plan("team", "installation"), plan("pro", "resource"));
        let (both, one) = (json!({ "plans": [of_all, of_one] }), json!({ "plans": [of_one] }));
        let answer = |whole: Act, single: Act| {
            let whole_path = format!("/v1/installations/{id}/plans");
            partner.script(move |asked| Some(if asked.path == whole_path { whole.clone() } else { single.clone() }));
        };
        let none = || Act::Answer(404, json!({}));
        answer(Act::Answer(200, json!({ "plans": [of_all] })), Act::Answer(200, one.clone()));
        assert_eq!(team.get(PLANS).await.ok(200), both);
        answer(Act::Answer(200, both.clone()), Act::Answer(200, one.clone()));
        assert_eq!(team.get(PLANS).await.ok(200), both, "each once");
        answer(none(), Act::Answer(200, one.clone()));
        assert_eq!(team.get(PLANS).await.ok(200), one);
        answer(Act::Answer(200, both.clone()), none());
        assert_eq!(team.get(PLANS).await.ok(200), both);
        answer(none(), none());
        team.get(PLANS).await.fails(404, "not_found");
        answer(Act::Answer(503, json!({})), Act::Answer(200, one));
        team.get(PLANS).await.fails(400, "partner_unavailable");
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_does_not_answer_as_it_must_is_told_of_within_the_contract() {
    on_sqlite(async |pintle| {
        let (developer, _, partner) = native(pintle).await;
        let team = pintle.team("acme").await;
        let plan = |id: &str, kind: &str| json!({ "id": id, "type": kind, "name": "A", "description": "" });
        let answers = [
            (json!({}), "its answer should have a list `plans`"),
            (json!({ "plans": {} }), "its answer should have a list `plans`"),
            (
                json!({ "plans": [plan("a", "subscription"), plan("b", "free")] }),
                "`plans[1].type` should be equal to one of the allowed values \"prepayment, subscription\"",
            ),
            (json!({ "plans": [plan("a", "subscription"), plan("a", "subscription")] }), "have the same id"),
        ];
        for (answer, text) in answers {
            partner.then(Act::Answer(200, answer));
            let error = team.get(PLANS).await.fails(400, "partner_unavailable");
            assert!(error["message"].as_str().unwrap().contains(text), "{error}");
        }
        for status in [500, 503] {
            partner.then(Act::Answer(status, json!({})));
            partner.then(Act::Answer(status, json!({})));
            team.get(PLANS).await.fails(400, "partner_unavailable");
        }
        let refusal = |code: &str| json!({ "error": { "code": code, "message": "no", "user": { "message": "Choose a region" } } });
        for (status, shown) in [(400, 400), (403, 403), (404, 404), (409, 400), (422, 400)] {
            partner.then(Act::Answer(status, refusal("their_code")));
            team.get(PLANS).await.says(shown, "their_code", "Choose a region");
        }
        team.get(&format!("{PLANS}?metadata=[1]")).await.says(
            400,
            "bad_request",
            "Invalid request: `metadata` should be an object as JSON.",
        );
        let other = "/v1/integrations/integration/acme-db/products/none/plans";
        team.get(other).await.says(404, "not_found", "Product not found");
        let none = "/v1/integrations/integration/none/products/pg/plans";
        team.get(none).await.says(404, "not_found", "Integration not found");
        drop(partner);
        team.get(PLANS).await.fails(400, "partner_unavailable");
        developer.patch("/pintle/v1/integrations/acme-db", json!({ "baseUrl": null })).await.ok(200);
        team.get(PLANS).await.fails(400, "base_url_missing");
    })
    .await;
}
