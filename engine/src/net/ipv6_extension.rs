//! The extension headers of IPv6 that may stand before layer 4 (RFC 8200 section 4, RFC 4302).

use super::numbers::{
    PROTOCOL_AH, PROTOCOL_DESTINATION_OPTIONS, PROTOCOL_FRAGMENT, PROTOCOL_HOP_BY_HOP, PROTOCOL_ROUTING,
};

/// Whether a next header value announces an extension header that another header follows.
#[inline]
pub const fn is_extension(next_header: u8) -> bool {
    matches!(
        next_header,
        PROTOCOL_HOP_BY_HOP
            | PROTOCOL_ROUTING
            | PROTOCOL_DESTINATION_OPTIONS
            | PROTOCOL_AH
            | PROTOCOL_FRAGMENT
    )
}

/// Bytes of the extension header of kind `next_header` that begins at `at` in `packet`; `None` when it is cut before
/// its length field, or is no extension header. It may still reach beyond the packet.
pub fn extension_bytes(next_header: u8, packet: &[u8], at: usize) -> Option<usize> {
    let length = usize::from(*packet.get(at.checked_add(1)?)?);
    match next_header {
        PROTOCOL_HOP_BY_HOP | PROTOCOL_ROUTING | PROTOCOL_DESTINATION_OPTIONS => Some(8 + 8 * length),
        // Its length counts words of 4 bytes, less two.
        PROTOCOL_AH => Some(8 + 4 * length),
        // Its second byte is reserved.
        PROTOCOL_FRAGMENT => Some(8),
        _ => None,
    }
}
