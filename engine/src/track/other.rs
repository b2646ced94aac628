//! Protocols without ports as far as we look (GRE, ESP, SCTP as plain IP): a session on addresses and protocol.

use crate::session::{Direction, SessionState};

use super::{Change, Outcome, Transition};

/// State of such a session, in `SessionState::tracker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OtherState {
    /// Only the initiator has sent.
    Unreplied = 1,
    /// Both ends have sent.
    Replied = 2,
}

/// State of a session that begins now.
pub fn open() -> SessionState {
    SessionState { tracker: OtherState::Unreplied as u8, ..SessionState::default() }
}

/// Takes one packet of a session into account.
#[inline]
pub fn track(state: &mut SessionState, direction: Direction) -> Outcome {
    if direction == Direction::Reply && state.tracker != OtherState::Replied as u8 {
        state.tracker = OtherState::Replied as u8;
        let transition = Transition::Established;
        return Outcome::Pass(Change { transition, rearm: false, keep_alive: true });
    }
    Outcome::PASS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_establishes_once() {
        let mut state = open();
        assert_eq!(track(&mut state, Direction::Original), Outcome::PASS);
        let Outcome::Pass(change) = track(&mut state, Direction::Reply) else { panic!("dropped") };
        assert_eq!(change.transition, Transition::Established);
        assert_eq!(state.tracker, OtherState::Replied as u8);
        assert_eq!(track(&mut state, Direction::Reply), Outcome::PASS);
    }
}
