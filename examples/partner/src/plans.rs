//! What it costs. Amounts are text, so that no cent is lost.

use crate::App;
use crate::broken::Broken;
use crate::refusal::{Json, Refusal, Result};
use crate::tokens::Caller;
use axum::extract::{Path, State};
use serde_json::{Value, json};

pub type Plans = fn() -> Vec<Value>;

/// For a whole installation.
pub const INSTALLATION: Plans = || {
    vec![
        json!({
            "id": "community", "type": "subscription", "scope": "installation", "name": "Community",
            "description": "Help from the community", "paymentMethodRequired": false,
        }),
        json!({
            "id": "support", "type": "subscription", "scope": "installation", "name": "Support",
            "description": "An answer within a day", "cost": "50.00",
        }),
    ]
};

/// For one resource.
pub const RESOURCE: Plans = || {
    vec![
        json!({
            "id": "free", "type": "subscription", "scope": "resource", "name": "Free", "description": "To try it out",
            "paymentMethodRequired": false, "details": [{ "label": "Storage", "value": "100 MB" }],
        }),
        json!({
            "id": "pro", "type": "subscription", "scope": "resource", "name": "Pro", "description": "For what matters",
            "cost": "19.00", "details": [{ "label": "Storage", "value": "100 GB" }],
            "highlightedDetails": [{ "label": "Backups" }],
        }),
        json!({
            "id": "credits", "type": "prepayment", "scope": "resource", "name": "Credits",
            "description": "Pay for what you will use", "minimumAmount": "10.00", "maximumAmount": "500.00",
        }),
    ]
};

pub fn find(plans: Plans, id: &str) -> Option<Value> {
    plans().into_iter().find(|plan| plan["id"] == id)
}

fn listed(partner: &App, plans: Plans) -> Json<Value> {
    let mut plans = plans();
    if partner.is(Broken::WrongPlans) {
        plans.iter_mut().for_each(|plan| plan["cost"] = json!(19));
    }
    Json(json!({ "plans": plans }))
}

/// `GET /v1/products/{product}/plans`, also before there is an installation.
pub async fn of_product(
    State(partner): State<App>,
    _: Caller,
    Path(product): Path<String>,
) -> Result<Json<Value>> {
    if product != partner.options.product {
        return Err(Refusal::not_found("Product"));
    }
    Ok(listed(&partner, RESOURCE))
}

/// `GET /v1/installations/{installation}/plans`
pub async fn of_installation(
    State(partner): State<App>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    partner.store.lock().installation(&id)?;
    Ok(listed(&partner, INSTALLATION))
}

/// `GET /v1/installations/{installation}/resources/{resource}/plans`
pub async fn of_resource(
    State(partner): State<App>,
    _: Caller,
    Path((installation, id)): Path<(String, String)>,
) -> Result<Json<Value>> {
    partner.store.lock().resource(&installation, &id)?;
    Ok(listed(&partner, RESOURCE))
}
