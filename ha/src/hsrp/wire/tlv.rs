//! The chain of TLVs: type and length of one byte each, then the value.

use core::net::Ipv4Addr;

use holdfast_engine::net::bytes::{array, be32, ipv4};

use super::md5::DIGEST_BYTES;
use super::{ParseError, Seen, TEXT_BYTES};

/// Group state, version 2.
pub(super) const GROUP_STATE: u8 = 1;
/// Interface state, version 2.
pub(super) const INTERFACE_STATE: u8 = 2;
/// Text authentication, version 2.
pub(super) const TEXT: u8 = 3;
/// MD5 authentication, both versions.
pub(super) const MD5: u8 = 4;

/// Bytes of type and length.
pub(super) const HEADER_BYTES: usize = 2;

/// Length of an MD5 TLV's value.
const MD5_LENGTH: u8 = 28;
const ALGORITHM_MD5: u8 = 1;

/// One TLV.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tlv<'a> {
    pub kind: u8,
    pub value: &'a [u8],
    /// Where the value begins in the payload.
    pub value_at: usize,
}

impl<'a> Tlv<'a> {
    /// The TLV at `at` of `payload`, and where the next begins; `None` at the end.
    pub fn read(payload: &'a [u8], at: usize) -> Result<Option<(Tlv<'a>, usize)>, ParseError> {
        let rest = payload.get(at..).unwrap_or_default();
        let (kind, length, value) = match rest {
            [] => return Ok(None),
            [_] => return Err(ParseError::Short { needed: HEADER_BYTES, got: 1 }),
            [kind, length, value @ ..] => (*kind, *length, value),
        };
        let value = value.get(..usize::from(length)).ok_or(ParseError::TlvPastEnd { kind, at, length })?;
        let value_at = at + HEADER_BYTES;
        Ok(Some((Tlv { kind, value, value_at }, value_at + value.len())))
    }

    /// The value, if it has the length that its type has.
    pub fn sized<const N: usize>(&self) -> Result<&'a [u8; N], ParseError> {
        self.value.try_into().map_err(|_| ParseError::TlvLength {
            kind: self.kind,
            expected: N as u8,
            length: self.value.len() as u8,
        })
    }
}

/// The authentication of a chain, collected TLV by TLV: at most one, of one kind.
pub(super) fn collect_authentication(seen: &mut Seen, tlv: &Tlv<'_>) -> Result<(), ParseError> {
    let found = match tlv.kind {
        TEXT => Seen::Text(*tlv.sized::<TEXT_BYTES>()?),
        MD5 => Seen::Md5(Md5Tlv::parse(tlv)?),
        _ => return Ok(()),
    };
    if *seen != Seen::None {
        return Err(ParseError::TlvTwice { kind: tlv.kind });
    }
    *seen = found;
    Ok(())
}

/// The MD5 authentication TLV. Always the last of what is written; where it stood when read does not matter, since
/// the digest is over the whole payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Md5Tlv {
    /// The sender's address, which the digest covers, unlike the IP header's.
    pub address: Ipv4Addr,
    /// Which key; whatever the sender calls it.
    pub key_id: u32,
    /// The digest.
    pub digest: [u8; DIGEST_BYTES],
    /// Where the digest begins in the payload.
    pub(in crate::hsrp) digest_at: usize,
}

impl Md5Tlv {
    fn parse(tlv: &Tlv<'_>) -> Result<Md5Tlv, ParseError> {
        let value = tlv.sized::<{ MD5_LENGTH as usize }>()?;
        const DIGEST_AT: usize = 12;
        if value[0] != ALGORITHM_MD5 {
            return Err(ParseError::Algorithm(value[0]));
        }
        let short = ParseError::Short { needed: value.len(), got: 0 };
        Ok(Md5Tlv {
            address: ipv4(value, 4).ok_or(short)?,
            key_id: be32(value, 8).ok_or(short)?,
            digest: array(value, DIGEST_AT).ok_or(short)?,
            digest_at: tlv.value_at + DIGEST_AT,
        })
    }

    /// Appends one whose digest is still zero.
    pub(super) fn write_unsigned(address: Ipv4Addr, key_id: u32, out: &mut Vec<u8>) {
        out.extend([MD5, MD5_LENGTH, ALGORITHM_MD5, 0, 0, 0]);
        out.extend(address.octets());
        out.extend(key_id.to_be_bytes());
        out.extend([0; DIGEST_BYTES]);
    }
}
