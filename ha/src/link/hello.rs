//! What the two boxes tell each other in the handshake, encrypted.
//!
//! ```text
//! lowest version u16 | highest version u16 | boot u64 | next challenge u64 | name length u8 | name, UTF-8
//! ```
//!
//! Bytes behind the name are for later versions to fill; this one skips them.

use core::ops::RangeInclusive;

/// Longest name of a box, bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// One box's introduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// Versions of the replication protocol that it speaks.
    pub(super) versions: RangeInclusive<u16>,
    /// Random for each start of the process.
    pub(super) boot: u64,
    /// From the responder: what the next initiation must carry.
    pub(super) next_challenge: u64,
    /// The box's name.
    pub(super) name: String,
}

impl Hello {
    /// The bytes of it; a name that is too long is cut.
    pub(super) fn encode(&self) -> Vec<u8> {
        let cut = self.name.floor_char_boundary(NAME_BYTES_MAX);
        let name = self.name.get(..cut).unwrap_or("");
        let mut bytes = Vec::with_capacity(21 + name.len());
        bytes.extend(self.versions.start().to_be_bytes());
        bytes.extend(self.versions.end().to_be_bytes());
        bytes.extend(self.boot.to_be_bytes());
        bytes.extend(self.next_challenge.to_be_bytes());
        bytes.push(name.len() as u8);
        bytes.extend(name.as_bytes());
        bytes
    }

    /// Reads one; `None` if it makes no sense.
    pub(super) fn decode(bytes: &[u8]) -> Option<Hello> {
        let (lowest, rest) = bytes.split_first_chunk()?;
        let (highest, rest) = rest.split_first_chunk()?;
        let (boot, rest) = rest.split_first_chunk()?;
        let (next_challenge, rest) = rest.split_first_chunk()?;
        let (&length, rest) = rest.split_first()?;
        let name = rest.get(..usize::from(length)).filter(|name| name.len() <= NAME_BYTES_MAX)?;
        let name = core::str::from_utf8(name).ok().filter(|name| !name.contains(char::is_control))?;
        let versions = u16::from_be_bytes(*lowest)..=u16::from_be_bytes(*highest);
        (!versions.is_empty()).then(|| Hello {
            versions,
            boot: u64::from_be_bytes(*boot),
            next_challenge: u64::from_be_bytes(*next_challenge),
            name: name.to_owned(),
        })
    }
}

/// The highest version that both ranges hold.
pub(super) fn common_version(ours: &RangeInclusive<u16>, theirs: &RangeInclusive<u16>) -> Option<u16> {
    let (lowest, highest) = (ours.start().max(theirs.start()), ours.end().min(theirs.end()));
    (lowest <= highest).then_some(*highest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(lowest: u16, more in 0_u16..9, boot: u64, next_challenge: u64, name in "[^\\pC]{0,16}") {
            let hello = Hello { versions: lowest..=lowest.saturating_add(more), boot, next_challenge, name };
            let mut bytes = hello.encode();
            prop_assert_eq!(Hello::decode(&bytes), Some(hello.clone()));
            bytes.extend([1, 2, 3]);
            prop_assert_eq!(Hello::decode(&bytes), Some(hello.clone()), "a later version's bytes are skipped");
            for cut in 0..hello.encode().len() {
                prop_assert_eq!(Hello::decode(&bytes[..cut]), None);
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            if let Some(hello) = Hello::decode(&bytes) {
                prop_assert!(hello.name.len() <= NAME_BYTES_MAX && !hello.versions.is_empty());
            }
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let hello = Hello { versions: 1..=1, boot: 0, next_challenge: 0, name: "é".repeat(40) + "x" };
        assert_eq!(Hello::decode(&hello.encode()).unwrap().name, "é".repeat(32));
    }

    #[test]
    fn the_newest_common_version_is_taken() {
        assert_eq!(common_version(&(1..=3), &(2..=5)), Some(3));
        assert_eq!(common_version(&(4..=4), &(4..=9)), Some(4));
        assert_eq!(common_version(&(1..=2), &(3..=4)), None);
    }
}
