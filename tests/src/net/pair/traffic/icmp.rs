//! A long stream of echo requests.

use crate::net::error::{LabError, LabResult};
use crate::net::pair::PairLab;
use crate::net::process::Guarded;
use nix::sys::signal::Signal;
use std::net::IpAddr;
use std::time::Duration;

/// Time ping may take to print its summary.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A running ping, one session from its first request to its last answer.
#[derive(Debug)]
pub struct Pings {
    process: Guarded,
}

/// What ping saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingsOutcome {
    /// Requests sent.
    pub sent: u64,
    /// Answers received.
    pub answered: u64,
    /// Longest time between two answers.
    pub longest_silence: Duration,
    /// Whether one of the last requests was answered: the session is alive.
    pub alive: bool,
}

/// Requests at the end of which one must have been answered: the last may be under way when ping is told to stop.
const LAST: u64 = 20;

impl Pings {
    /// Pings `target` from the client every `interval`.
    pub fn start(lab: &PairLab, target: IpAddr, interval: Duration) -> LabResult<Pings> {
        let mut command = lab.client.command("ping");
        command.args(["-n", "-D", "-i", &interval.as_secs_f64().to_string(), &target.to_string()]);
        let process = Guarded::spawn(&mut command, &lab.dir().join(format!("ping-{target}.log")))?;
        Ok(Pings { process })
    }

    /// Stops and reads what ping printed.
    pub fn finish(mut self) -> LabResult<PingsOutcome> {
        self.process.signal(Signal::SIGINT)?;
        self.process.wait(END_LIMIT)?;
        let text = self.process.log();
        outcome(&text).ok_or(LabError::Missing { what: "ping's summary".into(), text })
    }
}

fn outcome(text: &str) -> Option<PingsOutcome> {
    let summary = text.lines().find(|l| l.contains(" packets transmitted"))?;
    let sent: u64 = summary.split_whitespace().next()?.parse().ok()?;
    let (mut answered, mut last) = (0, 0);
    let (mut last_at, mut longest_silence) = (None, Duration::ZERO);
    for (at, number) in text.lines().filter_map(answer) {
        answered += 1;
        last = last.max(number);
        longest_silence = longest_silence.max(last_at.map_or(Duration::ZERO, |l| at.saturating_sub(l)));
        last_at = Some(at);
    }
    Some(PingsOutcome { sent, answered, longest_silence, alive: last + LAST >= sent && answered > 0 })
}

/// Moment and number in `[1700000000.250000] 64 bytes from 10.0.2.9: icmp_seq=7 ttl=63 time=0.1 ms`. Numbers are
/// 16 bits wide on the wire; streams here are shorter.
fn answer(line: &str) -> Option<(Duration, u64)> {
    let (at, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let number = rest.contains(" bytes from ").then(|| rest.split_once("icmp_seq="))??.1;
    let at = Duration::try_from_secs_f64(at.parse().ok()?).ok()?;
    Some((at, number.split_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_and_a_dead_end_are_seen() {
        let text = |numbers: &[u64]| {
            let line = |n: &u64| {
                format!(
                    "[1700000000.{:03}000] 64 bytes from 10.0.2.9: icmp_seq={n} ttl=63 time=0.1 ms\n",
                    n * 10
                )
            };
            let lines: String = numbers.iter().map(line).collect();
            lines + "\n100 packets transmitted, 7 received, 93% packet loss, time 99ms\n"
        };
        let numbers: Vec<u64> = (1..=30).chain(71..=99).collect();
        let seen = outcome(&text(&numbers)).unwrap();
        assert_eq!((seen.sent, seen.answered), (100, 59));
        assert_eq!((seen.longest_silence.as_millis().div_ceil(10), seen.alive), (41, true));
        let dead = outcome(&text(&(1..=30).collect::<Vec<_>>())).unwrap();
        assert!(!dead.alive);
        assert_eq!(outcome("ping: killed"), None);
    }
}
