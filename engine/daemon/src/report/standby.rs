//! IOS's `show standby [brief]`.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::Mac;
use holdfast_ha::status::{GroupState, GroupStatus, Status};
use serde::Serialize;

use super::Report;
use super::layout::{self, ios_age, ios_mac, put};
use super::pair;

/// HSRP packets sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HsrpSent {
    /// "I am here."
    pub hello: u64,
    /// "I take over."
    pub coup: u64,
    /// "I leave."
    pub resign: u64,
}

/// HSRP packets received and believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HsrpReceived {
    /// "I am here."
    pub hello: u64,
    /// "I take over."
    pub coup: u64,
    /// "I leave."
    pub resign: u64,
    /// Interface state advertisements of routers; ignored.
    pub advertise: u64,
}

/// One HSRP group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StandbyGroup {
    /// Interface name.
    pub interface: String,
    /// Group number.
    pub group: u16,
    /// HSRP version.
    pub version: u8,
    /// `Init`, `Learn`, `Listen`, `Speak`, `Standby` or `Active`.
    #[serde(serialize_with = "pair::group")]
    pub state: GroupState,
    /// Priority in force, tracking included.
    pub priority: u8,
    /// Priority as configured.
    pub priority_configured: u8,
    /// Whether it preempts.
    pub preempt: bool,
    /// The first is the one on the wire.
    pub virtual_addresses: Vec<Ipv4Addr>,
    /// Virtual MAC.
    #[serde(serialize_with = "layout::mac")]
    pub virtual_mac: Mac,
    /// The active router's address, the own one included; `null` while unknown.
    pub active_router: Option<Ipv4Addr>,
    /// Its priority.
    pub active_priority: Option<u8>,
    /// The standby router's address, the own one included; `null` while unknown.
    pub standby_router: Option<Ipv4Addr>,
    /// Hello time in force, in milliseconds.
    pub hello_ms: u64,
    /// Hold time in force, in milliseconds.
    pub hold_ms: u64,
    /// Time until the next hello, in milliseconds; `null` when none is sent in this state.
    pub next_hello_ms: Option<u64>,
    /// `none`, `text` or `md5`.
    pub authentication: &'static str,
    /// Times the state changed.
    pub state_changes: u32,
    /// Time since it last did, in seconds.
    #[serde(rename = "last_change_s", serialize_with = "layout::seconds")]
    pub last_change: Duration,
    /// What the last change was for.
    pub last_change_why: &'static str,
    /// Packets sent.
    pub sent: HsrpSent,
    /// Packets received and believed.
    pub received: HsrpReceived,
    /// Packets whose authentication failed.
    pub authentication_failures: u64,
    /// Packets that no HSRP speaker sends, or of another group or version.
    pub malformed: u64,
}

/// `show standby`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standby {
    /// Groups in the order of the configuration.
    pub groups: Vec<StandbyGroup>,
}

/// `show standby brief`: the same JSON, less text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct StandbyBrief(pub Standby);

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Standby {
    /// From what the HA core tells; `interfaces` are the names by port.
    pub fn new(status: &Status, interfaces: &[String]) -> Standby {
        let name = |g: &GroupStatus| interfaces.get(usize::from(g.port.0)).cloned();
        let group = |g: &GroupStatus| {
            let ([hello, coup, resign], received) = (g.sent, g.received);
            StandbyGroup {
                interface: name(g).unwrap_or_else(|| format!("port {}", g.port.0)),
                group: g.group,
                version: g.version,
                state: g.state,
                priority: g.priority,
                priority_configured: g.priority_configured,
                preempt: g.preempt,
                virtual_addresses: g.virtual_addresses.clone(),
                virtual_mac: g.virtual_mac,
                active_router: g.active_router,
                active_priority: g.active_priority,
                standby_router: g.standby_router,
                hello_ms: ms(g.hello),
                hold_ms: ms(g.hold),
                next_hello_ms: g.next_hello_in.map(ms),
                authentication: g.authentication,
                state_changes: g.state_changes,
                last_change: g.last_change,
                last_change_why: g.last_change_why,
                sent: HsrpSent { hello, coup, resign },
                received: HsrpReceived {
                    hello: received[0],
                    coup: received[1],
                    resign: received[2],
                    advertise: received[3],
                },
                authentication_failures: g.authentication_failures,
                malformed: g.malformed,
            }
        };
        Standby { groups: status.groups.iter().map(group).collect() }
    }
}

/// `250 msec`, or `3 sec` where it is whole seconds.
fn ios_time(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{} sec", ms / 1000),
        _ => format!("{ms} msec"),
    }
}

impl StandbyGroup {
    /// A router as IOS names it: `local` for the box itself.
    fn router(&self, router: Option<Ipv4Addr>, own_state: GroupState) -> String {
        match router {
            _ if self.state == own_state => "local".to_owned(),
            Some(address) => address.to_string(),
            None => "unknown".to_owned(),
        }
    }

    fn active(&self) -> String {
        self.router(self.active_router, GroupState::Active)
    }

    fn standby(&self) -> String {
        self.router(self.standby_router, GroupState::Standby)
    }

    fn virtual_address(&self) -> String {
        self.virtual_addresses.first().map_or_else(|| "unknown".to_owned(), Ipv4Addr::to_string)
    }

    fn write(&self, out: &mut String) {
        put!(out, "{} - Group {} (version {})\n", self.interface, self.group, self.version);
        put!(out, "  State is {}\n", self.state.name());
        let since = ios_age(self.last_change);
        put!(out, "    {} state changes, last state change {since}", self.state_changes);
        put!(out, " ({})\n", self.last_change_why);
        put!(out, "  Virtual IP address is {}\n", self.virtual_address());
        for secondary in self.virtual_addresses.iter().skip(1) {
            put!(out, "    Secondary virtual IP address {secondary}\n");
        }
        let active = self.active();
        let in_use = if active == "unknown" { "unknown".to_owned() } else { ios_mac(self.virtual_mac) };
        put!(out, "  Active virtual MAC address is {in_use}\n");
        let default = self.version;
        put!(out, "    Local virtual MAC address is {} (v{default} default)\n", ios_mac(self.virtual_mac));
        put!(out, "  Hello time {}, hold time {}\n", ios_time(self.hello_ms), ios_time(self.hold_ms));
        if let Some(next) = self.next_hello_ms {
            put!(out, "    Next hello sent in {}.{:03} secs\n", next / 1000, next % 1000);
        }
        match self.authentication {
            "md5" => put!(out, "  Authentication MD5, key-string\n"),
            "text" => put!(out, "  Authentication text\n"),
            _ => {}
        }
        put!(out, "  Preemption {}\n", layout::word(self.preempt, "enabled", "disabled"));
        put!(out, "  Active router is {active}");
        match self.active_priority.filter(|_| self.state != GroupState::Active) {
            Some(priority) => put!(out, ", priority {priority}\n"),
            None => put!(out, "\n"),
        }
        put!(out, "  Standby router is {}\n", self.standby());
        put!(out, "  Priority {} (configured {})\n", self.priority, self.priority_configured);
        let (sent, received) = (&self.sent, &self.received);
        put!(out, "  Sent {} hello, {} coup, {} resign\n", sent.hello, sent.coup, sent.resign);
        put!(out, "  Received {} hello, {} coup, ", received.hello, received.coup);
        put!(out, "{} resign, {} advertise\n", received.resign, received.advertise);
        put!(out, "    {} failed authentication, ", self.authentication_failures);
        put!(out, "{} malformed\n", self.malformed);
    }
}

impl Report for Standby {
    fn write_text(&self, out: &mut String) {
        self.groups.iter().for_each(|group| group.write(out));
    }
}

impl Report for StandbyBrief {
    fn write_text(&self, out: &mut String) {
        let groups = &self.0.groups;
        // IOS's columns; only a long name pushes the others to the right.
        let wide = groups.iter().map(|g| g.interface.len()).max().unwrap_or(0).max(11);
        let indent = wide + 10;
        put!(out, "{:indent$}P indicates configured to preempt.\n{:indent$}|\n", "", "");
        put!(out, "{:<wide$} Grp  Pri P State   {:<16}{:<16}Virtual IP\n", "Interface", "Active", "Standby");
        for g in groups {
            let preempt = layout::word(g.preempt, "P", " ");
            put!(out, "{:<wide$} {:<4} {:<3} {preempt} ", g.interface, g.group, g.priority);
            put!(out, "{:<8}{:<16}", g.state.name(), g.active());
            put!(out, "{:<16}{}\n", g.standby(), g.virtual_address());
        }
    }
}
