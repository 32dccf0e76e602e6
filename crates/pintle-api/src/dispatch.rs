//! The way of a request: path → route, token → scope, rate limit, handler, answer.

use crate::call::Call;
use crate::incoming::{self, Incoming, Room};
use crate::limits::{Allowance, Limits};
use crate::query::Query;
use crate::reply::{self, Reply};
use crate::router::{Handler, Match, Route, Router};
use crate::{failure, faults};
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header, request};
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Collected, Limited};
use pintle_core::clock::SECOND;
use pintle_core::faults::NewFault;
use pintle_core::ids::TokenId;
use pintle_core::logs::keys::Feed;
use pintle_core::permissions::Permission;
use pintle_core::{Core, Error, Kind, Result, Scope, credential, planted, scope};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What an operator decides about the HTTP side.
#[derive(Debug, Clone)]
pub struct Options {
    /// Requests a minute of a token that has no limit of its own.
    pub rate_limit: i64,
    /// Largest body in bytes.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// Bytes of logs that are taken in at a time, by all requests together.
    pub log_room: usize,
    /// Answer browsers' preflight requests, so that pages of any origin may call the API.
    pub cors: bool,
    /// Serve what is only for development: the clock, faults.
    pub dev: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rate_limit: 1_000_000,
            body_limit: 8 << 20,
            body_time: Duration::from_secs(60),
            log_room: 64 << 20,
            cors: false,
            dev: false,
        }
    }
}

/// The API over a core. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    core: Core,
    router: Router,
    limits: Limits,
    room: Room,
    options: Options,
    /// Becomes true when the server ends.
    ending: watch::Sender<bool>,
}

impl Api {
    pub fn new(core: Core, options: Options) -> Self {
        let router = Router::new(crate::routes());
        let room = Room::new(options.log_room);
        Self(Arc::new(Inner {
            core,
            router,
            limits: Limits::default(),
            room,
            options,
            ending: watch::Sender::new(false),
        }))
    }

    pub fn core(&self) -> &Core {
        &self.0.core
    }

    /// The server ends: bodies that would go on for long end now.
    pub(crate) fn end(&self) {
        self.0.ending.send_replace(true);
    }

    /// Answers a request. Never fails: what goes wrong is an answer too.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let id = request_id(&self.0.core);
        let (parts, body) = request.into_parts();
        let reads = parts.method.is_safe();
        let mut allowance = None;
        // Before the request, since it may be the last that a fault is for.
        let faults = faults::shown(&self.0.core);
        let reply = match self.handle(parts, body, &mut allowance).await {
            Ok(reply) => reply,
            Err(error) => failure::reply(&error, &id),
        };
        if !reads {
            // It may have left something to deliver.
            self.0.core.bell.ring();
        }
        let mut response = self.respond(reply, &id, allowance);
        if let Some(faults) = faults {
            response.headers_mut().insert(faults::HEADER, faults);
        }
        response
    }

    async fn handle(
        &self,
        parts: request::Parts,
        body: Body,
        allowance: &mut Option<Allowance>,
    ) -> Result<Reply> {
        if self.0.options.cors && parts.method == axum::http::Method::OPTIONS {
            return Ok(preflight());
        }
        let (route, params, version) = match self.0.router.find(&parts.method, parts.uri.path()) {
            Match::Route { route, params, version } => (route, params, version),
            Match::WrongMethod => {
                let text = format!("The method {} is not known for this path", parts.method);
                return Err(Error::new(Kind::MethodUnknown, "method_unknown", text));
            }
            Match::Nothing => return Err(Error::new(Kind::NotFound, "not_found", "The path was not found")),
        };
        if route.permission == Permission::Develop && !self.0.options.dev {
            let text = "This path is for development: start the server with --dev";
            return Err(Error::new(Kind::NotFound, "not_found", text));
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let (core, body_so_far) = (self.0.core.clone(), Bytes::new());
        let (headers, notes) = (parts.headers, None);
        let call = Call { core, params, query, headers, body: body_so_far, version, notes };
        match pintle_core::faults::at_route(&self.0.core, route.id).await? {
            Some(NewFault { drop_answer: true, .. }) => {
                drop(self.run(route, call, body, allowance).await);
                Ok(Reply::dropped())
            }
            Some(NewFault { status: Some(status), retry_after, .. }) => {
                self.fail(status, retry_after, allowance)
            }
            _ => self.run(route, call, body, allowance).await,
        }
    }

    /// The operation itself.
    async fn run(
        &self,
        route: &Route,
        mut call: Call,
        body: Body,
        allowance: &mut Option<Allowance>,
    ) -> Result<Reply> {
        match route.handler {
            Handler::Public(handler) => {
                call.body = self.read(body).await?;
                handler(call).await
            }
            Handler::Scoped(handler) => match self.caller(route, &call, allowance).await {
                Ok(scope) => {
                    call.body = self.read(body).await?;
                    handler(call, scope).await
                }
                Err(error) => {
                    incoming::discard(body).await;
                    Err(error)
                }
            },
            Handler::Feeding(handler) => handler(call, Incoming::new(self.clone(), body)).await,
        }
    }

    /// Who calls, where they may.
    async fn caller(&self, route: &Route, call: &Call, allowance: &mut Option<Allowance>) -> Result<Scope> {
        let scope = scope::authenticate(&call.core, call.bearer(), call.team(), route.permission).await?;
        let used = self.count(&scope.token, scope.rate_limit);
        *allowance = Some(used);
        used.granted(self.0.core.clock.now())?;
        if route.permission.is_partners() {
            scope.require_partner(call.param("integrationConfigurationId"))?;
        }
        Ok(scope)
    }

    /// Counts a request of a token that may make `limit` a minute, or the server's default.
    fn count(&self, token: &TokenId, limit: Option<i64>) -> Allowance {
        let limit = limit.unwrap_or(self.0.options.rate_limit);
        self.0.limits.count(token, limit, self.0.core.clock.now())
    }

    /// Counts a request that feeds logs.
    ///
    /// # Errors
    /// 429 where that is one too many.
    pub(crate) fn admit(&self, feed: &Feed) -> Result<()> {
        self.count(&feed.token, feed.rate_limit).granted(self.0.core.clock.now())
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn room(&self) -> &Room {
        &self.0.room
    }

    /// The answer of a fault in place of the operation's.
    fn fail(
        &self,
        status: u16,
        retry_after: Option<u32>,
        allowance: &mut Option<Allowance>,
    ) -> Result<Reply> {
        if status != 429 {
            return faults::answer(status, retry_after);
        }
        let seconds = retry_after.unwrap_or(1);
        let reset_ms = self.0.core.clock.now() + i64::from(seconds) * SECOND;
        let used = Allowance { limit: self.0.options.rate_limit, remaining: 0, reset_ms, exceeded: true };
        *allowance = Some(used);
        Err(used.refusal(seconds))
    }

    async fn read(&self, body: Body) -> Result<Bytes> {
        let limit = self.0.options.body_limit;
        let arrival = async {
            let body = Limited::new(body, limit).collect().await;
            body.map(Collected::to_bytes).map_err(|error| incoming::unreadable(error.as_ref(), limit))
        };
        let bytes = incoming::in_time(self.0.options.body_time, arrival).await?;
        if planted::on("rest-of-body-awaited") && bytes.starts_with(b"{") && !bytes.ends_with(b"}") {
            std::future::pending::<()>().await;
        }
        Ok(bytes)
    }

    fn body(&self, body: reply::Body) -> Body {
        match body {
            reply::Body::Whole(bytes) => Body::from(bytes),
            // hyper writes the head together with the first of the body: a body that begins with an error takes it along.
            reply::Body::Dropped => {
                Body::from_stream(stream::iter([Err::<Bytes, _>(Error::internal("a fault"))]))
            }
            reply::Body::Stream(pieces) => {
                let mut ending = self.0.ending.subscribe();
                let ended = async move { drop(ending.wait_for(|ended| *ended).await) };
                Body::from_stream(pieces.map(Ok::<_, Infallible>).take_until(Box::pin(ended)))
            }
        }
    }

    fn respond(&self, reply: Reply, id: &str, allowance: Option<Allowance>) -> Response<Body> {
        let mut response = Response::new(self.body(reply.body));
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        if let Some(content_type) = reply.content_type {
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=0"));
        headers.insert(header::SERVER, HeaderValue::from_static("Pintle"));
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(HeaderName::from_static("x-vercel-id"), id);
        }
        if let Some(used) = allowance {
            headers.insert(HeaderName::from_static("x-ratelimit-limit"), used.limit.into());
            headers.insert(HeaderName::from_static("x-ratelimit-remaining"), used.remaining.into());
            headers.insert(HeaderName::from_static("x-ratelimit-reset"), used.reset_seconds().into());
        }
        if self.0.options.cors {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        headers.extend(reply.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }
}

/// `<region>::<5 characters>-<ms>-<12 hex>`, in the form that the platform's users know from `x-vercel-id`.
fn request_id(core: &Core) -> String {
    let random = credential::hex(&core.entropy.bytes::<9>());
    format!("dev1::{}-{}-{}", &random[..5], core.clock.now(), &random[6..])
}

fn preflight() -> Reply {
    Reply { status: StatusCode::NO_CONTENT, ..Reply::nothing() }
        .with(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"))
        .with(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"))
        .with(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"))
}
