//! Where the texts of a line begin and end.

use wide::u8x16;

/// The next places where a text begins or ends, where an escape begins, or where something stands that may not.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    /// Where the 64 bytes begin that are looked at.
    base: usize,
    /// Those of them that are left, a bit for each.
    left: u64,
}

impl Marks {
    pub(super) fn of(text: &[u8]) -> Self {
        Self { base: 0, left: marks(text) }
    }

    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8]) -> Option<usize> {
        while self.left == 0 {
            self.base += 64;
            self.left = marks(text.get(self.base..)?);
        }
        let at = self.base + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some(at)
    }
}

/// A bit for each of the first 64 bytes that is a mark.
#[inline(always)]
fn marks(text: &[u8]) -> u64 {
    let mut last = [b' '; 64];
    let block: &[u8; 64] = text.first_chunk().unwrap_or_else(|| {
        last[..text.len()].copy_from_slice(text);
        &last
    });
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |marks, part| {
        let part = u8x16::from(*part);
        let quote = part.simd_eq(u8x16::splat(b'"'));
        let backslash = part.simd_eq(u8x16::splat(b'\\'));
        let control = part.min(u8x16::splat(b' ' - 1)).simd_eq(part);
        marks << 16 | u64::from((quote | backslash | control).to_bitmask() as u16)
    })
}
