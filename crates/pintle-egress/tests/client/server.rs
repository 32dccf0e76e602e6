//! A server that does what a test tells it, connection by connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One on a free port; it lives as long as the test's runtime.
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// One on 127.0.0.1. `serve` gets each connection and its number, from 0.
    pub async fn start<F>(serve: impl Fn(Peer, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_at("127.0.0.1", serve).await
    }

    /// The same on another address of this machine.
    pub async fn start_at<F>(host: &str, serve: impl Fn(Peer, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(Peer { stream, read: Vec::new() }, number));
            }
        });
        Self { address, connections }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub struct Peer {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    /// The next request, head and body; nothing at the connection's end.
    pub async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.end_of_request() {
                let request: Vec<u8> = self.read.drain(..end).collect();
                return Some(String::from_utf8(request).unwrap());
            }
            if self.stream.read_buf(&mut self.read).await.ok()? == 0 {
                return None;
            }
        }
    }

    fn end_of_request(&self) -> Option<usize> {
        let text = String::from_utf8_lossy(&self.read);
        let head = text.find("\r\n\r\n")? + 4;
        let length = text[..head].lines().find_map(|line| line.strip_prefix("content-length: "));
        let end = head + length.map_or(0, |length| length.parse().unwrap());
        (self.read.len() >= end).then_some(end)
    }

    pub async fn say(&mut self, text: &str) {
        // Who does not listen any more is what some tests are about.
        drop(self.stream.write_all(text.as_bytes()).await);
    }

    pub async fn answer(&mut self, body: &str) {
        self.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    }
}
