//! Acknowledgements.

use super::CodecError;
use super::bytes::Bytes;

/// Sequence numbers that a bitmap covers.
pub const ACK_BITMAP_DATAGRAMS: u64 = 256;
/// Streams in one message at most; further ones go into the next.
pub const ACK_STREAMS_MAX: usize = 16;

const WORDS: usize = (ACK_BITMAP_DATAGRAMS / 64) as usize;

/// Which of the newest datagrams arrived: bit *i* is the one *i* before the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ArrivedBitmap([u64; WORDS]);

impl ArrivedBitmap {
    /// Whether the datagram `back` before the newest arrived; false beyond the bitmap.
    pub fn contains(&self, back: u64) -> bool {
        let word = self.0.get((back / 64) as usize).copied().unwrap_or_default();
        back < ACK_BITMAP_DATAGRAMS && word >> (back % 64) & 1 != 0
    }

    /// Notes that the datagram `back` before the newest arrived.
    pub fn insert(&mut self, back: u64) {
        if back < ACK_BITMAP_DATAGRAMS
            && let Some(word) = self.0.get_mut((back / 64) as usize)
        {
            *word |= 1 << (back % 64);
        }
    }

    /// The newest is now one `by` later.
    pub fn advance(&mut self, by: u64) {
        let (words, bits) = ((by / 64).min(WORDS as u64) as usize, (by % 64) as u32);
        let old = self.0;
        for (at, word) in self.0.iter_mut().enumerate() {
            let of = |back: usize| at.checked_sub(back).and_then(|i| old.get(i)).copied().unwrap_or(0);
            let carried = of(words + 1).checked_shr(64 - bits).unwrap_or(0);
            *word = (of(words) << bits) | carried;
        }
    }
}

/// What a receiver says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ack {
    /// Which.
    pub stream: u8,
    /// Everything up to it was handed on, or done without for good.
    pub applied: u64,
    /// The highest that arrived; 0 for none.
    pub newest: u64,
    /// Which ones before it did.
    pub arrived: ArrivedBitmap,
}

impl Ack {
    /// Whether a datagram arrived.
    pub fn has(&self, sequence: u64) -> bool {
        self.newest.checked_sub(sequence).is_some_and(|back| self.arrived.contains(back))
    }
}

/// Appends a message about at most [`ACK_STREAMS_MAX`] streams.
pub fn write_acks(out: &mut Vec<u8>, epoch: u64, acks: &[Ack]) {
    let acks = acks.get(..ACK_STREAMS_MAX).unwrap_or(acks);
    out.extend_from_slice(&epoch.to_be_bytes());
    out.push(acks.len() as u8);
    for ack in acks {
        out.push(ack.stream);
        out.extend_from_slice(&ack.applied.to_be_bytes());
        out.extend_from_slice(&ack.newest.to_be_bytes());
        out.extend(ack.arrived.0.iter().flat_map(|word| word.to_le_bytes()));
    }
}

/// Reads a message: its epoch, and what it says of each stream.
pub fn read_acks(
    message: &[u8],
) -> Result<(u64, impl Iterator<Item = Result<Ack, CodecError>> + use<'_>), CodecError> {
    let mut bytes = Bytes::new(message, "acknowledgement");
    let (epoch, streams) = (bytes.u64()?, bytes.u8()?);
    Ok((epoch, (0..streams).map(move |_| read_ack(&mut bytes))))
}

fn read_ack(bytes: &mut Bytes<'_>) -> Result<Ack, CodecError> {
    let (stream, applied, newest) = (bytes.u8()?, bytes.u64()?, bytes.u64()?);
    let mut arrived = ArrivedBitmap::default();
    for word in &mut arrived.0 {
        *word = bytes.u64()?.swap_bytes();
    }
    Ok(Ack { stream, applied, newest, arrived })
}
