//! A batch: what is stored of the stream under one position.

use super::Position;
use super::buffer::Buffer;
use crate::clock::Millis;
use crate::ids::ProjectId;
use crate::{Error, Result};
use bytes::Bytes;
use lz4_flex::block;
use std::collections::BTreeSet;
use std::fmt;

/// What a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Lines of JSON in the log-line schema, each ended by a line feed.
    Log,
    /// An OTLP ExportTraceServiceRequest as protobuf.
    Trace,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Log => "log",
            Kind::Trace => "trace",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "log" => Ok(Kind::Log),
            "trace" => Ok(Kind::Trace),
            _ => Err(Error::internal(format_args!("a batch of logs has the unknown kind {text}"))),
        }
    }
}

/// A batch that is not in a stream yet, packed.
#[derive(Debug, Clone)]
pub struct NewBatch {
    pub kind: Kind,
    /// Lines, or spans.
    pub lines: i64,
    pub(super) deployments: BTreeSet<String>,
    /// Bytes before packing.
    pub(super) size: i64,
    pub(super) body: Vec<u8>,
}

impl NewBatch {
    /// `deployments` are those that its lines name.
    pub fn new(kind: Kind, lines: usize, deployments: BTreeSet<String>, body: &[u8]) -> Self {
        Self { kind, lines: lines as i64, deployments, size: body.len() as i64, body: pack(body) }
    }
}

/// As LZ4 does, behind the size in four bytes.
fn pack(body: &[u8]) -> Vec<u8> {
    let mut room = Buffer::of(block::get_maximum_output_size(body.len()));
    match block::compress_into(body, &mut room) {
        Ok(size) => [&(body.len() as u32).to_le_bytes(), &room[..size]].concat(),
        // There is room for any, so this is not reached.
        Err(_) => block::compress_prepend_size(body),
    }
}

/// A batch of a stream, as it is stored.
#[derive(Debug)]
pub struct Packed {
    pub position: Position,
    pub(super) project: ProjectId,
    pub(super) kind: Kind,
    pub(super) created_at: Millis,
    pub(super) lines: i64,
    pub(super) body: Vec<u8>,
}

impl Packed {
    /// # Errors
    /// Where it is not what was packed.
    pub fn unpack(self) -> Result<Batch> {
        let mut body = vec![0; self.size()?];
        self.unpack_into(&mut body)?;
        let Self { position, project, kind, created_at, lines, .. } = self;
        Ok(Batch { position, project, kind, created_at, lines, body })
    }

    /// Bytes that it has unpacked.
    fn size(&self) -> Result<usize> {
        let (size, _) = block::uncompressed_size(&self.body).map_err(|error| self.broken(&error))?;
        Ok(size)
    }

    /// Into as many bytes as it has.
    fn unpack_into(&self, body: &mut [u8]) -> Result<()> {
        let (size, packed) = block::uncompressed_size(&self.body).map_err(|error| self.broken(&error))?;
        match block::decompress_into(packed, body) {
            Ok(unpacked) if unpacked == size => Ok(()),
            Ok(unpacked) => Err(self.broken(&format_args!("{unpacked} bytes instead of {size}"))),
            Err(error) => Err(self.broken(&error)),
        }
    }

    fn broken(&self, why: &dyn fmt::Display) -> Error {
        Error::internal(format_args!("batch {} of the logs does not unpack: {why}", self.position))
    }
}

/// A batch of a stream, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub position: Position,
    pub project: ProjectId,
    pub kind: Kind,
    /// When it was appended.
    pub created_at: Millis,
    /// Lines, or spans.
    pub lines: i64,
    pub body: Vec<u8>,
}

impl Batch {
    /// The lines of a batch of logs, without their ends.
    pub fn each_line(&self) -> impl Iterator<Item = &[u8]> {
        lines(&self.body).filter(|line| !line.is_empty())
    }
}

/// Some of a stream for whom batches are all one: of one kind, unpacked, one behind the other.
#[derive(Debug)]
pub struct Stretch {
    pub kind: Kind,
    /// Lines, or spans.
    pub lines: usize,
    pub body: Bytes,
}

impl Stretch {
    /// # Errors
    /// Where a batch is not what was packed.
    pub fn unpack(kind: Kind, batches: &[Packed]) -> Result<Self> {
        let sizes = batches.iter().map(Packed::size).collect::<Result<Vec<_>>>()?;
        let mut body = Buffer::of(sizes.iter().sum());
        let mut rest = &mut *body;
        for (batch, size) in batches.iter().zip(sizes) {
            let (place, behind) = rest.split_at_mut(size);
            batch.unpack_into(place)?;
            rest = behind;
        }
        let lines = batches.iter().map(|batch| batch.lines as usize).sum();
        Ok(Self { kind, lines, body: Bytes::from_owner(body) })
    }

    /// The lines of a stretch of logs, without their ends.
    pub fn each_line(&self) -> impl Iterator<Item = &[u8]> {
        lines(&self.body).filter(|line| !line.is_empty())
    }
}

/// What stands between line feeds.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr(b'\n', text) {
            Some(end) => (&text[..end], Some(&text[end + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(line)
    })
}
