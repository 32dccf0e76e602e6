//! Syslog over TCP and over TLS.

use super::{drain, log, log_with};
use crate::{deliveries, delivery, relay, until};
use parking_lot::Mutex;
use pintle_testing::{Pintle, identity, on_each_engine, on_sqlite};
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What came over each connection that ended well.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// Listens, over TLS where it is given one; the first `deaf` connections are reset while they are read.
async fn listen(tls: Option<Arc<ServerConfig>>, deaf: usize) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let acceptor = tls.map(TlsAcceptor::from);
    let all = heard.clone();
    tokio::spawn(async move {
        for count in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            if count < deaf {
                // Unread bytes make the system answer with a reset.
                stream.read_exact(&mut [0; 1]).await.unwrap();
                continue;
            }
            match &acceptor {
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => hear(stream, &all).await,
                    Err(_) => continue,
                },
                None => hear(stream, &all).await,
            }
        }
    });
    (port, heard)
}

async fn hear(mut stream: impl AsyncRead + Unpin, heard: &Heard) {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    heard.lock().push(bytes);
}

/// The messages in the octet-counted frames of everything that was heard.
fn messages(heard: &Heard) -> Vec<String> {
    let mut messages = Vec::new();
    for connection in heard.lock().iter() {
        let mut rest = connection.as_slice();
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ').unwrap();
            let count: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
            let (message, after) = rest[space + 1..].split_at(count);
            messages.push(String::from_utf8(message.to_vec()).unwrap());
            rest = after;
        }
    }
    messages
}

fn syslog(endpoint: String) -> serde_json::Value {
    json!({ "type": "syslog", "endpoint": endpoint, "secret": "s3cret" })
}

#[tokio::test]
async fn lines_arrive_over_tcp_although_the_first_connection_is_reset() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let (port, heard) = listen(None, 1).await;
        drain(&team, syslog(format!("syslog+tcp://127.0.0.1:{port}")), json!({})).await;
        let _relay = relay(pintle).await;
        log_with(pintle, &team, &project, 0..1, json!({ "message": "one\ntwo [3]", "level": "error" })).await;
        until("it failed", async || deliveries(&team, "state=pending").await.len() == 1).await;
        assert_eq!(messages(&heard), Vec::<String>::new());
        log(pintle, &team, &project, 1..3).await;
        until("it arrives", async || messages(&heard).len() == 3).await;
        assert_eq!(
            messages(&heard)[0],
            format!(
                "<131>1 2023-11-14T22:13:20Z site.example.com {project} dpl_1 lambda [pintle@32473 \
                 id=\"17000000000000\" projectId=\"{project}\" deploymentId=\"dpl_1\" source=\"lambda\" level=\"error\" \
                 environment=\"production\"] one\ntwo [3]"
            )
        );
        until("both are recorded", async || deliveries(&team, "state=delivered").await.len() == 2).await;
        let one = deliveries(&team, "").await.remove(0);
        assert_eq!(one["url"], format!("syslog+tcp://127.0.0.1:{port}"));
        let detail = delivery(&team, &one["id"]).await;
        let attempt = &detail["attempts"][0];
        assert_eq!((attempt.get("status"), attempt.get("error")), (None, None));
        assert!(attempt["request"]["body"].as_str().unwrap().contains("<134>1 "));
    })
    .await;
}

/// The roots are the process's, so the relay runs in one of its own: this program again, for one test.
const ROOT: &str = "SSL_CERT_FILE";
const PORT: &str = "PINTLE_TEST_SYSLOG_PORT";

#[tokio::test]
async fn lines_arrive_over_tls_where_the_certificate_is_for_the_name() {
    if let Ok(port) = std::env::var(PORT) {
        return on_sqlite(async |pintle| send(pintle, &port).await).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    let (pem, config) = identity();
    std::fs::write(&root, pem).unwrap();
    let (port, heard) = listen(Some(config), 0).await;
    let name = "drains::syslog::lines_arrive_over_tls_where_the_certificate_is_for_the_name";
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env(ROOT, &root).env(PORT, port.to_string());
    assert!(child.status().await.unwrap().success());
    let messages = messages(&heard);
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[2].starts_with("<134>1 ") && messages[2].ends_with("] 2"), "{}", messages[2]);
}

async fn send(pintle: &Pintle, port: &str) {
    let team = pintle.team("acme").await;
    let project = team.project("site").await;
    drain(&team, syslog(format!("syslog+tls://localhost:{port}")), json!({})).await;
    let wrong = drain(&team, syslog(format!("127.0.0.1:{port}")), json!({})).await;
    let _relay = relay(pintle).await;
    log(pintle, &team, &project, 0..3).await;
    until("it is delivered", async || deliveries(&team, "state=delivered").await.len() == 1).await;
    let filter = format!("state=pending&drainId={}", wrong["id"].as_str().unwrap());
    until("the other failed", async || deliveries(&team, &filter).await.len() == 1).await;
    let failed = delivery(&team, &deliveries(&team, &filter).await[0]["id"]).await;
    let error = failed["attempts"][0]["error"].as_str().unwrap();
    assert!(error.contains("certificate"), "{error}");
}
