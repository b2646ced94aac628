//! The records message.

use super::CodecError;
use super::bytes::Bytes;
use super::record::{RECORDS_MAX, Record, RecordIter};

/// Bytes before the first record.
pub const RECORDS_HEADER_BYTES: usize = 20;

const BULK: u8 = 1;
/// Where the number of records stands.
const COUNT_AT: usize = 2;

/// What a records message says before its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// Part of the complete copy.
    pub bulk: bool,
    /// Shard of the sender.
    pub stream: u8,
    /// Epoch, never 0.
    pub epoch: u64,
    /// Number in the stream, from 1.
    pub sequence: u64,
}

impl MessageHeader {
    /// Reads a message: what it says, and its records.
    pub fn read(message: &[u8]) -> Result<(MessageHeader, RecordIter<'_>), CodecError> {
        let mut bytes = Bytes::new(message, "records message");
        let (flags, stream, records) = (bytes.u8()?, bytes.u8()?, bytes.u16()?);
        let (epoch, sequence) = (bytes.u64()?, bytes.u64()?);
        if epoch == 0 {
            return Err(CodecError::Value("epoch"));
        }
        // The last number is refused too: nothing could follow it.
        if sequence == 0 || sequence == u64::MAX {
            return Err(CodecError::Value("sequence number"));
        }
        if records > RECORDS_MAX {
            return Err(CodecError::Value("number of records"));
        }
        let header = MessageHeader { bulk: flags & BULK != 0, stream, epoch, sequence };
        Ok((header, RecordIter::new(bytes.rest(), records)))
    }
}

/// Writes a message behind what is in a buffer already, as long as the records fit.
#[derive(Debug)]
pub struct RecordsWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    bytes_max: usize,
    records: u16,
}

impl<'a> RecordsWriter<'a> {
    /// Begins a message; `out` will never hold more than `bytes_max` bytes in all.
    pub fn begin(out: &'a mut Vec<u8>, bytes_max: usize, header: &MessageHeader) -> RecordsWriter<'a> {
        let start = out.len();
        out.extend_from_slice(&[u8::from(header.bulk) * BULK, header.stream, 0, 0]);
        out.extend_from_slice(&header.epoch.to_be_bytes());
        out.extend_from_slice(&header.sequence.to_be_bytes());
        RecordsWriter { out, start, bytes_max, records: 0 }
    }

    /// Appends a record; `false` when it does not fit.
    #[must_use]
    pub fn push(&mut self, record: &Record) -> bool {
        if self.records == RECORDS_MAX {
            return false;
        }
        let before = self.out.len();
        record.write(self.out);
        if self.out.len() > self.bytes_max {
            self.out.truncate(before);
            return false;
        }
        self.records += 1;
        true
    }

    /// Ends the message; one without records is taken back. Returns the number of records.
    pub fn finish(self) -> u16 {
        if self.records == 0 {
            self.out.truncate(self.start);
        } else if let Some(field) = self.out.get_mut(self.start + COUNT_AT..self.start + COUNT_AT + 2) {
            field.copy_from_slice(&self.records.to_be_bytes());
        }
        self.records
    }
}
