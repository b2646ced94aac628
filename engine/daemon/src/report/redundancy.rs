//! IOS's `show redundancy states`.

use core::net::SocketAddr;
use core::time::Duration;

use holdfast_ha::status::{BoxRole, LinkState, PeerStatus, Status, SyncState};
use serde::Serialize;

use super::Report;
use super::layout::{self, ios_age, put, word};
use super::pair::{self, link_word, role_phrase, sync_word};

/// The HA link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkStatus {
    /// `none`, `down`, `connecting` or `up`.
    #[serde(serialize_with = "pair::link")]
    pub state: LinkState,
    /// Own end.
    pub local: Option<SocketAddr>,
    /// The peer's end.
    pub peer: Option<SocketAddr>,
    /// Largest plaintext proven to arrive in one datagram.
    pub payload_bytes: u32,
    /// Smoothed round-trip time in microseconds; `null` before the first.
    pub round_trip_us: Option<u64>,
}

/// The peer as the HA link tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeerReport {
    /// Its configured name.
    pub name: String,
    /// Its role.
    #[serde(serialize_with = "pair::role")]
    pub role: BoxRole,
    /// Its sync state.
    #[serde(serialize_with = "pair::sync")]
    pub sync: SyncState,
    /// Its term.
    pub term: u64,
    /// Live sessions there.
    pub sessions: u64,
    /// Its protocol version in use.
    pub version: u16,
    /// Since when it is heard, in seconds.
    #[serde(rename = "heard_s", serialize_with = "layout::seconds")]
    pub heard: Duration,
    /// Since its last heartbeat, in seconds.
    #[serde(rename = "silent_s", serialize_with = "layout::seconds")]
    pub silent: Duration,
}

/// How far the peer has acknowledged one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StreamProgress {
    /// Its number.
    pub stream: u32,
    /// Newest sequence number sent.
    pub sent: u64,
    /// Highest up to which the peer has reported on everything.
    pub acknowledged: u64,
}

/// The last complete copy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LastBulk {
    /// Time since it ended, in seconds.
    #[serde(rename = "age_s", serialize_with = "layout::seconds")]
    pub age: Duration,
    /// Sessions in it.
    pub sessions: u64,
    /// How long it took, in seconds.
    #[serde(rename = "took_s", serialize_with = "layout::seconds")]
    pub took: Duration,
}

/// A complete copy under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BulkProgress {
    /// Sessions sent or received so far.
    pub done: u64,
    /// Sessions expected.
    pub total: u64,
}

/// `show redundancy states`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Redundancy {
    /// The box's name.
    pub name: String,
    /// IOS's word for this box's state, for example `STANDBY HOT`.
    pub my_state: &'static str,
    /// Its number.
    pub my_state_code: u8,
    /// IOS's word for the peer's state; `DISABLED` while it is not heard.
    pub peer_state: &'static str,
    /// Its number.
    pub peer_state_code: u8,
    /// `init`, `standby`, `taking_over`, `active`, `handing_over` or `lingering`.
    #[serde(serialize_with = "pair::role")]
    pub role: BoxRole,
    /// What the last change of role was for.
    pub role_why: &'static str,
    /// Time since the last change of role, in seconds.
    #[serde(rename = "role_since_s", serialize_with = "layout::seconds")]
    pub role_since: Duration,
    /// Times the box became active.
    pub takeovers: u32,
    /// `cold`, `bulk` or `hot`: of this box while it is standby, of the peer while this one is active.
    #[serde(serialize_with = "pair::sync")]
    pub sync: SyncState,
    /// Whether `redundancy force-switchover` would be obeyed now.
    pub switchover_ready: bool,
    /// What stands against it, in a few words; empty when nothing does.
    #[serde(skip)]
    pub switchover_obstacle: &'static str,
    /// Term in force.
    pub term: u64,
    /// The HA link.
    pub link: LinkStatus,
    /// The peer; `null` before it was ever heard.
    pub peer: Option<PeerReport>,
    /// Sessions here.
    pub sessions: u64,
    /// Sessions there; `null` before the peer was ever heard.
    pub peer_sessions: Option<u64>,
    /// Whether both tables are equal; `null` while something is under way, or nothing is known of the peer.
    pub tables_equal: Option<bool>,
    /// Changed sessions not yet sent, and records not yet acknowledged.
    pub lag_records: u64,
    /// Age of the oldest datagram not yet acknowledged, in milliseconds.
    pub lag_ms: f64,
    /// How far the peer has acknowledged each stream.
    pub streams: Vec<StreamProgress>,
    /// The last complete copy; `null` when there was none.
    pub last_bulk: Option<LastBulk>,
    /// The copy under way; `null` when there is none.
    pub bulk_progress: Option<BulkProgress>,
    /// What is wrong just now; empty when all is well.
    pub alarms: Vec<String>,
}

impl From<&PeerStatus> for PeerReport {
    fn from(p: &PeerStatus) -> PeerReport {
        PeerReport {
            name: p.name.clone(),
            role: p.role,
            sync: p.sync,
            term: p.term,
            sessions: p.sessions,
            version: p.version,
            heard: p.heard_for,
            silent: p.silent_for,
        }
    }
}

impl Redundancy {
    /// From what the HA core tells; `obstacle` is what the console says stands against a switchover.
    pub fn new(s: &Status, obstacle: Option<&'static str>) -> Redundancy {
        let (mine, peer) = pair::rf_states(s);
        let streams = (0..).zip(&s.streams).map(|(stream, progress)| StreamProgress {
            stream,
            sent: progress.sent,
            acknowledged: progress.acknowledged,
        });
        let round_trip = s.link_round_trip.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        Redundancy {
            name: s.name.clone(),
            my_state: mine.name,
            my_state_code: mine.code,
            peer_state: peer.name,
            peer_state_code: peer.code,
            role: s.role,
            role_why: s.role_why,
            role_since: s.role_since,
            takeovers: s.takeovers,
            sync: s.sync,
            switchover_ready: obstacle.is_none(),
            switchover_obstacle: obstacle.unwrap_or_default(),
            term: s.term,
            link: LinkStatus {
                state: s.link,
                local: s.link_local,
                peer: s.link_peer,
                payload_bytes: s.link_payload_bytes,
                round_trip_us: round_trip,
            },
            peer: s.peer.as_ref().map(PeerReport::from),
            sessions: s.sessions,
            peer_sessions: s.peer.as_ref().map(|peer| peer.sessions),
            tables_equal: s.tables_equal,
            lag_records: s.lag_records,
            lag_ms: s.lag.as_micros() as f64 / 1000.0,
            streams: streams.collect(),
            last_bulk: s.last_bulk_age.map(|age| LastBulk {
                age,
                sessions: s.last_bulk_sessions,
                took: s.last_bulk_took,
            }),
            bulk_progress: s.bulk_progress.map(|(done, total)| BulkProgress { done, total }),
            alarms: s.alarms.clone(),
        }
    }
}

/// One line with IOS's right-aligned label.
macro_rules! line {
    ($out:expr, $label:literal, $($arg:tt)*) => {{
        put!($out, "{:>15} = ", $label);
        put!($out, $($arg)*);
        put!($out, "\n");
    }};
}

fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| value.to_string())
}

impl Report for Redundancy {
    fn write_text(&self, out: &mut String) {
        let heard = self.peer_state_code != 1;
        let since = ios_age(self.role_since);
        line!(out, "my state", "{:<2} -{}", self.my_state_code, self.my_state);
        line!(out, "peer state", "{:<2} -{}", self.peer_state_code, self.peer_state);
        line!(out, "Mode", "{}", word(heard, "Duplex", "Simplex"));
        line!(out, "Unit", "{}", self.name);
        line!(out, "Peer unit", "{}", or_unknown(self.peer.as_ref().map(|peer| &peer.name)));
        match self.switchover_ready {
            true => line!(out, "Manual Swact", "enabled"),
            false => line!(out, "Manual Swact", "disabled ({})", self.switchover_obstacle),
        }
        line!(out, "Communications", "{}", word(heard, "Up", "Down"));
        put!(out, "\n");
        let role = role_phrase(self.role);
        line!(out, "Role", "{role} for {since} ({})", self.role_why);
        line!(out, "Takeovers", "{}", self.takeovers);
        line!(out, "Term", "{}", self.term);
        self.write_link(out);
        if let Some(peer) = &self.peer {
            let (since, sync) = (ios_age(peer.heard), sync_word(peer.sync));
            let (role, silent) = (role_phrase(peer.role), peer.silent);
            // What a silent peer said last is not what it is.
            match heard {
                true => line!(
                    out,
                    "Peer",
                    "{role}, {sync}, term {}, heard for {since}, last {} ms ago",
                    peer.term,
                    silent.as_millis()
                ),
                false => line!(
                    out,
                    "Peer",
                    "silent for {}; was {role}, {sync}, term {}",
                    ios_age(silent),
                    peer.term
                ),
            }
        }
        line!(out, "Sync", "{}", sync_word(self.sync));
        line!(out, "Sessions", "{} here, {} there", self.sessions, or_unknown(self.peer_sessions));
        line!(
            out,
            "Tables equal",
            "{}",
            self.tables_equal.map_or("unknown", |equal| word(equal, "yes", "no"))
        );
        line!(out, "Lag", "{} records, {:.3} ms", self.lag_records, self.lag_ms);
        let streams: Vec<String> =
            self.streams.iter().map(|s| format!("{} of {}", s.acknowledged, s.sent)).collect();
        if !streams.is_empty() {
            line!(out, "Acknowledged", "{}", streams.join(", "));
        }
        match &self.last_bulk {
            Some(bulk) => line!(
                out,
                "Last bulk",
                "{} ago, {} sessions in {:.3} s",
                ios_age(bulk.age),
                bulk.sessions,
                bulk.took.as_secs_f64()
            ),
            None => line!(out, "Last bulk", "never"),
        }
        if let Some(bulk) = self.bulk_progress {
            line!(out, "Bulk under way", "{} of {} sessions", bulk.done, bulk.total);
        }
        if self.alarms.is_empty() {
            line!(out, "Alarms", "none");
        }
        for alarm in &self.alarms {
            line!(out, "ALARM", "{alarm}");
        }
    }
}

impl Redundancy {
    fn write_link(&self, out: &mut String) {
        let link = &self.link;
        put!(out, "{:>15} = {}", "Link", link_word(link.state));
        if let (Some(local), Some(peer)) = (link.local, link.peer) {
            put!(out, ", {local} to {peer}");
        }
        if link.state == LinkState::Up {
            put!(out, ", payload {} bytes", link.payload_bytes);
            if let Some(us) = link.round_trip_us {
                put!(out, ", round trip {}.{:03} ms", us / 1000, us % 1000);
            }
        }
        put!(out, "\n");
    }
}
