//! The keys of one handshake and what was sent and received under them.
//!
//! A session counts its datagrams. The wire's nonce is the count shifted left by one, the lowest bit telling control
//! from data: so the kind is authenticated (another nonce is another cipher stream), no datagram carries a byte for
//! it, and no two of a session ever share a nonce.

use holdfast_engine::time::Instant;
use snow::StatelessTransportState;

use super::window::ReplayWindow;
use super::wire::{OVERHEAD_BYTES, TRANSPORT_HEADER_BYTES, transport_header};

/// No more datagrams than this are sent under one session; rekeying comes long before.
const COUNT_MAX: u64 = 1 << 62;

/// The box at the other end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) boot: u64,
    pub(super) version: u16,
}

/// What a received datagram turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Data.
    Data,
    /// A control message of the link itself.
    Control,
    /// It came before, or is too old to tell.
    Replayed,
    /// Not authentic.
    Forged,
}

/// One session.
pub(super) struct Session {
    /// Its number in what we receive.
    pub(super) local_index: u32,
    /// Its number in what we send.
    pub(super) peer_index: u32,
    /// Who is at the other end.
    pub(super) peer: Peer,
    /// When the handshake ended.
    pub(super) born: Instant,
    /// Whether an authentic datagram came under it.
    pub(super) heard: bool,
    keys: StatelessTransportState,
    sent: u64,
    window: ReplayWindow,
}

impl Session {
    pub(super) fn new(
        keys: StatelessTransportState,
        (local_index, peer_index): (u32, u32),
        peer: Peer,
        born: Instant,
    ) -> Session {
        Session {
            local_index,
            peer_index,
            peer,
            born,
            heard: false,
            keys,
            sent: 0,
            window: ReplayWindow::default(),
        }
    }

    /// Datagrams sent, or received if that is more.
    pub(super) fn count(&self) -> u64 {
        self.sent.max(self.window.newest())
    }

    /// Writes a whole datagram; `false` if the session is used up or the plaintext exceeds what Noise allows.
    pub(super) fn seal(&mut self, control: bool, plaintext: &[u8], datagram: &mut Vec<u8>) -> bool {
        if self.sent >= COUNT_MAX {
            return false;
        }
        let nonce = self.sent << 1 | u64::from(control);
        datagram.resize(plaintext.len().saturating_add(OVERHEAD_BYTES), 0);
        let Some((header, ciphertext)) = datagram.split_first_chunk_mut::<TRANSPORT_HEADER_BYTES>() else {
            return false;
        };
        *header = transport_header(self.peer_index, nonce);
        let sealed = self.keys.write_message(nonce, plaintext, ciphertext).is_ok();
        self.sent += u64::from(sealed);
        sealed
    }

    /// Opens a datagram; `plaintext` holds what was in it, and nothing if it is not to be believed.
    pub(super) fn open(&mut self, nonce: u64, ciphertext: &[u8], plaintext: &mut Vec<u8>) -> Opened {
        let count = nonce >> 1;
        // Before the cipher, since it costs nothing: a replay then never costs more than a look.
        if !self.window.is_new(count) {
            plaintext.clear();
            return Opened::Replayed;
        }
        // Room for the tag as well: with less, snow allocates a buffer for each datagram.
        plaintext.resize(ciphertext.len(), 0);
        let Ok(length) = self.keys.read_message(nonce, ciphertext, plaintext) else {
            plaintext.clear();
            return Opened::Forged;
        };
        plaintext.truncate(length);
        self.window.note(count);
        self.heard = true;
        if nonce & 1 == 1 { Opened::Control } else { Opened::Data }
    }
}
