//! The record of a drain.

use super::delivery::{self, Delivery};
use super::filter::{Filter, FilterV2, Sampling, Schemas, Transform};
use super::source::Source;
use crate::clock::Millis;
use crate::events::Event;
use crate::ids::{ConfigurationId, DrainId, IntegrationId, OwnerId, ProjectId};
use crate::{Core, Result, Scope, projects};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// What is stored, and what the wire shows. In the stored document the delivery's secrets are empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    pub id: DrainId,
    pub owner_id: OwnerId,
    /// `null` for a personal account.
    pub team_id: Option<OwnerId>,
    pub name: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub created_from: CreatedFrom,
    /// Absent: all projects. Empty: none, since the last of them was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_ids: Option<Vec<ProjectId>>,
    pub schemas: Schemas,
    #[serde(deserialize_with = "delivery::stored")]
    pub delivery: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Vec<Sampling>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transforms: Option<Vec<Transform>>,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_by: Option<String>,
    /// Since when it is errored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_error_timestamp: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_id: Option<ConfigurationId>,
    /// The integration, by its id as an OAuth client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<IntegrationId>,
    pub source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    #[serde(rename = "filterV2", skip_serializing_if = "Option::is_none")]
    pub filter_v2: Option<FilterV2>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreatedFrom {
    SelfServed,
    Integration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Enabled,
    Disabled,
    /// Its endpoint takes too little of what it is sent. It is still sent to.
    Errored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledReason {
    DisabledByOwner,
}

impl Drain {
    /// A drain of the scope's caller, which everything but its delivery, schemas and projects follows from.
    pub(super) fn new(
        core: &Core,
        scope: &Scope,
        id: DrainId,
        name: String,
        delivery: Delivery,
        source: Source,
    ) -> Self {
        let now = core.clock.now();
        Self {
            id,
            owner_id: scope.owner().clone(),
            team_id: scope.team_id(),
            name,
            created_at: now,
            updated_at: now,
            created_from: source.created_from(),
            project_ids: None,
            schemas: Schemas::new(),
            delivery,
            sampling: None,
            transforms: None,
            status: Status::Enabled,
            disabled_at: None,
            disabled_reason: None,
            disabled_by: None,
            first_error_timestamp: None,
            configuration_id: scope.configuration().cloned(),
            client_id: scope.installation().map(|installation| installation.integration.clone()),
            source,
            filter: None,
            filter_v2: None,
        }
    }

    pub(super) fn set_filter(&mut self, filter: Option<Filter>) {
        (self.filter, self.filter_v2) = match filter {
            None => (None, None),
            Some(Filter::Text(text)) => (Some(text), None),
            Some(Filter::Conditions(conditions)) => (None, Some(conditions)),
        };
    }

    pub(super) fn set_projects(&mut self, mut ids: Option<Vec<ProjectId>>) {
        if let Some(ids) = &mut ids {
            let mut seen = HashSet::new();
            ids.retain(|id| seen.insert(id.clone()));
        }
        self.project_ids = ids;
    }

    /// Checks that the caller may reach every project that the drain names.
    pub(super) async fn check_projects(&self, tx: &Conn, scope: &Scope) -> Result<()> {
        projects::require_all(tx, scope, self.project_ids.as_deref().unwrap_or_default()).await?;
        let filtered = self.filter_v2.as_ref().and_then(FilterV2::projects);
        projects::require_all(tx, scope, filtered.unwrap_or_default()).await
    }

    /// Whether it gets the events of a project, as far as the drain itself says.
    pub(super) fn covers(&self, project: &ProjectId) -> bool {
        let named = self.project_ids.as_ref().is_none_or(|ids| ids.contains(project));
        let filtered = self.filter_v2.as_ref().and_then(FilterV2::projects);
        named && filtered.is_none_or(|ids| ids.contains(project))
    }

    /// Takes a project out. A drain that named only this one is left with none: it never widens to all.
    pub(super) fn forget(&mut self, project: &ProjectId) {
        let filtered = self.filter_v2.as_mut().and_then(FilterV2::projects_mut);
        for ids in [self.project_ids.as_mut(), filtered].into_iter().flatten() {
            ids.retain(|id| id != project);
        }
    }

    /// Makes it a team's. One that named projects is left with none: they are the earlier owner's.
    pub(super) fn give_to(&mut self, team: &OwnerId) {
        self.owner_id = team.clone();
        self.team_id = Some(team.clone());
        let filtered = self.filter_v2.as_mut().and_then(FilterV2::projects_mut);
        [self.project_ids.as_mut(), filtered].into_iter().flatten().for_each(Vec::clear);
    }

    pub(super) fn is_of_installation(&self) -> bool {
        self.configuration_id.is_some()
    }

    /// The event of a change to it. One made by a log-drain API keeps the older names.
    pub(super) fn event(&self, change: Change) -> Event {
        let log_drain = self.id.is_log_drain();
        let (kind, done) = match change {
            Change::Created if log_drain => ("log-drain-created", "created"),
            Change::Created => ("drain-created", "created"),
            Change::Deleted if log_drain => ("log-drain-deleted", "deleted"),
            Change::Deleted => ("drain-deleted", "deleted"),
            Change::Enabled if log_drain => ("log-drain-enabled", "enabled"),
            Change::Enabled => ("drain-enabled", "enabled"),
            Change::Disabled if log_drain => ("log-drain-disabled", "disabled"),
            Change::Disabled => ("drain-disabled", "disabled"),
            Change::Updated => ("drain-updated", "updated"),
        };
        let payload =
            json!({ "drainId": self.id, "drainName": self.name, "logDrainUrl": self.delivery.address() });
        Event::new(kind, format!("{done} drain {}", self.name), payload)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Created,
    Updated,
    Enabled,
    Disabled,
    Deleted,
}
