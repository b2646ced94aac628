//! Reading and writing numbers.

use super::CodecError;

/// What is left of a slice of bytes that were received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a> {
    left: &'a [u8],
    /// What it is, for errors.
    name: &'static str,
}

impl<'a> Bytes<'a> {
    pub(super) const fn new(left: &'a [u8], name: &'static str) -> Bytes<'a> {
        Bytes { left, name }
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.left
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, left) = self.left.split_first_chunk().ok_or(CodecError::Truncated(self.name))?;
        self.left = left;
        Ok(*head)
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], CodecError> {
        let (head, left) = self.left.split_at_checked(bytes).ok_or(CodecError::Truncated(self.name))?;
        self.left = left;
        Ok(head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, CodecError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, CodecError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn u128(&mut self) -> Result<u128, CodecError> {
        self.array().map(u128::from_be_bytes)
    }

    pub(super) fn varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0u64;
        for at in 0..10 {
            let byte = self.u8()?;
            // The tenth byte has room for one bit.
            if at == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(CodecError::Value("varint"))
    }
}

/// Appends a varint.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
