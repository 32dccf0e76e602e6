//! Log lines as the body of a request.

use super::delivery::Encoding;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Lines, given as the JSON that each is, as an array or one after the other.
#[derive(Debug)]
pub struct Body {
    encoding: Encoding,
    bytes: Vec<u8>,
    lines: usize,
}

impl Body {
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, bytes: Vec::new(), lines: 0 }
    }

    pub fn push(&mut self, line: &[u8]) {
        self.part();
        self.bytes.extend_from_slice(line);
        self.lines += 1;
    }

    /// Adds a whole batch of `count` lines without looking at them: JSON in one line has no other line breaks than those between.
    pub fn push_batch(&mut self, batch: &[u8], count: usize) {
        let batch = batch.strip_suffix(b"\n").unwrap_or(batch);
        if batch.is_empty() {
            return;
        }
        self.part();
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(batch);
        if self.encoding == Encoding::Json {
            let breaks = self.bytes[begin..].iter_mut().filter(|byte| **byte == b'\n');
            breaks.for_each(|byte| *byte = b',');
        }
        self.lines += count;
    }

    /// What stands before the next line.
    fn part(&mut self) {
        match (self.encoding, self.bytes.is_empty()) {
            (Encoding::Json, true) => self.bytes.push(b'['),
            (Encoding::Json, false) => self.bytes.push(b','),
            (Encoding::Ndjson, true) => {}
            (Encoding::Ndjson, false) => self.bytes.push(b'\n'),
        }
    }

    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.lines
    }

    pub fn finish(mut self) -> Vec<u8> {
        match (self.encoding, self.bytes.is_empty()) {
            (Encoding::Json, true) => self.bytes.extend_from_slice(b"[]"),
            (Encoding::Json, false) => self.bytes.push(b']'),
            (Encoding::Ndjson, true) => {}
            (Encoding::Ndjson, false) => self.bytes.push(b'\n'),
        }
        self.bytes
    }
}

/// The same bytes, compressed; quickly rather than small.
///
/// # Errors
/// None that memory gives.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};
    use std::io::Read;

    fn lines(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
        batch.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }

    /// Lines with what may go wrong in them.
    fn examples(count: usize) -> Vec<Json> {
        let odd = ["plain", "a\nbreak", "a \"quote\" and \\", "ünï\u{2028}", ",],[{", ""];
        (0..count).map(|i| json!({ "id": i.to_string(), "message": odd[i % odd.len()] })).collect()
    }

    fn batch(lines: &[Json]) -> Vec<u8> {
        lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
    }

    #[test]
    fn what_goes_in_comes_out_line_by_line_or_whole() {
        for count in [0, 1, 2, 7, 40] {
            let examples = examples(count);
            let (head, tail) = examples.split_at(count / 3);
            for encoding in [Encoding::Json, Encoding::Ndjson] {
                let mut single = Body::new(encoding);
                lines(&batch(&examples)).for_each(|line| single.push(line));
                let mut whole = Body::new(encoding);
                for part in [head, tail] {
                    whole.push_batch(&batch(part), part.len());
                }
                assert_eq!((single.lines(), whole.lines()), (count, count));
                let bytes = single.finish();
                assert_eq!(bytes, whole.finish(), "{count} lines, {encoding:?}");
                let read: Vec<Json> = match encoding {
                    Encoding::Json => serde_json::from_slice(&bytes).unwrap(),
                    Encoding::Ndjson => {
                        lines(&bytes).map(|line| serde_json::from_slice(line).unwrap()).collect()
                    }
                };
                assert_eq!(read, examples);
            }
        }
    }

    #[test]
    fn gzip_opens_again() {
        let bytes = batch(&examples(500));
        let packed = gzip(&bytes).unwrap();
        assert!(packed.len() < bytes.len() / 4);
        let mut opened = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut opened).unwrap();
        assert_eq!(opened, bytes);
    }
}
