//! Which worker owns a flow.
//!
//! The owner must be what a NIC's symmetric RSS would choose, or every packet would cross a ring. With a
//! Toeplitz key that repeats every 16 bits (Woo and Park, "Scalable TCP Session Monitoring with Symmetric
//! Receive-side Scaling", 2012) each 16-bit word of the input contributes through the same matrix, so the hash
//! of a packet is that matrix times the exclusive-or of all its 16-bit words: both directions agree, and
//! software gets the NIC's value for ports that have no RSS with two table look-ups.
//!
//! TCP and UDP hash addresses and ports, everything else the addresses only, as NICs do. The session table's own
//! hash is another one, with a secret key (`hash.rs`); this one only balances load.

use super::FlowKey;
use crate::net::numbers::{PROTOCOL_TCP, PROTOCOL_UDP};

/// Key to program into a NIC, 52 bytes being the longest any driver takes; shorter keys are its prefix.
pub const RSS_SYMMETRIC_KEY: [u8; 52] = {
    let mut key = [0x6d; 52];
    let mut i = 1;
    while i < key.len() {
        key[i] = 0x5a;
        i += 2;
    }
    key
};

/// Entries of the redirection table that owners are computed from; NIC tables are multiples of it.
pub const RETA_ENTRIES: usize = 128;

/// The Toeplitz matrix, one byte of the folded input at a time: [high byte, low byte].
static TOEPLITZ: [[u32; 256]; 2] = {
    let mut table = [[0u32; 256]; 2];
    let mut half = 0;
    while half < 2 {
        let mut byte = 0;
        while byte < 256 {
            let mut bit = 0;
            while bit < 8 {
                if byte & (0x80 >> bit) != 0 {
                    table[half][byte] ^= 0x6d5a_6d5a_u32.rotate_left(half as u32 * 8 + bit);
                }
                bit += 1;
            }
            byte += 1;
        }
        half += 1;
    }
    table
};

/// Maps flows to workers the way the redirection table of every port does.
#[derive(Clone, Debug)]
pub struct OwnerMap {
    reta: [u8; RETA_ENTRIES],
    workers: u8,
}

impl OwnerMap {
    /// Owners for `workers` workers (at least 1), dealt round-robin over the redirection table.
    pub fn new(workers: u8) -> OwnerMap {
        let workers = workers.max(1);
        OwnerMap { reta: core::array::from_fn(|i| (i % usize::from(workers)) as u8), workers }
    }

    /// Number of workers.
    pub fn workers(&self) -> u8 {
        self.workers
    }

    /// The redirection table to program into a NIC.
    pub fn reta(&self) -> &[u8; RETA_ENTRIES] {
        &self.reta
    }

    /// The worker that owns `key`.
    #[inline]
    pub fn owner(&self, key: &FlowKey) -> u8 {
        if self.workers == 1 {
            return 0;
        }
        self.reta[rss_hash(key) as usize % RETA_ENTRIES]
    }
}

/// The 32-bit hash a NIC with [`RSS_SYMMETRIC_KEY`] computes for this flow.
#[inline]
pub fn rss_hash(key: &FlowKey) -> u32 {
    let addresses = if key.is_v6() { key.v6[0] ^ key.v6[1] ^ key.v6[2] ^ key.v6[3] } else { key.head };
    let ports = match key.protocol() {
        PROTOCOL_TCP | PROTOCOL_UDP => key.tail as u32,
        _ => 0,
    };
    let folded = (addresses >> 32) as u32 ^ addresses as u32 ^ ports;
    let folded = (folded >> 16) as u16 ^ folded as u16;
    TOEPLITZ[0][usize::from(folded >> 8)] ^ TOEPLITZ[1][usize::from(folded & 0xff)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Toeplitz as Microsoft's RSS specification writes it, bit by bit.
    fn toeplitz(input: &[u8]) -> u32 {
        let mut hash = 0;
        for (i, byte) in input.iter().enumerate() {
            for bit in 0..8 {
                if byte & (0x80 >> bit) != 0 {
                    let at = i * 8 + bit;
                    let window = (0..32).fold(0u32, |w, j| {
                        let k = RSS_SYMMETRIC_KEY[(at + j) / 8] >> (7 - (at + j) % 8) & 1;
                        w << 1 | u32::from(k)
                    });
                    hash ^= window;
                }
            }
        }
        hash
    }

    proptest! {
        #[test]
        fn equals_toeplitz_v4(s: u32, d: u32, sp: u16, dp: u16) {
            let mut input = [s.to_be_bytes(), d.to_be_bytes()].concat();
            input.extend([sp.to_be_bytes(), dp.to_be_bytes()].concat());
            prop_assert_eq!(rss_hash(&FlowKey::ipv4(s, d, sp, dp, 6, 0).0), toeplitz(&input));
            prop_assert_eq!(rss_hash(&FlowKey::ipv4(s, d, sp, dp, 47, 0).0), toeplitz(&input[..8]));
        }

        #[test]
        fn equals_toeplitz_v6(s: u128, d: u128) {
            let input = [s.to_be_bytes(), d.to_be_bytes()].concat();
            prop_assert_eq!(rss_hash(&FlowKey::ipv6(s, d, 0, 0, 58, 0).0), toeplitz(&input));
        }
    }

    #[test]
    fn every_worker_gets_its_share() {
        let map = OwnerMap::new(3);
        let mut load = [0u32; 3];
        for port in 1024..5120 {
            load[usize::from(map.owner(&FlowKey::ipv4(0x0a000001, 0x0a000002, port, 80, 6, 0).0))] += 1;
        }
        assert!(load.iter().all(|&n| n > 1000), "{load:?}");
    }
}
