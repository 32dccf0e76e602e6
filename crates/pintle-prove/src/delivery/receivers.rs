//! Receivers on loopback that misbehave by script: they fail, hang, drip, reset, close early, and answer half.

use super::load::Event;
use crate::dice::Dice;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Endpoints, each a lane of the relay's.
pub const LANES: usize = 5;

/// A request that was answered with 200.
pub struct Received {
    pub lane: usize,
    pub body: Vec<u8>,
    pub signature: String,
}

impl Received {
    /// What it tells of.
    pub fn event(&self, known: &HashSet<&'static str>) -> Event {
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("a JSON body");
        let name = known.iter().find(|name| body["type"] == **name);
        let name = name.unwrap_or_else(|| panic!("nobody subscribed to {}", body["type"]));
        (name, body["payload"]["project"]["name"].as_str().expect("a project").to_owned())
    }

    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.body.hash(&mut hasher);
        hasher.finish()
    }
}

pub struct Receivers {
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    dice: Mutex<Dice>,
    behaves: AtomicBool,
    misbehaved: Mutex<BTreeMap<&'static str, usize>>,
}

/// How often of a hundred, and what.
const SCRIPT: [(u32, &str); 8] = [
    (3, "failed"),
    (1, "said when to come again"),
    (2, "reset"),
    (2, "closed early"),
    (2, "answered half"),
    (1, "redirected"),
    // They cost a second of a lane each.
    (0, "hung"),
    (0, "dripped"),
];

impl Receivers {
    pub async fn start(dice: &mut Dice) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let shared = Arc::new(Shared {
            received: Arc::default(),
            dice: Mutex::new(Dice::new(dice.between(0, usize::MAX / 2) as u64)),
            behaves: AtomicBool::new(false),
            misbehaved: Mutex::default(),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { drop(serving.serve(stream).await) });
            }
        });
        Self { address, shared }
    }

    pub fn url(&self, lane: usize) -> String {
        format!("http://{}/{lane}", self.address)
    }

    pub fn received(&self) -> Arc<Mutex<Vec<Received>>> {
        self.shared.received.clone()
    }

    /// From now on everything is answered well.
    pub fn behave(&self) {
        self.shared.behaves.store(true, Ordering::Relaxed);
    }

    pub fn misbehaved(&self) -> usize {
        self.shared.misbehaved.lock().values().sum()
    }

    pub fn how(&self) -> String {
        let misbehaved = self.shared.misbehaved.lock();
        misbehaved.iter().map(|(how, count)| format!("{how} {count}")).collect::<Vec<_>>().join(", ")
    }
}

impl Shared {
    /// What happens to the next request; `None`: it is answered well.
    fn act(&self) -> Option<&'static str> {
        if self.behaves.load(Ordering::Relaxed) {
            return None;
        }
        let mut dice = self.dice.lock();
        let mut roll = dice.between(0, 9_999) as u32;
        let act = SCRIPT.iter().find_map(|(percent, act)| {
            let share = if *percent == 0 { 5 } else { percent * 100 };
            if roll < share {
                return Some(*act);
            }
            roll -= share;
            None
        })?;
        *self.misbehaved.lock().entry(act).or_default() += 1;
        Some(act)
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let mut first = [0; 1];
            if stream.peek(&mut first).await? == 0 {
                return Ok(());
            }
            let act = self.act();
            if act == Some("closed early") {
                return Ok(());
            }
            if act == Some("reset") {
                // What is left unread makes the system answer with a reset.
                stream.read_exact(&mut first).await?;
                return Ok(());
            }
            let received = read(&mut stream).await?;
            let answer: &[u8] = match act {
                None => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
                Some("failed") => b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno",
                Some("redirected") => {
                    b"HTTP/1.1 307 Elsewhere\r\nlocation: /nowhere\r\ncontent-length: 0\r\n\r\n"
                }
                Some("said when to come again") => {
                    b"HTTP/1.1 429 Later\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n"
                }
                Some("answered half") => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
                Some("dripped") => b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
                Some(_) => return std::future::pending().await,
            };
            if act.is_none() {
                self.received.lock().push(received);
            }
            stream.write_all(answer).await?;
            match act {
                Some("answered half") => return stream.shutdown().await,
                Some("dripped") => loop {
                    stream.write_all(b".").await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                },
                _ => {}
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
    };
    let mut body = bytes.split_off(end);
    let length: usize = header("content-length:").parse().unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default();
    let lane = path.trim_start_matches('/').parse().expect("the number of a lane");
    Ok(Received { lane, body, signature: header("x-vercel-signature:") })
}
