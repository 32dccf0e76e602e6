//! A name server of a test's own, whose answers may change.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;

const A: u16 = 1;
const AAAA: u16 = 28;

/// It lives as long as the runtime that it was started in.
#[derive(Clone)]
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<Mutex<HashMap<(String, u16), usize>>>,
}

impl NameServer {
    /// One on a free port of 127.0.0.1. `answer` gets a name in lower case without its last dot, and how many look-ups of it there
    /// were before.
    pub async fn start(answer: impl Fn(&str, usize) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let server = Self { address: socket.local_addr().expect("an address"), asked: Arc::default() };
        tokio::spawn(server.clone().serve(socket, answer));
        server
    }

    /// How many look-ups of a name there were.
    pub fn lookups(&self, name: &str) -> usize {
        let asked = self.asked.lock();
        let of = |kind| asked.get(&(name.to_owned(), kind)).copied().unwrap_or_default();
        of(A).max(of(AAAA))
    }

    async fn serve(self, socket: UdpSocket, answer: impl Fn(&str, usize) -> Vec<IpAddr>) {
        let mut packet = [0; 1500];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut packet).await else { return };
            let Some((name, kind, end)) = question(&packet[..length]) else { continue };
            let before = {
                let mut asked = self.asked.lock();
                let count = asked.entry((name.clone(), kind)).or_default();
                *count += 1;
                *count - 1
            };
            let addresses = answer(&name, before);
            let reply = reply(&packet[..end], kind, &addresses);
            drop(socket.send_to(&reply, from).await);
        }
    }
}

/// The name that is asked for, of which kind, and where the question ends.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        let label = packet.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_lowercase());
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    (packet.len() >= at + 4).then(|| (labels.join("."), kind, at + 4))
}

/// An answer of one record for each address of the kind; they may be kept for no time.
fn reply(question: &[u8], kind: u16, addresses: &[IpAddr]) -> Vec<u8> {
    let records: Vec<Vec<u8>> = addresses
        .iter()
        .filter_map(|address| match (address, kind) {
            (IpAddr::V4(v4), A) => Some(v4.octets().to_vec()),
            (IpAddr::V6(v6), AAAA) => Some(v6.octets().to_vec()),
            _ => None,
        })
        .collect();
    let count = records.len() as u8;
    let mut reply = question[..2].to_vec();
    // An authoritative answer to one question, without an error.
    reply.extend([0x85, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(&question[12..]);
    for record in records {
        // The name of the question, the kind, the class IN, no time to live.
        reply.extend([0xc0, 12, 0, kind as u8, 0, 1, 0, 0, 0, 0, 0, record.len() as u8]);
        reply.extend(record);
    }
    reply
}
