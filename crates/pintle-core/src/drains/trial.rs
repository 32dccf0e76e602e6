//! testDrain: sample events on the way that a drain's would go, before there is one.

use super::delivery::Delivery;
use super::parcel::{Parcel, pack};
use super::{Schemas, Selection, samples, send};
use crate::logs::Kind;
use crate::{Core, Error, Result, Scope};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long an endpoint may take while a caller waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The body of testDrain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub schemas: Schemas,
    pub delivery: Delivery,
}

/// Why the samples did not arrive.
#[derive(Debug, Serialize)]
pub struct Trouble {
    pub status: &'static str,
    pub error: String,
    pub endpoint: String,
}

/// Sends samples of each schema, in the encoding of the delivery and signed if that has a secret. `None` where all of them were taken.
///
/// # Errors
/// 400 for a delivery that breaks the contract, that Pintle does not send to, or that has no way for one of the schemas.
pub async fn test(core: &Core, _scope: &Scope, trial: Trial) -> Result<Option<Trouble>> {
    trial.delivery.check()?;
    trial.delivery.admit(core).await?;
    for parcel in parcels(core, &trial)? {
        let endpoint = parcel.address();
        let error = match send(core, parcel, PATIENCE).await {
            Ok(None) => continue,
            Ok(Some(response)) if (200..300).contains(&response.status) => continue,
            Ok(Some(response)) => format!("The endpoint answered with status {}", response.status),
            Err(failure) => format!("The endpoint did not answer: {failure}"),
        };
        return Ok(Some(Trouble { status: "error", error, endpoint }));
    }
    Ok(None)
}

fn parcels(core: &Core, trial: &Trial) -> Result<Vec<Parcel>> {
    if trial.schemas.is_empty() {
        return Err(Error::invalid("`schemas` should NOT have fewer than 1 properties."));
    }
    let mut parcels = Vec::new();
    for name in trial.schemas.keys() {
        let samples = samples::of(name, core.clock.now(), &core.entropy);
        let Some(sample) = samples.filter(|sample| suits(&trial.delivery, name, sample.kind)) else {
            let text = format_args!("`schemas.{name}` cannot be delivered to what `delivery.type` says.");
            return Err(Error::invalid(text));
        };
        parcels.extend(pack(&trial.delivery, sample, &Selection::default())?);
    }
    Ok(parcels)
}

/// What is neither lines nor spans goes as JSON only.
fn suits(delivery: &Delivery, schema: &str, kind: Kind) -> bool {
    delivery.carries(kind) && (matches!(schema, "log" | "trace") || matches!(delivery, Delivery::Http(_)))
}
