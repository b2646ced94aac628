//! What can be wrong with a payload.

/// Why a payload is no HSRP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It ends too early.
    #[error("{got} bytes where {needed} are needed")]
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        got: usize,
    },
    /// A TLV reaches past the end.
    #[error("TLV of type {kind} at byte {at} is {length} bytes long and reaches past the end")]
    TlvPastEnd {
        /// Type.
        kind: u8,
        /// Where it begins.
        at: usize,
        /// Its length field.
        length: u8,
    },
    /// A TLV of a known type has another length than that type has.
    #[error("TLV of type {kind} has {length} bytes where it has {expected}")]
    TlvLength {
        /// Type.
        kind: u8,
        /// Length the type has.
        expected: u8,
        /// Its length field.
        length: u8,
    },
    /// A TLV that must be there once is there again.
    #[error("TLV of type {kind} comes twice, or beside one that excludes it")]
    TlvTwice {
        /// Type.
        kind: u8,
    },
    /// Version 2 without a TLV that says anything.
    #[error("no group state and no interface state")]
    NoState,
    /// A version other than the layout's.
    #[error("version field {0}")]
    Version(u8),
    /// Not IPv4.
    #[error("IP version {0} where 4 is spoken")]
    IpVersion(u8),
    /// An unknown opcode.
    #[error("opcode {0}")]
    Opcode(u8),
    /// A Hello whose state is none.
    #[error("Hello with state {0}")]
    State(u8),
    /// A group number beyond 4,095.
    #[error("group {0}")]
    Group(u16),
    /// A priority beyond 255.
    #[error("priority {0}")]
    Priority(u32),
    /// An MD5 TLV of another algorithm.
    #[error("authentication algorithm {0}")]
    Algorithm(u8),
    /// An advertisement that is not one of the interface's state.
    #[error("advertisement of type {kind}, {length} bytes")]
    Advertisement {
        /// Type.
        kind: u16,
        /// Its length field.
        length: u16,
    },
}
