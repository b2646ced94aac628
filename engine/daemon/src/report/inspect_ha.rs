//! IOS's `show ip inspect ha sessions|statistics`.

use holdfast_ha::status::{BoxRole, InstallCounters, LinkCounters, ReplicationCounters, Status};
use serde::Serialize;

use super::Report;
use super::layout::put;
use super::session::{SessionReport, Sessions, write_sessions};

/// What a session is to the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum HaSessionState {
    /// This box forwards it and tells the peer.
    #[serde(rename = "HA_ACTIVE")]
    Active,
    /// This box holds it for the peer.
    #[serde(rename = "HA_STANDBY")]
    Standby,
}

impl HaSessionState {
    /// What every session is on a box with a role.
    pub const fn of(role: BoxRole) -> HaSessionState {
        match role {
            BoxRole::TakingOver | BoxRole::Active | BoxRole::HandingOver => HaSessionState::Active,
            BoxRole::Init | BoxRole::Standby | BoxRole::Lingering => HaSessionState::Standby,
        }
    }

    /// IOS's word.
    pub const fn name(self) -> &'static str {
        match self {
            HaSessionState::Active => "HA_ACTIVE",
            HaSessionState::Standby => "HA_STANDBY",
        }
    }
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HaSession {
    /// As in `show ip inspect sessions`.
    #[serde(flatten)]
    pub session: SessionReport,
    /// What it is to the pair.
    pub ha_state: HaSessionState,
    /// Which session of its flow it is; the same number on both boxes.
    pub birth: u32,
}

/// `show ip inspect ha sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HaSessions {
    /// As many as `show ip inspect sessions` lists.
    pub sessions: Vec<HaSession>,
    /// Live sessions in all.
    pub total: u64,
    /// Whether `sessions` is shorter than `total`.
    pub truncated: bool,
}

/// `show ip inspect ha sessions detail`: the same JSON, more text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HaSessionsDetail(pub HaSessions);

impl HaSessions {
    /// The sessions of a box with a role.
    pub fn new(sessions: Sessions, role: BoxRole) -> HaSessions {
        let Sessions { sessions, total, truncated } = sessions;
        let ha_state = HaSessionState::of(role);
        let with_state = |session: SessionReport| HaSession { birth: session.birth, session, ha_state };
        HaSessions { sessions: sessions.into_iter().map(with_state).collect(), total, truncated }
    }

    fn write(&self, detail: bool, out: &mut String) {
        let total = self.truncated.then_some(self.total);
        write_sessions(
            out,
            &self.sessions,
            total,
            |s| &s.session,
            |out, s| {
                s.session.write_line(out, s.ha_state.name());
                if detail {
                    s.session.write_detail(out);
                    put!(out, "  Birth {}\n", s.birth);
                }
            },
        );
    }
}

impl Report for HaSessions {
    fn write_text(&self, out: &mut String) {
        self.write(false, out);
    }
}

impl Report for HaSessionsDetail {
    fn write_text(&self, out: &mut String) {
        self.0.write(true, out);
    }
}

/// One stream of replication: a shard of the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HaStream {
    /// Its number.
    pub stream: u32,
    /// Newest sequence number sent.
    pub sent: u64,
    /// Highest up to which the peer has reported on everything.
    pub acknowledged: u64,
    /// Datagrams on their way.
    pub in_flight: u32,
    /// Highest sequence number applied from the peer's stream of this number.
    pub applied: u64,
}

/// `show ip inspect ha statistics`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HaStatistics {
    /// Sessions here.
    pub sessions: u64,
    /// Sessions there; `null` before the peer was ever heard.
    pub peer_sessions: Option<u64>,
    /// Streams to the peer and from it.
    pub streams: Vec<HaStream>,
    /// Records and datagrams.
    pub replication: ReplicationCounters,
    /// What the workers did with the peer's records.
    pub installs: InstallCounters,
    /// The HA link.
    pub link: LinkCounters,
}

impl From<&Status> for HaStatistics {
    fn from(s: &Status) -> HaStatistics {
        let streams = (0..).zip(&s.streams).map(|(stream, progress)| HaStream {
            stream,
            sent: progress.sent,
            acknowledged: progress.acknowledged,
            in_flight: progress.in_flight,
            applied: progress.applied,
        });
        HaStatistics {
            sessions: s.sessions,
            peer_sessions: s.peer.as_ref().map(|peer| peer.sessions),
            streams: streams.collect(),
            replication: s.replication,
            installs: s.installs,
            link: s.link_counters,
        }
    }
}

impl Report for HaStatistics {
    fn write_text(&self, out: &mut String) {
        let (r, i, l) = (&self.replication, &self.installs, &self.link);
        let there = self.peer_sessions.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
        put!(out, "Sessions here {}, at the peer {there}\n", self.sessions);
        put!(out, "Streams\n");
        for s in &self.streams {
            put!(out, " Stream {}: sent {}, acknowledged {}, ", s.stream, s.sent, s.acknowledged);
            put!(out, "in flight {}, applied {}\n", s.in_flight, s.applied);
        }
        put!(out, "Records sent\n");
        put!(out, " Sessions {}, removals {}, ", r.records_sent, r.removals_sent);
        put!(out, "sent again {}\n", r.records_resent);
        put!(out, " Datagrams {}, lost {}\n", r.datagrams_sent, r.datagrams_lost);
        put!(out, "Records received\n");
        put!(out, " Sessions {}, removals {}, ", r.records_received, r.removals_received);
        put!(out, "of an unknown kind {}\n", r.unknown_records);
        put!(out, " Datagrams {}, twice {}, late {}, ", r.datagrams_received, r.duplicates, r.late);
        put!(out, "no room {}, malformed {}, outdated {}\n", r.no_room, r.malformed, r.outdated);
        put!(out, "Records installed\n");
        put!(out, " Sessions {}, merged {}, removed {}\n", i.installed, i.merged, i.removed);
        put!(out, " Rule looked up again {}, ", i.rule_reevaluated);
        let (policy, unsound, full) = (i.refused_by_policy, i.refused_unsound, i.refused_full);
        put!(out, "refused by policy {policy}, not sound {unsound}, table full {full}\n");
        put!(out, "HA link\n");
        put!(out, " Sent {} datagrams, {} bytes, ", l.sent, l.sent_bytes);
        put!(out, "failures {}\n", l.send_failures);
        put!(out, " Received {} datagrams, {} bytes, ", l.received, l.received_bytes);
        put!(out, "forged {}, replayed {}, ", l.forged, l.replayed);
        put!(out, "malformed {}, outdated {}\n", l.malformed, l.outdated);
        put!(out, " Handshakes {}, failed {}, ", l.handshakes, l.handshake_failures);
        put!(out, "version mismatches {}\n", l.version_mismatches);
        put!(out, "HSRP packets lost on their way to the HA core {}\n", i.hsrp_lost);
    }
}
