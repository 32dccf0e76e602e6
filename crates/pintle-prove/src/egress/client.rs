//! The client itself, in this process: thousands of spellings on every way.

use super::canary::{Allowed, Canary};
use super::spellings::Spelling;
use super::{ALLOWED, Tally, names};
use pintle_egress::{Egress, Failure, Names, Policy, Request};
use pintle_testing::NameServer;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Lanes that try spellings at once.
const LANES: usize = 16;
/// More than any of it takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);
/// Tries after one that was let through.
const RETRIES: usize = 2;

struct Field {
    spellings: Vec<Spelling>,
    canary: Canary,
    /// The canary is on it on every address of this machine.
    port: u16,
    allowed: Allowed,
    /// The allowed server's; the canary is on it on what else is loopback.
    shared_port: u16,
    guarded: Egress,
    open: Egress,
}

/// Tries all spellings in all ways.
pub async fn run(spellings: Vec<Spelling>) -> Tally {
    let canary = Canary::default();
    let port = canary.everywhere().await;
    let allowed = Allowed::new(spellings.iter().map(|spelling| spelling.location(port)).collect());
    let shared_port = allowed.start_beside(&canary).await;
    let addresses: Vec<Option<IpAddr>> = spellings.iter().map(|spelling| spelling.address).collect();
    let names = NameServer::start(move |name, before| names::answer(&addresses, name, before)).await;
    let names = Names::Server(names.address);
    let allow = vec![IpAddr::from(ALLOWED).into()];
    let guarded = Egress::new(Policy { allow, loopback: false, names });
    let open = Egress::new(Policy { loopback: true, names, ..Policy::default() });
    let field = Field { spellings, canary, port, allowed, shared_port, guarded, open };
    field.run().await
}

impl Field {
    async fn run(self) -> Tally {
        let field = Arc::new(self);
        let next = Arc::new(AtomicUsize::new(0));
        let mut lanes = tokio::task::JoinSet::new();
        for _ in 0..LANES {
            let (field, next) = (field.clone(), next.clone());
            lanes.spawn(async move {
                let mut tally = Tally::default();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(spelling) = field.spellings.get(index) else { return tally };
                    field.guarded(index, spelling, &mut tally).await;
                }
            });
        }
        let (mut tally, port) = (Tally::default(), field.port);
        while let Some(lane) = lanes.join_next().await {
            tally.add(&lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())));
        }
        let hits = field.canary.hits();
        assert!(hits.is_empty(), "{} connections to what is forbidden, the first to {}", hits.len(), hits[0]);
        for (index, spelling) in field.spellings.iter().enumerate().filter(|(_, spelling)| spelling.loopback)
        {
            field.open(&spelling.url(port), &mut tally).await;
            if spelling.address.is_some() {
                field.open(&format!("http://inside{index}.test:{port}/"), &mut tally).await;
            }
        }
        tally
    }

    /// One spelling on every way, where only the public Internet and the allowed server are open.
    async fn guarded(&self, index: usize, spelling: &Spelling, tally: &mut Tally) {
        let url = spelling.url(self.port);
        self.refused_at_creation(&url, spelling).await;
        self.refused(&url, spelling).await;
        tally.count("direct");

        let redirect = format!("http://{ALLOWED}:{}/r/{index}", self.shared_port);
        self.answered(&redirect, 300..400, spelling).await;
        assert_eq!(self.allowed.seen(&format!("/r/{index}")), 1, "{spelling:?}: no redirect");
        tally.count("by redirect");

        if spelling.address.is_none() {
            return;
        }
        self.refused_at_creation(&format!("http://inside{index}.test:{}/", self.port), spelling).await;

        let turns = format!("http://turn{index}.test:{}/", self.port);
        self.admitted(&turns).await;
        for _ in 0..=RETRIES {
            self.refused(&turns, spelling).await;
        }
        tally.count("by a name that turns after creation");

        let retried = format!("http://retry{index}.test:{}/", self.shared_port);
        self.admitted(&retried).await;
        self.answered(&retried, 503..504, spelling).await;
        for _ in 0..RETRIES {
            self.refused(&retried, spelling).await;
        }
        tally.count("by a name that turns before a retry");

        let both = format!("http://both{index}.test:{}/", self.shared_port);
        self.answered(&both, 503..504, spelling).await;
        tally.count("by a name of both kinds");
    }

    /// With this machine open, a spelling of it reaches it.
    async fn open(&self, url: &str, tally: &mut Tally) {
        let before = self.canary.hits().len();
        let admitted = self.open.admit(&parsed(url)).await;
        assert!(admitted.is_ok(), "with loopback open, {url} is not admitted: {admitted:?}");
        let status = self.open.send(post(url)).await.map(|response| response.status);
        assert_eq!(status, Ok(200), "with loopback open, {url}");
        assert_eq!(self.canary.hits().len(), before + 1, "with loopback open, {url} went elsewhere");
        tally.count("reach loopback where it is open");
    }

    async fn refused_at_creation(&self, url: &str, spelling: &Spelling) {
        let outcome = self.guarded.admit(&parsed(url)).await;
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{url:?} at creation: {outcome:?} {spelling:?}");
    }

    async fn admitted(&self, url: &str) {
        let outcome = self.guarded.admit(&parsed(url)).await;
        assert!(outcome.is_ok(), "{url}: {outcome:?}");
    }

    async fn refused(&self, url: &str, spelling: &Spelling) {
        let outcome = self.guarded.send(post(url)).await.map(|response| response.status);
        assert!(matches!(outcome, Err(Failure::Refused(_))), "{url:?} at a try: {outcome:?} {spelling:?}");
    }

    async fn answered(&self, url: &str, expected: std::ops::Range<u16>, spelling: &Spelling) {
        let outcome = self.guarded.send(post(url)).await.map(|response| response.status);
        let good = outcome.as_ref().is_ok_and(|status| expected.contains(status));
        assert!(good, "{url}: {outcome:?} {spelling:?}");
    }
}

fn parsed(url: &str) -> url::Url {
    url.parse().unwrap_or_else(|error| panic!("{url:?}: {error}"))
}

fn post(url: &str) -> Request {
    Request {
        method: http::Method::POST,
        url: parsed(url),
        headers: http::HeaderMap::new(),
        body: "{}".into(),
        timeout: PATIENCE,
    }
}
