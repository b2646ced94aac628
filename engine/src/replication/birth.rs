//! Which session of a key a session is, and where the numbers come from.

use crate::flow::{FlowKey, HashKey};

/// Tells apart the sessions that one flow key names one after the other. Given out by the worker that admits the
/// session, from a counter that starts anywhere; kept by the peer and after a takeover. 0 is never given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Birth(pub u32);

/// Gives out births, one a session. Each worker has its own: only sessions of one key must differ, and those are all
/// one worker's. It starts where this boot's hash key says, so that a box that starts anew, or a peer that goes on
/// with a key after a takeover, gives a birth that is in use already once in four billion times.
#[derive(Clone, Debug)]
pub struct Births {
    last: u32,
}

impl Births {
    /// Births of one worker.
    pub fn new(hash_key: &HashKey, worker: u8) -> Births {
        let (key, _) = FlowKey::ipv4(u32::from(worker), 0, 0, 0, 0, 0);
        Births { last: (key.hash(hash_key).0 >> 32) as u32 }
    }

    /// The next one; never 0.
    #[inline]
    pub fn give(&mut self) -> Birth {
        self.last = self.last.checked_add(1).unwrap_or(1);
        Birth(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_differ_and_are_never_zero() {
        let mut births = Births { last: u32::MAX - 1 };
        assert_eq!([births.give(), births.give(), births.give()], [Birth(u32::MAX), Birth(1), Birth(2)]);
    }

    #[test]
    fn another_boot_starts_elsewhere() {
        let mut other = HashKey::FIXED;
        other.0[3] ^= 1;
        assert_ne!(Births::new(&HashKey::FIXED, 0).give(), Births::new(&other, 0).give());
        assert_ne!(Births::new(&HashKey::FIXED, 0).give(), Births::new(&HashKey::FIXED, 1).give());
    }
}
