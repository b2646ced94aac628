//! Names of session states for the console.

use crate::net::numbers::{PROTOCOL_TCP, PROTOCOL_UDP};
use crate::session::{SessionFlags, SessionState};

use super::is_half_open;
use super::tcp::TcpState;
use super::udp::UdpState;

/// State of a session in the words of IOS (`show ip inspect sessions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IosState {
    /// Half-open.
    Opening,
    /// Established.
    Open,
    /// A FIN was seen.
    Closing,
    /// Over, about to be removed.
    Closed,
}

impl IosState {
    /// The word IOS prints.
    pub const fn name(self) -> &'static str {
        match self {
            IosState::Opening => "SIS_OPENING",
            IosState::Open => "SIS_OPEN",
            IosState::Closing => "SIS_CLOSING",
            IosState::Closed => "SIS_CLOSED",
        }
    }
}

/// IOS state of a session.
pub const fn ios_state(protocol_number: u8, state: &SessionState) -> IosState {
    if is_half_open(protocol_number, state) {
        return IosState::Opening;
    }
    match protocol_number {
        PROTOCOL_TCP => match TcpState::of(state) {
            Some(TcpState::Established | TcpState::PickedUp) => IosState::Open,
            Some(TcpState::TimeWait | TcpState::Closed) | None => IosState::Closed,
            Some(_) => IosState::Closing,
        },
        PROTOCOL_UDP if state.tracker == UdpState::Answered as u8 => IosState::Closed,
        _ => IosState::Open,
    }
}

/// The finer state the tracker keeps.
pub const fn state_name(protocol_number: u8, state: &SessionState) -> &'static str {
    let half_open = is_half_open(protocol_number, state);
    match protocol_number {
        PROTOCOL_TCP => match TcpState::of(state) {
            Some(tcp_state) => tcp_state.name(),
            None => "invalid",
        },
        PROTOCOL_UDP if state.flags.contains(SessionFlags::DNS) => match half_open {
            true => "dns-query",
            false if state.tracker == UdpState::Answered as u8 => "dns-answered",
            false => "dns-partly-answered",
        },
        _ if half_open => "unreplied",
        _ => "replied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::numbers::PROTOCOL_ICMP;

    #[test]
    fn every_tcp_state_has_its_ios_word() {
        let words: Vec<_> = TcpState::ALL
            .iter()
            .map(|&s| SessionState { tracker: s as u8, ..SessionState::default() })
            .map(|s| ios_state(PROTOCOL_TCP, &s).name())
            .collect();
        let mut expected = ["SIS_OPENING"; 4].to_vec();
        expected.extend(["SIS_OPEN"; 2]);
        expected.extend(["SIS_CLOSING"; 7]);
        expected.extend(["SIS_CLOSED"; 2]);
        assert_eq!(words, expected);
    }

    #[test]
    fn names_of_the_others() {
        let state = |tracker, flags| SessionState { tracker, flags, ..SessionState::default() };
        let dns = state(UdpState::Answered as u8, SessionFlags::DNS);
        assert_eq!(state_name(PROTOCOL_UDP, &dns), "dns-answered");
        assert_eq!(ios_state(PROTOCOL_UDP, &dns), IosState::Closed);
        let ping = state(1, SessionFlags::default());
        assert_eq!(ios_state(PROTOCOL_ICMP, &ping), IosState::Opening);
        assert_eq!(state_name(PROTOCOL_ICMP, &ping), "unreplied");
        let answered = state(1 | 1 << 4, SessionFlags::default());
        assert_eq!(state_name(PROTOCOL_ICMP, &answered), "replied");
        let gre = state(2, SessionFlags::default());
        assert_eq!((ios_state(47, &gre), state_name(47, &gre)), (IosState::Open, "replied"));
    }
}
