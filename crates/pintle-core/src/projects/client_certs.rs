//! Client certificates with which a project's deployments identify themselves at other servers: uploadProjectClientCert and
//! getProjectClientCerts. Pintle runs no deployments: it checks and keeps them, the private key sealed.

use super::{Located, locate};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::ClientCertId;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Bytes of one PEM text.
const LONGEST: usize = 64 * 1024;

/// The origin of one that is for every server.
const EVERY_ORIGIN: &str = "*";

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upload {
    /// The certificate, and those between it and the authority, in PEM.
    pub cert: String,
    pub key: String,
    pub ca: String,
    /// `https://host[:port]`; absent: for every server.
    pub origin: Option<String>,
    #[serde(default)]
    pub skip_validation: bool,
}

/// The answer to an upload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    /// It took the place of another for the same origin.
    pub updated: bool,
    pub origin: String,
    pub cert_id: ClientCertId,
}

/// uploadProjectClientCert.
///
/// # Errors
/// As [`locate`]; 400 for an origin that is none, and, unless that is to be skipped, what is no PEM, a key that is not the
/// certificate's, and a certificate that the authority has not signed or that is not valid today.
pub async fn upload(core: &Core, scope: &Scope, project: &str, input: Upload) -> Result<Uploaded> {
    let now = core.clock.now();
    let origin = input.origin.as_deref().map_or_else(|| Ok(EVERY_ORIGIN.to_owned()), origin)?;
    for (name, text) in [("cert", &input.cert), ("key", &input.key), ("ca", &input.ca)] {
        validate::not_empty(name, text)?;
        validate::at_most(name, text, LONGEST)?;
    }
    if !input.skip_validation {
        check(&input, now)?;
    }
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let sql = "DELETE FROM client_certs WHERE project_id = $1 AND origin = $2";
            let updated = tx.execute(sql, &params![&project.id, origin.as_str()]).await? > 0;
            let cert_id = ClientCertId::new(&core.entropy);
            insert(tx, &core, &project, &cert_id, &origin, &input, now).await?;
            let text = format!("uploaded a client certificate to project {}", project.name);
            let payload =
                json!({ "projectId": project.id, "projectName": project.name, "certId": cert_id, "origin": origin });
            let event = Event::new("project-client-cert-upload", text, payload).in_project(&project.id);
            events::record(tx, &core, &scope, now, event).await?;
            Ok(Uploaded { updated, origin: origin.clone(), cert_id })
        })
        .await
}

async fn insert(
    tx: &Conn,
    core: &Core,
    project: &Located,
    id: &ClientCertId,
    origin: &str,
    input: &Upload,
    now: Millis,
) -> Result<()> {
    let sql = "INSERT INTO client_certs (id, project_id, origin, created_at, key, doc) VALUES ($1, $2, $3, $4, $5, $6)";
    let key = core.vault.seal(id.as_str(), input.key.as_bytes(), &core.entropy)?;
    let doc = json!({ "cert": input.cert, "ca": input.ca }).to_string();
    let inserted = tx.execute(sql, &params![id, &project.id, origin, now, key, doc]).await;
    inserted.on_missing_parent(|| Error::not_found("Project")).map(drop)
}

/// One of a project's.
#[derive(Debug, Serialize)]
pub struct ClientCert {
    pub origin: String,
    pub id: String,
}

/// getProjectClientCerts: all of them, by origin.
///
/// # Errors
/// As [`locate`].
pub async fn list(core: &Core, scope: &Scope, project: &str) -> Result<Vec<ClientCert>> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    let sql = "SELECT origin, id FROM client_certs WHERE project_id = $1 ORDER BY origin";
    let rows: Vec<(String, String)> = conn.all(sql, &params![&project.id]).await?;
    Ok(rows.into_iter().map(|(origin, id)| ClientCert { origin, id }).collect())
}

fn origin(text: &str) -> Result<String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host());
    let plain = |url: &Url| url.path() == "/" && url.query().is_none() && url.username().is_empty();
    let url =
        url.filter(plain).ok_or_else(|| Error::invalid("`origin` should be an origin: https://host."))?;
    Ok(url.origin().ascii_serialization())
}

fn check(input: &Upload, now: Millis) -> Result<()> {
    let wrong = |what: &str| Error::invalid(format_args!("{what}."));
    let chain = certificates("cert", &input.cert)?;
    let key = PrivateKeyDer::from_pem_slice(input.key.as_bytes())
        .map_err(|_| wrong("`key` should be a private key in PEM"))?;
    let provider = Arc::new(ring::default_provider());
    let signer = provider.key_provider.load_private_key(key);
    let signer = signer.map_err(|_| wrong("`key` is of a kind that is not known"))?;
    CertifiedKey::new(chain.clone(), signer)
        .keys_match()
        .map_err(|_| wrong("`key` is not the key of `cert`"))?;
    let mut roots = RootCertStore::empty();
    for ca in certificates("ca", &input.ca)? {
        roots.add(ca).map_err(|_| wrong("`ca` should be a certificate authority's"))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|error| wrong(&format!("`ca`: {error}")))?;
    let (first, between) = chain.split_first().ok_or_else(|| wrong("`cert` holds no certificate"))?;
    let today = UnixTime::since_unix_epoch(Duration::from_millis(now.unsigned_abs()));
    let verified = verifier.verify_client_cert(first, between, today);
    verified.map(drop).map_err(|error| wrong(&format!("`cert` is not good under `ca`: {error}")))
}

fn certificates(name: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let wrong = || Error::invalid(format_args!("`{name}` should be a certificate in PEM."));
    all.ok().filter(|all| !all.is_empty()).ok_or_else(wrong)
}
