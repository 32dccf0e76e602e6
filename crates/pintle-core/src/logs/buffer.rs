//! Large buffers that are used again. Memory that is fresh has to be found, mapped and cleared, which takes longer than what is done in it.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::hint::black_box;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Once;

/// Bytes that are kept, in all, while nobody uses them: what sixteen requests of a thousand lines hold, and what is made of them.
const KEPT: usize = 16 << 20;
/// Bytes of one that is kept. The allocator is as good for those that are smaller.
const SMALLEST: usize = 64 << 10;
const LARGEST: usize = 3 << 20;

static FREE: Mutex<Free> = Mutex::new(Free { buffers: VecDeque::new(), bytes: 0 });

/// Those that nobody uses; what was used last is the last.
struct Free {
    buffers: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Free {
    /// The smallest that has so many bytes. One that has many more is left to whoever needs them: it would be missed there.
    fn take(&mut self, size: usize) -> Option<Vec<u8>> {
        let fitting =
            self.buffers.iter().enumerate().filter(|(_, memory)| (size..=2 * size).contains(&memory.len()));
        let (at, _) = fitting.min_by_key(|(_, memory)| memory.len())?;
        let found = self.buffers.remove(at)?;
        self.bytes -= found.len();
        Some(found)
    }

    /// What nobody has needed for longest makes room.
    fn keep(&mut self, memory: Vec<u8>) {
        self.bytes += memory.len();
        self.buffers.push_back(memory);
        while self.bytes > KEPT {
            self.bytes -= self.buffers.pop_front().map_or(0, |memory| memory.len());
        }
    }
}

/// Memory that was not used before.
///
/// Where there is need of it, large bodies come in, and they are read by way of buffers of the server's. glibc gives those back to the
/// system almost as soon as they are freed, and has them mapped and cleared again a moment later. How much it keeps it learns from the
/// largest block that it has seen freed: twice as much. So it is shown one, in which nothing is written. Other allocators learn nothing.
fn fresh(size: usize) -> Vec<u8> {
    static SHOWN: Once = Once::new();
    SHOWN.call_once(|| drop(black_box(Vec::<u8>::with_capacity(LARGEST + SMALLEST))));
    vec![0; size]
}

/// Bytes in such a buffer.
pub struct Buffer {
    /// Those behind `size` are left from before.
    memory: Vec<u8>,
    size: usize,
}

impl Buffer {
    /// Without any bytes, and with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity < SMALLEST {
            return Self { memory: vec![0; capacity], size: 0 };
        }
        // Requests of about one length have buffers of one.
        let size = capacity.next_multiple_of(SMALLEST);
        let kept = FREE.lock().take(size);
        Self { memory: kept.unwrap_or_else(|| fresh(size)), size: 0 }
    }

    /// With so many bytes, whatever they are at first.
    pub(super) fn of(size: usize) -> Self {
        let mut buffer = Self::with_capacity(size);
        buffer.resize(size);
        buffer
    }

    pub fn extend_from_slice(&mut self, more: &[u8]) {
        let begin = self.size;
        self.resize(begin + more.len());
        self[begin..].copy_from_slice(more);
    }

    /// To so many bytes; those that are new are whatever they are at first.
    pub fn resize(&mut self, size: usize) {
        if self.memory.len() < size {
            let mut larger = Self::with_capacity(size.max(2 * self.memory.len()));
            larger.extend_from_slice(self);
            *self = larger;
        }
        self.size = size;
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if (SMALLEST..=LARGEST).contains(&self.memory.len()) {
            FREE.lock().keep(mem::take(&mut self.memory));
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[..self.size]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[..self.size]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_was_used_has_only_what_is_put_into_it() {
        let mut first = Buffer::of(100);
        first.fill(7);
        drop(first);
        let mut next = Buffer::with_capacity(0);
        assert_eq!(&*next, b"");
        next.extend_from_slice(b"ab");
        next.extend_from_slice(&[b'c'; 300]);
        assert_eq!(&*next, [b"ab".as_slice(), &[b'c'; 300]].concat());
        next.resize(1);
        next.extend_from_slice(b"d");
        assert_eq!(&*next, b"ad");
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_fits_is_used_again() {
        let many: Vec<Buffer> = (0..20).map(|_| Buffer::of(1 << 20)).collect();
        drop(many);
        drop(Buffer::of(LARGEST + 1));
        drop(Buffer::of(SMALLEST - 1));
        let mut free = FREE.lock();
        let sizes: Vec<usize> = free.buffers.iter().map(Vec::len).collect();
        assert_eq!(free.bytes, sizes.iter().sum::<usize>());
        assert!(
            free.bytes <= KEPT && sizes.iter().all(|size| (SMALLEST..=LARGEST).contains(size)),
            "{sizes:?}"
        );

        *free = Free { buffers: VecDeque::new(), bytes: 0 };
        (1..=5).for_each(|times| free.keep(vec![0; times * SMALLEST]));
        assert_eq!(free.take(2 * SMALLEST).map(|memory| memory.len()), Some(2 * SMALLEST));
        assert_eq!(free.take(2 * SMALLEST).map(|memory| memory.len()), Some(3 * SMALLEST));
        assert_eq!(free.take(6 * SMALLEST), None);
        assert_eq!(free.take(SMALLEST).map(|memory| memory.len()), Some(SMALLEST));
        assert_eq!(free.take(SMALLEST), None, "those that are left are for larger needs");
        assert_eq!(free.bytes, 9 * SMALLEST);
    }
}
