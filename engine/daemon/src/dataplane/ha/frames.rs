//! The HA core's own frames on their way out, and the links it watches.
//!
//! A port with a transmit queue to spare gives it to the HA core, so that hellos never wait behind data. A device with
//! fewer (af_packet has one) sends them through a worker, which takes them from its ring before it receives packets.

use dpdk::pool::Pool;
use dpdk::port::LinkWatch;
use dpdk::queue::TxQueue;
use holdfast_engine::interface::PortId;
use holdfast_engine::replication::{FromHa, OwnFrame};
use holdfast_ha::tables::Tables;

/// What the HA core has of one port.
pub struct HaPort {
    /// Its own transmit queue, if the device has one to spare.
    pub tx: Option<TxQueue>,
    /// The worker that sends for it otherwise.
    pub through: u8,
    /// The interface's 802.1Q tag.
    pub vlan: Option<u16>,
    /// The port's link.
    pub watch: LinkWatch,
}

/// All ports, and where frames come from.
pub struct HaPorts {
    ports: Vec<HaPort>,
    pool: Pool,
    burst: Vec<dpdk::mbuf::Mbuf>,
    /// Frames no port or ring had room for.
    pub lost: u64,
}

/// Where a VLAN tag goes: behind the two addresses.
const ADDRESSES_BYTES: usize = 12;
const ETHERTYPE_VLAN: u16 = 0x8100;

impl HaPorts {
    /// Ports in order.
    pub fn new(ports: Vec<HaPort>, pool: Pool) -> HaPorts {
        HaPorts { ports, pool, burst: Vec::with_capacity(1), lost: 0 }
    }

    /// Every port with its link as it is now.
    pub fn links(&self) -> impl Iterator<Item = (PortId, bool)> + '_ {
        (0..).zip(&self.ports).map(|(port, state)| (PortId(port), state.watch.is_up()))
    }

    /// Sends a frame without tag; what cannot be sent is counted, and repeated by whoever made it. Whether it was sent.
    pub fn send(&mut self, port: PortId, frame: &[u8], tables: &mut impl Tables) -> bool {
        let Some(state) = self.ports.get_mut(usize::from(port.0)) else { return false };
        let sent = match &mut state.tx {
            Some(tx) => fill(&self.pool, frame, state.vlan).is_some_and(|mbuf| {
                self.burst.push(mbuf);
                let sent = tx.tx(&mut self.burst) == 1;
                self.burst.clear();
                sent
            }),
            // The worker adds the tag.
            None => OwnFrame::new(frame)
                .is_some_and(|frame| tables.send(state.through, FromHa::Transmit { port, frame }).is_ok()),
        };
        self.lost += u64::from(!sent);
        sent
    }
}

/// An mbuf that holds `frame`, tagged.
fn fill(pool: &Pool, frame: &[u8], vlan: Option<u16>) -> Option<dpdk::mbuf::Mbuf> {
    let (addresses, rest) = frame.split_at_checked(ADDRESSES_BYTES)?;
    let mut mbuf = pool.alloc()?;
    let tag =
        vlan.map(|vlan| [ETHERTYPE_VLAN.to_be_bytes(), vlan.to_be_bytes()].concat()).unwrap_or_default();
    let mut to = mbuf.append(frame.len() + tag.len())?;
    for part in [addresses, &tag, rest] {
        let (here, behind) = to.split_at_mut(part.len());
        here.copy_from_slice(part);
        to = behind;
    }
    Some(mbuf)
}
