//! Records that no tracker wrote: authentic, and yet of another version, or damaged where they were made.

use proptest::prelude::*;

use super::{connect, conversations, pair, web};
use crate::flow::{FlowKey, Side};
use crate::policy::RuleHash;
use crate::replication::{Birth, FromHa, HaId, SessionRecord};
use crate::role::Role;
use crate::session::{Counter, SessionFlags, TcpPeer};
use crate::testkit::frame::{ACK, FIN_ACK, SYN_ACK};
use crate::testkit::member::Member;
use crate::testkit::topology::{INSIDE, OUTSIDE, Setup};

#[test]
fn what_no_tracker_writes_is_not_installed() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    let good = active.records()[0];
    assert!(good.is_sound());
    let (mut swapped, mut no_fold) = (good.key, FlowKey::ipv6(1, 2, 3, 4, 6, 0).0);
    swapped.head = swapped.head.rotate_left(32);
    no_fold.head ^= 1;
    let udp = FlowKey::ipv4(1, 2, 3, 4, 17, 0).0;
    let icmp = FlowKey::ipv4(1, 2, 3, 3, 1, 0).0;
    let gre = FlowKey::ipv4(1, 2, 0, 0, 47, 0).0;
    let wide = TcpPeer { max_window_bytes: (65_535 << 14) + 1, ..good.peers[0] };
    let bad = [
        SessionRecord { tracker: 0, ..good },
        SessionRecord { tracker: 15, ..good },
        SessionRecord { scale: [15, 0], ..good },
        SessionRecord { scale: [0, 255], ..good },
        SessionRecord { birth: Birth(0), ..good },
        SessionRecord { key: swapped, ..good },
        SessionRecord { key: no_fold, ..good },
        SessionRecord { peers: [wide, good.peers[1]], ..good },
        SessionRecord { key: udp, tracker: 0, ..good },
        SessionRecord { key: udp, tracker: 3, ..good },
        SessionRecord { key: udp, tracker: 4, flags: SessionFlags::DNS, ..good },
        SessionRecord { key: icmp, tracker: 0x10, ..good },
        SessionRecord { key: icmp, tracker: 3, ..good },
        SessionRecord { key: icmp, tracker: 0x21, ..good },
        SessionRecord { key: gre, tracker: 3, ..good },
    ];
    for (n, record) in (1..).zip(bad) {
        standby.install(record);
        assert_eq!(standby.count(|s| &s.refused_unsound), n, "{record:?}");
    }
    assert_eq!(standby.lab.sessions(), []);
    for record in conversations().into_iter().map(|packets| {
        let (mut active, _) = pair();
        active.lab.forwards(INSIDE, OUTSIDE, &packets[0]);
        active.records()[0]
    }) {
        standby.install(record);
    }
    assert_eq!((standby.count(|s| &s.refused_unsound), standby.lab.sessions().len()), (15, 10));
}

/// Windows the wrong way round would let everything pass; flags and bits that do not travel stay outside.
#[test]
fn a_sound_record_opens_nothing_else() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    let mut record = active.records()[0];
    record.peers[0].max_end = record.peers[0].end.wrapping_sub(1_000_000);
    record.flags = SessionFlags(0xffff);
    record.idle_ticks = u32::MAX;
    record.age_ticks = u32::MAX;
    standby.install(record);
    let state = standby.only();
    assert_eq!(state.peers[0].max_end, record.peers[0].end);
    assert_eq!(state.initiator(), record.initiator);
    let own = SessionFlags::LAGGING.0 | SessionFlags::INITIATOR_HIGH.0;
    assert_eq!(state.flags.0 & !own, SessionRecord::FLAGS.0);
    assert_eq!(state.last_seen.0, 0);
}

fn counter() -> impl Strategy<Value = Counter> {
    (any::<u64>(), any::<u64>()).prop_map(|(packets, bytes)| Counter { packets, bytes })
}

/// Few keys, few births, and anything else.
fn record() -> impl Strategy<Value = SessionRecord> {
    let keys = prop::sample::select(vec![
        FlowKey::ipv4(0x0a00_010a, 0x0a00_0214, 40_000, 443, 6, 0).0,
        FlowKey::ipv4(0x0a00_010a, 0x0a00_0214, 40_000, 53, 17, 0).0,
        FlowKey::ipv4(0x0a00_010a, 0x0a00_0214, 7, 7, 1, 0).0,
        FlowKey::ipv4(0x0a00_010a, 0x0a00_0214, 0, 0, 47, 0).0,
        FlowKey { head: 1, tail: u64::MAX, v6: [3; 4] },
    ]);
    let side = any::<bool>().prop_map(|low| if low { Side::Low } else { Side::High });
    let peer = any::<(u32, u32, u32)>();
    let peer = peer.prop_map(|(end, max_end, w)| TcpPeer { end, max_end, max_window_bytes: w & 0x3fff_0000 });
    let ids = prop::array::uniform2(prop::sample::select(vec![HaId(101), HaId(102), HaId(9)]));
    let names = (keys, side, 0u32..3, ids, any::<u64>());
    let words = (0u8..24, any::<u16>(), prop::array::uniform2(0u8..16), prop::array::uniform2(peer));
    (names, words, any::<(u32, u32)>(), [counter(), counter()]).prop_map(
        |((key, initiator, birth, ha_ids, rule), (tracker, flags, scale, peers), (idle, age), counters)| {
            SessionRecord {
                key,
                initiator,
                birth: Birth(birth),
                rule: RuleHash(rule),
                ha_ids,
                tracker,
                flags: SessionFlags(flags),
                scale,
                peers,
                idle_ticks: idle,
                age_ticks: age,
                counters,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is told in whatever order: nothing panics, the books balance (the lab looks after every poll), the
    /// digest is that of what is there, and packets get by afterwards.
    #[test]
    fn anything_may_be_told(steps in prop::collection::vec((record(), 0u8..10), 1..40)) {
        let mut member = Member::new(Setup { sessions_max: 3, ..Setup::default() });
        for (record, what) in steps {
            match what {
                0 => member.tell_owner(&record.key, FromHa::Remove { key: record.key, birth: record.birth }),
                1 => member.tell(FromHa::CopyBegins),
                2 => member.tell(FromHa::CopyEnds),
                3 => member.tell(FromHa::FlushRefresh),
                4 => member.order(if record.rule.0 % 2 == 0 { Role::Active } else { Role::Standby }),
                _ => member.tell_owner(&record.key, FromHa::Install(record)),
            }
            member.lab.settle();
            prop_assert!(member.ends[0].all_applied());
            let mut digest = crate::replication::Digest::default();
            for s in member.lab.sessions() {
                digest.add(&s.key, s.details.birth, s.state.tracker);
            }
            prop_assert_eq!(member.digest(), (member.lab.sessions().len() as u64, digest.0));
        }
        member.order(Role::Active);
        for packet in [web().tcp(ACK, 101, 901), web().tcp(FIN_ACK, 101, 901)] {
            member.lab.pass(INSIDE, &packet);
        }
        member.lab.pass(OUTSIDE, &web().reply().tcp(SYN_ACK, 900, 101));
        member.lab.now = member.lab.now + core::time::Duration::from_secs(4000);
        member.lab.settle();
        prop_assert_eq!((member.lab.sessions(), member.digest()), (vec![], (0, 0)));
    }
}
