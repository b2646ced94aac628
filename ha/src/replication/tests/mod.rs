//! Two boxes' tables, a bad link between them, and what must come out.

mod boundaries;
mod convergence;
pub(crate) mod fake;
pub(crate) mod link;
mod receiver;
mod sender;
mod skew;
mod speed;
mod world;

use holdfast_engine::flow::{FlowKey, Side};
use holdfast_engine::policy::RuleHash;
use holdfast_engine::replication::{Birth, HaId, SessionRecord};
use holdfast_engine::session::{Counter, SessionFlags, TcpPeer};

/// Small, quick, the same everywhere (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
#[derive(Clone, Debug)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn permille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }
}

/// The `n`th flow; every fifth is IPv6. Neighbours belong to different workers.
pub(crate) fn key(n: u32) -> FlowKey {
    let port = 1024 + (n.wrapping_mul(7919) % 50_000) as u16;
    if n % 5 == 4 {
        FlowKey::ipv6(
            0x2001_0db8_u128 << 96 | u128::from(n),
            0x2001_0db8_u128 << 96 | 1 << 90,
            port,
            443,
            6,
            0,
        )
        .0
    } else {
        FlowKey::ipv4(0x0a00_0000 + n, 0xc633_6401, port, 443, 6, 0).0
    }
}

/// A TCP session that carried `packets`.
pub(crate) fn session(key: FlowKey, birth: u32, packets: u64) -> SessionRecord {
    let sent = packets as u32;
    SessionRecord {
        key,
        initiator: Side::Low,
        birth: Birth(birth),
        rule: RuleHash(0x1122_3344_5566_7788),
        ha_ids: [HaId(1), HaId(2)],
        tracker: 4,
        flags: SessionFlags(SessionFlags::WINDOW_SCALING.0 | SessionFlags::SCALE_OFFERED.0),
        scale: [7, 9],
        peers: [
            TcpPeer {
                end: sent.wrapping_mul(1448),
                max_end: sent.wrapping_mul(1500),
                max_window_bytes: 65_535 << 7,
            },
            TcpPeer { end: 77, max_end: 99, max_window_bytes: 65_535 << 9 },
        ],
        idle_ticks: 0,
        age_ticks: sent,
        counters: [
            Counter { packets, bytes: packets.wrapping_mul(1448) },
            Counter { packets: packets / 2, bytes: packets.wrapping_mul(26) },
        ],
    }
}
