//! What was sent, what arrived, and how long nothing did.

use std::time::Duration;

/// The account of one numbered stream. Moments are times since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Packets sent.
    pub sent: u64,
    /// Packets that arrived, each counted once.
    pub arrived: u64,
    /// Packets that arrived again.
    pub duplicates: u64,
    /// Longest time without service: from the moment a packet was sent that did not arrive in its turn until the
    /// next one arrived. A sender that the machine kept waiting does not lengthen it.
    pub blackout: Duration,
    /// Longest time between two arrivals, whatever it was for.
    pub longest_gap: Duration,
    /// When the blackout began.
    pub blackout_began: Duration,
}

impl Ledger {
    /// Of a stream whose packet `n` was sent at `sent[n]`; `arrivals` are (number, moment) in the order of arrival.
    pub fn of(sent: &[Duration], arrivals: &[(u64, Duration)]) -> Ledger {
        let mut ledger = Ledger { sent: sent.len() as u64, ..Ledger::default() };
        let mut seen = vec![false; sent.len()];
        let mut next = 0;
        let mut last: Option<Duration> = None;
        for (number, at) in arrivals {
            // A number that was never sent is somebody else's packet.
            let Some(seen) = usize::try_from(*number).ok().and_then(|n| seen.get_mut(n)) else { continue };
            if std::mem::replace(seen, true) {
                ledger.duplicates += 1;
                continue;
            }
            ledger.arrived += 1;
            ledger.longest_gap =
                ledger.longest_gap.max(last.map_or(Duration::ZERO, |l| at.saturating_sub(l)));
            last = Some(*at);
            if *number >= next {
                ledger.silence(sent[next as usize], *at);
                next = number + 1;
            }
        }
        // What never arrived at the end was missing at least as long as the stream went on.
        if let (Some(first_missing), Some(last_sent)) = (sent.get(next as usize), sent.last()) {
            ledger.silence(*first_missing, *last_sent);
        }
        ledger
    }

    fn silence(&mut self, from: Duration, to: Duration) {
        let lasted = to.saturating_sub(from);
        if lasted > self.blackout {
            (self.blackout, self.blackout_began) = (lasted, from);
        }
    }

    /// Packets that never arrived.
    pub fn lost(&self) -> u64 {
        self.sent - self.arrived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// 1,000 packets a second, each under way for a millisecond.
    fn stream(packets: u64) -> (Vec<Duration>, Vec<(u64, Duration)>) {
        ((0..packets).map(ms).collect(), (0..packets).map(|n| (n, ms(n + 1))).collect())
    }

    #[test]
    fn a_whole_stream_has_the_blackout_of_its_delay() {
        let (sent, arrivals) = stream(100);
        let ledger = Ledger::of(&sent, &arrivals);
        assert_eq!((ledger.lost(), ledger.blackout, ledger.longest_gap), (0, ms(1), ms(1)));
    }

    #[test]
    fn lost_packets_are_a_blackout_from_the_first_of_them() {
        let (sent, mut arrivals) = stream(1000);
        arrivals.retain(|(n, _)| !(300..700).contains(n));
        let ledger = Ledger::of(&sent, &arrivals);
        assert_eq!((ledger.lost(), ledger.blackout), (400, ms(401)));
        assert_eq!(ledger.blackout_began, ms(300));
    }

    #[test]
    fn held_up_packets_are_a_blackout_without_loss() {
        let (sent, mut arrivals) = stream(1000);
        arrivals.iter_mut().filter(|(n, _)| (300..700).contains(n)).for_each(|(_, at)| *at = ms(701));
        let ledger = Ledger::of(&sent, &arrivals);
        assert_eq!((ledger.lost(), ledger.blackout), (0, ms(401)));
    }

    #[test]
    fn a_sender_that_slept_is_no_blackout() {
        let (mut sent, mut arrivals) = stream(200);
        sent[100..].iter_mut().for_each(|at| *at += ms(500));
        arrivals[100..].iter_mut().for_each(|(_, at)| *at += ms(500));
        let ledger = Ledger::of(&sent, &arrivals);
        assert_eq!((ledger.blackout, ledger.longest_gap), (ms(1), ms(501)));
    }

    #[test]
    fn a_stream_that_never_comes_back_is_the_longest_blackout() {
        let (sent, mut arrivals) = stream(1000);
        arrivals.truncate(400);
        assert_eq!(Ledger::of(&sent, &arrivals).blackout, ms(599));
        assert_eq!(Ledger::of(&sent, &[]).lost(), 1000);
    }

    #[test]
    fn repeated_and_reordered_packets_are_not_new_ones() {
        let (sent, mut arrivals) = stream(10);
        arrivals.swap(3, 4);
        arrivals.push((9, ms(20)));
        arrivals.push((77, ms(21)));
        let ledger = Ledger::of(&sent, &arrivals);
        assert_eq!((ledger.lost(), ledger.duplicates), (0, 1));
    }
}
