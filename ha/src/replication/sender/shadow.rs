//! What the peer was last told about each slot.
//!
//! 24 bytes a slot; the addresses of IPv6 sessions lie aside, in chunks that are made when the first such session
//! comes and kept. A new epoch voids all shadows at once by clearing one bit each, so that it costs microseconds
//! where wiping a table of a million sessions would hold up hellos.

use holdfast_engine::flow::FlowKey;
use holdfast_engine::replication::Birth;

use super::slot_set::SlotSet;
use crate::tables::SessionName;

/// Addresses in a chunk: 128 KiB.
const CHUNK_ADDRESSES: u32 = 4096;
/// No address; end of the list of free ones.
const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Shadow {
    head: u64,
    tail: u64,
    birth: u32,
    /// Where the addresses are, [`NIL`] for IPv4.
    address: u32,
}

const _: () = assert!(size_of::<Shadow>() == 24);

#[derive(Debug)]
pub(super) struct Shadows {
    slots: Vec<Shadow>,
    /// Slots whose shadow means something.
    told: SlotSet,
    addresses: Vec<Box<[[u64; 4]]>>,
    /// Addresses given out so far, the freed ones included.
    addresses_used: u32,
    /// First of the freed ones; each names the next in its first word.
    free: u32,
}

impl Shadows {
    pub(super) fn new(slots: u32) -> Shadows {
        Shadows {
            slots: vec![Shadow { head: 0, tail: 0, birth: 0, address: NIL }; slots as usize],
            told: SlotSet::new(slots),
            addresses: Vec::new(),
            addresses_used: 0,
            free: NIL,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.told.clear();
        self.addresses_used = 0;
        self.free = NIL;
    }

    /// Reads the shadows of a few slots ahead of their use: the cache misses overlap, which those of one slot after
    /// the other do not.
    pub(super) fn touch(&self, slots: &[u32]) {
        let births =
            slots.iter().filter_map(|&slot| self.slots.get(slot as usize)).map(|shadow| shadow.birth);
        core::hint::black_box(births.fold(0, |all, birth| all ^ birth));
    }

    /// What the peer was told that the slot holds.
    pub(super) fn get(&self, slot: u32) -> Option<SessionName> {
        let shadow = self.slots.get(slot as usize).filter(|_| self.told.contains(slot))?;
        let v6 = if shadow.address == NIL { [0; 4] } else { *self.address(shadow.address)? };
        let key = FlowKey { head: shadow.head, tail: shadow.tail, v6 };
        Some(SessionName { key, birth: Birth(shadow.birth) })
    }

    /// Notes that the peer was told of `name` in a slot without a shadow.
    pub(super) fn set(&mut self, slot: u32, name: &SessionName) {
        debug_assert!(!self.told.contains(slot), "the old shadow's removal comes first");
        let address = if name.key.is_v6() { self.keep(name.key.v6) } else { NIL };
        if let Some(shadow) = self.slots.get_mut(slot as usize) {
            *shadow = Shadow { head: name.key.head, tail: name.key.tail, birth: name.birth.0, address };
            self.told.insert(slot);
        }
    }

    /// Forgets one slot.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(shadow) = self.slots.get(slot as usize) else { return };
        let address = shadow.address;
        if self.told.remove(slot) && address != NIL {
            let free = self.free;
            if let Some([next, ..]) = self.address_mut(address) {
                *next = free.into();
                self.free = address;
            }
        }
    }

    fn keep(&mut self, v6: [u64; 4]) -> u32 {
        let at = match self.address(self.free).map(|[next, ..]| *next as u32) {
            Some(next) => core::mem::replace(&mut self.free, next),
            None => {
                if self.addresses_used as usize == self.addresses.len() * CHUNK_ADDRESSES as usize {
                    self.addresses.push(vec![[0; 4]; CHUNK_ADDRESSES as usize].into());
                }
                self.addresses_used += 1;
                self.addresses_used - 1
            }
        };
        if let Some(address) = self.address_mut(at) {
            *address = v6;
        }
        at
    }

    fn address(&self, at: u32) -> Option<&[u64; 4]> {
        self.addresses.get((at / CHUNK_ADDRESSES) as usize)?.get((at % CHUNK_ADDRESSES) as usize)
    }

    fn address_mut(&mut self, at: u32) -> Option<&mut [u64; 4]> {
        self.addresses.get_mut((at / CHUNK_ADDRESSES) as usize)?.get_mut((at % CHUNK_ADDRESSES) as usize)
    }

    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.addresses.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32, v6: bool) -> SessionName {
        let key = if v6 {
            FlowKey::ipv6(u128::from(n) << 64 | 7, 9, 1, 2, 6, 0).0
        } else {
            FlowKey::ipv4(n, 9, 1, 2, 6, 0).0
        };
        SessionName { key, birth: Birth(n + 1) }
    }

    #[test]
    fn both_families_come_back_as_they_were() {
        let mut shadows = Shadows::new(100);
        (0..100).for_each(|n| shadows.set(n, &name(n, n % 3 == 0)));
        assert!((0..100).all(|n| shadows.get(n) == Some(name(n, n % 3 == 0))));
        shadows.remove(33);
        assert_eq!(shadows.get(33), None);
        shadows.set(33, &name(1000, true));
        assert!((0..100).all(|n| n == 33 || shadows.get(n) == Some(name(n, n % 3 == 0))));
        shadows.clear();
        assert!((0..100).all(|n| shadows.get(n).is_none()));
    }

    #[test]
    fn freed_addresses_are_used_again() {
        let mut shadows = Shadows::new(2 * CHUNK_ADDRESSES);
        (0..CHUNK_ADDRESSES).for_each(|n| shadows.set(n, &name(n, true)));
        for round in 0..5 {
            (0..CHUNK_ADDRESSES).for_each(|n| shadows.remove(n));
            (0..CHUNK_ADDRESSES).for_each(|n| shadows.set(n, &name(n + round, true)));
        }
        assert_eq!(shadows.chunks(), 1);
        shadows.set(CHUNK_ADDRESSES, &name(0, true));
        assert_eq!(shadows.chunks(), 2);
    }

    #[test]
    fn slots_beyond_the_table_are_ignored() {
        let mut shadows = Shadows::new(1);
        shadows.set(1, &name(1, false));
        shadows.remove(1);
        assert_eq!(shadows.get(1), None);
    }
}
