//! The four datagrams of the link. All numbers are big-endian.
//!
//! ```text
//! Initiation   "HFL" 1 | sender u32   | challenge u64 | Noise message 1 | seal 16 bytes
//! Response     "HFL" 2 | receiver u32 | sender u32    | Noise message 2 | seal 16 bytes
//! Challenge    "HFL" 3 | receiver u32 | challenge u64                   | seal 16 bytes
//! Transport    "HFL" 4 | receiver u32 | nonce u64     | ciphertext      | tag 16 bytes
//! ```
//!
//! `sender` and `receiver` are session numbers that each side chooses for what it receives. The seal is a keyed hash
//! of everything before it (`noise.rs`).

/// First bytes of every datagram.
const MAGIC: [u8; 3] = *b"HFL";
const INITIATION: u8 = 1;
const RESPONSE: u8 = 2;
const CHALLENGE: u8 = 3;
const TRANSPORT: u8 = 4;

/// Bytes of a seal.
pub(super) const SEAL_BYTES: usize = 16;
/// Bytes of a transport datagram's header.
pub(super) const TRANSPORT_HEADER_BYTES: usize = 16;
/// Bytes of an authentication tag.
pub(super) const TAG_BYTES: usize = 16;
/// Bytes that a transport datagram has more than its plaintext.
pub(super) const OVERHEAD_BYTES: usize = TRANSPORT_HEADER_BYTES + TAG_BYTES;
/// Largest handshake datagram believed, bytes: it bounds what is hashed for one that is forged.
pub(super) const HANDSHAKE_BYTES_MAX: usize = 512;

/// A datagram, as far as its form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datagram<'a> {
    /// The initiator wants a session.
    Initiation { sender: u32, challenge: u64, noise: &'a [u8], sealed: Sealed<'a> },
    /// The responder's answer.
    Response { receiver: u32, sender: u32, noise: &'a [u8], sealed: Sealed<'a> },
    /// What the next initiation must carry; for `receiver` 0 nobody had asked.
    Challenge { receiver: u32, challenge: u64, sealed: Sealed<'a> },
    /// Data or control under a session.
    Transport { receiver: u32, nonce: u64, ciphertext: &'a [u8] },
}

/// A handshake datagram and the seal behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sealed<'a> {
    /// What the seal covers.
    pub(super) covered: &'a [u8],
    /// The seal.
    pub(super) seal: &'a [u8; SEAL_BYTES],
}

/// Tells a datagram's parts; `None` if it is none of ours.
pub(super) fn parse(datagram: &[u8]) -> Option<Datagram<'_>> {
    let (magic, rest) = datagram.split_first_chunk::<3>()?;
    let (&kind, rest) = rest.split_first()?;
    if *magic != MAGIC {
        return None;
    }
    if kind == TRANSPORT {
        let (receiver, rest) = u32_and_rest(rest)?;
        let (nonce, ciphertext) = u64_and_rest(rest)?;
        let long_enough = ciphertext.len() >= TAG_BYTES;
        return long_enough.then_some(Datagram::Transport { receiver, nonce, ciphertext });
    }
    if datagram.len() > HANDSHAKE_BYTES_MAX {
        return None;
    }
    let (covered, seal) = datagram.split_last_chunk::<SEAL_BYTES>()?;
    let sealed = Sealed { covered, seal };
    let (rest, _) = rest.split_last_chunk::<SEAL_BYTES>()?;
    match kind {
        INITIATION => {
            let (sender, rest) = u32_and_rest(rest)?;
            let (challenge, noise) = u64_and_rest(rest)?;
            Some(Datagram::Initiation { sender, challenge, noise, sealed })
        }
        RESPONSE => {
            let (receiver, rest) = u32_and_rest(rest)?;
            let (sender, noise) = u32_and_rest(rest)?;
            Some(Datagram::Response { receiver, sender, noise, sealed })
        }
        CHALLENGE => {
            let (receiver, rest) = u32_and_rest(rest)?;
            let (challenge, rest) = u64_and_rest(rest)?;
            rest.is_empty().then_some(Datagram::Challenge { receiver, challenge, sealed })
        }
        _ => None,
    }
}

/// An initiation without its seal.
pub(super) fn initiation(sender: u32, challenge: u64, noise: &[u8]) -> Vec<u8> {
    join(INITIATION, &sender.to_be_bytes(), &challenge.to_be_bytes(), noise)
}

/// A response without its seal.
pub(super) fn response(receiver: u32, sender: u32, noise: &[u8]) -> Vec<u8> {
    join(RESPONSE, &receiver.to_be_bytes(), &sender.to_be_bytes(), noise)
}

/// A challenge without its seal.
pub(super) fn challenge(receiver: u32, challenge: u64) -> Vec<u8> {
    join(CHALLENGE, &receiver.to_be_bytes(), &challenge.to_be_bytes(), &[])
}

/// A transport datagram's header.
pub(super) fn transport_header(receiver: u32, nonce: u64) -> [u8; TRANSPORT_HEADER_BYTES] {
    let mut header = [0; TRANSPORT_HEADER_BYTES];
    header[..3].copy_from_slice(&MAGIC);
    header[3] = TRANSPORT;
    header[4..8].copy_from_slice(&receiver.to_be_bytes());
    header[8..].copy_from_slice(&nonce.to_be_bytes());
    header
}

fn join(kind: u8, first: &[u8], second: &[u8], third: &[u8]) -> Vec<u8> {
    [&MAGIC, &[kind][..], first, second, third].concat()
}

fn u32_and_rest(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(number, rest)| (u32::from_be_bytes(*number), rest))
}

fn u64_and_rest(bytes: &[u8]) -> Option<(u64, &[u8])> {
    bytes.split_first_chunk().map(|(number, rest)| (u64::from_be_bytes(*number), rest))
}
