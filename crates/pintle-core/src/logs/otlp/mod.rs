//! What comes in by OTLP: log records become lines, spans stay as they are.

mod record;
mod value;

use super::batch::{Kind, NewBatch};
use super::deployments;
use super::intake::{Intake, Taken, Wrong};
use super::keys::Feed;
use crate::ids::ProjectId;
use crate::{Core, Result};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use std::collections::BTreeSet;

const PROJECT: &str = "vercel.projectId";
const DEPLOYMENT: &str = "vercel.deploymentId";

/// What was not taken of a request.
#[derive(Debug, Default)]
pub struct Rejected {
    /// Records, or spans.
    pub count: usize,
    /// Why the first of them was not; empty where all were taken.
    pub message: String,
}

/// Reads log records.
///
/// # Errors
/// None that memory gives.
pub fn logs(core: &Core, feed: &Feed, request: ExportLogsServiceRequest) -> Result<Taken<Rejected>> {
    let mut intake = Intake::new(core, feed);
    let mut number = 0;
    for group in &request.resource_logs {
        let about = record::about(group.resource.as_ref());
        for record in group.scope_logs.iter().flat_map(|scope| &scope.log_records) {
            number += 1;
            // Each line repeats what its resource says, which may be long.
            if intake.is_full() {
                intake.reject(number, Wrong::TOO_MUCH);
            } else {
                intake.add(number, &serde_json::to_vec(&record::line(&about, record))?);
            }
        }
    }
    let Taken { told, batches } = intake.finish();
    let message = told.errors.first().map(|error| format!("record {}: {}", error.line, error.message));
    Ok(Taken { told: Rejected { count: told.rejected, message: message.unwrap_or_default() }, batches })
}

/// Reads spans; their resources say of which project and deployment they are from then on.
///
/// # Errors
/// None.
pub fn traces(_: &Core, feed: &Feed, mut request: ExportTraceServiceRequest) -> Result<Taken<Rejected>> {
    let mut told = Rejected::default();
    let mut deployments = BTreeSet::new();
    let mut spans = 0;
    request.resource_spans.retain_mut(|group| {
        let count = group.scope_spans.iter().map(|scope| scope.spans.len()).sum::<usize>();
        if count == 0 {
            return false;
        }
        let named = name(group.resource.get_or_insert_default(), feed)
            .and_then(|deployment| deployments::gather(&mut deployments, &deployment));
        let good = named.is_ok();
        match named {
            Ok(()) => spans += count,
            Err(message) if told.count == 0 => told = Rejected { count, message },
            Err(_) => told.count += count,
        }
        good
    });
    let batch = (spans > 0).then(|| NewBatch::new(Kind::Trace, spans, deployments, &request.encode_to_vec()));
    Ok(Taken { told, batches: batch.into_iter().collect() })
}

/// Writes the project and the deployment into a resource that lacks them; answers the deployment.
fn name(resource: &mut Resource, feed: &Feed) -> Result<String, String> {
    let attributes = &mut resource.attributes;
    match value::text(attributes, PROJECT).map(|id| ProjectId::from(id) == feed.project) {
        Some(true) => {}
        Some(false) => return Err(format!("`{PROJECT}` is not the project that is fed.")),
        None => attributes.push(value::attribute(PROJECT, feed.project.as_str())),
    }
    let deployment = value::text(attributes, DEPLOYMENT).map(str::to_owned);
    Ok(deployment.unwrap_or_else(|| {
        attributes.push(value::attribute(DEPLOYMENT, &feed.deployment));
        feed.deployment.clone()
    }))
}
