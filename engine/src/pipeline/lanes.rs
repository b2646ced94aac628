//! One burst as struct-of-arrays: each pass reads and writes whole columns.

use crate::flow::{FlowHash, FlowKey};
use crate::interface::PortId;
use crate::io::BURST_PACKETS_MAX;
use crate::parse::Parsed;
use crate::session::SessionHandle;

/// The columns. Row `i` of every column belongs to the `i`-th packet of the burst that has a flow.
pub(super) struct Lanes<P> {
    pub(super) packets: Vec<P>,
    pub(super) parsed: Vec<Parsed>,
    pub(super) ports: Vec<PortId>,
    pub(super) keys: Vec<FlowKey>,
    pub(super) hashes: Vec<FlowHash>,
    pub(super) found: Vec<Option<SessionHandle>>,
}

impl<P> Default for Lanes<P> {
    /// Columns without memory, to leave in place of those in use.
    fn default() -> Lanes<P> {
        Lanes {
            packets: Vec::new(),
            parsed: Vec::new(),
            ports: Vec::new(),
            keys: Vec::new(),
            hashes: Vec::new(),
            found: Vec::new(),
        }
    }
}

impl<P> Lanes<P> {
    /// Columns with room for the largest burst, so that no pass allocates.
    pub(super) fn new() -> Lanes<P> {
        Lanes {
            packets: Vec::with_capacity(BURST_PACKETS_MAX),
            parsed: Vec::with_capacity(BURST_PACKETS_MAX),
            ports: Vec::with_capacity(BURST_PACKETS_MAX),
            keys: Vec::with_capacity(BURST_PACKETS_MAX),
            hashes: Vec::with_capacity(BURST_PACKETS_MAX),
            found: vec![None; BURST_PACKETS_MAX],
        }
    }

    /// Adds a row; its hash and session come with later passes.
    #[inline]
    pub(super) fn push(&mut self, packet: P, port: PortId, parsed: Parsed) {
        self.packets.push(packet);
        self.ports.push(port);
        self.keys.push(parsed.key);
        self.parsed.push(parsed);
    }

    /// Empties the columns; packets must have been taken out.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.parsed.clear();
        self.ports.clear();
        self.keys.clear();
        self.hashes.clear();
    }
}
