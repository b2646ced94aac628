//! Routes and the table made of them.

use core::fmt;
use std::collections::BTreeMap;

use super::table::Table;
use super::{Family, FibError, FibKind, NEXT_HOP_MAX};
use crate::eal::EalRef;

/// Routes of one family, looked up by longest prefix. See the module for how changes are made safe.
pub struct Fib<F: Family> {
    eal: EalRef,
    kind: FibKind,
    routes_max: u32,
    /// Next hop by length and prefix: in the order in which a table can be filled.
    routes: BTreeMap<(u8, u128), u32>,
    table: Table<F>,
}

impl<F: Family> Fib<F> {
    /// No routes yet, and room for `routes_max`.
    ///
    /// # Errors
    /// [`FibError::Driver`] when memory is short.
    pub fn new(eal: &EalRef, kind: FibKind, routes_max: u32) -> Result<Fib<F>, FibError> {
        // rte_fib counts twice that in signed numbers.
        let routes_max = routes_max.min(i32::MAX as u32 / 2);
        let table = Table::new(eal, kind, routes_max)?;
        Ok(Fib { eal: eal.clone(), kind, routes_max, routes: BTreeMap::new(), table })
    }

    /// Adds a route, or gives an existing one another next hop. Bits of `prefix` beyond `bits` are ignored.
    ///
    /// # Errors
    /// [`FibError`]; the routes stay as they were.
    pub fn add(&mut self, prefix: F::Address, bits: u8, next_hop: u32) -> Result<(), FibError> {
        if next_hop > NEXT_HOP_MAX {
            return Err(FibError::NextHop(next_hop));
        }
        let key = Self::key(prefix, bits)?;
        if self.routes.len() >= self.routes_max as usize && !self.routes.contains_key(&key) {
            return Err(FibError::Full { routes_max: self.routes_max });
        }
        let before = self.routes.insert(key, next_hop);
        let result = if self.surrounds(key) {
            self.rebuild()
        } else {
            self.table.add(key.1, bits, next_hop).or_else(|error| self.retry(error))
        };
        if result.is_err() {
            match before {
                Some(next_hop) => self.routes.insert(key, next_hop),
                None => self.routes.remove(&key),
            };
            self.restore();
        }
        result
    }

    /// Removes a route.
    ///
    /// # Errors
    /// [`FibError::NoRoute`] if there is none, [`FibError::Driver`] if the table could not be changed; the routes
    /// stay as they were.
    pub fn delete(&mut self, prefix: F::Address, bits: u8) -> Result<(), FibError> {
        let key = Self::key(prefix, bits)?;
        let next_hop = self.routes.remove(&key).ok_or(FibError::NoRoute)?;
        let result = if self.surrounds(key) {
            self.rebuild()
        } else {
            self.table.delete(key.1, bits).or_else(|error| self.retry(error))
        };
        if result.is_err() {
            self.routes.insert(key, next_hop);
            self.restore();
        }
        result
    }

    /// The next hop of the longest prefix that `address` is in.
    #[inline]
    pub fn lookup(&self, address: F::Address) -> Option<u32> {
        let mut out = [None];
        self.table.lookup_bulk(&[address], &mut out);
        out[0]
    }

    /// As [`Fib::lookup`], for each address. Fills `out` as far as both slices go.
    #[inline]
    pub fn lookup_bulk(&self, addresses: &[F::Address], out: &mut [Option<u32>]) {
        self.table.lookup_bulk(addresses, out);
    }

    /// How many routes there are.
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    fn key(prefix: F::Address, bits: u8) -> Result<(u8, u128), FibError> {
        if bits > F::BITS {
            return Err(FibError::PrefixLength { bits, max: F::BITS });
        }
        Ok((bits, F::to_bits(prefix) & mask(bits)))
    }

    /// Longer routes lie inside this one, so that a table would be written around them.
    fn surrounds(&self, (bits, prefix): (u8, u128)) -> bool {
        let last = prefix | !mask(bits);
        matches!(self.kind, FibKind::Table { .. })
            && (bits + 1..=F::BITS)
                .any(|longer| self.routes.range((longer, prefix)..=(longer, last)).next().is_some())
    }

    /// A tree refuses cleanly. A table may refuse for a count that drifted, so it is tried anew.
    fn retry(&mut self, error: FibError) -> Result<(), FibError> {
        match self.kind {
            FibKind::Rib => Err(error),
            FibKind::Table { .. } => self.rebuild().map_err(|_| error),
        }
    }

    /// After a failure: a table may hold half of the change. Without memory for another it stays like that, which
    /// its next change cures.
    fn restore(&mut self) {
        if matches!(self.kind, FibKind::Table { .. }) && self.rebuild().is_err() {
            tracing::error!("a table of routes could not be made anew after a failed change");
        }
    }

    fn rebuild(&mut self) -> Result<(), FibError> {
        let mut table = Table::new(&self.eal, self.kind, self.routes_max)?;
        for (&(bits, prefix), &next_hop) in &self.routes {
            table.add(prefix, bits, next_hop)?;
        }
        self.table = table;
        Ok(())
    }
}

/// The top `bits` bits.
fn mask(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl<F: Family> fmt::Debug for Fib<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fib").field("kind", &self.kind).field("routes", &self.routes.len()).finish()
    }
}
