//! [`Link`]: its parts, its timers, and what it tells. Handshakes are in `handshake.rs`, datagrams under a session in
//! `transport.rs`.

use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::config::{LinkConfig, LinkEvent, Received};
use super::initiator::Initiator;
use super::noise::{Failed, Noise};
use super::path::Path;
use super::responder::Responder;
use super::session::{Peer, Session};
use super::sessions::Sessions;
use super::wire::{self, Datagram};
use crate::status::{LinkCounters, LinkState};

/// Datagrams that wait for `poll_transmit`. It is drained after every input, so a few are enough.
const OUTBOX_MAX: usize = 16;
/// Events that wait for `poll_event`; likewise.
const EVENTS_MAX: usize = 16;

/// One end of the HA link.
pub struct Link {
    pub(super) config: LinkConfig,
    pub(super) noise: Noise,
    pub(super) side: Side,
    pub(super) sessions: Sessions,
    pub(super) path: Path,
    /// The newest time seen.
    pub(super) now: Instant,
    /// When the last authentic datagram came.
    pub(super) heard: Option<Instant>,
    /// The peer that was told in the last [`LinkEvent::Connected`]; `None` after [`LinkEvent::Lost`].
    pub(super) connected: Option<Peer>,
    /// When a handshake last got on, or the start: shortly after it the link is connecting, not down.
    pub(super) progress: Instant,
    /// When the initiator pings a session that the peer has not used yet.
    pub(super) confirm_at: Instant,
    pub(super) wrong_key_told: bool,
    pub(super) mismatch_told: Option<(u16, u16)>,
    outbox: VecDeque<Vec<u8>>,
    events: VecDeque<LinkEvent>,
    pub(super) counters: LinkCounters,
}

/// Who begins.
pub(super) enum Side {
    Initiator(Initiator),
    Responder(Responder),
}

impl Link {
    /// A link that begins to connect at `now`.
    pub fn new(config: LinkConfig, now: Instant) -> Link {
        let side = if config.local < config.peer {
            Side::Initiator(Initiator::new(now))
        } else {
            Side::Responder(Responder::new(now))
        };
        Link {
            noise: Noise::new(config.key, config.random),
            path: Path::new(config.local.is_ipv6(), now),
            config,
            side,
            sessions: Sessions::default(),
            now,
            heard: None,
            connected: None,
            progress: now,
            confirm_at: now,
            wrong_key_told: false,
            mismatch_told: None,
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            counters: LinkCounters::default(),
        }
    }

    /// Takes a received datagram. After [`Received::Plaintext`] the peer's plaintext is in `plaintext`, and nothing
    /// else is; after [`Received::Nothing`] what is there means nothing.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8], plaintext: &mut Vec<u8>) -> Received {
        self.now = self.now.max(now);
        match wire::parse(datagram) {
            Some(Datagram::Transport { receiver, nonce, ciphertext }) => {
                return self.handle_transport(now, receiver, nonce, ciphertext, plaintext);
            }
            Some(Datagram::Initiation { sender, challenge, noise, sealed }) => {
                self.handle_initiation(now, sender, challenge, noise, sealed);
            }
            Some(Datagram::Response { receiver, sender, noise, sealed }) => {
                self.handle_response(now, receiver, sender, noise, sealed);
            }
            Some(Datagram::Challenge { receiver, challenge, sealed }) => {
                self.handle_challenge(now, receiver, challenge, sealed);
            }
            None => self.counters.malformed += 1,
        }
        Received::Nothing
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.sessions.expire(now);
        if self.connected.is_some() && self.is_silent(now) {
            self.connected = None;
            self.path.reset(now);
            self.tell(LinkEvent::Lost);
        }
        let (wanted, silent) = (self.wants_handshake(now), self.is_silent(now));
        match &mut self.side {
            Side::Initiator(side) => {
                let lost = side.confirmed(now, self.heard);
                if !wanted {
                    side.retry.reset(now);
                }
                if lost || (wanted && now >= side.retry.at()) {
                    self.begin_handshake(now);
                }
            }
            Side::Responder(side) if !silent => side.retry.reset(now),
            Side::Responder(side) if now >= side.retry.at() => {
                side.retry.advance(now);
                let datagram = side.challenge_datagram(&mut self.noise, 0);
                self.transmit(datagram);
            }
            _ => {}
        }
        self.handle_transport_timeout(now);
    }

    /// Writes the next datagram to send into `datagram`; `false` when there is none. To be drained after every
    /// `handle_…` call.
    pub fn poll_transmit(&mut self, datagram: &mut Vec<u8>) -> bool {
        let Some(next) = self.outbox.pop_front() else {
            return false;
        };
        *datagram = next;
        self.count_sent(datagram.len());
        true
    }

    /// The next event. To be drained after every `handle_…` call.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// When [`Link::handle_timeout`] has something to do.
    pub fn wake(&self) -> Option<Instant> {
        let dead =
            self.heard.filter(|_| self.connected.is_some()).map(|heard| heard + self.config.dead_after);
        let handshake = match &self.side {
            Side::Initiator(side) if self.wants_handshake(self.now) => Some(side.retry.at()),
            Side::Initiator(side) => {
                let worn = self.sessions.current().map(|current| current.born + self.config.rekey.after);
                worn.into_iter().chain(side.suspicion_ends()).min()
            }
            Side::Responder(side) => self.is_silent(self.now).then(|| side.retry.at()),
        };
        [dead, handshake, self.transport_wake()].into_iter().flatten().min()
    }

    /// State of the link, as of the last call with a time.
    pub fn state(&self) -> LinkState {
        if self.connected.is_some() {
            LinkState::Up
        } else if self.now < self.progress + self.config.dead_after {
            LinkState::Connecting
        } else {
            LinkState::Down
        }
    }

    /// Counters since start.
    pub fn counters(&self) -> LinkCounters {
        self.counters
    }

    /// Whether nothing authentic came for `dead_after`, or ever.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.heard.is_none_or(|heard| now >= heard + self.config.dead_after)
    }

    /// Whether this box begins the handshakes.
    pub(super) fn is_initiator(&self) -> bool {
        matches!(self.side, Side::Initiator(_))
    }

    /// Puts a datagram into line; one that could not be made is a failed handshake.
    pub(super) fn transmit(&mut self, datagram: Result<Vec<u8>, Failed>) {
        match datagram {
            Ok(datagram) if self.outbox.len() < OUTBOX_MAX => self.outbox.push_back(datagram),
            Ok(_) => self.counters.send_failures += 1,
            Err(Failed) => self.counters.handshake_failures += 1,
        }
    }

    /// Counts a datagram sent.
    pub(super) fn count_sent(&mut self, bytes: usize) {
        self.counters.sent += 1;
        self.counters.sent_bytes += bytes as u64;
    }

    /// An authentic datagram came from the peer of the session in use.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard = Some(now);
        let Some(peer) = self.sessions.current().map(|session| &session.peer) else {
            return;
        };
        if self.connected.as_ref() == Some(peer) {
            return;
        }
        let peer = peer.clone();
        let (peer_name, peer_boot, version) = (peer.name.clone(), peer.boot, peer.version);
        self.connected = Some(peer);
        self.path.reset(now);
        self.tell(LinkEvent::Connected { peer_name, peer_boot, version });
    }

    /// A handshake is complete.
    pub(super) fn count_handshake(&mut self) {
        self.counters.handshakes += 1;
        self.wrong_key_told = false;
        self.mismatch_told = None;
    }

    /// Puts an event into line.
    pub(super) fn tell(&mut self, event: LinkEvent) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn wants_handshake(&self, now: Instant) -> bool {
        let rekey = self.config.rekey;
        let worn =
            |session: &Session| session.count() >= rekey.datagrams || now >= session.born + rekey.after;
        self.is_silent(now) || self.sessions.current().is_none_or(worn)
    }
}
