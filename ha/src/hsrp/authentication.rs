//! Which packets are believed.

use core::fmt;
use core::net::Ipv4Addr;

use super::wire::{Md5Tlv, Seen, TEXT_BYTES, md5};

/// Authentication of a group, the same on all its routers.
#[derive(Clone, PartialEq, Eq)]
pub enum Authentication {
    /// None configured. HSRP has no such thing on the wire: speakers send, and expect, the text `cisco` then
    /// (RFC 2281 section 5.1), so this writes it, and accepts it, an empty text, or no authentication at all.
    None,
    /// A text that everybody on the link can read, NUL-padded.
    Text([u8; TEXT_BYTES]),
    /// Keyed MD5.
    Md5 {
        /// The key, of any length.
        key: Box<[u8]>,
        /// What it is called in packets sent; any is accepted, only the key counts. 0 with a plain key string.
        key_id: u32,
    },
}

/// What goes without saying.
const DEFAULT_TEXT: [u8; TEXT_BYTES] = *b"cisco\0\0\0";

impl Authentication {
    /// Text authentication; `None` when `text` is longer than 8 bytes.
    pub fn from_text(text: &str) -> Option<Authentication> {
        let mut padded = [0; TEXT_BYTES];
        padded.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Authentication::Text(padded))
    }

    /// Keyed MD5 with a key string.
    pub fn from_key(key: impl Into<Vec<u8>>) -> Authentication {
        Authentication::Md5 { key: key.into().into_boxed_slice(), key_id: 0 }
    }

    /// `none`, `text` or `md5`.
    pub const fn name(&self) -> &'static str {
        match self {
            Authentication::None => "none",
            Authentication::Text(_) => "text",
            Authentication::Md5 { .. } => "md5",
        }
    }

    /// The text in packets sent; `None` with MD5.
    pub(super) const fn text(&self) -> Option<[u8; TEXT_BYTES]> {
        match self {
            Authentication::None => Some(DEFAULT_TEXT),
            Authentication::Text(text) => Some(*text),
            Authentication::Md5 { .. } => None,
        }
    }

    /// Whether `payload`, in which `seen` was found, comes from somebody who knows the secret. With MD5 the address
    /// that the digest covers must be the one the datagram came from, so that nobody sends on a packet under
    /// another address.
    pub fn accepts(&self, seen: &Seen, source: Ipv4Addr, payload: &[u8]) -> bool {
        match (self, seen) {
            (Authentication::None, Seen::None) => true,
            (Authentication::None, Seen::Text(text)) => *text == DEFAULT_TEXT || *text == [0; TEXT_BYTES],
            (Authentication::Text(ours), Seen::Text(theirs)) => ours == theirs,
            (Authentication::Md5 { key, .. }, Seen::Md5(Md5Tlv { address, digest, digest_at, .. })) => {
                *address == source && md5::verify(key, payload, *digest_at, digest)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Authentication {
    /// The kind only; secrets stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
