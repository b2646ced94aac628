//! [`Link`]'s datagrams under a session.

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::config::{Received, SealError};
use super::control::Control;
use super::machine::Link;
use super::path::PAYLOAD_BYTES_MAX;
use super::session::Opened;
use super::sessions::Place;
use super::wire::OVERHEAD_BYTES;

/// The initiator pings a new session so often until the peer uses it.
const CONFIRM_INTERVAL: Duration = Duration::from_millis(50);
/// Number of the pings that confirm a session; no probe has it at first.
const CONFIRM_ID: u32 = 0;

impl Link {
    /// Seals a plaintext into a datagram for the peer, which replaces what `datagram` holds. Works as long as there is
    /// a session, even while the peer is silent: what arrives is what revives the link.
    pub fn seal(&mut self, now: Instant, plaintext: &[u8], datagram: &mut Vec<u8>) -> Result<(), SealError> {
        self.now = self.now.max(now);
        if plaintext.len() > PAYLOAD_BYTES_MAX - OVERHEAD_BYTES {
            return Err(SealError::TooLong(plaintext.len()));
        }
        let session = self.sessions.current_mut().ok_or(SealError::NotConnected)?;
        if !session.seal(false, plaintext, datagram) {
            return Err(SealError::NotConnected);
        }
        self.count_sent(datagram.len());
        Ok(())
    }

    /// Largest plaintext that is proven to arrive, bytes.
    pub fn payload_bytes_max(&self) -> usize {
        self.path.payload_bytes() - OVERHEAD_BYTES
    }

    /// Largest datagram (UDP payload) that is proven to arrive, bytes.
    pub fn datagram_bytes_max(&self) -> usize {
        self.path.payload_bytes()
    }

    /// The kernel refused a datagram of `size` bytes as too big for the interface (`EMSGSIZE`).
    pub fn handle_too_big(&mut self, now: Instant, size: usize) {
        self.now = self.now.max(now);
        self.counters.send_failures += 1;
        self.path.too_big(now, size);
    }

    /// The kernel refused `count` datagrams for another reason.
    pub fn handle_send_failures(&mut self, count: u64) {
        self.counters.send_failures += count;
    }

    /// Pings the session in use, so that the responder uses it too.
    pub(super) fn confirm(&mut self, now: Instant) {
        self.confirm_at = now + CONFIRM_INTERVAL;
        self.send_control(Control::Ping(CONFIRM_ID), 0);
    }

    pub(super) fn handle_transport(
        &mut self,
        now: Instant,
        receiver: u32,
        nonce: u64,
        ciphertext: &[u8],
        plaintext: &mut Vec<u8>,
    ) -> Received {
        let Some((place, session)) = self.sessions.find(receiver) else {
            self.counters.outdated += 1;
            return Received::Nothing;
        };
        let opened = session.open(nonce, ciphertext, plaintext);
        match opened {
            Opened::Replayed => self.counters.replayed += 1,
            Opened::Forged => self.counters.forged += 1,
            Opened::Data | Opened::Control => {
                self.counters.received += 1;
                self.counters.received_bytes +=
                    (ciphertext.len() + OVERHEAD_BYTES - super::wire::TAG_BYTES) as u64;
                if let Place::Pending(at) = place {
                    self.sessions.promote(at, now);
                    self.count_handshake();
                }
                self.hear(now);
            }
        }
        match opened {
            Opened::Data => Received::Plaintext,
            Opened::Control => {
                self.handle_control(now, plaintext);
                Received::Nothing
            }
            Opened::Replayed | Opened::Forged => Received::Nothing,
        }
    }

    pub(super) fn handle_transport_timeout(&mut self, now: Instant) {
        let (Some(session), Some(heard), true) =
            (self.sessions.current(), self.heard, self.connected.is_some())
        else {
            return;
        };
        if session.heard {
            if let Some((id, size)) = self.path.poll(now, heard) {
                self.send_control(Control::Ping(id), size.saturating_sub(OVERHEAD_BYTES));
            }
        } else if self.is_initiator() && now >= self.confirm_at {
            self.confirm(now);
        }
    }

    pub(super) fn transport_wake(&self) -> Option<Instant> {
        let session = self.sessions.current().filter(|_| self.connected.is_some())?;
        if session.heard { self.path.wake() } else { self.is_initiator().then_some(self.confirm_at) }
    }

    fn handle_control(&mut self, now: Instant, message: &[u8]) {
        match Control::decode(message) {
            Some(Control::Ping(id)) => self.send_control(Control::Pong(id), 0),
            Some(Control::Pong(CONFIRM_ID)) => {}
            Some(Control::Pong(id)) => self.path.acknowledged(now, id),
            None => self.counters.malformed += 1,
        }
    }

    fn send_control(&mut self, message: Control, bytes: usize) {
        let mut datagram = Vec::new();
        if let Some(session) = self.sessions.current_mut()
            && session.seal(true, &message.encode(bytes), &mut datagram)
        {
            self.transmit(Ok(datagram));
        }
    }
}
