//! Link state.

/// A port's link as its driver sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Link {
    /// Frames can pass.
    pub up: bool,
    /// Megabits per second; `None` when the driver does not know.
    pub speed_mbps: Option<u32>,
    /// Both directions at once.
    pub full_duplex: bool,
    /// Speed and duplex were negotiated rather than set.
    pub negotiated: bool,
}

impl Link {
    pub(crate) fn from_raw(raw: dpdk_sys::hf_link) -> Link {
        let known = raw.speed_mbps != u32::MAX && raw.speed_mbps != 0;
        Link {
            up: raw.up == 1,
            speed_mbps: known.then_some(raw.speed_mbps),
            full_duplex: raw.full_duplex == 1,
            negotiated: raw.autoneg == 1,
        }
    }
}
