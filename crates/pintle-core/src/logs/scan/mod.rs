//! A quick look at a line: whether it has everything, so that it can be kept as it is.
//!
//! What another platform or its tools send has everything, and there is much of it. So it is read in one pass, which looks for the ends
//! of texts in 64 bytes at a time. What this takes the parser would take too, and keep as it is. What this does not take may still be
//! good: that is left to the parser, which also finds out what is wrong with it.

mod json;
mod marks;

use super::intake::MESSAGE;
use json::{Scan, Text, Value};

/// How deep the values of an unknown field may lie in each other here.
const DEPTH: usize = 16;
/// The first of `line_field` are those that every line has.
const REQUIRED: u32 = (1 << 7) - 1;

/// A line that has everything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complete<'a> {
    pub project: &'a str,
    pub deployment: &'a str,
}

/// Reads a line: one object without line breaks.
pub(super) fn complete(line: &str) -> Option<Complete<'_>> {
    let mut found = Found::default();
    let end = object(Scan::new(line), &mut found, Fields::Line)?;
    let whole = end.at == line.len() && found.seen & REQUIRED == REQUIRED;
    whole.then_some(Complete { project: found.project, deployment: found.deployment })
}

/// What has been found of a line.
#[derive(Default)]
struct Found<'a> {
    /// A bit for each known field.
    seen: u32,
    project: &'a str,
    deployment: &'a str,
}

/// What a known field may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Integer,
    Bool,
    Source,
    Level,
    Environment,
    Message,
    Project,
    Deployment,
    Proxy,
}

/// Whose fields an object has.
#[derive(Clone, Copy)]
enum Fields {
    /// As in `Line`.
    Line,
    /// Of the request that a line is about, as in `Proxy`.
    Proxy,
    /// Of something unknown, in which so much more may lie.
    Unknown(usize),
}

impl Fields {
    /// The number and the shape of a field, if it is one that is known.
    fn known(self, key: Text<'_>) -> Option<Option<(u32, Shape)>> {
        Some(match self {
            Fields::Line => line_field(key.plain()?),
            Fields::Proxy => proxy_field(key.plain()?),
            Fields::Unknown(_) => None,
        })
    }

    fn depth(self) -> usize {
        match self {
            Fields::Unknown(depth) => depth,
            _ => DEPTH,
        }
    }
}

fn line_field(key: &[u8]) -> Option<(u32, Shape)> {
    Some(match key {
        b"id" => (0, Shape::Text),
        b"deploymentId" => (1, Shape::Deployment),
        b"source" => (2, Shape::Source),
        b"host" => (3, Shape::Text),
        b"timestamp" => (4, Shape::Integer),
        b"projectId" => (5, Shape::Project),
        b"level" => (6, Shape::Level),
        b"message" => (7, Shape::Message),
        b"messageTruncated" => (8, Shape::Bool),
        b"type" => (9, Shape::Text),
        b"environment" => (10, Shape::Environment),
        b"branch" => (11, Shape::Text),
        b"path" => (12, Shape::Text),
        b"requestId" => (13, Shape::Text),
        b"statusCode" => (14, Shape::Integer),
        b"edgeType" => (15, Shape::Text),
        b"proxy" => (16, Shape::Proxy),
        _ => return None,
    })
}

fn proxy_field(key: &[u8]) -> Option<(u32, Shape)> {
    Some(match key {
        b"host" => (17, Shape::Text),
        b"method" => (18, Shape::Text),
        b"path" => (19, Shape::Text),
        b"statusCode" => (20, Shape::Integer),
        _ => return None,
    })
}

impl<'a> Found<'a> {
    /// A known field may be there once. It may be null, unless every line has it.
    #[inline(always)]
    fn take(&mut self, (number, shape): (u32, Shape), value: Value<'a>) -> Option<()> {
        let bit = 1 << number;
        if self.seen & bit != 0 {
            return None;
        }
        self.seen |= bit;
        let right = match (shape, value) {
            (_, Value::Null) => bit & REQUIRED == 0,
            (Shape::Text, Value::Text(_)) | (Shape::Integer, Value::Integer) | (Shape::Bool, Value::Bool) => {
                true
            }
            (Shape::Proxy, Value::Nested) => true,
            (Shape::Message, Value::Text(text)) => text.raw.len() <= MESSAGE,
            (Shape::Source, Value::Text(text)) => matches!(
                text.plain()?,
                b"lambda" | b"static" | b"edge" | b"build" | b"external" | b"firewall" | b"redirect"
            ),
            (Shape::Level, Value::Text(text)) => {
                matches!(text.plain()?, b"info" | b"warning" | b"error" | b"fatal")
            }
            (Shape::Environment, Value::Text(text)) => matches!(text.plain()?, b"production" | b"preview"),
            (Shape::Project, Value::Text(text)) => {
                self.project = std::str::from_utf8(text.plain()?).ok()?;
                true
            }
            (Shape::Deployment, Value::Text(text)) => {
                self.deployment = std::str::from_utf8(text.plain()?).ok()?;
                true
            }
            _ => false,
        };
        right.then_some(())
    }
}

/// Goes over an object. A scan is handed on rather than changed in place, which keeps it in registers.
#[inline(never)]
fn object<'a>(mut scan: Scan<'a>, found: &mut Found<'a>, fields: Fields) -> Option<Scan<'a>> {
    scan.sign(b'{')?;
    scan.space();
    if scan.sign(b'}').is_some() {
        return Some(scan);
    }
    loop {
        let key = scan.string()?;
        scan.space();
        scan.sign(b':')?;
        scan.space();
        let known = fields.known(key)?;
        let value = match scan.peek()? {
            b'{' => {
                let inner = match known {
                    Some((_, Shape::Proxy)) => Fields::Proxy,
                    _ => Fields::Unknown(fields.depth().checked_sub(1)?),
                };
                scan = object(scan, found, inner)?;
                Value::Nested
            }
            b'[' if matches!(known, Some((_, Shape::Proxy))) => return None,
            b'[' => {
                scan = array(scan, fields.depth())?;
                Value::Nested
            }
            _ => scan.scalar()?,
        };
        if let Some(known) = known {
            found.take(known, value)?;
        }
        if !scan.goes_on(b'}')? {
            return Some(scan);
        }
    }
}

/// Goes over a list of anything.
#[inline(never)]
fn array(mut scan: Scan<'_>, depth: usize) -> Option<Scan<'_>> {
    let depth = depth.checked_sub(1)?;
    scan.sign(b'[')?;
    scan.space();
    if scan.sign(b']').is_some() {
        return Some(scan);
    }
    loop {
        match scan.peek()? {
            b'{' => scan = object(scan, &mut Found::default(), Fields::Unknown(depth.checked_sub(1)?))?,
            b'[' => scan = array(scan, depth)?,
            _ => scan.scalar().map(drop)?,
        }
        if !scan.goes_on(b']')? {
            return Some(scan);
        }
    }
}

#[cfg(test)]
mod tests;
