//! The link's own messages inside a session: `ping` and its answer.
//!
//! ```text
//! ping  1 | id u32 | padding
//! pong  2 | id u32
//! ```
//!
//! A ping confirms a new session to the responder and, padded, probes the path. Other kinds are for later versions.

const PING: u8 = 1;
const PONG: u8 = 2;
const MESSAGE_BYTES: usize = 5;

/// A control message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// To be answered.
    Ping(u32),
    /// The answer.
    Pong(u32),
}

impl Control {
    /// The bytes of it, padded to `bytes`.
    pub(super) fn encode(self, bytes: usize) -> Vec<u8> {
        let (kind, id) = match self {
            Control::Ping(id) => (PING, id),
            Control::Pong(id) => (PONG, id),
        };
        let mut message = Vec::with_capacity(bytes.max(MESSAGE_BYTES));
        message.push(kind);
        message.extend(id.to_be_bytes());
        message.resize(bytes.max(MESSAGE_BYTES), 0);
        message
    }

    /// Reads one; `None` if it is none that this version knows.
    pub(super) fn decode(bytes: &[u8]) -> Option<Control> {
        let (&kind, rest) = bytes.split_first()?;
        let id = u32::from_be_bytes(*rest.first_chunk()?);
        match kind {
            PING => Some(Control::Ping(id)),
            PONG => Some(Control::Pong(id)),
            _ => None,
        }
    }
}
