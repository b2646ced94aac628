//! The keyed flow hash.
//!
//! Two rounds of 64×64→128-bit multiply-and-fold (the construction of wyhash and of `ahash`'s fallback), keyed
//! with 256 random bits drawn at boot. An outsider who does not see hash values cannot aim at one bucket; one
//! who could would fill two buckets, and lose only new sessions that fall in them. SipHash would take longer
//! than the rest of the look-up together.

use super::FlowKey;

/// Random key of this boot.
#[derive(Clone, Copy, Debug)]
pub struct HashKey(pub [u64; 4]);

impl HashKey {
    /// A fixed key, for tests and simulations that must repeat.
    pub const FIXED: HashKey =
        HashKey([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89]);
}

/// Hash of a flow key under this boot's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FlowHash(pub u64);

#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let wide = (a as u128) * (b as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

impl FlowKey {
    /// The key's hash.
    #[inline]
    pub fn hash(&self, key: &HashKey) -> FlowHash {
        let k = &key.0;
        let mut h = fold(self.head ^ k[0], self.tail ^ k[1]);
        if self.is_v6() {
            h ^= fold(self.v6[0] ^ k[2] ^ h, self.v6[1] ^ k[3]);
            h ^= fold(self.v6[2] ^ k[3] ^ h, self.v6[3] ^ k[2]);
        }
        FlowHash(fold(h ^ k[2], self.tail.rotate_left(32) ^ k[3]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_flows_spread_evenly() {
        const BUCKETS: usize = 1024;
        const PER_BUCKET: usize = 64;
        let mut load = vec![0usize; BUCKETS];
        for i in 0..(BUCKETS * PER_BUCKET) as u32 {
            let (key, _) =
                FlowKey::ipv4(0x0a00_0001 + i / 1000, 0x0a00_0002, (i % 1000) as u16 + 1024, 80, 6, 0);
            load[(key.hash(&HashKey::FIXED).0 >> 54) as usize] += 1;
        }
        // Poisson with mean 64: eight standard deviations each way.
        assert!(load.iter().all(|&n| n > 0 && n < PER_BUCKET * 2), "{:?}", load.iter().max());
    }

    #[test]
    fn another_key_gives_another_order() {
        let (key, _) = FlowKey::ipv4(1, 2, 3, 4, 6, 0);
        let mut other = HashKey::FIXED;
        other.0[0] ^= 1;
        assert_ne!(key.hash(&HashKey::FIXED), key.hash(&other));
    }
}
