//! Requests and answers.

use crate::server::Server;
use crate::{local, post};
use pintle_egress::{BODY_LIMIT, Failure, Request};
use std::time::{Duration, Instant};

fn hurried(url: &str) -> Request {
    Request { timeout: Duration::from_millis(200), ..post(url, "{}") }
}

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let server = Server::start(async |mut peer, _| {
        let request = peer.request().await.unwrap();
        peer.answer(&request).await;
    })
    .await;
    let mut request = post(&format!("http://ada:se%63ret@{}/a%20b/?q=1#part", server.address), "{\"a\":1}");
    request.headers.insert("x-vercel-signature", "abc".parse().unwrap());
    // What would break the framing of the request, or lead to another host, is not the caller's to say.
    request.headers.insert("transfer-encoding", "chunked".parse().unwrap());
    request.headers.insert("content-length", "1".parse().unwrap());
    request.headers.insert("host", "elsewhere.example".parse().unwrap());
    let response = local().send(request).await.unwrap();
    assert_eq!((response.status, response.truncated), (200, false));
    let seen = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(seen.starts_with("POST /a%20b/?q=1 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"a\":1}"), "{seen}");
    assert!(seen.contains(&format!("host: {}\r\n", server.address)), "{seen}");
    assert!(seen.contains("x-vercel-signature: abc\r\n"), "{seen}");
    assert!(seen.contains("authorization: Basic YWRhOnNlY3JldA==\r\n"), "{seen}");
    assert!(seen.contains("content-length: 7\r\n") && !seen.contains("chunked"), "{seen}");
}

/// Whatever a URL's parser leaves as it is.
#[tokio::test]
async fn any_path_and_query_can_be_sent() {
    let server = Server::start(async |mut peer, _| {
        let request = peer.request().await.unwrap();
        peer.answer(request.split(' ').nth(1).unwrap()).await;
    })
    .await;
    let signs: String = (' '..='~').chain("äß😀".chars()).filter(|c| !"#?\\".contains(*c)).collect();
    let mut url: url::Url = server.url().parse().unwrap();
    url.set_path(&signs);
    url.set_query(Some(&signs));
    let response = local().send(post(url.as_str(), "{}")).await.unwrap();
    assert!(url.as_str().ends_with(std::str::from_utf8(&response.body).unwrap()), "{url}: {response:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let trap = Server::start(async |mut peer, _| peer.answer("caught").await).await;
    let location = trap.url();
    let server = Server::start(move |mut peer, _| {
        let location = location.clone();
        async move {
            peer.request().await;
            peer.say(&format!("HTTP/1.1 307 Gone\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))
                .await;
        }
    })
    .await;
    let response = local().send(post(&server.url(), "{}")).await.unwrap();
    assert_eq!((response.status, response.headers["location"].to_str().unwrap()), (307, trap.url().as_str()));
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::start(async |mut peer, _| {
        while peer.request().await.is_some() {
            peer.answer("ok").await;
        }
    })
    .await;
    let egress = local();
    for _ in 0..20 {
        assert_eq!(egress.send(post(&server.url(), "{}")).await.unwrap().status, 200);
    }
    // The first may not have been ready again at once.
    assert!(server.connections() <= 2, "{}", server.connections());
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let server = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.answer("ok").await;
    })
    .await;
    let egress = local();
    for count in 1..=10 {
        assert_eq!(egress.send(post(&server.url(), "{}")).await.unwrap().status, 200);
        assert_eq!(server.connections(), count);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The server takes the second request of a connection and says nothing to it: whether it did something, nobody knows.
#[tokio::test]
async fn a_request_that_was_sent_is_not_sent_again() {
    let server = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.answer("ok").await;
        peer.request().await;
    })
    .await;
    let egress = local();
    egress.send(post(&server.url(), "{}")).await.unwrap();
    let failure = egress.send(post(&server.url(), "{}")).await.unwrap_err();
    assert!(matches!(failure, Failure::Broken(_)), "{failure}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn the_time_is_for_the_whole_exchange() {
    let hangs = Server::start(async |mut peer, _| {
        peer.request().await;
        std::future::pending().await
    })
    .await;
    let drips = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
        loop {
            peer.say("x").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let drips_its_head = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\nx: ").await;
        loop {
            peer.say("x").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    for server in [hangs, drips, drips_its_head] {
        let begun = Instant::now();
        assert_eq!(local().send(hurried(&server.url())).await.unwrap_err(), Failure::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn half_an_answer_is_a_failure() {
    let closes = Server::start(async |mut peer, _| drop(peer.request().await)).await;
    let stops = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    })
    .await;
    let resets = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
        peer.stream.set_zero_linger().unwrap();
    })
    .await;
    let babbles = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    })
    .await;
    for server in [closes, stops, resets, babbles] {
        let failure = local().send(post(&server.url(), "{}")).await.unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{failure}");
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = local().send(post(&format!("http://{free}/"), "{}")).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unreachable(text) if text.contains(&free.to_string())), "{failure}");
}

#[tokio::test]
async fn a_body_is_read_to_its_bound() {
    let server = Server::start(async |mut peer, number| {
        peer.request().await;
        // The last has no length and no end.
        let length = [BODY_LIMIT, BODY_LIMIT + 1].get(number).copied();
        match length {
            Some(length) => peer.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")).await,
            None => peer.say("HTTP/1.1 200 OK\r\n\r\n").await,
        }
        let chunk = "x".repeat(1024);
        let mut left = length.unwrap_or(usize::MAX);
        while left > 0 && peer.stream.writable().await.is_ok() {
            peer.say(&chunk[..left.min(chunk.len())]).await;
            left = left.saturating_sub(chunk.len());
        }
        peer.request().await;
    })
    .await;
    for truncated in [false, true, true] {
        let egress = local();
        let response = egress.send(post(&server.url(), "{}")).await.unwrap();
        assert_eq!((response.body.len(), response.truncated), (BODY_LIMIT, truncated));
    }
}

#[tokio::test]
async fn a_head_is_read_to_its_bound() {
    let server = Server::start(async |mut peer, _| {
        peer.request().await;
        peer.say("HTTP/1.1 200 OK\r\n").await;
        for _ in 0..100_000 {
            peer.say(&format!("x: {}\r\n", "y".repeat(1000))).await;
        }
    })
    .await;
    let failure = local().send(post(&server.url(), "{}")).await.unwrap_err();
    assert!(matches!(failure, Failure::Broken(_)), "{failure}");
}

/// An answer without the request having been read: the connection cannot be kept, and the answer counts.
#[tokio::test]
async fn an_early_answer_counts() {
    let server = Server::start(async |mut peer, _| {
        peer.say("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    })
    .await;
    let mut request = post(&server.url(), "");
    request.body = vec![b'x'; 64 << 20].into();
    assert_eq!(local().send(request).await.map(|response| response.status), Ok(413));
}

#[tokio::test]
async fn many_at_once_are_all_answered() {
    let server = Server::start(async |mut peer, _| {
        while peer.request().await.is_some() {
            peer.answer("ok").await;
        }
    })
    .await;
    let (egress, url) = (local(), server.url());
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (egress, url) = (egress.clone(), url.clone());
        lanes.spawn(async move {
            for _ in 0..50 {
                assert_eq!(egress.send(post(&url, "{}")).await.unwrap().status, 200);
            }
        });
    }
    lanes.join_all().await;
    assert!(server.connections() < 100, "{} connections for 32 at once", server.connections());
}
