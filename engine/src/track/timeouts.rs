//! How long a session may be silent.

use core::time::Duration;

use crate::net::numbers::{PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP};
use crate::session::{SessionFlags, SessionState};
use crate::time::Tick;

use super::tcp::TcpState;
use super::udp::UdpState;

/// What the operator sets. The defaults are those of classic IOS inspection (`ip inspect tcp synwait-time`, …).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutDurations {
    /// TCP handshake, from the first SYN to its completion.
    pub tcp_synwait: Duration,
    /// TCP after both FINs or a valid RST.
    pub tcp_finwait: Duration,
    /// TCP without traffic, half-closed connections included.
    pub tcp_idle: Duration,
    /// UDP without traffic.
    pub udp_idle: Duration,
    /// DNS after the last query; the answer ends it at once.
    pub dns: Duration,
    /// ICMP queries without traffic.
    pub icmp_idle: Duration,
    /// Other protocols without traffic.
    pub other_idle: Duration,
}

impl Default for TimeoutDurations {
    fn default() -> Self {
        TimeoutDurations {
            tcp_synwait: Duration::from_secs(30),
            tcp_finwait: Duration::from_secs(5),
            tcp_idle: Duration::from_secs(3600),
            udp_idle: Duration::from_secs(30),
            dns: Duration::from_secs(5),
            icmp_idle: Duration::from_secs(10),
            other_idle: Duration::from_secs(30),
        }
    }
}

/// Which of the timeouts a session is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TimeoutClass {
    /// TCP handshake not complete.
    TcpSynWait = 0,
    /// TCP after both FINs or a RST.
    TcpFinWait,
    /// TCP otherwise.
    TcpIdle,
    /// UDP.
    UdpIdle,
    /// DNS query waiting for its answer.
    Dns,
    /// DNS query answered: no time is left.
    DnsAnswered,
    /// ICMP query.
    IcmpIdle,
    /// Other protocols.
    OtherIdle,
}

impl TimeoutClass {
    const COUNT: usize = 8;

    /// Class of a TCP state. A half-closed connection has the time of an open one: its other direction goes on.
    pub const fn of_tcp(state: TcpState) -> TimeoutClass {
        use TcpState::*;
        match state {
            None | SynSent | SynSent2 | SynReceived => TimeoutClass::TcpSynWait,
            Closing | LastAckOriginal | LastAckReply | TimeWait | Closed => TimeoutClass::TcpFinWait,
            Established | PickedUp | FinWaitOriginal | FinWaitReply | CloseWaitOriginal | CloseWaitReply => {
                TimeoutClass::TcpIdle
            }
        }
    }

    /// Class of a session. A TCP tracker byte that holds no state gets the shortest time.
    pub const fn of(protocol_number: u8, state: &SessionState) -> TimeoutClass {
        match protocol_number {
            PROTOCOL_TCP => match TcpState::of(state) {
                Some(tcp_state) => TimeoutClass::of_tcp(tcp_state),
                None => TimeoutClass::TcpFinWait,
            },
            PROTOCOL_UDP if !state.flags.contains(SessionFlags::DNS) => TimeoutClass::UdpIdle,
            PROTOCOL_UDP if state.tracker == UdpState::Answered as u8 => TimeoutClass::DnsAnswered,
            PROTOCOL_UDP => TimeoutClass::Dns,
            PROTOCOL_ICMP | PROTOCOL_ICMPV6 => TimeoutClass::IcmpIdle,
            _ => TimeoutClass::OtherIdle,
        }
    }
}

/// The timeouts in ticks, by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    ticks: [u32; TimeoutClass::COUNT],
}

impl Timeouts {
    /// Timeouts from durations, each rounded up to a whole tick.
    pub fn new(durations: &TimeoutDurations) -> Timeouts {
        let mut ticks = [0; TimeoutClass::COUNT];
        for (class, duration) in [
            (TimeoutClass::TcpSynWait, durations.tcp_synwait),
            (TimeoutClass::TcpFinWait, durations.tcp_finwait),
            (TimeoutClass::TcpIdle, durations.tcp_idle),
            (TimeoutClass::UdpIdle, durations.udp_idle),
            (TimeoutClass::Dns, durations.dns),
            (TimeoutClass::IcmpIdle, durations.icmp_idle),
            (TimeoutClass::OtherIdle, durations.other_idle),
        ] {
            ticks[class as usize] = Tick::ticks(duration);
        }
        Timeouts { ticks }
    }

    /// Ticks a session of `protocol_number` may be silent in its present state.
    #[inline]
    pub fn timeout_ticks(&self, protocol_number: u8, state: &SessionState) -> u32 {
        self.ticks[TimeoutClass::of(protocol_number, state) as usize]
    }

    /// When the session ends if nothing more comes.
    #[inline]
    pub fn deadline(&self, protocol_number: u8, state: &SessionState) -> Tick {
        state.last_seen.after(self.timeout_ticks(protocol_number, state))
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts::new(&TimeoutDurations::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(protocol_number: u8, tracker: u8, flags: SessionFlags) -> u32 {
        let state = SessionState { tracker, flags, last_seen: Tick(1000), ..SessionState::default() };
        let deadline = Timeouts::default().deadline(protocol_number, &state);
        deadline.since(Tick(1000)) / 10
    }

    #[test]
    fn ios_defaults() {
        let none = SessionFlags::default();
        let tcp = |state: TcpState| seconds(PROTOCOL_TCP, state as u8, none);
        for half_open in [TcpState::SynSent, TcpState::SynSent2, TcpState::SynReceived] {
            assert_eq!(tcp(half_open), 30);
        }
        assert_eq!((tcp(TcpState::Established), tcp(TcpState::CloseWaitReply)), (3600, 3600));
        for over in [TcpState::Closing, TcpState::LastAckReply, TcpState::TimeWait, TcpState::Closed] {
            assert_eq!(tcp(over), 5);
        }
        assert_eq!(seconds(PROTOCOL_TCP, TcpState::Established as u8 | 0x30, none), 3600, "marked for reuse");
        assert_eq!(seconds(PROTOCOL_TCP, 0x0f, none), 5, "no such state");
        assert_eq!(seconds(PROTOCOL_UDP, UdpState::Replied as u8, none), 30);
        assert_eq!(seconds(PROTOCOL_UDP, UdpState::Unreplied as u8, SessionFlags::DNS), 5);
        assert_eq!(seconds(PROTOCOL_UDP, UdpState::Answered as u8, SessionFlags::DNS), 0);
        assert_eq!((seconds(PROTOCOL_ICMP, 1, none), seconds(PROTOCOL_ICMPV6, 1, none)), (10, 10));
        assert_eq!(seconds(47, 1, none), 30);
    }

    #[test]
    fn every_duration_reaches_its_class() {
        let s = Duration::from_secs;
        let durations = TimeoutDurations {
            tcp_synwait: s(1),
            tcp_finwait: s(2),
            tcp_idle: s(3),
            udp_idle: s(4),
            dns: s(5),
            icmp_idle: s(6),
            other_idle: Duration::from_millis(7001),
        };
        assert_eq!(Timeouts::new(&durations).ticks, [10, 20, 30, 40, 50, 0, 60, 71]);
    }
}
