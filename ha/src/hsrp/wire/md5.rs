//! Keyed MD5 (RFC 1828): `MD5(pad64(K) ‖ M ‖ K)`, M being the whole UDP payload with the digest's bytes zero.
//!
//! There is nothing against replay in it: an old packet of the right key is as good as a new one. What a replayed
//! Resign or Coup would do is for the box to check against the HA link.

use core::hint::black_box;

use md5::{Digest, Md5};

/// Bytes of a digest.
pub const DIGEST_BYTES: usize = 16;

/// Block of MD5, to which the first copy of the key is padded.
const BLOCK_BYTES: usize = 64;

/// Bytes of the message length that MD5's padding ends with.
const LENGTH_BYTES: usize = 8;

/// Keyed digest of a message given in parts.
fn keyed(key: &[u8], parts: [&[u8]; 3]) -> [u8; DIGEST_BYTES] {
    // The key is padded as MD5 pads a message: one bit, zeros, and the length in bits.
    let zeros = (BLOCK_BYTES * 2 - LENGTH_BYTES - 1 - key.len() % BLOCK_BYTES) % BLOCK_BYTES;
    let bits = (key.len() as u64).wrapping_mul(8);
    let mut hash = Md5::new();
    hash.update(key);
    hash.update([0x80]);
    hash.update(&[0; BLOCK_BYTES][..zeros]);
    hash.update(bits.to_le_bytes());
    for part in parts {
        hash.update(part);
    }
    hash.update(key);
    hash.finalize().into()
}

/// Digest of `payload`, whose digest is at `at` and counts as zero; `None` when it has no room for one there.
fn digest_at(key: &[u8], payload: &[u8], at: usize) -> Option<[u8; DIGEST_BYTES]> {
    let (before, rest) = payload.split_at_checked(at)?;
    let after = rest.get(DIGEST_BYTES..)?;
    Some(keyed(key, [before, &[0; DIGEST_BYTES], after]))
}

/// Fills in the digest of a payload that ends with it. One shorter than a digest is left alone.
pub(super) fn sign(key: &[u8], payload: &mut [u8]) {
    let Some(at) = payload.len().checked_sub(DIGEST_BYTES) else { return };
    if let (Some(digest), Some(field)) = (digest_at(key, payload, at), payload.get_mut(at..)) {
        field.copy_from_slice(&digest);
    }
}

/// Whether `digest`, found at `at` in `payload`, is the right one. Takes the same time wherever they differ.
pub(in crate::hsrp) fn verify(key: &[u8], payload: &[u8], at: usize, digest: &[u8; DIGEST_BYTES]) -> bool {
    let Some(expected) = digest_at(key, payload, at) else { return false };
    let difference = expected.iter().zip(digest).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    black_box(difference) == 0
}
