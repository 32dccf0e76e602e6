//! Who a drain belongs to: the account itself, or an installation.

use super::CreatedFrom;
use crate::ids::{ConfigurationId, IntegrationId};
use crate::{Error, Result, Scope};
use serde::{Deserialize, Serialize};

/// `source` of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Source {
    SelfServed,
    Integration {
        integration_id: IntegrationId,
        integration_configuration_id: ConfigurationId,
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_resource_id: Option<String>,
    },
}

/// `source` of a body. Newer clients leave even `kind` out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceField {
    pub kind: Option<SourceKind>,
    pub resource_id: Option<String>,
    pub external_resource_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    Integration,
    SelfServed,
}

impl Source {
    /// The source that a caller's drain has, as far as the caller may choose it.
    ///
    /// # Errors
    /// 400 where a user asks for an integration's or the reverse, and for two resources at once.
    pub(super) fn wanted(scope: &Scope, field: Option<SourceField>) -> Result<Self> {
        let field = field.unwrap_or_default();
        let resource = match (&field.resource_id, &field.external_resource_id) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("`source` should NOT have additional property `resourceId`."));
            }
            (Some(_), None) => Some("resourceId"),
            (None, Some(_)) => Some("externalResourceId"),
            (None, None) => None,
        };
        let of_integration = match (field.kind, resource) {
            (Some(SourceKind::SelfServed), Some(name)) => {
                let text = format_args!("`source` should NOT have additional property `{name}`.");
                return Err(Error::invalid(text));
            }
            (Some(SourceKind::SelfServed), None) => Some(false),
            (Some(SourceKind::Integration), _) | (None, Some(_)) => Some(true),
            (None, None) => None,
        };
        match (scope.installation(), of_integration) {
            (None, Some(true)) => Err(Error::bad_request(
                "`source.kind` cannot be 'integration': the provided token is not from an OAuth2 Client",
            )),
            (Some(_), Some(false)) => Err(Error::bad_request(
                "`source.kind` cannot be 'self-served': the provided token is from an OAuth2 Client",
            )),
            (None, _) => Ok(Source::SelfServed),
            (Some(installation), _) => Ok(Source::Integration {
                integration_id: installation.integration.clone(),
                integration_configuration_id: installation.configuration.clone(),
                resource_id: field.resource_id,
                external_resource_id: field.external_resource_id,
            }),
        }
    }

    pub(super) fn created_from(&self) -> CreatedFrom {
        match self {
            Source::SelfServed => CreatedFrom::SelfServed,
            Source::Integration { .. } => CreatedFrom::Integration,
        }
    }
}
