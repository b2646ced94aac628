//! IOS's `show ip inspect sessions [detail]`.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use core::time::Duration;

use holdfast_engine::track::IosState;
use serde::{Serialize, Serializer};

use super::Report;
use super::layout::{self, ios_age, put};
use crate::protocol::Protocol;

/// Most sessions one report lists. A box may hold millions; the counts beside the list are always complete.
pub const SESSIONS_SHOWN_MAX: usize = 10_000;

/// A session's number while it lives: hexadecimal on the console and in JSON, as in IOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}", self.0)
    }
}

impl FromStr for SessionId {
    type Err = core::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(SessionId)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which sessions a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSelector {
    /// Every session.
    All,
    /// One session.
    One(SessionId),
}

/// One session. Arrays are `[original, reply]`: what the initiator sent first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionReport {
    /// Number to give to `clear ip inspect sessions`.
    pub id: SessionId,
    /// Initiator's address.
    pub source: IpAddr,
    /// Initiator's port, or the ICMP identifier; 0 for other protocols.
    pub source_port: u16,
    /// Responder's address.
    pub destination: IpAddr,
    /// Responder's port, or the ICMP identifier; 0 for other protocols.
    pub destination_port: u16,
    /// Protocol by name (`tcp`, `udp`, `icmp`, …), by number where it has no name.
    pub protocol: Protocol,
    /// IOS's state.
    #[serde(serialize_with = "layout::ios_state")]
    pub state: IosState,
    /// State of the TCP tracker; `null` for other protocols.
    pub tcp_state: Option<&'static str>,
    /// Index of the worker that owns it.
    pub worker: u16,
    /// Position of the rule that admitted it, from 1; `null` when that rule is gone.
    pub rule: Option<u32>,
    /// Time since it was created, in seconds.
    #[serde(rename = "age_s", serialize_with = "layout::seconds")]
    pub age: Duration,
    /// Time since its last packet, in seconds.
    #[serde(rename = "idle_s", serialize_with = "layout::seconds")]
    pub idle: Duration,
    /// Time until it goes if no packet comes, in seconds.
    #[serde(rename = "expires_s", serialize_with = "layout::seconds")]
    pub expires: Duration,
    /// Bytes of IP packets.
    pub bytes: [u64; 2],
    /// Packets.
    pub packets: [u64; 2],
    /// Which session of its flow it is, across the pair; 0 on a box that is not one of a pair. Shown by
    /// `show ip inspect ha sessions` only.
    #[serde(skip)]
    pub birth: u32,
}

/// `show ip inspect sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sessions {
    /// At most [`SESSIONS_SHOWN_MAX`] of them.
    pub sessions: Vec<SessionReport>,
    /// Live sessions in all.
    pub total: u64,
    /// Whether `sessions` is shorter than `total`.
    pub truncated: bool,
}

/// `show ip inspect sessions detail`: the same JSON, more text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SessionsDetail(pub Sessions);

/// Writes sessions under IOS's three headings; `session` says what an item is, `write` writes it. `total` is the
/// number of all where not all are there.
pub(super) fn write_sessions<T>(
    out: &mut String,
    items: &[T],
    total: Option<u64>,
    session: impl Fn(&T) -> &SessionReport,
    write: impl Fn(&mut String, &T),
) {
    let mut section = |heading: &str, wanted: &dyn Fn(IosState) -> bool| {
        let mut heading = Some(heading);
        for item in items.iter().filter(|item| wanted(session(item).state)) {
            if let Some(heading) = heading.take() {
                put!(out, "{heading}\n");
            }
            write(out, item);
        }
    };
    section("Half-open Sessions", &|state| state == IosState::Opening);
    section("Established Sessions", &|state| state == IosState::Open);
    section("Terminating Sessions", &|state| matches!(state, IosState::Closing | IosState::Closed));
    if let Some(total) = total {
        put!(out, "% {} of {total} sessions shown\n", items.len());
    }
}

impl Sessions {
    fn write(&self, detail: bool, out: &mut String) {
        let total = self.truncated.then_some(self.total);
        write_sessions(
            out,
            &self.sessions,
            total,
            |s| s,
            |out, s| {
                s.write_line(out, "");
                if detail {
                    s.write_detail(out);
                }
            },
        );
    }
}

impl SessionReport {
    /// The line everybody knows, with one more word where there is one.
    pub(super) fn write_line(&self, out: &mut String, more: &str) {
        let (from, to) =
            (Endpoint(self.source, self.source_port), Endpoint(self.destination, self.destination_port));
        let space = if more.is_empty() { "" } else { " " };
        let state = self.state.name();
        put!(out, " Session {} ({from})=>({to}) {} {state}{space}{more}\n", self.id, self.protocol);
    }

    /// The lines of `detail`.
    pub(super) fn write_detail(&self, out: &mut String) {
        put!(out, "  Created {}, Last heard {}", ios_age(self.age), ios_age(self.idle));
        put!(out, ", Expires in {}\n", ios_age(self.expires));
        put!(out, "  Bytes sent (initiator:responder) [{}:{}]", self.bytes[0], self.bytes[1]);
        put!(out, " packets [{}:{}]\n  ", self.packets[0], self.packets[1]);
        if let Some(state) = self.tcp_state {
            put!(out, "TCP state {state}, ");
        }
        match self.rule {
            Some(rule) => put!(out, "Rule {rule}, Worker {}\n", self.worker),
            None => put!(out, "Rule removed, Worker {}\n", self.worker),
        }
    }
}

/// `10.0.1.5:51514`, or `[fd00::1]:51514`.
struct Endpoint(IpAddr, u16);

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::net::SocketAddr::new(self.0, self.1).fmt(f)
    }
}

impl Report for Sessions {
    fn write_text(&self, out: &mut String) {
        self.write(false, out);
    }
}

impl Report for SessionsDetail {
    fn write_text(&self, out: &mut String) {
        self.0.write(true, out);
    }
}
