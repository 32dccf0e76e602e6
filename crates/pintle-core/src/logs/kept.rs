//! The lines of a batch that is gathered.

use std::mem;
use std::ops::Range;

/// Lines, each ended by a line feed. They are not copied where they stand like that in the request, one behind the other.
#[derive(Default)]
pub(super) struct Kept<'a> {
    request: &'a [u8],
    /// Where they stand in it, or nowhere.
    run: Range<usize>,
    /// What is not in it, and everything behind that.
    written: Vec<u8>,
}

impl<'a> Kept<'a> {
    /// None yet, of a request.
    pub(super) fn of(request: &'a [u8]) -> Self {
        Self { request, ..Self::default() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self.written.is_empty() {
            true => &self.request[self.run.clone()],
            false => &self.written,
        }
    }

    /// Adds a line, which may have a place in the request.
    pub(super) fn keep(&mut self, line: &[u8], place: Option<Range<usize>>) {
        let ended = place.filter(|place| self.request.get(place.end) == Some(&b'\n'));
        match ended.map(|place| place.start..place.end + 1) {
            Some(place) if self.bytes().is_empty() => self.run = place,
            Some(place) if self.run.end == place.start && self.written.is_empty() => self.run.end = place.end,
            _ => {
                self.written.extend_from_slice(&self.request[mem::take(&mut self.run)]);
                self.written.extend_from_slice(line);
                self.written.push(b'\n');
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.run = Range::default();
        self.written.clear();
    }
}
