//! Records: type, version, length, body.

use holdfast_engine::flow::FlowKey;
use holdfast_engine::replication::{Birth, SessionRecord};

use super::CodecError;
use super::bytes::Bytes;
use super::session::{put_removal, put_session, read_removal, read_session};

/// Records in a message at most. A worker's ring must hold as many, or a message for one worker never fits.
pub const RECORDS_MAX: u16 = 256;
/// Longest session record, header included: IPv6 and all varints at their longest.
pub const SESSION_BYTES_MAX: usize = HEADER_BYTES + 26 + 32 + 24 + 2 * 5 + 4 * 10;
/// Longest removal, header included.
pub const REMOVAL_BYTES_MAX: usize = HEADER_BYTES + 11 + 32;

const HEADER_BYTES: usize = 4;
const TYPE_SESSION: u8 = 1;
const TYPE_REMOVAL: u8 = 2;
/// Version 1.0 of either kind.
const VERSION: u8 = 0x10;

/// A record of a kind and version that this box knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A session as it is now.
    Session(SessionRecord),
    /// A session that is gone.
    Removal {
        /// Its key.
        key: FlowKey,
        /// Which session of the key.
        birth: Birth,
    },
}

impl Record {
    /// Appends the record.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Record::Session(record) => framed(out, TYPE_SESSION, |out| put_session(out, record)),
            Record::Removal { key, birth } => framed(out, TYPE_REMOVAL, |out| put_removal(out, key, *birth)),
        }
    }
}

fn framed(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[kind, VERSION, 0, 0]);
    let start = out.len();
    body(out);
    let length = (out.len() - start) as u16;
    if let Some(field) = out.get_mut(start - 2..start) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

/// What stands at one place of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A record.
    Known(Record),
    /// A kind or a major version that this box does not know.
    Unknown,
    /// A body that makes no sense; the records around it do.
    Malformed(CodecError),
}

/// The records of a message, one after the other. Ends early, with [`Decoded::Malformed`], where a length leads
/// out of the message.
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    bytes: Bytes<'a>,
    left: u16,
}

impl<'a> RecordIter<'a> {
    pub(super) fn new(bytes: &'a [u8], records: u16) -> RecordIter<'a> {
        RecordIter { bytes: Bytes::new(bytes, "record"), left: records }
    }

    fn frame(&mut self) -> Result<(u8, u8, &'a [u8]), CodecError> {
        let (kind, version) = (self.bytes.u8()?, self.bytes.u8()?);
        let length = self.bytes.u16()?;
        Ok((kind, version, self.bytes.take(length.into())?))
    }
}

impl Iterator for RecordIter<'_> {
    type Item = Decoded;

    fn next(&mut self) -> Option<Decoded> {
        self.left = self.left.checked_sub(1)?;
        let (kind, version, body) = match self.frame() {
            Ok(frame) => frame,
            Err(error) => {
                self.left = 0;
                return Some(Decoded::Malformed(error));
            }
        };
        let record = match (kind, version >> 4) {
            (TYPE_SESSION, 1) => read_session(body).map(Record::Session),
            (TYPE_REMOVAL, 1) => read_removal(body).map(|(key, birth)| Record::Removal { key, birth }),
            _ => return Some(Decoded::Unknown),
        };
        Some(record.map_or_else(Decoded::Malformed, Decoded::Known))
    }
}
