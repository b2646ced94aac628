//! IOS's `show ip inspect statistics|config|interfaces`.

use core::time::Duration;

use serde::Serialize;

use super::Report;
use super::layout::{self, ios_age, put, word};

/// Sessions by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SessionCounts {
    /// Established.
    pub established: u64,
    /// Half-open.
    pub half_open: u64,
    /// Closing or closed, not yet removed.
    pub terminating: u64,
}

/// `show ip inspect statistics`, since start or the last `clear fwd stats`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectStatistics {
    /// Interfaces that at least one `inspect` rule names through its zones.
    pub interfaces: u16,
    /// Sessions live now.
    pub current: SessionCounts,
    /// Most at once.
    pub max_ever: SessionCounts,
    /// Sessions created.
    pub created: u64,
    /// Sessions that ran into a time-out.
    pub expired: u64,
    /// Sessions removed before their time: by `clear ip inspect sessions`, or replaced by a new connection.
    pub cleared: u64,
    /// New sessions refused because the table was full.
    pub table_full: u64,
    /// Sessions the table can hold.
    pub sessions_max: u64,
    /// Time since the last session was created, in seconds; `null` before the first.
    #[serde(rename = "last_created_s", serialize_with = "layout::optional_seconds")]
    pub last_created: Option<Duration>,
    /// Time since the counters were cleared, in seconds; `null` when they never were.
    #[serde(rename = "last_cleared_s", serialize_with = "layout::optional_seconds")]
    pub last_cleared: Option<Duration>,
    /// Sessions created in the last minute.
    pub created_last_minute: u64,
    /// Most sessions created in one minute.
    pub created_minute_max: u64,
    /// Memory reserved for the session tables, without `table_ipv6_bytes`.
    pub table_bytes: u64,
    /// Memory reserved for IPv6 addresses; only what IPv6 sessions use of it is ever touched.
    pub table_ipv6_bytes: u64,
    /// `table_bytes` by `sessions_max`: what a session takes when the table is full.
    pub bytes_per_session: f64,
}

impl Report for InspectStatistics {
    fn write_text(&self, out: &mut String) {
        let counts = |c: &SessionCounts| format!("[{}:{}:{}]", c.established, c.half_open, c.terminating);
        let since = |age: Option<Duration>| age.map_or_else(|| "never".to_owned(), ios_age);
        put!(out, "Interfaces configured for inspection {}\n", self.interfaces);
        put!(out, "Session creations since subsystem startup or last reset {}\n", self.created);
        put!(out, "Current session counts (estab/half-open/terminating) {}\n", counts(&self.current));
        put!(out, "Maxever session counts (estab/half-open/terminating) {}\n", counts(&self.max_ever));
        put!(out, "Last session created {}\n", since(self.last_created));
        put!(out, "Last statistic reset {}\n", since(self.last_cleared));
        put!(out, "Last session creation rate {}\n", self.created_last_minute);
        put!(out, "Maxever session creation rate {}\n", self.created_minute_max);
        put!(out, "Last half-open session total {}\n", self.current.half_open);
        put!(out, "Sessions expired {}, cleared {}\n", self.expired, self.cleared);
        put!(
            out,
            "Session table capacity {}, refused because it was full {}\n",
            self.sessions_max,
            self.table_full
        );
        put!(
            out,
            "Session table memory {} bytes, {:.1} a session\n",
            self.table_bytes,
            self.bytes_per_session
        );
    }
}

/// A rule as `show ip inspect config` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectRule {
    /// Position, from 1.
    pub rule: u32,
    /// Zone of the initiator.
    pub from: String,
    /// Zone of the responder.
    pub to: String,
    /// `inspect`, `pass`, `drop` or `reject`.
    pub action: String,
    /// What it matches beyond the zones, in the words of the configuration; empty when everything.
    pub matches: String,
    /// Sessions (or, for the other actions, first packets) it decided.
    pub hits: u64,
}

/// `show ip inspect config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectConfig {
    /// Audit trail of sessions is logged.
    pub audit_trail: bool,
    /// TCP without a session is picked up in mid-stream.
    pub tcp_pickup: bool,
    /// Sessions begun in a minute above which half-opens go, and down to which.
    pub one_minute_high: u64,
    /// Low mark of the former.
    pub one_minute_low: u64,
    /// Half-open sessions above which the oldest go, and down to which.
    pub max_incomplete_high: u64,
    /// Low mark of the former.
    pub max_incomplete_low: u64,
    /// Half-open TCP sessions per destination host.
    pub host_incomplete: u64,
    /// How long a host stays blocked, in seconds.
    #[serde(rename = "host_block_time_s", serialize_with = "layout::seconds")]
    pub host_block_time: Duration,
    /// Time for a TCP handshake, in seconds.
    #[serde(rename = "tcp_synwait_s", serialize_with = "layout::seconds")]
    pub tcp_synwait: Duration,
    /// Time a closed TCP session is kept, in seconds.
    #[serde(rename = "tcp_finwait_s", serialize_with = "layout::seconds")]
    pub tcp_finwait: Duration,
    /// Idle time of TCP, in seconds.
    #[serde(rename = "tcp_idle_s", serialize_with = "layout::seconds")]
    pub tcp_idle: Duration,
    /// Idle time of UDP, in seconds.
    #[serde(rename = "udp_idle_s", serialize_with = "layout::seconds")]
    pub udp_idle: Duration,
    /// Time-out of DNS queries, in seconds.
    #[serde(rename = "dns_timeout_s", serialize_with = "layout::seconds")]
    pub dns_timeout: Duration,
    /// Idle time of ICMP queries, in seconds.
    #[serde(rename = "icmp_idle_s", serialize_with = "layout::seconds")]
    pub icmp_idle: Duration,
    /// Rules in order.
    pub rules: Vec<InspectRule>,
}

impl Report for InspectConfig {
    fn write_text(&self, out: &mut String) {
        let s = |d: Duration| humantime::format_duration(d).to_string();
        put!(out, "Session audit trail is {}\n", word(self.audit_trail, "enabled", "disabled"));
        put!(
            out,
            "one-minute (sampling period) thresholds are [{}:{}] connections\n",
            self.one_minute_low,
            self.one_minute_high
        );
        put!(
            out,
            "max-incomplete sessions thresholds are [{}:{}]\n",
            self.max_incomplete_low,
            self.max_incomplete_high
        );
        put!(
            out,
            "max-incomplete tcp connections per host is {}. Block-time {}.\n\
             (thresholds are read and checked, but not enforced in this version)\n",
            self.host_incomplete,
            s(self.host_block_time)
        );
        put!(
            out,
            "tcp synwait-time is {} -- tcp finwait-time is {}\n",
            s(self.tcp_synwait),
            s(self.tcp_finwait)
        );
        put!(out, "tcp idle-time is {} -- udp idle-time is {}\n", s(self.tcp_idle), s(self.udp_idle));
        put!(out, "dns-timeout is {} -- icmp idle-time is {}\n", s(self.dns_timeout), s(self.icmp_idle));
        put!(out, "tcp pickup in mid-stream is {}\n", word(self.tcp_pickup, "enabled", "disabled"));
        put!(out, "Inspection Rule Configuration\n");
        for r in &self.rules {
            let space = if r.matches.is_empty() { "" } else { " " };
            put!(
                out,
                " Rule {} {} {} to {}{space}{}, {} hits\n",
                r.rule,
                r.action,
                r.from,
                r.to,
                r.matches,
                r.hits
            );
        }
    }
}

/// The rules that concern one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectInterface {
    /// Interface name.
    pub interface: String,
    /// Its zone.
    pub zone: String,
    /// Rules whose `from` is that zone.
    pub inbound_rules: Vec<u32>,
    /// Rules whose `to` is that zone.
    pub outgoing_rules: Vec<u32>,
}

/// `show ip inspect interfaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InspectInterfaces {
    /// Interfaces in order of their ports.
    pub interfaces: Vec<InspectInterface>,
}

impl Report for InspectInterfaces {
    fn write_text(&self, out: &mut String) {
        put!(out, "Interface Configuration\n");
        for i in &self.interfaces {
            put!(out, " Interface {}\n", i.interface);
            put!(out, "  Zone is {}\n", i.zone);
            put_rules(out, "  Inbound inspection rule", &i.inbound_rules);
            put_rules(out, "  Outgoing inspection rule", &i.outgoing_rules);
        }
    }
}

fn put_rules(out: &mut String, label: &str, rules: &[u32]) {
    match rules {
        [] => put!(out, "{label} is not set\n"),
        [one] => put!(out, "{label} is {one}\n"),
        several => {
            let list: Vec<String> = several.iter().map(u32::to_string).collect();
            put!(out, "{label}s are {}\n", list.join(", "));
        }
    }
}
