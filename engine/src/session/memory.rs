//! The table's memory: long arrays of rows of atomic words, zero until written.
//!
//! Everything the table shares is an `AtomicU64`, so reading and writing it needs no `unsafe`. What safe Rust
//! cannot say is "a gigabyte of zeroed atomics, aligned to a huge page, of which the kernel gives a page only
//! when it is first written", and "bring this line closer": that is here, and nothing else.
//!
//! The memory comes from the global allocator's zeroed path with ordinary alignment and is aligned here: an
//! over-aligned zeroed request would be cleared by hand and so touch every page at start. Under loom the same
//! rows are ordinary boxes of loom's atomics.

#[cfg(not(loom))]
pub(super) use native::Block;

#[cfg(loom)]
pub(super) use modelled::Block;

use super::sync::AtomicU64;

/// `N` words that belong together. A row of eight starts on a cache line.
pub(super) type Row<const N: usize> = [AtomicU64; N];

/// How the kernel should back a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backing {
    /// Transparent huge pages where the system has them, given when first touched.
    Huge,
    /// Transparent huge pages, all of them touched now, so that no packet pays for a page fault.
    HugeTouched,
    /// Ordinary pages: for what is touched rarely and in few places.
    Small,
}

#[cfg(not(loom))]
#[allow(unsafe_code)]
mod native {
    use core::alloc::Layout;
    use core::ptr::NonNull;
    use std::alloc::{alloc_zeroed, dealloc};

    use super::{AtomicU64, Backing, Row};

    const CACHE_LINE_BYTES: usize = 64;
    const HUGE_PAGE_BYTES: usize = 2 << 20;

    /// A fixed number of rows, all words zero at first.
    pub(in crate::session) struct Block<const N: usize> {
        rows: NonNull<Row<N>>,
        len: usize,
        base: NonNull<u8>,
        layout: Layout,
    }

    // SAFETY: a block owns its memory and gives out only shared references to atomics, which are Sync; nothing
    // in it is tied to the thread that made it.
    unsafe impl<const N: usize> Send for Block<N> {}
    // SAFETY: as above.
    unsafe impl<const N: usize> Sync for Block<N> {}

    impl<const N: usize> Block<N> {
        /// `len` (at least 1) zeroed rows; `None` when the allocator has no such memory.
        pub(in crate::session) fn zeroed(len: usize, backing: Backing) -> Option<Block<N>> {
            const { assert!(N > 0 && size_of::<Row<N>>() == N * 8 && align_of::<Row<N>>() <= CACHE_LINE_BYTES) };
            let bytes = len.max(1).checked_mul(size_of::<Row<N>>())?;
            let huge = backing != Backing::Small && bytes >= HUGE_PAGE_BYTES;
            let align = if huge { HUGE_PAGE_BYTES } else { CACHE_LINE_BYTES };
            let layout = Layout::from_size_align(bytes.checked_add(align)?, align_of::<AtomicU64>()).ok()?;
            // SAFETY: the layout is not empty: `bytes` is at least one row.
            let base = NonNull::new(unsafe { alloc_zeroed(layout) })?;
            let offset = base.align_offset(align);
            if offset > align {
                // `align_offset` may refuse in theory; then there is no block.
                // SAFETY: allocated above with this layout and not used since.
                unsafe { dealloc(base.as_ptr(), layout) };
                return None;
            }
            // SAFETY: `offset` is at most `align`, and the allocation is `bytes + align` long.
            let start = unsafe { base.add(offset) };
            if huge {
                advise_huge_pages(start, bytes);
            }
            if backing == Backing::HugeTouched {
                // SAFETY: `bytes` bytes from `start` lie inside the allocation, and nobody else has it yet.
                unsafe { start.as_ptr().write_bytes(0, bytes) };
            }
            Some(Block { rows: start.cast(), len: len.max(1), base, layout })
        }

        /// All rows.
        #[inline]
        pub(in crate::session) fn rows(&self) -> &[Row<N>] {
            // SAFETY: `len` rows from `rows` on were allocated zeroed, which is a valid AtomicU64, aligned to at
            // least a cache line, and live until drop; they are only ever reached through shared references.
            unsafe { core::slice::from_raw_parts(self.rows.as_ptr(), self.len) }
        }

        /// Hints that the line with `word` of a row is needed soon; a row out of range is ignored.
        #[inline]
        pub(in crate::session) fn prefetch(&self, row: usize, word: usize) {
            #[cfg(target_arch = "x86_64")]
            if let Some(word) = self.rows().get(row).and_then(|row| row.get(word)) {
                use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                // SAFETY: a prefetch is a hint without effect on memory, and the pointer is a live reference.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(word).cast()) };
            }
            #[cfg(not(target_arch = "x86_64"))]
            let _ = (row, word);
        }
    }

    impl<const N: usize> Drop for Block<N> {
        fn drop(&mut self) {
            // SAFETY: `base` was allocated with `layout` and is freed only here.
            unsafe { dealloc(self.base.as_ptr(), self.layout) };
        }
    }

    /// Fewer TLB misses on tables of many megabytes; where the kernel will not, ordinary pages serve.
    #[cfg(target_os = "linux")]
    fn advise_huge_pages(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the range lies inside one live allocation of ours; the advice does not change its contents.
        // A refusal is not an error.
        let _ = unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
    }

    #[cfg(not(target_os = "linux"))]
    fn advise_huge_pages(_start: NonNull<u8>, _bytes: usize) {}
}

#[cfg(loom)]
mod modelled {
    use super::{AtomicU64, Backing, Row};

    /// A fixed number of rows, all words zero at first.
    pub(in crate::session) struct Block<const N: usize>(Box<[Row<N>]>);

    impl<const N: usize> Block<N> {
        /// `len` zeroed rows.
        pub(in crate::session) fn zeroed(len: usize, _backing: Backing) -> Option<Block<N>> {
            Some(Block((0..len.max(1)).map(|_| core::array::from_fn(|_| AtomicU64::new(0))).collect()))
        }

        /// All rows.
        pub(in crate::session) fn rows(&self) -> &[Row<N>] {
            &self.0
        }

        /// Does nothing: loom has no caches to warm.
        pub(in crate::session) fn prefetch(&self, _row: usize, _word: usize) {}
    }
}

impl<const N: usize> Block<N> {
    /// Row `index`. Panics when out of range, which is a bug of the table: it hands out only slots it has.
    #[inline]
    pub(super) fn row(&self, index: u32) -> &Row<N> {
        &self.rows()[index as usize]
    }

    /// Bytes of all rows.
    pub(super) fn bytes(&self) -> u64 {
        self.rows().len() as u64 * N as u64 * 8
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::session::sync::Ordering;

    #[test]
    fn rows_start_zero_and_on_a_cache_line() {
        for (len, backing) in
            [(1, Backing::Small), (3, Backing::Huge), (70_000, Backing::Huge), (70_000, Backing::HugeTouched)]
        {
            let block = Block::<8>::zeroed(len, backing).unwrap();
            assert_eq!(block.rows().len(), len);
            assert_eq!(block.rows().as_ptr() as usize % 64, 0);
            assert!(block.rows().iter().flatten().all(|word| word.load(Ordering::Relaxed) == 0));
            block.row(len as u32 - 1)[7].store(1, Ordering::Relaxed);
            block.prefetch(len - 1, 0);
            block.prefetch(len, 0);
        }
    }

    #[test]
    fn an_impossible_size_is_refused() {
        assert!(Block::<8>::zeroed(usize::MAX / 8, Backing::Huge).is_none());
        assert!(Block::<8>::zeroed(usize::MAX / 64 - 1, Backing::Huge).is_none());
    }
}
