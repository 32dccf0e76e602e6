//! What the cases share: what there is at the partner, and the wire.

use crate::ask::{Answer, Ask, Traffic, shown};
use crate::cases::Case;
use crate::expect::{Miss, failed, skipped};
use crate::report::{Grade, Outcome};
use crate::stage::Stage;
use crate::{Product, Settings};
use http::{HeaderMap, HeaderValue, Method};
use pintle_core::Result;
use pintle_core::marketplace::rehearsal::Installation;
use pintle_egress::{Request, Response};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use url::Url;

/// As long as Pintle waits for a partner.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct World {
    pub settings: Settings,
    pub stage: Stage,
    /// What is at the partner, as far as the cases came.
    pub there: There,
    traffic: Vec<Traffic>,
    /// Whether anything was answered at the partner's base URL.
    reached: bool,
    /// How much of the inbox was there when the case began.
    began: usize,
}

#[derive(Default)]
pub struct There {
    pub first: Option<Installation>,
    /// Of another team.
    pub second: Option<Installation>,
    pub resource: Option<Resource>,
    /// Its id and name: it was deleted.
    pub deleted: Option<(String, String)>,
    /// The first installation was removed, and with it the resource of this name.
    pub removed: Option<String>,
    /// The plan that resources are made with.
    pub plan: Option<String>,
    /// Where a customer was signed in, and what that was answered.
    pub visit: Option<(Url, Answer)>,
    /// By the id of an installation that was removed, how much of the inbox was there then.
    pub ended: BTreeMap<String, usize>,
    /// Installations to remove at the end.
    pub litter: Vec<String>,
}

#[derive(Clone)]
pub struct Resource {
    /// The partner's.
    pub id: String,
    pub name: String,
    pub secrets: Json,
    /// The request that made it, to be sent again.
    pub key: String,
    pub body: String,
}

impl World {
    pub async fn new(settings: Settings, listener: TcpListener) -> Result<Self> {
        let stage = Stage::new(&settings, listener).await?;
        Ok(Self { settings, stage, there: There::default(), traffic: Vec::new(), reached: false, began: 0 })
    }

    pub async fn grade(&mut self, case: &'static Case) -> Grade {
        self.traffic.clear();
        self.began = self.stage.inbox.count();
        let started = Instant::now();
        let outcome = match (case.run)(self).await {
            Ok(note) => Outcome::Passed(note),
            Err(Miss::Skipped(why)) => Outcome::Skipped(why),
            Err(Miss::Failed(expected)) => Outcome::Failed { expected, traffic: self.all_traffic() },
            Err(Miss::Broken(error)) => Outcome::Failed {
                expected: format!("the checker itself failed: {}", error.message),
                traffic: self.all_traffic(),
            },
        };
        Grade { case, outcome, took: started.elapsed() }
    }

    /// In the order of this case; what the partner asked stands behind what it was asked.
    fn all_traffic(&mut self) -> Vec<Traffic> {
        let received = self.stage.inbox.since(self.began).into_iter();
        let keys = |asked: &crate::inbox::Asked| asked.path.starts_with("/.well-known/");
        let received = received.filter(|asked| !keys(asked)).map(Traffic::Received);
        self.traffic.drain(..).chain(received).collect()
    }

    /// How much of the inbox was there when the case began.
    pub fn began(&self) -> usize {
        self.began
    }

    /// Asks the partner. Whatever it answers is an answer.
    pub async fn send(&mut self, ask: Ask) -> Result<Answer, Miss> {
        let text = format!("{}{}", self.settings.url, ask.path);
        let url = Url::parse(&text).map_err(pintle_core::Error::internal)?;
        let (core, cast) = (&self.stage.core, &self.stage.cast);
        let actor = cast.actor(ask.token.installation.as_deref());
        let token = ask.token.text(core, &actor, cast.integration()).await?;
        let changes = ask.method != Method::GET;
        let key = ask.key.clone().or_else(|| changes.then(|| core.entropy.base62(24)));
        let mut lines = vec![format!("Authorization: {}", ask.token.described())];
        let mut headers = HeaderMap::new();
        let mut header = |name: &'static str, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).map_err(pintle_core::Error::internal)?);
            Ok::<_, Miss>(())
        };
        header("accept", "application/json")?;
        header("user-agent", "Pintle-Marketplace/1.0")?;
        header("x-vercel-auth", ask.token.speaker())?;
        if let Some(token) = token {
            header("authorization", &format!("Bearer {token}"))?;
        }
        if let Some(key) = &key {
            header("idempotency-key", key)?;
            lines.push(format!("Idempotency-Key: {key}"));
        }
        if ask.body.is_some() {
            header("content-type", "application/json")?;
        }
        let answered = self.exchange(ask.method, url, headers, lines, ask.body.unwrap_or_default()).await;
        self.reached |= answered.is_ok();
        answered
    }

    /// Opens a page, as a browser does that has just come.
    pub async fn visit(&mut self, url: &Url) -> Result<Answer, Miss> {
        self.exchange(Method::GET, url.clone(), HeaderMap::new(), Vec::new(), String::new()).await
    }

    /// Tells the partner's webhook something.
    pub async fn tell(&mut self, url: Url, body: String, signature: Option<&str>) -> Result<Answer, Miss> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let mut lines = Vec::new();
        if let Some(signature) = signature {
            headers.insert(
                "x-vercel-signature",
                HeaderValue::from_str(signature).map_err(pintle_core::Error::internal)?,
            );
            lines.push(format!("x-vercel-signature: {signature}"));
        }
        self.exchange(Method::POST, url, headers, lines, body).await
    }

    async fn exchange(
        &mut self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        lines: Vec<String>,
        body: String,
    ) -> Result<Answer, Miss> {
        let line = format!("{method} {url}");
        let request = Request { method, url, headers, body: body.clone().into(), timeout: TIMEOUT };
        let answered = self.stage.core.egress.send(request).await;
        let came = match &answered {
            Ok(Response { status, body, .. }) => {
                format!("{status} {}", shown(&String::from_utf8_lossy(body)))
            }
            Err(failure) => format!("nothing: {failure}"),
        };
        self.traffic.push(Traffic::Sent { line, headers: lines, body: shown(&body), came });
        match answered {
            Ok(Response { status, headers, body, .. }) => Ok(Answer::new(status, headers, &body)),
            Err(_) => failed("an answer"),
        }
    }
}

/// What there is, or why a case cannot be tried.
impl World {
    pub fn first(&self) -> Result<Installation, Miss> {
        self.there.first.clone().map_or_else(|| skipped("there is no installation to try it on"), Ok)
    }

    pub fn second(&self) -> Result<Installation, Miss> {
        self.there
            .second
            .clone()
            .map_or_else(|| skipped("there is no second installation to try it with"), Ok)
    }

    pub fn resource(&self) -> Result<Resource, Miss> {
        self.there.resource.clone().map_or_else(|| skipped("there is no resource to try it on"), Ok)
    }

    pub fn product(&self) -> Result<Product, Miss> {
        self.settings.product.clone().map_or_else(|| skipped("give --product"), Ok)
    }

    /// A name that nothing has yet.
    pub fn name(&self) -> String {
        format!("check-{}", self.stage.core.entropy.base62(8).to_lowercase())
    }

    /// The body of a provision that is as it should be.
    pub fn wanted(&self, name: &str) -> Result<Map<String, Json>, Miss> {
        let product = self.product()?;
        let mut body = Map::new();
        body.insert("productId".into(), json!(product.slug));
        body.insert("name".into(), json!(name));
        body.insert("metadata".into(), Json::Object(product.metadata));
        if let Some(plan) = product.plan.or_else(|| self.there.plan.clone()) {
            body.insert("billingPlanId".into(), json!(plan));
        }
        Ok(body)
    }
}

impl World {
    /// What lies behind many failures, where that is known.
    pub fn hint(&self, grades: &[Grade]) -> Option<String> {
        let install = grades.iter().find(|grade| grade.case.name == "install")?;
        if !matches!(install.outcome, Outcome::Failed { .. }) {
            return None;
        }
        let (issuer, client) = (&self.settings.issuer, &self.settings.client_id);
        if !self.reached {
            return Some(format!("Nothing answered at {}. Is the partner running there?", self.settings.url));
        }
        let asked = self.stage.inbox.since(0);
        match asked.iter().any(|asked| asked.path.starts_with("/.well-known/")) {
            false => Some(format!(
                "The partner never fetched the keys that sign this checker's tokens. It must take {issuer} for the issuer \
                 and fetch {issuer}/.well-known/openid-configuration; --listen moves the checker to another address."
            )),
            true => Some(format!(
                "The partner fetched the keys and still refused a good token. It must accept `iss` {issuer} and `aud` {client}."
            )),
        }
    }

    /// Leaves nothing at the partner that a removal takes; what it answers counts for nothing.
    pub async fn clean_up(&mut self) {
        for id in std::mem::take(&mut self.there.litter) {
            let body = json!({ "cascadeResourceDeletion": true }).to_string();
            let ask = Ask::delete(format!("/v1/installations/{id}")).by_system(Some(&id)).with(body);
            drop(self.send(ask).await);
        }
    }
}
