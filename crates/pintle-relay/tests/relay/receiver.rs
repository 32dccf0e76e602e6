//! A receiver on loopback that does to each connection what its script says.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Act {
    Answer(u16),
    AnswerWith(u16, &'static str),
    /// Answers after so many milliseconds.
    Late(u64, u16),
    /// Reads, and says nothing.
    Hang,
    /// Answers a byte at a time, for ever.
    Drip,
    /// Resets the connection while the body arrives.
    Reset,
    /// Closes before it reads.
    Close,
    /// Answers half of the body that it promised.
    Half,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line =
            |line: &'_ str| line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).is_some();
        self.head.lines().find(|l| line(l)).and_then(|l| l.split_once(':')).map(|(_, value)| value.trim())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    script: Arc<Mutex<VecDeque<Act>>>,
    _task: JoinSet<()>,
}

impl Receiver {
    /// Does what the script says, then answers 200.
    pub async fn new(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let mut task = JoinSet::new();
        let (got, acts) = (received.clone(), script.clone());
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (got, acts) = (got.clone(), acts.clone());
                connections.spawn(async move { drop(serve(stream, &got, &acts).await) });
            }
        });
        Self { url, received, script, _task: task }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    pub fn then(&self, act: Act) {
        self.script.lock().push_back(act);
    }
}

async fn serve(
    mut stream: TcpStream,
    received: &Mutex<Vec<Received>>,
    script: &Mutex<VecDeque<Act>>,
) -> std::io::Result<()> {
    loop {
        let act = || script.lock().pop_front().unwrap_or(Act::Answer(200));
        let mut first = [0; 1];
        if stream.peek(&mut first).await? == 0 {
            return Ok(());
        }
        match act() {
            Act::Close => return Ok(()),
            Act::Reset => {
                stream.read_exact(&mut first).await?;
                // Unread bytes make the system answer with a reset.
                return Ok(());
            }
            act => {
                let request = read(&mut stream).await?;
                received.lock().push(request);
                answer(&mut stream, act).await?;
            }
        }
    }
}

async fn answer(stream: &mut TcpStream, act: Act) -> std::io::Result<()> {
    let (status, headers) = match act {
        Act::AnswerWith(status, headers) => (status, headers),
        Act::Answer(status) => (status, ""),
        Act::Late(pause, status) => {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            (status, "")
        }
        Act::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
            loop {
                stream.write_all(b".").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Act::Half => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await?;
            return stream.shutdown().await;
        }
        Act::Hang | Act::Reset | Act::Close => return std::future::pending().await,
    };
    let text = format!("HTTP/1.1 {status} Said\r\ncontent-length: 5\r\n{headers}\r\nheard");
    stream.write_all(text.as_bytes()).await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut received = Received { head, body: bytes.split_off(end + 4) };
    let length: usize = received.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while received.body.len() < length {
        if stream.read_buf(&mut received.body).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(received)
}
