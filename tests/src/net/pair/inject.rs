//! The HA link and what may happen to it.

use super::switch::Which;
use crate::net::error::LabResult;
use crate::net::namespace::{Namespace, TOOL_LIMIT};
use crate::net::wire::veth;

/// The HA link's interface in both boxes' namespaces.
pub const HA_DEVICE: &str = "ha0";

/// What this lab adds to a box namespace's nftables.
const TABLE: &str = "holdfast_lab";

/// The cable between the boxes, as seen from both ends.
#[derive(Clone, Copy, Debug)]
pub struct HaLink<'a> {
    /// Namespaces of a and b.
    pub ends: [&'a Namespace; 2],
}

impl HaLink<'_> {
    /// Makes the cable and gives its ends to the kernel.
    pub fn create(&self) -> LabResult {
        let [a, b] = self.ends;
        veth((a, HA_DEVICE), (b, HA_DEVICE), 1500)?;
        for (end, which) in self.ends.into_iter().zip(Which::BOTH) {
            end.ip(["addr", "add", &format!("{}/30", which.ha_address()), "dev", HA_DEVICE])?;
        }
        Ok(())
    }

    /// Pulls the cable: both ends lose the carrier.
    pub fn unplug(&self) -> LabResult {
        self.ends[0].ip(["link", "set", HA_DEVICE, "down"]).map(drop)
    }

    /// Plugs it in again.
    pub fn replug(&self) -> LabResult {
        self.ends[0].ip(["link", "set", HA_DEVICE, "up"]).map(drop)
    }

    /// Nothing arrives on either end any more, while the carrier stays.
    pub fn cut(&self) -> LabResult {
        self.filter("drop")
    }

    /// Of what arrives on either end, `percent` is lost.
    pub fn lose(&self, percent: u32) -> LabResult {
        self.filter(&format!("numgen random mod 100 < {percent} drop"))
    }

    /// Everything arrives again.
    pub fn heal(&self) -> LabResult {
        for end in self.ends {
            nft(end, &format!("table inet {TABLE}\ndelete table inet {TABLE}\n"))?;
        }
        Ok(())
    }

    fn filter(&self, verdict: &str) -> LabResult {
        self.heal()?;
        for end in self.ends {
            nft(
                end,
                &format!(
                    "table inet {TABLE} {{\nchain arriving {{\ntype filter hook input priority 0\n\
                     iifname \"{HA_DEVICE}\" {verdict}\n}}\n}}\n"
                ),
            )?;
        }
        Ok(())
    }
}

/// Loads an nftables script inside `namespace`.
pub(super) fn nft(namespace: &Namespace, script: &str) -> LabResult {
    namespace.run(&["nft", script], TOOL_LIMIT)?.success().map(drop)
}
