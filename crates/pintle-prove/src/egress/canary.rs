//! A listener that nobody may reach, and a server that is allowed.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers 200 to whoever comes, and notes it.
#[derive(Clone, Default)]
pub struct Canary {
    /// Where it was reached, and with which request line.
    hits: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    /// On every address of this machine, of both families. Answers the port.
    pub async fn everywhere(&self) -> u16 {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.expect("a port"),
        };
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(self.clone().listen(listener));
        port
    }

    /// On one port of some addresses, beside a server that has the port on another. False where one of them is taken.
    async fn beside(&self, port: u16, hosts: &[IpAddr]) -> bool {
        for host in hosts {
            match TcpListener::bind((*host, port)).await {
                Ok(listener) => drop(tokio::spawn(self.clone().listen(listener))),
                Err(_) => return false,
            }
        }
        true
    }

    pub fn hits(&self) -> Vec<String> {
        self.hits.lock().clone()
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            let hits = self.hits.clone();
            tokio::spawn(async move {
                let reached = stream.local_addr().map(|address| address.ip().to_canonical().to_string());
                let place = hits.lock().len();
                // A connection is a hit, whatever is sent.
                hits.lock().push(reached.unwrap_or_default());
                let line = request_line(&mut stream).await;
                if let Some(hit) = hits.lock().get_mut(place) {
                    hit.push_str(&format!(" {line}"));
                }
                answer(&mut stream, "200 OK").await;
            });
        }
    }
}

/// The server of an operator's own network, which the policy allows: it redirects, or is not ready yet.
#[derive(Clone, Default)]
pub struct Allowed {
    redirects: Arc<Mutex<Vec<Vec<u8>>>>,
    seen: Arc<Mutex<HashMap<String, usize>>>,
}

impl Allowed {
    /// It redirects `/r/0` to the first of these, and so on.
    pub fn new(redirects: Vec<Vec<u8>>) -> Self {
        Self { redirects: Arc::new(Mutex::new(redirects)), seen: Arc::default() }
    }

    async fn start(&self, host: IpAddr) -> SocketAddr {
        let listener = TcpListener::bind((host, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        address
    }

    /// Starts it where a canary can have the same port on what else is loopback. Answers the port.
    pub async fn start_beside(&self, canary: &Canary) -> u16 {
        let others = ["127.0.0.1", "127.0.0.3", "::1"].map(|host| host.parse().expect("an address"));
        loop {
            let port = self.start(super::ALLOWED.into()).await.port();
            if canary.beside(port, &others).await {
                return port;
            }
        }
    }

    /// How often a path was asked for.
    pub fn seen(&self, path: &str) -> usize {
        self.seen.lock().get(path).copied().unwrap_or_default()
    }

    async fn serve(self, mut stream: TcpStream) {
        let line = request_line(&mut stream).await;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        *self.seen.lock().entry(path.clone()).or_default() += 1;
        let index = path.strip_prefix("/r/").and_then(|index| index.parse::<usize>().ok());
        let Some(location) = index.and_then(|index| self.redirects.lock().get(index).cloned()) else {
            return answer(&mut stream, "503 Not Yet\r\nretry-after: 1").await;
        };
        let status = [301, 302, 303, 307, 308][index.unwrap_or_default() % 5];
        let head = format!("HTTP/1.1 {status} Moved\r\nconnection: close\r\ncontent-length: 0\r\nlocation: ");
        let whole = [head.as_bytes(), &location, b"\r\n\r\n"].concat();
        drop(stream.write_all(&whole).await);
    }
}

/// Reads to the end of the head; answers its first line.
async fn request_line(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !stream.read_buf(&mut head).await.is_ok_and(|count| count > 0) {
            break;
        }
    }
    String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned()
}

async fn answer(stream: &mut TcpStream, status: &str) {
    let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    drop(stream.write_all(answer.as_bytes()).await);
}
