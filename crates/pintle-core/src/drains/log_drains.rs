//! The two older APIs, which know drains of logs only: views of what `/v1/drains` shows.

use super::delivery::{Delivery, Encoding, Headers, Http, OtlpEncoding};
use super::filter::{Environment, FilterV2, LogSource, Sampling, Schema};
use super::metadata::{Metadata, WithMetadata};
use super::parcel::check_headers;
use super::{CreatedFrom, Drain, NAME_LENGTH, Source, delete_if, insert, not_found};
use crate::clock::Millis;
use crate::ids::{ConfigurationId, DrainId, IntegrationId, OwnerId, ProjectId};
use crate::{Core, Error, Result, Scope, validate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use url::Url;

/// What a body may ask for; `redirect` came later and only `/v1/drains` knows it.
const SOURCES: &[&str] = &["static", "lambda", "build", "edge", "external", "firewall"];

/// The body of createLogDrain. The contract does not refuse further keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLogDrain {
    pub name: String,
    pub project_ids: Option<Vec<ProjectId>>,
    pub secret: Option<String>,
    pub delivery_format: Option<Encoding>,
    pub url: String,
    pub sources: Option<Vec<String>>,
    pub headers: Option<Headers>,
    pub environments: Option<Vec<Environment>>,
}

/// The body of createConfigurableLogDrain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConfigurableLogDrain {
    pub delivery_format: Encoding,
    pub url: String,
    pub headers: Option<Headers>,
    pub project_ids: Option<Vec<ProjectId>>,
    pub sources: Vec<String>,
    pub environments: Option<Vec<Environment>>,
    pub secret: Option<String>,
    /// 0.01 to 1 in steps of 0.01.
    pub sampling_rate: Option<f64>,
    /// The host of the URL where there is none.
    pub name: Option<String>,
}

impl NewLogDrain {
    fn check(&self) -> Result<()> {
        name_like("name", &self.name)?;
        self.secret.as_ref().map_or(Ok(()), |secret| name_like("secret", secret))
    }
}

/// `^[A-z0-9_ -]+$` and at most 100: the range of the pattern takes in a few signs between `Z` and `a`.
fn name_like(field: &str, text: &str) -> Result<()> {
    validate::at_most(field, text, 100)?;
    let allowed = |c: char| matches!(c, 'A'..='z' | '0'..='9' | ' ' | '-');
    validate::pattern(field, text, "^[A-z0-9_ -]+$", allowed)
}

/// What both bodies ask for.
struct Draft {
    name: String,
    url: String,
    format: Encoding,
    headers: Option<Headers>,
    secret: Option<String>,
    project_ids: Option<Vec<ProjectId>>,
    sources: Option<Vec<String>>,
    environments: Option<Vec<Environment>>,
    sampling_rate: Option<f64>,
}

impl Draft {
    fn check(&self) -> Result<()> {
        validate::http_url("url", &self.url)?;
        check_headers("headers", self.headers.as_ref().unwrap_or(&Headers::new()))?;
        if let Some(ids) = &self.project_ids {
            validate::items("projectIds", ids, 1, 50)?;
            for (index, id) in ids.iter().enumerate() {
                let allowed = |c: char| matches!(c, 'A'..='z' | '0'..='9');
                validate::pattern(&format!("projectIds[{index}]"), id.as_str(), "^[a-zA-z0-9_]+$", allowed)?;
            }
        }
        if let Some(sources) = &self.sources {
            validate::items("sources", sources, 1, usize::MAX)?;
            for (index, source) in sources.iter().enumerate() {
                validate::one_of(&format!("sources[{index}]"), source, SOURCES)?;
            }
            validate::unique("sources", sources)?;
        }
        if let Some(environments) = &self.environments {
            validate::items("environments", environments, 1, usize::MAX)?;
            validate::unique("environments", environments)?;
        }
        self.sampling_rate.map_or(Ok(()), |rate| {
            validate::within("samplingRate", rate, 0.01, 1.0)?;
            let hundredths = rate * 100.0;
            match (hundredths - hundredths.round()).abs() < 1e-9 {
                true => Ok(()),
                false => Err(Error::invalid("`samplingRate` should be multiple of 0.01.")),
            }
        })
    }

    async fn create(self, core: &Core, scope: &Scope) -> Result<Drain> {
        self.check()?;
        validate::admitted(core, "url", &self.url).await?;
        let sources = self.sources.map(|sources| {
            sources.into_iter().map(|source| serde_json::from_value::<LogSource>(Json::String(source)))
        });
        let sources: Option<Vec<LogSource>> = sources.map(Iterator::collect::<Result<_, _>>).transpose()?;
        let delivery = Delivery::Http(Http {
            endpoint: self.url,
            encoding: self.format,
            compression: None,
            headers: self.headers.unwrap_or_default(),
            secret: self.secret,
        });
        let source = Source::wanted(scope, None)?;
        let id = DrainId::log_drain(&core.entropy);
        let mut drain = Drain::new(core, scope, id, self.name, delivery, source);
        let schema = Schema { version: "v1".to_owned(), rest: Map::new() };
        drain.schemas.insert(LOG.to_owned(), schema);
        drain.filter_v2 = FilterV2::of_logs(sources, self.environments);
        drain.sampling = self.sampling_rate.map(|rate| vec![Sampling::of_everything(rate)]);
        drain.set_projects(self.project_ids);
        insert(core, scope, drain).await
    }
}

/// The schema that makes a drain one of logs.
const LOG: &str = "log";

/// What the older APIs call the parts of a drain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_format: Option<DeliveryFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<LogSource>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<Environment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryFormat {
    Json,
    Ndjson,
    Syslog,
    Protobuf,
}

impl Parts {
    /// `None` where the drain is not one of logs, or sends them to no address: the older APIs do not know it.
    fn of(drain: &Drain) -> Option<Self> {
        drain.schemas.get(LOG)?;
        let url = drain.delivery.url()?.to_owned();
        let basic = drain.filter_v2.as_ref().and_then(FilterV2::basic);
        let rate = match drain.sampling.as_deref() {
            Some([rule]) if rule.env.is_none() && rule.request_path.is_none() => Some(rule.rate),
            _ => None,
        };
        Some(Self {
            url,
            delivery_format: DeliveryFormat::of(&drain.delivery),
            sources: basic.and_then(|basic| basic.log.clone()?.sources),
            environments: basic.and_then(|basic| basic.deployment.clone()?.environments),
            headers: drain.delivery.headers().filter(|headers| !headers.is_empty()).cloned(),
            sampling_rate: rate,
            secret: drain.delivery.secret().map(str::to_owned),
        })
    }
}

impl DeliveryFormat {
    fn of(delivery: &Delivery) -> Option<Self> {
        Some(match delivery {
            Delivery::Http(Http { encoding: Encoding::Json, .. }) => Self::Json,
            Delivery::Http(Http { encoding: Encoding::Ndjson, .. }) => Self::Ndjson,
            Delivery::OtlpHttp(otlp) if otlp.encoding == OtlpEncoding::Json => Self::Json,
            Delivery::OtlpHttp(_) => Self::Protobuf,
            Delivery::Syslog(_) => Self::Syslog,
            Delivery::S3(_) | Delivery::Internal(_) => return None,
        })
    }
}

/// What `/v2/integrations/log-drains` shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogDrain {
    pub id: DrainId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<IntegrationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_id: Option<ConfigurationId>,
    pub created_at: Millis,
    pub name: String,
    pub owner_id: OwnerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_ids: Option<Vec<ProjectId>>,
    pub created_from: CreatedFrom,
    pub source: Source,
    #[serde(flatten)]
    pub parts: Parts,
}

impl LogDrain {
    fn of(drain: Drain) -> Option<Self> {
        let parts = Parts::of(&drain)?;
        Some(Self {
            id: drain.id,
            client_id: drain.client_id,
            configuration_id: drain.configuration_id,
            created_at: drain.created_at,
            name: drain.name,
            owner_id: drain.owner_id,
            project_ids: drain.project_ids,
            created_from: drain.created_from,
            source: drain.source,
            parts,
        })
    }
}

/// What `/v1/log-drains` shows: the drain of `/v1/drains`, which its list promises, and beside it the names that its body uses.
#[derive(Debug, Serialize)]
pub struct Configurable {
    #[serde(flatten)]
    pub drain: Drain,
    #[serde(flatten)]
    pub parts: Parts,
}

impl Configurable {
    fn of(drain: Drain) -> Option<Self> {
        let parts = Parts::of(&drain)?;
        Some(Self { drain, parts })
    }
}

/// createLogDrain.
///
/// # Errors
/// 400 for a token that is not an integration's, or a body that breaks the contract; 404 for an unknown project.
pub async fn create(core: &Core, scope: &Scope, input: NewLogDrain) -> Result<LogDrain> {
    if scope.installation().is_none() {
        return Err(Error::bad_request("The provided token is not from an OAuth2 Client"));
    }
    input.check()?;
    let draft = Draft {
        name: input.name,
        url: input.url,
        format: input.delivery_format.unwrap_or(Encoding::Json),
        headers: input.headers,
        secret: input.secret,
        project_ids: input.project_ids,
        sources: input.sources,
        environments: input.environments,
        sampling_rate: None,
    };
    LogDrain::of(draft.create(core, scope).await?).ok_or_else(not_found)
}

/// getIntegrationLogDrains, newest first: an installation's own, or all that the owner's installations made.
pub async fn list(core: &Core, scope: &Scope) -> Result<Vec<LogDrain>> {
    let drains = super::list(core, scope, None).await?.into_iter();
    Ok(drains.filter(Drain::is_of_installation).filter_map(LogDrain::of).collect())
}

/// deleteIntegrationLogDrain.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    delete_if(core, scope, id, |drain| drain.is_of_installation() && Parts::of(drain).is_some()).await
}

/// createConfigurableLogDrain.
///
/// # Errors
/// 400 for a body that breaks the contract; 404 for an unknown project.
pub async fn create_configurable(
    core: &Core,
    scope: &Scope,
    input: NewConfigurableLogDrain,
) -> Result<Configurable> {
    let host = || Url::parse(&input.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let name = input.name.filter(|name| !name.is_empty()).or_else(host).unwrap_or_default();
    validate::at_most("name", &name, NAME_LENGTH)?;
    let draft = Draft {
        name,
        url: input.url,
        format: input.delivery_format,
        headers: input.headers,
        secret: input.secret,
        project_ids: input.project_ids,
        sources: Some(input.sources),
        environments: input.environments,
        sampling_rate: input.sampling_rate,
    };
    Configurable::of(draft.create(core, scope).await?).ok_or_else(not_found)
}

/// getAllLogDrains, newest first, whoever made them.
///
/// # Errors
/// 404 where the owner has no such project.
pub async fn list_configurable(
    core: &Core,
    scope: &Scope,
    project: Option<&str>,
    with_metadata: bool,
) -> Result<Vec<WithMetadata<Configurable>>> {
    let drains = super::list(core, scope, project).await?;
    let conn = core.db.read().await?;
    let mut list = Vec::with_capacity(drains.len());
    for drain in drains.into_iter().filter_map(Configurable::of) {
        let metadata = match with_metadata {
            true => Metadata::of(&conn, &drain.drain).await?,
            false => Metadata::default(),
        };
        list.push(WithMetadata { drain, metadata });
    }
    Ok(list)
}

/// getConfigurableLogDrain, always with its metadata.
pub async fn get_configurable(core: &Core, scope: &Scope, id: &str) -> Result<WithMetadata<Configurable>> {
    let drain = Configurable::of(super::get(core, scope, id).await?).ok_or_else(not_found)?;
    let metadata = Metadata::of(&core.db.read().await?, &drain.drain).await?;
    Ok(WithMetadata { drain, metadata })
}

/// deleteConfigurableLogDrain.
pub async fn delete_configurable(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    delete_if(core, scope, id, |drain| Parts::of(drain).is_some()).await
}
