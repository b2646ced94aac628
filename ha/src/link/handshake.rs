//! [`Link`]'s handshakes: the order of a session's birth, and who is refused what.

use holdfast_engine::time::Instant;

use super::config::{LinkConfig, LinkEvent};
use super::hello::{Hello, common_version};
use super::machine::{Link, Side};
use super::noise::{self, Failed};
use super::session::{Peer, Session};
use super::wire::{self, Sealed};

impl Link {
    fn hello(&self, next_challenge: u64) -> Hello {
        let LinkConfig { versions, boot, name, .. } = &self.config;
        Hello { versions: versions.clone(), boot: *boot, next_challenge, name: name.clone() }
    }

    /// A session number that is free.
    fn fresh_index(&mut self) -> Result<u32, Failed> {
        let index = self.noise.random()? as u32;
        if index == 0 || self.sessions.find(index).is_some() { Err(Failed) } else { Ok(index) }
    }

    /// Begins a handshake, if this is the side that does.
    pub(super) fn begin_handshake(&mut self, now: Instant) {
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

    pub(super) fn handle_initiation(
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

    pub(super) fn handle_response(
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

    pub(super) fn handle_challenge(
        &mut self,
        now: Instant,
        receiver: u32,
        challenge: u64,
        sealed: Sealed<'_>,
    ) {
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
