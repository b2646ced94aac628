//! Which numbers of a session have come: a sliding bitmap (RFC 6479).

/// Bits of a block.
const BLOCK_BITS: u64 = u64::BITS as u64;
/// Blocks; a power of two. One of them is the one being filled, so it does not count.
const BLOCKS: u64 = 32;
/// Numbers behind the newest that are still told apart. A datagram later than that is refused: 1,984 datagrams are
/// some milliseconds of a full link, far beyond what any reordering does.
pub(super) const WINDOW: u64 = (BLOCKS - 1) * BLOCK_BITS;

/// The numbers that have come, for the newest [`WINDOW`] of them.
#[derive(Clone, Debug, Default)]
pub(super) struct ReplayWindow {
    newest: u64,
    blocks: [u64; BLOCKS as usize],
}

impl ReplayWindow {
    /// Highest number that has come.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether a number is new: it never came, and is not too old to tell.
    pub(super) fn is_new(&self, number: u64) -> bool {
        if number > self.newest {
            return true;
        }
        let (block, bit) = place(number);
        self.newest - number < WINDOW && self.blocks[block] & bit == 0
    }

    /// Notes that a number came. Only an authentic datagram may say so: it moves the window.
    pub(super) fn note(&mut self, number: u64) {
        if number > self.newest {
            let entered = (number / BLOCK_BITS - self.newest / BLOCK_BITS).min(BLOCKS);
            for ahead in 1..=entered {
                let (block, _) = place((self.newest / BLOCK_BITS + ahead) * BLOCK_BITS);
                self.blocks[block] = 0;
            }
            self.newest = number;
        }
        let (block, bit) = place(number);
        self.blocks[block] |= bit;
    }
}

/// Block and bit of a number.
fn place(number: u64) -> (usize, u64) {
    (((number / BLOCK_BITS) % BLOCKS) as usize, 1 << (number % BLOCK_BITS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_number_is_new_once() {
        let mut window = ReplayWindow::default();
        assert!(window.is_new(0));
        window.note(0);
        assert!(!window.is_new(0));
    }

    #[test]
    fn the_last_number_there_is_does_not_overflow() {
        let mut window = ReplayWindow::default();
        window.note((1 << 63) - 1);
        assert!(!window.is_new((1 << 63) - 1));
        assert!(window.is_new((1 << 63) - WINDOW));
        assert!(!window.is_new((1 << 63) - 1 - WINDOW));
    }

    proptest! {
        #[test]
        fn it_says_what_a_set_says(steps in proptest::collection::vec((0_u64..4_000, prop::bool::weighted(0.02)), 1..400)) {
            let mut window = ReplayWindow::default();
            let (mut seen, mut newest) = (BTreeSet::new(), 0_u64);
            for (step, jump) in steps {
                // Numbers around the newest, before it and after it; and now and then far ahead.
                let number = if jump { newest + step * 1_000 } else { (newest + step / 16).saturating_sub(step % 2_500) };
                let expected = !seen.contains(&number) && (number > newest || newest - number < WINDOW);
                prop_assert_eq!(window.is_new(number), expected, "{} after {}", number, newest);
                if expected {
                    window.note(number);
                    seen.insert(number);
                    newest = newest.max(number);
                }
            }
        }
    }
}
