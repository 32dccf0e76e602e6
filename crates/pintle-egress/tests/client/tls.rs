//! TLS, with a root that only this test has.

use crate::{local, post};
use pintle_egress::Failure;
use pintle_testing::identity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The roots are the process's, so the client runs in one of its own: this program again, for one test.
const ROOT: &str = "SSL_CERT_FILE";
const PORT: &str = "PINTLE_TEST_TLS_PORT";

#[tokio::test]
async fn a_root_of_the_operator_is_trusted_and_the_name_is_checked() {
    if let Ok(port) = std::env::var(PORT) {
        return client(&port).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    let (pem, config) = identity();
    std::fs::write(&root, pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, TlsAcceptor::from(config)));
    let name = "tls::a_root_of_the_operator_is_trusted_and_the_name_is_checked";
    let mut client = tokio::process::Command::new(std::env::current_exe().unwrap());
    client.args(["--exact", name, "--nocapture"]).env(ROOT, &root).env(PORT, port.to_string());
    assert!(client.status().await.unwrap().success());
}

async fn client(port: &str) {
    let url = format!("https://localhost:{port}/");
    assert_eq!(local().send(post(&url, "{}")).await.map(|response| response.status), Ok(200));
    local().connect("localhost", port.parse().unwrap(), true).await.unwrap();
    // The certificate is for the name, not for the address.
    let url = format!("https://127.0.0.1:{port}/");
    let failure = local().send(post(&url, "{}")).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unreachable(text) if text.contains("certificate")), "{failure}");
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut seen = [0; 4096];
            while stream.read(&mut seen).await.is_ok_and(|count| count > 0) {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await);
            }
        });
    }
}
