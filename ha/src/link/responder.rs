//! The side that answers handshakes.
//!
//! An initiation is answered once and only if it carries the challenge that the responder gave last: a random number,
//! another one after each initiation that carried it. So a recorded initiation is never fresh again. It costs one hash
//! and is answered by the challenge in force, which tells nothing. The initiator learns the challenge from such an
//! answer, from the last handshake, or unasked: a responder without a session sends it around by itself.

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::noise::{Failed, Noise};
use super::retry::Retry;
use super::wire;

/// Initiations under another key are answered no more often than this; the answer is what tells the other box that
/// the keys differ.
const REFUSAL_GAP: Duration = Duration::from_secs(1);

/// The responder's state.
pub(super) struct Responder {
    /// When the challenge is sent unasked.
    pub(super) retry: Retry,
    challenge: Option<u64>,
    refused: Option<Instant>,
}

impl Responder {
    pub(super) fn new(now: Instant) -> Responder {
        Responder { retry: Retry::new(now), challenge: None, refused: None }
    }

    /// Whether an authentic initiation is fresh; each challenge makes one so.
    pub(super) fn is_fresh(&mut self, challenge: u64) -> bool {
        self.challenge.take_if(|ours| *ours == challenge).is_some()
    }

    /// What the next initiation must carry.
    pub(super) fn challenge(&mut self, noise: &mut Noise) -> Result<u64, Failed> {
        match self.challenge {
            Some(challenge) => Ok(challenge),
            None => Ok(*self.challenge.insert(noise.random()?)),
        }
    }

    /// The datagram that tells it to the initiator of `receiver`, or to one that did not ask, if that is zero.
    pub(super) fn challenge_datagram(&mut self, noise: &mut Noise, receiver: u32) -> Result<Vec<u8>, Failed> {
        let mut datagram = wire::challenge(receiver, self.challenge(noise)?);
        noise.seal(&mut datagram);
        Ok(datagram)
    }

    /// Whether to answer an initiation under another key.
    pub(super) fn may_refuse(&mut self, now: Instant) -> bool {
        let may = self.refused.is_none_or(|refused| now >= refused + REFUSAL_GAP);
        if may {
            self.refused = Some(now);
        }
        may
    }
}
