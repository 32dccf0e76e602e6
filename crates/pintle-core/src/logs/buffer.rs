//! Large buffers that are used again. Memory that is fresh has to be found, mapped and cleared, which takes longer than what is done in it.

use parking_lot::Mutex;
use std::mem;
use std::ops::{Deref, DerefMut};

/// Bytes that are kept, in all, while nobody uses them: what sixteen requests of a thousand lines hold, and what is made of them.
const KEPT: usize = 16 << 20;
/// Bytes of one that is kept.
const LARGEST: usize = 3 << 20;

static FREE: Mutex<Free> = Mutex::new(Free { buffers: Vec::new(), bytes: 0 });

/// Those that nobody uses.
struct Free {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
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
        let mut memory = Self::free();
        memory.reserve_exact(capacity.saturating_sub(memory.len()));
        Self { memory, size: 0 }
    }

    /// With so many bytes, whatever they are at first.
    pub(super) fn of(size: usize) -> Self {
        let mut buffer = Self::with_capacity(size);
        buffer.resize(size);
        buffer
    }

    fn free() -> Vec<u8> {
        let mut free = FREE.lock();
        let memory = free.buffers.pop().unwrap_or_default();
        free.bytes -= memory.capacity();
        memory
    }

    pub fn extend_from_slice(&mut self, more: &[u8]) {
        let begin = self.size;
        self.resize(begin + more.len());
        self[begin..].copy_from_slice(more);
    }

    /// To so many bytes; those that are new are whatever they are at first.
    pub fn resize(&mut self, size: usize) {
        if self.memory.len() < size {
            self.memory.resize(size, 0);
        }
        self.size = size;
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = mem::take(&mut self.memory);
        let mut free = FREE.lock();
        if memory.capacity() <= LARGEST && free.bytes + memory.capacity() <= KEPT {
            free.bytes += memory.capacity();
            free.buffers.push(memory);
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
    fn what_is_kept_has_a_bound() {
        let many: Vec<Buffer> = (0..20).map(|_| Buffer::of(1 << 20)).collect();
        drop(many);
        drop(Buffer::of(LARGEST + 1));
        let free = FREE.lock();
        let sizes: Vec<usize> = free.buffers.iter().map(Vec::capacity).collect();
        assert_eq!(free.bytes, sizes.iter().sum::<usize>());
        assert!(free.bytes <= KEPT && sizes.iter().all(|size| *size <= LARGEST), "{sizes:?}");
    }
}
