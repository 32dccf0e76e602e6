//! The checker's own Pintle: on a folder that goes when it does, with the partner's integration in it.

use crate::Settings;
use crate::inbox::Inbox;
use axum::body::{Body, to_bytes};
use http::{Method, Request};
use pintle_api::{Api, Options};
use pintle_core::clock::Clock;
use pintle_core::drains::verification::Verification;
use pintle_core::entropy::Entropy;
use pintle_core::logs::retention::Retention;
use pintle_core::marketplace::rehearsal::{App, Cast, Installation};
use pintle_core::vault::MasterKey;
use pintle_core::{Core, Error, Given, Result};
use pintle_egress::Egress;
use pintle_store::{Db, Durability};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// One that installs, and one beside it.
const TEAMS: usize = 2;

pub struct Stage {
    pub core: Core,
    pub cast: Cast,
    pub inbox: Inbox,
    api: Api,
    _server: JoinSet<std::io::Result<()>>,
    _folder: TempDir,
}

impl Stage {
    pub async fn new(settings: &Settings, listener: TcpListener) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        let core = open(settings, &folder).await?;
        let app = App {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            base_url: settings.url.clone(),
            redirect_login_url: settings.redirect_login_url.as_ref().map(ToString::to_string),
            product: settings.product.as_ref().map(|product| product.slug.clone()),
        };
        let cast = Cast::new(&core, app, TEAMS).await?;
        let (api, inbox) = (Api::new(core.clone(), Options::default()), Inbox::default());
        let mut server = JoinSet::new();
        server.spawn(inbox.clone().serve(api.clone(), listener));
        Ok(Self { core, cast, inbox, api, _server: server, _folder: folder })
    }

    /// Asks the checker's Pintle something as the partner might, with an installation's token. What it says to that is no traffic of
    /// the partner's.
    ///
    /// # Errors
    /// What Pintle refuses it with.
    pub async fn as_partner(
        &self,
        installation: &Installation,
        method: Method,
        path: &str,
        body: &Json,
    ) -> std::result::Result<(), String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1/installations/{}{path}", installation.id))
            .header("authorization", format!("Bearer {}", installation.access_token))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .map_err(|error| error.to_string())?;
        let (head, body) = self.api.answer(request).await.into_parts();
        let body = to_bytes(body, pintle_egress::BODY_LIMIT).await.unwrap_or_default();
        match head.status.is_success() {
            true => Ok(()),
            false => Err(format!("{} {}", head.status.as_u16(), String::from_utf8_lossy(&body))),
        }
    }
}

async fn open(settings: &Settings, folder: &TempDir) -> Result<Core> {
    let db = Db::sqlite(&folder.path().join("pintle.db"), Durability::ProcessOnly)?;
    let entropy = Entropy::system().map_err(Error::internal)?;
    let master = MasterKey(entropy.bytes());
    let given = Given {
        issuer: settings.issuer.clone(),
        clock: Clock::default(),
        entropy,
        egress: Egress::new(settings.egress.clone()),
        retention: Retention::default(),
        strict_team_scope: false,
        drain_verification: Verification::Off,
    };
    Core::open(db, &master, given).await
}
