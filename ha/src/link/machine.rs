//! [`Link`]: its handshakes, its timers, and what it tells. Datagrams under a session are in `transport.rs`.

use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::config::{LinkConfig, LinkEvent, Received};
use super::hello::{Hello, common_version};
use super::initiator::Initiator;
use super::noise::{self, Failed, Noise};
use super::path::Path;
use super::responder::Responder;
use super::session::{Peer, Session};
use super::sessions::Sessions;
use super::wire::{self, Datagram, Sealed};
use crate::status::{LinkCounters, LinkState};

/// Datagrams that wait for `poll_transmit`. It is drained after every input, so a few are enough.
const OUTBOX_MAX: usize = 16;
/// Events that wait for `poll_event`; likewise.
const EVENTS_MAX: usize = 16;

/// One end of the HA link.
pub struct Link {
    pub(super) config: LinkConfig,
    pub(super) noise: Noise,
    side: Side,
    pub(super) sessions: Sessions,
    pub(super) path: Path,
    /// The newest time seen.
    pub(super) now: Instant,
    /// When the last authentic datagram came.
    pub(super) heard: Option<Instant>,
    /// The peer that was told in the last [`LinkEvent::Connected`]; `None` after [`LinkEvent::Lost`].
    pub(super) connected: Option<Peer>,
    /// When a handshake last got on, or the start: shortly after it the link is connecting, not down.
    progress: Instant,
    /// When the initiator pings a session that the peer has not used yet.
    pub(super) confirm_at: Instant,
    wrong_key_told: bool,
    mismatch_told: Option<(u16, u16)>,
    outbox: VecDeque<Vec<u8>>,
    events: VecDeque<LinkEvent>,
    pub(super) counters: LinkCounters,
}

enum Side {
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

    /// When the last authentic datagram came; `None` before the first.
    pub fn authentic_at(&self) -> Option<Instant> {
        self.heard
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

    fn tell(&mut self, event: LinkEvent) {
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

    fn hello(&self, next_challenge: u64) -> Hello {
        let LinkConfig { versions, boot, name, .. } = &self.config;
        Hello { versions: versions.clone(), boot: *boot, next_challenge, name: name.clone() }
    }

    /// A session number that is free.
    fn fresh_index(&mut self) -> Result<u32, Failed> {
        let index = self.noise.random()? as u32;
        if index == 0 || self.sessions.find(index).is_some() { Err(Failed) } else { Ok(index) }
    }

    fn begin_handshake(&mut self, now: Instant) {
        let (index, hello) = (self.fresh_index(), self.hello(0));
        let Side::Initiator(side) = &mut self.side else { return };
        side.retry.advance(now);
        let datagram = index.and_then(|index| side.begin(now, &mut self.noise, &hello, index));
        self.transmit(datagram);
    }

    /// A handshake datagram under another key, or damaged.
    fn count_unsealed(&mut self) {
        self.counters.handshake_failures += 1;
        // While there is a session the keys are the same; then it is a forgery and no reason for an alarm.
        if self.connected.is_none() && !self.wrong_key_told {
            self.wrong_key_told = true;
            self.tell(LinkEvent::WrongKey);
        }
    }

    /// The version to use with a peer; an alarm if there is none.
    fn agree(&mut self, hello: &Hello) -> Option<u16> {
        let version = common_version(&self.config.versions, &hello.versions);
        if version.is_none() {
            self.counters.version_mismatches += 1;
            let theirs = hello.versions.clone();
            let range = Some((*theirs.start(), *theirs.end()));
            if self.mismatch_told != range {
                self.mismatch_told = range;
                self.tell(LinkEvent::VersionMismatch { peer_name: hello.name.clone(), theirs });
            }
        }
        version
    }

    fn handle_initiation(
        &mut self,
        now: Instant,
        sender: u32,
        challenge: u64,
        message: &[u8],
        sealed: Sealed<'_>,
    ) {
        let Side::Responder(side) = &mut self.side else {
            self.counters.malformed += 1;
            return;
        };
        if !self.noise.is_sealed(sealed) {
            if side.may_refuse(now) {
                let datagram = side.challenge_datagram(&mut self.noise, sender);
                self.transmit(datagram);
            }
            return self.count_unsealed();
        }
        if !side.is_fresh(challenge) {
            let datagram = side.challenge_datagram(&mut self.noise, sender);
            return self.transmit(datagram);
        }
        self.progress = now;
        let answer = self.answer(now, sender, message);
        self.transmit(answer);
    }

    /// Answers a fresh initiation.
    fn answer(&mut self, now: Instant, sender: u32, message: &[u8]) -> Result<Vec<u8>, Failed> {
        let Side::Responder(side) = &mut self.side else { return Err(Failed) };
        let (state, payload) = self.noise.accept(message)?;
        let next_challenge = side.challenge(&mut self.noise)?;
        let theirs = Hello::decode(&payload).ok_or(Failed)?;
        let index = self.fresh_index()?;
        let (keys, message) = noise::respond(state, &self.hello(next_challenge).encode())?;
        // Without a common version the peer is answered all the same: it must learn why there is no session.
        if let Some(version) = self.agree(&theirs) {
            let peer = Peer { name: theirs.name, boot: theirs.boot, version };
            self.sessions.add_pending(Session::new(keys, (index, sender), peer, now));
        }
        let mut datagram = wire::response(sender, index, &message);
        self.noise.seal(&mut datagram);
        Ok(datagram)
    }

    fn handle_response(
        &mut self,
        now: Instant,
        receiver: u32,
        sender: u32,
        message: &[u8],
        sealed: Sealed<'_>,
    ) {
        let Side::Initiator(side) = &mut self.side else {
            self.counters.malformed += 1;
            return;
        };
        if !side.knows(receiver) {
            self.counters.outdated += 1;
            return;
        }
        if !self.noise.is_sealed(sealed) {
            return self.count_unsealed();
        }
        let Some(attempt) = side.take(receiver) else { return };
        let finished = noise::finish(attempt.state, message);
        let Some((keys, theirs)) = finished.ok().and_then(|(keys, p)| Some((keys, Hello::decode(&p)?)))
        else {
            self.counters.handshake_failures += 1;
            return;
        };
        self.progress = now;
        side.challenge = theirs.next_challenge;
        let Some(version) = self.agree(&theirs) else { return };
        if let Side::Initiator(side) = &mut self.side {
            side.succeeded(now);
        }
        let peer = Peer { name: theirs.name, boot: theirs.boot, version };
        self.sessions.install(Session::new(keys, (receiver, sender), peer, now), now);
        self.count_handshake();
        self.hear(now);
        self.confirm(now);
    }

    fn handle_challenge(&mut self, now: Instant, receiver: u32, challenge: u64, sealed: Sealed<'_>) {
        let Side::Initiator(side) = &mut self.side else {
            self.counters.malformed += 1;
            return;
        };
        if receiver != 0 && !side.knows(receiver) {
            self.counters.outdated += 1;
            return;
        }
        if !self.noise.is_sealed(sealed) {
            return self.count_unsealed();
        }
        if receiver == 0 && self.connected.is_some() {
            if side.suspect(now, challenge) {
                self.confirm(now);
            }
        } else if receiver == 0 {
            if side.solicited(now, challenge) {
                self.begin_handshake(now);
            }
        } else if side.challenged(receiver, challenge) {
            self.progress = now;
            self.begin_handshake(now);
            if let Side::Initiator(side) = &mut self.side {
                side.hurry();
            }
        }
    }
}
