//! `[ha]` and `[[standby]]` as plain typed fields; what each key means stands here.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::PathBuf;

/// `ha.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaMode {
    /// Packets do not wait for the peer.
    Async,
    /// A reply is released when the peer has the session. Not there yet: the file may not say so.
    Commit,
}

/// `[ha]`: the link to the peer, and what goes over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaConfig {
    /// `lcore`: of the HA core; it may be a worker's on a small machine.
    pub lcore: u16,
    /// `sleep_max`: longest sleep of the HA core when it finds nothing to do.
    pub sleep_max: Duration,
    /// `local`: own end of the HA link.
    pub local: SocketAddr,
    /// `peer`: the other end.
    pub peer: SocketAddr,
    /// `key_file`: from `holdfast keygen`; absent only where `insecure` allows it. Read when the box starts.
    pub key_file: Option<PathBuf>,
    /// `insecure`: the link is neither encrypted nor authenticated, whether or not there is a `key_file`.
    pub insecure: bool,
    /// `heartbeat`: how often the link's own hello goes out.
    pub heartbeat: Duration,
    /// `dead_after`: silence after which the peer counts as dead.
    pub dead_after: Duration,
    /// `mode`.
    pub mode: HaMode,
    /// `update_interval`: refresh of windows and idle times.
    pub update_interval: Duration,
}

/// Text that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(********)")
    }
}

/// `standby.authentication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandbyAuthentication {
    /// `{ text = "cisco" }`: plain text, at most 8 characters (RFC 2281).
    Text(Secret),
    /// `{ md5_key = "…" }`: 1 to 64 bytes.
    Md5(Secret),
}

/// `standby.preempt`: `true`, or a table of delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreemptConfig {
    /// `delay`: time between being fit and taking the role (IOS: `preempt delay minimum`).
    pub delay: Duration,
    /// `reload`: the same after the box was started (IOS: `preempt delay reload`).
    pub reload: Duration,
    /// `sync`: from no router before every session of the peer is here (IOS: `preempt delay sync`). From the peer itself
    /// the role is never taken before.
    pub sync: bool,
}

impl Default for PreemptConfig {
    /// What `preempt = true` means.
    fn default() -> Self {
        PreemptConfig { delay: Duration::ZERO, reload: Duration::ZERO, sync: true }
    }
}

/// An element of `standby.track`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackConfig {
    /// `interface`: its name.
    pub interface: String,
    /// `decrement`: what the priority loses while that interface is down.
    pub decrement: u8,
}

/// `[[standby]]`: one HSRP group on one interface; all groups of a box move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandbyConfig {
    /// `interface`: its name.
    pub interface: String,
    /// `group`: 0–255 in version 1, 0–4095 in version 2.
    pub group: u16,
    /// `version`: 1 or 2.
    pub version: u8,
    /// `virtual_addresses`: the first is the one on the wire.
    pub virtual_addresses: Vec<Ipv4Addr>,
    /// `priority`.
    pub priority: u8,
    /// `preempt`; `None` when it does not.
    pub preempt: Option<PreemptConfig>,
    /// `interface_delay`: the group waits that long after its interface came up (IOS: `standby delay minimum`).
    pub interface_delay: Duration,
    /// `track`: interfaces that lower the priority while they are down.
    pub track: Vec<TrackConfig>,
    /// `hello`.
    pub hello: Duration,
    /// `hold`.
    pub hold: Duration,
    /// `authentication`; `None` is HSRP's default, the text `cisco`.
    pub authentication: Option<StandbyAuthentication>,
}
