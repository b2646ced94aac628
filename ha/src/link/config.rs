//! What a link is told at start, and what it tells.

use core::fmt;
use core::net::SocketAddr;
use core::ops::RangeInclusive;
use core::time::Duration;

use super::noise::KEY_BYTES;
use super::random::Random;

/// When a session's keys are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rekey {
    /// After so many datagrams in one direction.
    pub datagrams: u64,
    /// After so long.
    pub after: Duration,
}

impl Default for Rekey {
    /// 2^40 datagrams, which is days at full rate and 2^22 times less than the counter holds, or one hour.
    fn default() -> Rekey {
        Rekey { datagrams: 1 << 40, after: Duration::from_secs(3_600) }
    }
}

/// A link's configuration.
#[derive(Clone)]
pub struct LinkConfig {
    /// Own end. The box whose end is the lower one begins the handshakes, so both boxes must mean the same two
    /// addresses: none of them may be unspecified.
    pub local: SocketAddr,
    /// The peer's end.
    pub peer: SocketAddr,
    /// The pre-shared key; all zeroes for a link that is configured to be insecure.
    pub key: [u8; KEY_BYTES],
    /// The box's name, up to [`super::NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// Random for each start of the process; tells the peer of a restart.
    pub boot: u64,
    /// Versions of the replication protocol that this box speaks.
    pub versions: RangeInclusive<u16>,
    /// The link is down when nothing authentic came for so long.
    pub dead_after: Duration,
    /// When keys are replaced.
    pub rekey: Rekey,
    /// Where randomness comes from.
    pub random: Random,
}

impl fmt::Debug for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of every log.
        let LinkConfig { local, peer, key: _, name, boot, versions, dead_after, rekey, random: _ } = self;
        f.debug_struct("LinkConfig")
            .field("local", local)
            .field("peer", peer)
            .field("name", name)
            .field("boot", boot)
            .field("versions", versions)
            .field("dead_after", dead_after)
            .field("rekey", rekey)
            .finish_non_exhaustive()
    }
}

/// What happened to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// The peer is there. Comes again without a [`LinkEvent::Lost`] between when the peer restarted in less than
    /// `dead_after`: `peer_boot` differs then, and nothing of the old process is delivered any more.
    Connected {
        /// The peer's name.
        peer_name: String,
        /// The peer's boot number.
        peer_boot: u64,
        /// Protocol version in use: the highest that both speak.
        version: u16,
    },
    /// Nothing authentic came for `dead_after`.
    Lost,
    /// The other end uses another key; told once, until a handshake succeeds.
    WrongKey,
    /// The peer speaks no version of the protocol that this box speaks; told when its range changes.
    VersionMismatch {
        /// The peer's name.
        peer_name: String,
        /// What the peer speaks.
        theirs: RangeInclusive<u16>,
    },
}

/// What [`super::Link::handle_datagram`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The peer's plaintext is in the buffer.
    Plaintext,
    /// Nothing for the caller.
    Nothing,
}

/// Why a plaintext cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no session with the peer.
    #[error("no session with the peer")]
    NotConnected,
    /// No path carries as much.
    #[error("a plaintext of {0} bytes fits into no datagram")]
    TooLong(usize),
}
