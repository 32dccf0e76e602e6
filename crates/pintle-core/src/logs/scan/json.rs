//! JSON, one step after the other.

use super::marks::Marks;

/// Digits before the point of a number here: as many are exact, and never too large.
const DIGITS: usize = 15;

/// A value, as far as it matters.
pub(super) enum Value<'a> {
    Text(Text<'a>),
    Integer,
    /// With a fraction, or the negative zero.
    Number,
    Bool,
    Null,
    /// An object whose fields were found to be right, or a list.
    Nested,
}

/// A text as it is written.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// The text itself, where it is written without escapes.
    #[inline(always)]
    pub(super) fn plain(self) -> Option<&'a [u8]> {
        (!self.escaped).then_some(self.raw)
    }
}

/// A place in a line. Each step goes over something that must be there, and ends behind it. (A call for each step would cost a tenth of
/// the time, so they are inlined.)
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// Those behind `at`, and some within the escape before it.
    marks: Marks,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, marks: Marks::of(text.as_bytes()) }
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    #[inline(always)]
    pub(super) fn sign(&mut self, sign: u8) -> Option<()> {
        (self.peek()? == sign).then(|| self.at += 1)
    }

    #[inline(always)]
    fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Behind a value: whether there is another before the sign at the end.
    #[inline(always)]
    pub(super) fn goes_on(&mut self, end: u8) -> Option<bool> {
        self.space();
        let sign = self.peek()?;
        self.at += 1;
        self.space();
        match sign {
            b',' => Some(true),
            sign if sign == end => Some(false),
            _ => None,
        }
    }

    /// A value that no other lies in.
    #[inline(always)]
    pub(super) fn scalar(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true").map(|()| Value::Bool),
            b'f' => self.word("false").map(|()| Value::Bool),
            b'n' => self.word("null").map(|()| Value::Null),
            _ => self.number(),
        }
    }

    /// A text. It begins at the next mark; a mark before that is something that may not stand there.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Option<Text<'a>> {
        let bytes = self.text.as_bytes();
        if self.marks.next(bytes)? != self.at || self.peek()? != b'"' {
            return None;
        }
        let begin = self.at + 1;
        let mut escaped = false;
        self.at = begin;
        loop {
            let mark = self.marks.next(bytes)?;
            // What has been escaped.
            if mark < self.at {
                continue;
            }
            match bytes[mark] {
                b'"' => {
                    self.at = mark + 1;
                    return Some(Text { raw: bytes.get(begin..mark)?, escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.at = mark + escape(&bytes[mark..])?;
                }
                _ => return None,
            }
        }
    }

    #[inline(always)]
    fn number(&mut self) -> Option<Value<'a>> {
        let negative = self.sign(b'-').is_some();
        let zero = self.peek()? == b'0';
        let digits = self.digits();
        if digits == 0 || digits > DIGITS || zero && digits > 1 {
            return None;
        }
        let fraction = self.sign(b'.').is_some();
        if fraction && self.digits() == 0 || matches!(self.peek(), Some(b'e' | b'E')) {
            return None;
        }
        Some(if fraction || negative && zero { Value::Number } else { Value::Integer })
    }

    #[inline(always)]
    fn digits(&mut self) -> usize {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - begin
    }
}

/// How long an escape is that is a character by itself.
fn escape(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = text.get(2..6)?.iter().map(|digit| char::from(*digit).to_digit(16));
            let code = digits.into_iter().try_fold(0, |code, digit| Some(code << 4 | digit?))?;
            char::from_u32(code).map(|_| 6)
        }
        _ => None,
    }
}
