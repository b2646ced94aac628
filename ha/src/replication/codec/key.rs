//! Flow keys in words of addresses and ports.

use holdfast_engine::flow::{FlowKey, Side};

use super::CodecError;
use super::bytes::Bytes;

/// Protocol and table id, which the two record kinds put in different places.
pub(super) struct KeyHead {
    pub(super) is_v6: bool,
    pub(super) protocol: u8,
    pub(super) table: u8,
}

/// Appends ports and addresses.
pub(super) fn put_ends(out: &mut Vec<u8>, key: &FlowKey) {
    out.extend_from_slice(&(key.tail as u32).to_be_bytes());
    if key.is_v6() {
        out.extend(key.v6.iter().flat_map(|word| word.to_be_bytes()));
    } else {
        out.extend_from_slice(&key.head.to_be_bytes());
    }
}

/// Reads ports and addresses; ends in the wrong order are no canonical key.
pub(super) fn read_ends(bytes: &mut Bytes<'_>, head: KeyHead) -> Result<FlowKey, CodecError> {
    let (low_port, high_port) = (bytes.u16()?, bytes.u16()?);
    let KeyHead { is_v6, protocol, table } = head;
    let (key, side) = if is_v6 {
        FlowKey::ipv6(bytes.u128()?, bytes.u128()?, low_port, high_port, protocol, table)
    } else {
        FlowKey::ipv4(bytes.u32()?, bytes.u32()?, low_port, high_port, protocol, table)
    };
    if side == Side::Low { Ok(key) } else { Err(CodecError::Value("order of the ends")) }
}
