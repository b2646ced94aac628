//! A number that two boxes have in common if they have the same sessions, kept up to date session by session.

use super::birth::Birth;
use crate::flow::{FlowKey, HashKey};

/// Fixed, unlike the tables' own keys, because the peer computes the same: digits of e. Nobody gains by making two
/// sessions collide: the digest finds faults, not forgeries.
const DIGEST_KEY: HashKey =
    HashKey([0xb7e1_5162_8aed_2a6a, 0xbf71_5880_9cf4_f3c7, 0x62e7_160f_38b4_da56, 0xa784_d904_5190_cfef]);

/// Wrapping sum of a hash of each session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Digest(pub u64);

impl Digest {
    /// A session appears, in this state.
    #[inline]
    pub fn add(&mut self, key: &FlowKey, birth: Birth, tracker: u8) {
        self.0 = self.0.wrapping_add(hash(key, birth, tracker));
    }

    /// A session in this state disappears, or leaves it.
    #[inline]
    pub fn remove(&mut self, key: &FlowKey, birth: Birth, tracker: u8) {
        self.0 = self.0.wrapping_sub(hash(key, birth, tracker));
    }
}

/// The key's hash under [`DIGEST_KEY`], the rest stirred in by the last steps of MurmurHash3 (Appleby).
fn hash(key: &FlowKey, birth: Birth, tracker: u8) -> u64 {
    let rest = u64::from(birth.0) << 8 | u64::from(tracker);
    let mut h = key.hash(&DIGEST_KEY).0.wrapping_add(rest.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    h = (h ^ h >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ h >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ h >> 33
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_count_and_everything_else_does() {
        let keys: Vec<FlowKey> = (0..100).map(|n| FlowKey::ipv4(1, 2, n, 80, 6, 0).0).collect();
        let (mut there, mut back) = (Digest::default(), Digest::default());
        keys.iter().for_each(|key| there.add(key, Birth(7), 4));
        keys.iter().rev().for_each(|key| back.add(key, Birth(7), 4));
        assert_eq!(there, back);
        for (birth, tracker) in [(8, 4), (7, 5)] {
            let mut other = there;
            other.remove(&keys[3], Birth(7), 4);
            other.add(&keys[3], Birth(birth), tracker);
            assert_ne!(other, there);
        }
        keys.iter().for_each(|key| there.remove(key, Birth(7), 4));
        assert_eq!(there, Digest::default());
    }

    /// Both boxes compute it, and they may run different versions.
    #[test]
    fn the_hash_is_fixed() {
        assert_eq!(hash(&FlowKey::ipv4(1, 2, 3, 4, 6, 0).0, Birth(5), 4), 4_079_113_802_676_198_113);
    }
}
