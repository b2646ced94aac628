//! What every `show` command answers: one struct per report, with stable JSON keys, and its layout as text.
//!
//! The structs are the interface to scripts and tests (`| json`): a key is never renamed or given another unit.
//! Units are in the names (`_s` seconds, `_mbps` megabits a second); counters are plain integers. Texts keep the
//! words and the places that testpmd and IOS users know. `README.md` has the table of keys.

mod forward;
mod inspect;
mod inspect_ha;
mod interface;
mod layout;
mod neighbour;
mod pair;
mod port;
mod redundancy;
mod route;
mod session;
mod standby;
mod system;

pub use forward::{
    ConfigCores, ConfigFwd, ConfigRxtx, CoreConfig, CoreRole, DropCount, ForwardStats, PortForwardStats,
    PortQueueConfig, Stream, WorkerForwardStats,
};
pub use inspect::{
    InspectConfig, InspectInterface, InspectInterfaces, InspectRule, InspectStatistics, SessionCounts,
};
pub use inspect_ha::{HaSession, HaSessionState, HaSessions, HaSessionsDetail, HaStatistics, HaStream};
pub use interface::{Counters, InterfaceReport, Interfaces, InterfacesBrief};
pub use neighbour::{ArpTable, Ipv6Neighbors, NeighbourKind, NeighbourReport, NeighbourState};
pub(crate) use pair::{link_word, peer_is_heard, role_phrase, role_word, sync_word};
pub use port::{
    LinkReport, PortInfo, PortInfos, PortStats, PortStatsReport, PortSummaries, PortXstats, PortXstatsReport,
    Xstat,
};
pub use redundancy::{BulkProgress, LastBulk, LinkStatus, PeerReport, Redundancy, StreamProgress};
pub use route::{RouteFamily, RouteKind, RouteReport, RouteTable};
pub use session::{SESSIONS_SHOWN_MAX, SessionId, SessionReport, SessionSelector, Sessions, SessionsDetail};
pub use standby::{HsrpReceived, HsrpSent, Standby, StandbyBrief, StandbyGroup};
pub use system::{Logging, RunningConfig, Version};

// What needs no other form than the engine's own.
pub use holdfast_engine::track::IosState;
pub use holdfast_engine::worker::ForwardMode;

/// How the user wants a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For scripts: one JSON object on one line.
    Json,
}

/// A report: JSON through serde, and a layout for people.
pub trait Report: serde::Serialize {
    /// Appends the text form, ending in a newline unless there is nothing to show.
    fn write_text(&self, out: &mut String);
}

/// Renders `report` in `format`. JSON is one line without spaces, ending in a newline.
pub fn render<R: Report>(report: &R, format: Format) -> String {
    let mut out = String::new();
    match format {
        Format::Text => report.write_text(&mut out),
        Format::Json => {
            // Reports hold plain data with string keys, which serde_json always can write; should one ever not,
            // the reader gets an object that says so instead of half a report.
            out = serde_json::to_string(report)
                .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
            out.push('\n');
        }
    }
    out
}
