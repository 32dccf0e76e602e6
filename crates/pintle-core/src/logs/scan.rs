//! A quick look at a line: whether it has everything, so that it can be kept as it is.
//!
//! What another platform or its tools send has everything, and there is much of it. So it is read in one pass, which goes over texts
//! eight bytes at a time. What this takes the parser would take too, and keep as it is. What this does not take may still be good: that
//! is left to the parser, which also finds out what is wrong with it.

use super::intake::MESSAGE;

/// How deep the values of an unknown field may lie in each other here.
const DEPTH: usize = 16;
/// Digits before the point of a number here: as many are exact, and never too large.
const DIGITS: usize = 15;
/// The first fields of `Found::field` are those that every line has.
const REQUIRED: u32 = (1 << 7) - 1;

/// A line that has everything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complete<'a> {
    pub project: &'a str,
    pub deployment: &'a str,
}

/// Reads a line: one object without line breaks.
pub(super) fn complete(line: &str) -> Option<Complete<'_>> {
    let mut scan = Scan { text: line, at: 0 };
    let mut found = Found::default();
    scan.object(|scan, key| found.field(scan, key))?;
    let whole = scan.at == line.len() && found.seen & REQUIRED == REQUIRED;
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

impl<'a> Found<'a> {
    /// A field of a line, as in `Line`.
    fn field(&mut self, scan: &mut Scan<'a>, key: Text<'a>) -> Option<()> {
        let (number, shape) = match key.plain()? {
            "id" => (0, Shape::Text),
            "deploymentId" => (1, Shape::Deployment),
            "source" => (2, Shape::Source),
            "host" => (3, Shape::Text),
            "timestamp" => (4, Shape::Integer),
            "projectId" => (5, Shape::Project),
            "level" => (6, Shape::Level),
            "message" => (7, Shape::Message),
            "messageTruncated" => (8, Shape::Bool),
            "type" => (9, Shape::Text),
            "environment" => (10, Shape::Environment),
            "branch" => (11, Shape::Text),
            "path" => (12, Shape::Text),
            "requestId" => (13, Shape::Text),
            "statusCode" => (14, Shape::Integer),
            "edgeType" => (15, Shape::Text),
            "proxy" => (16, Shape::Proxy),
            _ => return scan.value(DEPTH),
        };
        self.known(scan, number, shape)
    }

    /// A field of the request that a line is about, as in `Proxy`.
    fn proxy_field(&mut self, scan: &mut Scan<'a>, key: Text<'a>) -> Option<()> {
        let (number, shape) = match key.plain()? {
            "host" => (17, Shape::Text),
            "method" => (18, Shape::Text),
            "path" => (19, Shape::Text),
            "statusCode" => (20, Shape::Integer),
            _ => return scan.value(DEPTH),
        };
        self.known(scan, number, shape)
    }

    /// A known field may be there once. It may be null, unless every line has it.
    fn known(&mut self, scan: &mut Scan<'a>, number: u32, shape: Shape) -> Option<()> {
        let bit = 1 << number;
        if self.seen & bit != 0 {
            return None;
        }
        self.seen |= bit;
        if bit & REQUIRED == 0 && scan.word("null").is_some() {
            return Some(());
        }
        match shape {
            Shape::Text => scan.string().map(drop),
            Shape::Integer => scan.integer(),
            Shape::Bool => scan.word("true").or_else(|| scan.word("false")),
            Shape::Source => {
                scan.one_of(&["lambda", "static", "edge", "build", "external", "firewall", "redirect"])
            }
            Shape::Level => scan.one_of(&["info", "warning", "error", "fatal"]),
            Shape::Environment => scan.one_of(&["production", "preview"]),
            Shape::Message => (scan.string()?.raw.len() <= MESSAGE).then_some(()),
            Shape::Project => scan.string()?.plain().map(|id| self.project = id),
            Shape::Deployment => scan.string()?.plain().map(|id| self.deployment = id),
            Shape::Proxy => scan.object(|scan, key| self.proxy_field(scan, key)),
        }
    }
}

/// A text as it is written.
#[derive(Clone, Copy)]
struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The text itself, where it is written without escapes.
    fn plain(self) -> Option<&'a str> {
        (!self.escaped).then_some(self.raw)
    }
}

/// A place in a line. Each step goes over something that must be there, and ends behind it.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        (self.peek()? == sign).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn one_of(&mut self, names: &[&str]) -> Option<()> {
        let name = self.string()?.plain()?;
        names.contains(&name).then_some(())
    }

    /// An object, of whose fields each is taken by `field`.
    fn object(&mut self, mut field: impl FnMut(&mut Self, Text<'a>) -> Option<()>) -> Option<()> {
        self.sign(b'{')?;
        self.list(b'}', |scan| {
            let key = scan.string()?;
            scan.space();
            scan.sign(b':')?;
            scan.space();
            field(scan, key)
        })
    }

    /// Items with commas between them, and the sign at their end.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.space();
        if self.sign(end).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            self.space();
            if self.sign(end).is_some() {
                return Some(());
            }
            self.sign(b',')?;
            self.space();
        }
    }

    /// Any value.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' if depth > 0 => self.object(|scan, _| scan.value(depth - 1)),
            b'[' if depth > 0 => {
                self.at += 1;
                self.list(b']', |scan| scan.value(depth - 1))
            }
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    // A call for each text costs a tenth of the time.
    #[inline(always)]
    fn string(&mut self) -> Option<Text<'a>> {
        self.sign(b'"')?;
        let begin = self.at;
        let mut escaped = false;
        loop {
            self.at += ordinary(self.rest());
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
        let raw = self.text.get(begin..self.at)?;
        self.at += 1;
        Some(Text { raw, escaped })
    }

    /// An escape that is a character by itself.
    fn escape(&mut self) -> Option<()> {
        let (kind, rest) = self.rest().get(1..)?.split_first()?;
        self.at += match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let digits = rest.get(..4)?.iter().map(|digit| char::from(*digit).to_digit(16));
                let code = digits.into_iter().try_fold(0, |code, digit| Some(code << 4 | digit?))?;
                char::from_u32(code).map(|_| 6)?
            }
            _ => return None,
        };
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.sign(b'-').unwrap_or_default();
        self.whole()?;
        if self.sign(b'.').is_some() && self.digits() == 0 {
            return None;
        }
        self.is_over()
    }

    /// A number without fraction; the negative zero is none.
    fn integer(&mut self) -> Option<()> {
        if self.sign(b'-').is_some() && self.peek()? == b'0' {
            return None;
        }
        self.whole()?;
        self.is_over()
    }

    fn whole(&mut self) -> Option<()> {
        let zero = self.peek()? == b'0';
        let digits = self.digits();
        (digits == 1 || !zero && (1..=DIGITS).contains(&digits)).then_some(())
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    /// A number ends here: there is no fraction, and no exponent.
    fn is_over(&self) -> Option<()> {
        (!matches!(self.peek(), Some(b'.' | b'e' | b'E'))).then_some(())
    }
}

/// How many bytes come before one that ends a text, begins an escape, or may not stand in a text.
#[inline(always)]
fn ordinary(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let odd = odd(u64::from_le_bytes(*word));
        if odd != 0 {
            return index * 8 + odd.trailing_zeros() as usize / 8;
        }
    }
    let odd = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + odd.unwrap_or(rest.len())
}

/// The lowest bit that this has is the highest of the first byte that is not ordinary; what is above it means nothing.
fn odd(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    // A byte below `least` borrows from its highest bit.
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, b' ') | equal(b'"') | equal(b'\\')) & HIGHEST
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
