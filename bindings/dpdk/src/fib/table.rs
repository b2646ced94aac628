//! One rte_fib object, owned.

use core::ptr::NonNull;

use super::{Family, FibError, FibKind, NO_ROUTE};
use crate::eal::EalRef;
use crate::error::Errno;

/// Addresses looked up in one call.
const CHUNK_ADDRESSES: usize = 64;

pub(super) struct Table<F: Family> {
    raw: NonNull<F::Raw>,
    _eal: EalRef,
}

// SAFETY: rte_fib has no tie to a thread. `&self` only reads the table, `&mut self` alone writes.
unsafe impl<F: Family> Send for Table<F> {}
// SAFETY: as above.
unsafe impl<F: Family> Sync for Table<F> {}

impl<F: Family> Table<F> {
    pub(super) fn new(eal: &EalRef, kind: FibKind, routes_max: u32) -> Result<Table<F>, FibError> {
        let (kind, groups) = match kind {
            FibKind::Rib => (0, 0),
            FibKind::Table { tbl8_groups } => (1, tbl8_groups),
        };
        let name = eal.unique_name("fib");
        let mut err = 0;
        // SAFETY: EAL is up, `eal` proves it, and no other table has the name.
        let raw = unsafe { F::create(&name, kind, routes_max, groups, NO_ROUTE, &mut err) };
        let failed = FibError::Driver { doing: "making a table", errno: Errno(-err) };
        let raw = NonNull::new(raw).ok_or(failed)?;
        Ok(Table { raw, _eal: eal.clone() })
    }

    /// `prefix` has no bits beyond `bits`.
    pub(super) fn add(&mut self, prefix: u128, bits: u8, next_hop: u32) -> Result<(), FibError> {
        // SAFETY: the table is ours alone while `&mut self` lasts.
        let result = unsafe { F::add(self.raw.as_ptr(), F::word(prefix), bits, next_hop.into()) };
        check("adding a route", result)
    }

    pub(super) fn delete(&mut self, prefix: u128, bits: u8) -> Result<(), FibError> {
        // SAFETY: as in `add`.
        let result = unsafe { F::delete(self.raw.as_ptr(), F::word(prefix), bits) };
        check("removing a route", result)
    }

    #[inline]
    pub(super) fn lookup_bulk(&self, addresses: &[F::Address], out: &mut [Option<u32>]) {
        let mut words = [F::Word::default(); CHUNK_ADDRESSES];
        let mut found = [NO_ROUTE; CHUNK_ADDRESSES];
        for (addresses, out) in addresses.chunks(CHUNK_ADDRESSES).zip(out.chunks_mut(CHUNK_ADDRESSES)) {
            let count = addresses.len().min(out.len());
            for (word, &address) in words.iter_mut().zip(addresses) {
                *word = F::word(F::to_bits(address));
            }
            // SAFETY: both arrays have room for `count`. Look-ups take no lock and change nothing, and whoever
            // would change the table needs `&mut`.
            let result =
                unsafe { F::lookup(self.raw.as_ptr(), words.as_ptr(), found.as_mut_ptr(), count as u32) };
            debug_assert_eq!(result, 0, "rte_fib refuses null pointers only");
            for (out, &found) in out.iter_mut().zip(&found[..count]) {
                *out = (found < NO_ROUTE).then_some(found as u32);
            }
        }
    }
}

impl<F: Family> Drop for Table<F> {
    fn drop(&mut self) {
        // SAFETY: the last use of a table that we own.
        unsafe { F::free(self.raw.as_ptr()) };
    }
}

fn check(doing: &'static str, result: i32) -> Result<(), FibError> {
    Errno::check(result).map(drop).map_err(|errno| FibError::Driver { doing, errno })
}
