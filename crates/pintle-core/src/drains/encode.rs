//! Log lines as the body of a request.

use super::delivery::Encoding;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Lines of JSON, each ended by a line feed, as they are or as an array. JSON in one line has no other line feeds than those at its ends.
pub fn body(encoding: Encoding, lines: Bytes) -> Bytes {
    if encoding == Encoding::Ndjson {
        return lines;
    }
    let items = lines.strip_suffix(b"\n").unwrap_or(&lines);
    let mut array = [b"[", items, b"]"].concat();
    array.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
    array.into()
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

    /// Lines with what may go wrong in them.
    fn examples(count: usize) -> Vec<Json> {
        let odd = ["plain", "a\nbreak", "a \"quote\" and \\", "ünï\u{2028}", ",],[{", ""];
        (0..count).map(|i| json!({ "id": i.to_string(), "message": odd[i % odd.len()] })).collect()
    }

    fn batch(lines: &[Json]) -> Bytes {
        lines.iter().map(|line| format!("{line}\n")).collect::<String>().into()
    }

    #[test]
    fn what_goes_in_comes_out_line_by_line() {
        for count in [0, 1, 2, 7, 40] {
            let examples = examples(count);
            let array = body(Encoding::Json, batch(&examples));
            assert_eq!(serde_json::from_slice::<Vec<Json>>(&array).unwrap(), examples);
            let same = body(Encoding::Ndjson, batch(&examples));
            assert_eq!(same, batch(&examples));
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
