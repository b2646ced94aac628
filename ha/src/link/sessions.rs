//! The sessions of a link: the one in use, the one before, and those that the peer has not used yet.

use core::time::Duration;
use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::session::Session;

/// Sessions that the responder agreed to and that no datagram has come under yet.
const PENDING_MAX: usize = 4;
/// Datagrams of the session before are still believed for so long after a rekey.
const PREVIOUS_KEPT: Duration = Duration::from_secs(5);
/// A session that is not used for so long after its handshake never will be.
const PENDING_KEPT: Duration = Duration::from_secs(5);

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In use.
    Current,
    /// It was in use before the last rekey.
    Previous,
    /// Agreed to and not used yet; the number is its place in line.
    Pending(usize),
}

/// All sessions of a link.
#[derive(Default)]
pub(super) struct Sessions {
    current: Option<Session>,
    previous: Option<(Session, Instant)>,
    pending: VecDeque<Session>,
}

impl Sessions {
    /// The one in use.
    pub(super) fn current(&self) -> Option<&Session> {
        self.current.as_ref()
    }

    /// The one in use.
    pub(super) fn current_mut(&mut self) -> Option<&mut Session> {
        self.current.as_mut()
    }

    /// The session that a received datagram names.
    pub(super) fn find(&mut self, local_index: u32) -> Option<(Place, &mut Session)> {
        let current = self.current.as_mut().map(|session| (Place::Current, session));
        let previous = self.previous.as_mut().map(|(session, _)| (Place::Previous, session));
        let pending = self.pending.iter_mut().enumerate().map(|(at, session)| (Place::Pending(at), session));
        current.into_iter().chain(previous).chain(pending).find(|(_, s)| s.local_index == local_index)
    }

    /// Keeps a session until the peer uses it; the oldest such makes room.
    pub(super) fn add_pending(&mut self, session: Session) {
        if self.pending.len() >= PENDING_MAX {
            self.pending.pop_front();
        }
        self.pending.push_back(session);
    }

    /// Puts a pending session into use, since the peer did. What was agreed to before it is over: held-back datagrams
    /// of an older handshake must not bring it back.
    pub(super) fn promote(&mut self, at: usize, now: Instant) {
        let Some(session) = self.pending.remove(at) else { return };
        self.pending.drain(..at);
        self.install(session, now);
    }

    /// Puts a session into use. The one before is still believed for a moment, so that a rekey loses nothing; but
    /// not if the peer restarted: what its old process sent must not mix with what the new one sends.
    pub(super) fn install(&mut self, session: Session, now: Instant) {
        let same_process = self.current.as_ref().is_some_and(|old| old.peer.boot == session.peer.boot);
        let old = self.current.replace(session).filter(|_| same_process);
        self.previous = old.map(|session| (session, now + PREVIOUS_KEPT));
    }

    /// Sessions agreed to and not used yet.
    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Forgets keys whose time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.previous.take_if(|(_, until)| now >= *until);
        self.pending.retain(|session| now < session.born + PENDING_KEPT);
    }
}
