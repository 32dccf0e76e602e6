//! TLS over a connection. The roots are the system's, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

use crate::Failure;
use crate::target::Target;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Host;

/// The roots are read at the first connection that needs them.
#[derive(Default)]
pub struct Tls(OnceCell<TlsConnector>);

impl Tls {
    pub async fn connect(&self, stream: TcpStream, target: &Target) -> Result<TlsStream<TcpStream>, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::Unreachable(format!("TLS with {target}: {error}"));
        let connector = self.0.get_or_try_init(connector).await?;
        let name = server_name(&target.host).map_err(|error| failed(&error))?;
        connector.connect(name, stream).await.map_err(|error| failed(&error))
    }
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, impl std::fmt::Display + use<>> {
    match host {
        // A certificate has no name with the dot of the root.
        Host::Domain(name) => ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned()),
        Host::Ipv4(v4) => Ok(ServerName::from(std::net::IpAddr::V4(*v4))),
        Host::Ipv6(v6) => Ok(ServerName::from(std::net::IpAddr::V6(*v6))),
    }
}

async fn connector() -> Result<TlsConnector, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Unreachable(format!("TLS cannot start: {error}"));
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
    let found = found.await.map_err(|error| failed(&error))?;
    let mut roots = RootCertStore::empty();
    let (good, _) = roots.add_parsable_certificates(found.certs);
    for error in &found.errors {
        tracing::warn!(%error, "cannot read root certificates");
    }
    if good == 0 {
        let text = "this system has no root certificates: install ca-certificates, or set SSL_CERT_FILE";
        return Err(failed(&text));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
