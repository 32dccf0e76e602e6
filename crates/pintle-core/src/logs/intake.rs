//! What comes in: from a request's bytes to batches of whole lines.
//!
//! A line that has everything is kept byte for byte. What a line lacks is filled in; what is wrong with one is told, and the others
//! are kept.

use super::batch::{Kind, NewBatch, lines as lines_of};
use super::deployments;
use super::kept::Kept;
use super::keys::Feed;
use super::line::{Line, Stamp, Whole};
use super::scan;
use crate::clock;
use crate::{Core, Error, Result, violation};
use serde::Serialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::ops::Range;

/// Bytes of lines in one batch, about.
const BATCH: usize = 1 << 20;
/// Bytes of a message, as documented; what is longer is cut.
pub(super) const MESSAGE: usize = 256 << 10;
/// Rejected lines that an answer tells of one by one.
const TOLD: usize = 100;
/// Bytes that the lines of one request may have when they have everything: few bytes can make long lines.
const LONGEST: usize = 32 << 20;

/// What was read of a request, and is not in the stream yet.
#[derive(Debug)]
pub struct Taken<T> {
    /// What the answer tells.
    pub told: T,
    pub(super) batches: Vec<NewBatch>,
}

impl<T> Taken<T> {
    /// The bytes that it holds.
    pub fn weight(&self) -> usize {
        self.batches.iter().map(|batch| batch.body.len()).sum()
    }

    /// Appends it to the stream.
    ///
    /// # Errors
    /// As `append`.
    pub async fn append(self, core: &Core, feed: &Feed) -> Result<T> {
        super::append(core, &feed.owner, &feed.project, self.batches).await?;
        Ok(self.told)
    }
}

/// What became of the lines of a request.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    pub accepted: usize,
    pub rejected: usize,
    /// The first of those that were rejected.
    pub errors: Vec<LineError>,
}

#[derive(Debug, Serialize)]
pub struct LineError {
    /// The first line, or item of an array, is 1.
    pub line: usize,
    pub message: String,
}

impl Outcome {
    /// # Errors
    /// 400 with the same facts, where lines came and none was accepted.
    pub fn checked(self) -> Result<Self> {
        match self.errors.first() {
            Some(first) if self.accepted == 0 => {
                let text = format!("No line was accepted; line {}: {}", first.line, first.message);
                Err(Error::bad_request(text)
                    .with("accepted", 0)
                    .with("rejected", self.rejected)
                    .with("errors", serde_json::to_value(&self.errors)?))
            }
            _ => Ok(self),
        }
    }
}

/// Reads lines of JSON, or one array of them.
///
/// # Errors
/// 400 for an array that is not JSON.
pub fn lines(core: &Core, feed: &Feed, body: &[u8]) -> Result<Taken<Outcome>> {
    let mut intake = Intake::new(core, feed);
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(body.len());
    if body.get(start) == Some(&b'[') {
        intake.add_array(&body[start..])?;
    } else {
        intake.add_lines(body);
    }
    Ok(intake.finish())
}

/// Gathers lines into batches.
pub(super) struct Intake<'a> {
    core: &'a Core,
    feed: &'a Feed,
    outcome: Outcome,
    batches: Vec<NewBatch>,
    /// The lines of the next batch.
    kept: Kept<'a>,
    lines: usize,
    /// Bytes of all lines.
    size: usize,
    deployments: BTreeSet<String>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(core: &'a Core, feed: &'a Feed) -> Self {
        let outcome = Outcome::default();
        let (batches, kept, deployments) = (Vec::new(), Kept::default(), BTreeSet::new());
        Self { core, feed, outcome, batches, kept, lines: 0, size: 0, deployments }
    }

    /// Takes what stands between line feeds.
    fn add_lines(&mut self, body: &'a [u8]) {
        self.kept = Kept::of(body);
        let mut at = 0;
        for (index, line) in lines_of(body).enumerate() {
            let end = at + line.len();
            self.add_from(index + 1, line, Some(at..end));
            at = end + 1;
        }
    }

    /// Takes the items of an array, each as it is read: a list of them could be far larger than the array.
    fn add_array(&mut self, array: &[u8]) -> Result<()> {
        let mut deserializer = serde_json::Deserializer::from_slice(array);
        let read = deserializer.deserialize_seq(Items(self)).and_then(|()| deserializer.end());
        read.map_err(|error| Error::bad_request(format!("Invalid JSON: {error}")))
    }

    /// Whether nothing more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.size >= LONGEST
    }

    /// Takes one line; an empty one is none.
    pub(super) fn add(&mut self, number: usize, bytes: &[u8]) {
        self.add_from(number, bytes, None);
    }

    /// Takes one line, which may have a place in the request.
    fn add_from(&mut self, number: usize, bytes: &[u8], place: Option<Range<usize>>) {
        let line = bytes.trim_ascii();
        if line.is_empty() {
            return;
        }
        let place = place.filter(|_| line.len() == bytes.len());
        let before = self.kept.bytes().len();
        match self.take(line, place) {
            Ok(()) => {
                self.outcome.accepted += 1;
                self.lines += 1;
                let after = self.kept.bytes().len();
                self.size += after - before;
                if after >= BATCH {
                    self.pack();
                }
            }
            Err(wrong) => self.reject(number, wrong),
        }
    }

    /// Counts a line that was not taken. Why is looked for only where it is told: finding it takes longer than taking a line.
    pub(super) fn reject(&mut self, number: usize, wrong: Wrong<'_>) {
        self.outcome.rejected += 1;
        if self.outcome.errors.len() < TOLD {
            self.outcome.errors.push(LineError { line: number, message: wrong.explain() });
        }
    }

    fn take<'b>(&mut self, bytes: &'b [u8], place: Option<Range<usize>>) -> Result<(), Wrong<'b>> {
        if self.is_full() {
            return Err(Wrong::TOO_MUCH);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let project = self.feed.project.as_str();
        if let Some(line) = scan::complete(text).filter(|line| line.project == project) {
            deployments::gather(&mut self.deployments, line.deployment)?;
            self.kept.keep(bytes, place);
            return Ok(());
        }
        if !text.starts_with('{') {
            return Err(Wrong::Unread(text));
        }
        let line: Line = serde_json::from_str(text).map_err(|_| Wrong::Unread(text))?;
        if line.project_id.as_ref().is_some_and(|id| id.as_str() != project) {
            return Err(Wrong::Told("`projectId` is not the project that is fed.".into()));
        }
        match &line.deployment_id {
            Some(id) if is_complete(&line) => {
                // What is not read here is read by drains later, so it must be readable.
                serde_json::from_str::<Whole>(text).map_err(|error| error.to_string())?;
                deployments::gather(&mut self.deployments, id.as_str())?;
                // Line feeds of an item of an array can only stand between its parts.
                let breaks = |byte: &u8| if b"\n\r".contains(byte) { b' ' } else { *byte };
                let line: Vec<u8> = bytes.iter().map(breaks).collect();
                self.kept.keep(&line, None);
                Ok(())
            }
            _ => Ok(self.complete(text, &line)?),
        }
    }

    /// Writes a line with what it lacks.
    fn complete(&mut self, text: &str, line: &Line<'_>) -> Result<(), String> {
        let mut map: Map<String, Json> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let at = match &line.timestamp {
            None => self.core.clock.now(),
            Some(Stamp::Millis(at)) => *at,
            Some(Stamp::Number(at)) => *at as i64,
            Some(Stamp::Text(text)) => clock::parse(text)
                .ok_or_else(|| "`timestamp` should be number, or match format \"date-time\".".to_owned())?,
        };
        let proxy_host = line.proxy.as_ref().and_then(|proxy| proxy.host.as_ref());
        let host = proxy_host.map_or(self.feed.project_name.as_str(), |host| host.as_str());
        map.insert("timestamp".into(), at.into());
        fill(&mut map, "id", || new_id(self.core, at).into());
        fill(&mut map, "deploymentId", || self.feed.deployment.clone().into());
        fill(&mut map, "source", || "lambda".into());
        fill(&mut map, "host", || host.into());
        fill(&mut map, "projectId", || self.feed.project.as_str().into());
        fill(&mut map, "level", || "info".into());
        if let Some(message) = line.message.as_ref().filter(|message| message.as_str().len() > MESSAGE) {
            map.insert("message".into(), cut(message.as_str()).into());
            map.insert("messageTruncated".into(), true.into());
        }
        self.write(&map)
    }

    /// Adds a line that has everything.
    fn write(&mut self, map: &Map<String, Json>) -> Result<(), String> {
        if let Some(id) = map.get("deploymentId").and_then(Json::as_str) {
            deployments::gather(&mut self.deployments, id)?;
        }
        self.kept.keep(&serde_json::to_vec(map).map_err(|error| error.to_string())?, None);
        Ok(())
    }

    fn pack(&mut self) {
        let deployments = mem::take(&mut self.deployments);
        self.batches.push(NewBatch::new(Kind::Log, self.lines, deployments, self.kept.bytes()));
        self.kept.clear();
        self.lines = 0;
    }

    pub(super) fn finish(mut self) -> Taken<Outcome> {
        if self.lines > 0 {
            self.pack();
        }
        Taken { told: self.outcome, batches: self.batches }
    }
}

/// Why a line is not taken.
pub(super) enum Wrong<'a> {
    Told(Cow<'static, str>),
    /// It could not be read, and would have to be read again to say why.
    Unread(&'a str),
}

impl Wrong<'_> {
    pub(super) const TOO_MUCH: Self =
        Self::Told(Cow::Borrowed("the lines before it are as much as one request may bring."));

    fn explain(self) -> String {
        match self {
            Self::Told(message) => message.into_owned(),
            Self::Unread(text) => explain(text),
        }
    }
}

impl From<String> for Wrong<'_> {
    fn from(message: String) -> Self {
        Self::Told(message.into())
    }
}

/// Takes in the items of an array.
struct Items<'i, 'a>(&'i mut Intake<'a>);

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(item) = items.next_element::<&RawValue>()? {
            number += 1;
            self.0.add(number, item.get().as_bytes());
        }
        Ok(())
    }
}

/// Whether a line can be kept as it is.
pub(super) fn is_complete(line: &Line<'_>) -> bool {
    line.id.is_some()
        && line.source.is_some()
        && line.host.is_some()
        && line.project_id.is_some()
        && line.level.is_some()
        && matches!(line.timestamp, Some(Stamp::Millis(_)))
        && line.message.as_ref().is_none_or(|message| message.as_str().len() <= MESSAGE)
}

fn fill(map: &mut Map<String, Json>, key: &str, value: impl FnOnce() -> Json) {
    if map.get(key).is_none_or(Json::is_null) {
        map.insert(key.into(), value());
    }
}

/// Decimal digits; the first 13 are the millisecond.
fn new_id(core: &Core, at: clock::Millis) -> String {
    let random = u64::from_le_bytes(core.entropy.bytes()) % 1_000_000_000_000_000;
    format!("{:013}{random:015}", at.max(0))
}

/// As much of a message as is kept.
fn cut(message: &str) -> &str {
    &message[..message.floor_char_boundary(MESSAGE)]
}

/// What is wrong with a line that does not parse; it is read again, since finding the place takes time.
fn explain(text: &str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let error = match serde_path_to_error::deserialize::<_, Line<'_>>(&mut deserializer) {
        Ok(_) if text.starts_with('{') => return "it is more than one JSON value".into(),
        // An array can stand for a struct, but not for a line.
        Ok(_) => return "should be object.".into(),
        Err(error) => error,
    };
    match error.inner().classify() {
        serde_json::error::Category::Data => {
            violation::of(&error.path().to_string(), &error.inner().to_string())
        }
        _ => format!("it is not JSON: {}", error.inner()),
    }
}
