//! Names, and what they lead to.

use crate::post;
use crate::server::Server;
use pintle_egress::{Egress, Failure, Names, Policy, Request};
use pintle_testing::NameServer;
use std::net::IpAddr;
use std::time::{Duration, Instant};

const PUBLIC: &str = "93.184.215.14";

async fn names(answer: impl Fn(&str, usize) -> Vec<&'static str> + Send + Sync + 'static) -> NameServer {
    let parse = |text: &str| text.parse::<IpAddr>().unwrap();
    NameServer::start(move |name, before| answer(name, before).into_iter().map(parse).collect()).await
}

/// Asks this name server; of this machine only 127.0.0.2 is open.
fn egress(names: &NameServer) -> Egress {
    let allow = vec!["127.0.0.2/32".parse().unwrap()];
    Egress::new(Policy { allow, loopback: false, names: Names::Server(names.address) })
}

async fn admitted(egress: &Egress, url: &str) -> bool {
    egress.admit(&url.parse().unwrap()).await.is_ok()
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_leads_to() {
    let names = names(|name, _| match name {
        "public.test" => vec![PUBLIC, "2606:4700::1111"],
        "inside.test" => vec!["10.0.0.1", "fd00::1"],
        "mapped.test" => vec!["::ffff:10.0.0.1", "64:ff9b::7f00:1"],
        "mixed.test" => vec!["10.0.0.1", PUBLIC],
        _ => vec![],
    })
    .await;
    let egress = egress(&names);
    let cases = [
        ("http://public.test/", true),
        ("http://mixed.test/", true),
        ("http://unknown.test/", true),
        ("http://inside.test/", false),
        ("http://INSIDE.test./", false),
        ("http://mapped.test/", false),
    ];
    for (url, good) in cases {
        assert_eq!(admitted(&egress, url).await, good, "{url}");
    }
    let failure = egress.send(post("http://inside.test/", "{}")).await.unwrap_err();
    let Failure::Refused(text) = failure else { panic!("{failure}") };
    assert!(
        text.starts_with("`inside.test`: 10.0.0.1 is not a public address (a private network)"),
        "{text}"
    );
    let failure = egress.send(post("http://unknown.test/", "{}")).await.unwrap_err();
    assert_eq!(failure, Failure::Unresolved("`unknown.test`: nobody knows it".into()));
}

#[tokio::test]
async fn a_name_that_turns_inward_is_refused_at_the_next_look_up() {
    let trap = Server::start(async |mut peer, _| peer.answer("caught").await).await;
    let names = names(|_, before| if before == 0 { vec![PUBLIC] } else { vec!["127.0.0.1"] }).await;
    let egress = egress(&names);
    let url = format!("http://turns.test:{}/", trap.address.port());
    assert!(admitted(&egress, &url).await);
    for _ in 0..3 {
        let failure = egress.send(post(&url, "{}")).await.unwrap_err();
        assert!(matches!(failure, Failure::Refused(_)), "{failure}");
    }
    assert_eq!((trap.connections(), names.lookups("turns.test")), (0, 4));
}

/// The first addresses are refused, or nobody is there; the last answers.
#[tokio::test]
async fn all_addresses_are_tried_and_the_refused_are_skipped() {
    let server = Server::start_at("127.0.0.2", async |mut peer, _| {
        peer.request().await;
        peer.answer("ok").await;
    })
    .await;
    let names = names(|_, _| vec!["127.0.0.1", "127.0.0.3", "::1", "127.0.0.2"]).await;
    let allow = ["127.0.0.2/31", "::1/128"].map(|net| net.parse().unwrap()).into();
    let egress = Egress::new(Policy { allow, loopback: false, names: Names::Server(names.address) });
    let url = format!("http://several.test:{}/", server.address.port());
    assert_eq!(egress.send(post(&url, "{}")).await.map(|response| response.status), Ok(200));
}

#[tokio::test]
async fn a_name_server_that_says_nothing_holds_nobody() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let names = Names::Server(silent.local_addr().unwrap());
    let egress = Egress::new(Policy { names, ..Policy::default() });
    let begun = Instant::now();
    assert!(admitted(&egress, "http://somewhere.test/").await, "it may be known later");
    let request = Request { timeout: Duration::from_millis(300), ..post("http://somewhere.test/", "{}") };
    assert_eq!(egress.send(request).await.unwrap_err(), Failure::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
