//! Who is not connected to, at creation and at every try.

use crate::server::Server;
use crate::{local, post};
use pintle_egress::{Egress, Failure, Names, Policy};

fn refused<T>(outcome: Result<T, Failure>) -> String {
    match outcome {
        Err(Failure::Refused(text)) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}

fn guarded(allow: &[&str]) -> Egress {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Egress::new(Policy { allow, loopback: false, names: Names::Nobody })
}

#[tokio::test]
async fn spellings_of_this_machine_reach_it_only_where_it_is_open() {
    let server = Server::start(async |mut peer, _| {
        while peer.request().await.is_some() {
            peer.answer("ok").await;
        }
    })
    .await;
    let port = server.address.port();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "%31%32%37.0.0.1",
        "public.example@127.0.0.1",
        "127。0。0。1",
    ];
    for host in hosts {
        let url = format!("http://{host}:{port}/");
        let text = refused(guarded(&[]).send(post(&url, "{}")).await);
        assert!(text.contains("--allow-egress"), "{text}");
        assert_eq!(refused(guarded(&[]).admit(&url.parse().unwrap()).await), text);
        assert_eq!(server.connections(), 0, "{host}");
    }
    for host in hosts {
        let url = format!("http://{host}:{port}/");
        local().admit(&url.parse().unwrap()).await.unwrap();
        assert_eq!(local().send(post(&url, "{}")).await.map(|response| response.status), Ok(200), "{host}");
    }
}

#[tokio::test]
async fn an_allowed_network_is_reached() {
    let server = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.answer("ok").await;
    })
    .await;
    let egress = guarded(&["127.0.0.0/30"]);
    assert_eq!(egress.send(post(&server.url(), "{}")).await.map(|response| response.status), Ok(200));
    refused(egress.send(post("http://127.0.0.4/", "{}")).await);
}

#[tokio::test]
async fn a_bare_connection_is_guarded_too() {
    let server = Server::start(async |mut peer, _| peer.answer("ok").await).await;
    let port = server.address.port();
    for host in ["127.0.0.1", "0x7f.1", "::1", "[::1]", "localhost", "１２７.1"] {
        refused(guarded(&[]).connect(host, port, false).await.map(drop));
        refused(guarded(&[]).admit_host(host).await);
    }
    assert_eq!(server.connections(), 0);
    for host in ["127.0.0.1", "0x7f.1", "localhost", "１２７.1"] {
        local().connect(host, port, false).await.unwrap();
    }
}

#[tokio::test]
async fn only_http_is_sent_to() {
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "syslog://127.0.0.1:514", "data:,x"] {
        let text = refused(local().send(post(url, "{}")).await);
        assert!(text.contains("scheme"), "{text}");
        refused(local().admit(&url.parse().unwrap()).await);
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_admitted_and_not_reached() {
    let url = "http://nobody.example/hook";
    guarded(&[]).admit(&url.parse().unwrap()).await.unwrap();
    let failure = guarded(&[]).send(post(url, "{}")).await.unwrap_err();
    assert!(matches!(failure, Failure::Unresolved(_)), "{failure}");
}
