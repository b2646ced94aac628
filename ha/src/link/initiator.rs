//! The side that begins handshakes.

use core::time::Duration;
use std::collections::VecDeque;

use holdfast_engine::time::Instant;
use snow::HandshakeState;

use super::hello::Hello;
use super::noise::{Failed, Noise};
use super::retry::Retry;
use super::wire;

/// Handshakes under way: the newest, and the one before, whose answer may be late.
const ATTEMPTS_MAX: usize = 2;
/// A responder that sends its challenge unasked while there is a session is pinged under that session; if it does not
/// answer for so long it has lost it. A challenge that somebody recorded and plays again thus leads to a ping.
const SUSPICION: Duration = Duration::from_millis(30);
/// Unasked challenges are answered no more often than this.
const UNASKED_GAP: Duration = Duration::from_millis(20);

/// A handshake under way.
pub(super) struct Attempt {
    index: u32,
    challenge: u64,
    pub(super) state: HandshakeState,
}

/// The initiator's state.
pub(super) struct Initiator {
    pub(super) retry: Retry,
    attempts: VecDeque<Attempt>,
    /// What the responder wants to see in the next initiation; zero when nothing is known.
    pub(super) challenge: u64,
    /// Whether the newest attempt answers a challenge: then another one has to wait for the timer.
    hurried: bool,
    begun: Option<Instant>,
    /// Since when the responder is suspected to have lost the session, and its challenge.
    suspicion: Option<(Instant, u64)>,
}

impl Initiator {
    pub(super) fn new(now: Instant) -> Initiator {
        let retry = Retry::new(now);
        let attempts = VecDeque::new();
        Initiator { retry, attempts, challenge: 0, hurried: false, begun: None, suspicion: None }
    }

    /// Begins a handshake under a fresh session number: the datagram to send.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        noise: &mut Noise,
        hello: &Hello,
        index: u32,
    ) -> Result<Vec<u8>, Failed> {
        self.hurried = false;
        self.begun = Some(now);
        self.suspicion = None;
        let (state, message) = noise.initiate(&hello.encode())?;
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Attempt { index, challenge: self.challenge, state });
        let mut datagram = wire::initiation(index, self.challenge, &message);
        noise.seal(&mut datagram);
        Ok(datagram)
    }

    /// Whether a datagram for this session number can belong to a handshake under way.
    pub(super) fn knows(&self, index: u32) -> bool {
        self.attempts.iter().any(|attempt| attempt.index == index)
    }

    /// Takes the handshake that an authentic response answers; no response is read twice.
    pub(super) fn take(&mut self, index: u32) -> Option<Attempt> {
        let at = self.attempts.iter().position(|attempt| attempt.index == index)?;
        self.attempts.remove(at)
    }

    /// A handshake ended well; the others are over.
    pub(super) fn succeeded(&mut self, now: Instant) {
        self.attempts.clear();
        self.retry.reset(now);
    }

    /// An authentic challenge came in answer to an initiation. Whether to begin again at once.
    pub(super) fn challenged(&mut self, index: u32, challenge: u64) -> bool {
        let newest = self.attempts.back().is_some_and(|a| a.index == index && a.challenge != challenge);
        if !newest {
            return false;
        }
        self.challenge = challenge;
        !self.hurried
    }

    /// The attempt just begun answered a challenge.
    pub(super) fn hurry(&mut self) {
        self.hurried = true;
    }

    /// An authentic challenge came unasked, and there is no session. Whether to begin at once.
    pub(super) fn solicited(&mut self, now: Instant, challenge: u64) -> bool {
        if self.begun.is_some_and(|begun| now < begun + UNASKED_GAP) {
            return false;
        }
        self.challenge = challenge;
        true
    }

    /// An authentic challenge came unasked although there is a session. Whether to ping the responder.
    pub(super) fn suspect(&mut self, now: Instant, challenge: u64) -> bool {
        let first = self.suspicion.is_none();
        if first {
            self.suspicion = Some((now, challenge));
        }
        first
    }

    /// Whether a suspicion proved true by `now`: to begin at once.
    pub(super) fn confirmed(&mut self, now: Instant, heard: Option<Instant>) -> bool {
        let Some((since, challenge)) = self.suspicion.take_if(|(since, _)| now >= *since + SUSPICION) else {
            return false;
        };
        let lost = heard.is_none_or(|heard| heard <= since);
        if lost {
            self.challenge = challenge;
        }
        lost
    }

    /// When [`Initiator::confirmed`] has something to say.
    pub(super) fn suspicion_ends(&self) -> Option<Instant> {
        self.suspicion.map(|(since, _)| since + SUSPICION)
    }
}
