//! The format as it is, byte by byte; and that any bytes at all are read without harm.

use holdfast_engine::flow::{FlowKey, Side};
use holdfast_engine::policy::RuleHash;
use holdfast_engine::replication::{Birth, HaId, SessionRecord};
use holdfast_engine::session::{Counter, SessionFlags, TcpPeer};
use proptest::prelude::*;

use super::*;

fn tcp(key: FlowKey) -> SessionRecord {
    SessionRecord {
        key,
        initiator: Side::High,
        birth: Birth(0x0102_0304),
        rule: RuleHash(0x1112_1314_1516_1718),
        ha_ids: [HaId(1), HaId(2)],
        tracker: 4,
        flags: SessionRecord::FLAGS,
        scale: [7, 14],
        peers: [
            TcpPeer { end: 0xaaaa_0001, max_end: 0xaaaa_0002, max_window_bytes: 0xaaaa_0003 },
            TcpPeer { end: 0xbbbb_0001, max_end: 0xbbbb_0002, max_window_bytes: 0xbbbb_0003 },
        ],
        idle_ticks: 3,
        age_ticks: 300,
        counters: [
            Counter { packets: 1_000, bytes: 1_400_000 },
            Counter { packets: 100_000, bytes: 140_000_000 },
        ],
    }
}

fn v4() -> FlowKey {
    FlowKey::ipv4(0x0a00_0001, 0xc000_0202, 443, 50_000, 6, 9).0
}

fn v6() -> FlowKey {
    let (low, high) = (0x2001_0db8_u128 << 96 | 1, 0x2001_0db8_u128 << 96 | 2);
    FlowKey::ipv6(low, high, 443, 50_000, 6, 9).0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn written(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.write(&mut bytes);
    bytes
}

const SESSION_V4: &str = concat!(
    "01100049",                                         // session, version 1.0, 73 bytes
    "06060904",                 // initiator high, senders' state; TCP, table 9, state 4
    "01bbc3500a000001c0000202", // ports and addresses
    "010203041112131415161718", // birth, rule
    "00010002",                 // ha_id
    "0f7e",                     // flags, scales
    "aaaa0001aaaa0002aaaa0003bbbb0001bbbb0002bbbb0003", // senders
    "03ac02",                   // idle, age
    "e807c0b955a08d0680f6e042", // counters
);
const SESSION_V6_UDP: &str = concat!(
    "01100040",
    "01060901",
    "01bbc350",
    "20010db800000000000000000000000120010db8000000000000000000000002",
    "010203041112131415161718",
    "00010002",
    "0000",
    "0000",
    "01320000",
);
const REMOVAL_V4: &str = "02100013000609" /* no flags, TCP, table 9 */;
const REMOVAL_V4_REST: &str = "01bbc3500a000001c000020201020304";
const REMOVAL_V6: &str = concat!(
    "0210002b010609",
    "01bbc350",
    "20010db800000000000000000000000120010db8000000000000000000000002",
    "01020304",
);
/// Epoch, one stream: stream 2, applied 5, newest 300; 300, 299 and 45 arrived.
const ACKS: &str = concat!(
    "0000000000000007",
    "01",
    "02",
    "0000000000000005",
    "000000000000012c",
    "0300000000000000000000000000000000000000000000000000000000000080",
);

#[test]
fn the_format_is_as_committed() {
    assert_eq!(hex(&written(&Record::Session(tcp(v4())))), SESSION_V4);
    let udp = SessionRecord {
        initiator: Side::Low,
        tracker: 1,
        flags: SessionFlags::default(),
        scale: [0; 2],
        peers: [TcpPeer::default(); 2],
        idle_ticks: 0,
        age_ticks: 0,
        counters: [Counter { packets: 1, bytes: 50 }, Counter::default()],
        ..tcp(v6())
    };
    assert_eq!(hex(&written(&Record::Session(udp))), SESSION_V6_UDP);
    let removal = |key| Record::Removal { key, birth: Birth(0x0102_0304) };
    assert_eq!(hex(&written(&removal(v4()))), format!("{REMOVAL_V4}{REMOVAL_V4_REST}"));
    assert_eq!(hex(&written(&removal(v6()))), REMOVAL_V6);

    let mut message = Vec::new();
    let header = MessageHeader { bulk: true, stream: 2, epoch: 7, sequence: 9 };
    let mut writer = RecordsWriter::begin(&mut message, 1400, &header);
    assert!(writer.push(&removal(v4())));
    assert_eq!(writer.finish(), 1);
    let expected = format!("0102000100000000000000070000000000000009{REMOVAL_V4}{REMOVAL_V4_REST}");
    assert_eq!(hex(&message), expected);

    let mut ack = Ack { stream: 2, applied: 5, newest: 300, arrived: ArrivedBitmap::default() };
    [0, 1, 255].into_iter().for_each(|back| ack.arrived.insert(back));
    let mut message = Vec::new();
    write_acks(&mut message, 7, &[ack]);
    assert_eq!(hex(&message), ACKS);
    let (epoch, mut acks) = read_acks(&message).unwrap();
    assert_eq!((epoch, acks.next(), acks.next()), (7, Some(Ok(ack)), None));
    assert!(ack.has(300) && ack.has(299) && ack.has(45) && !ack.has(298) && !ack.has(44) && !ack.has(301));
}

#[test]
fn records_are_as_small_as_promised() {
    let session = written(&Record::Session(tcp(v4()))).len();
    assert!((70..=86).contains(&session), "{session}");
    assert_eq!(written(&Record::Session(tcp(v6()))).len(), session + 24);
}

#[test]
fn no_record_is_longer_than_said() {
    let most = Counter { packets: u64::MAX, bytes: u64::MAX };
    let session =
        SessionRecord { idle_ticks: u32::MAX, age_ticks: u32::MAX, counters: [most; 2], ..tcp(v6()) };
    assert_eq!(written(&Record::Session(session)).len(), SESSION_BYTES_MAX);
    assert_eq!(written(&Record::Removal { key: v6(), birth: Birth(1) }).len(), REMOVAL_BYTES_MAX);
}

fn message_of(records: u16, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![0, 0];
    message.extend(records.to_be_bytes());
    message.extend(7u64.to_be_bytes());
    message.extend(1u64.to_be_bytes());
    message.extend(bytes);
    message
}

fn read(message: &[u8]) -> Vec<Decoded> {
    MessageHeader::read(message).unwrap().1.collect()
}

/// A record with something changed in it.
fn changed(record: &Record, change: impl Fn(&mut Vec<u8>)) -> Vec<Decoded> {
    let mut bytes = written(record);
    change(&mut bytes);
    read(&message_of(1, &bytes))
}

#[test]
fn every_cut_is_malformed_and_nothing_more() {
    for record in [Record::Session(tcp(v4())), Record::Removal { key: v6(), birth: Birth(1) }] {
        let bytes = written(&record);
        for end in 0..bytes.len() {
            assert!(matches!(read(&message_of(1, &bytes[..end]))[..], [Decoded::Malformed(_)]), "{end}");
        }
        // The length is right and the body too short for its fields.
        for end in 4..bytes.len() {
            let mut short = bytes[..end].to_vec();
            short[2..4].copy_from_slice(&((end - 4) as u16).to_be_bytes());
            assert!(matches!(read(&message_of(1, &short))[..], [Decoded::Malformed(_)]), "{end}");
        }
    }
    for end in 0..RECORDS_HEADER_BYTES {
        assert!(MessageHeader::read(&message_of(0, &[])[..end]).is_err());
    }
}

#[test]
fn values_without_meaning_are_malformed() {
    let record = Record::Session(tcp(v4()));
    let is_malformed = |change: &dyn Fn(&mut Vec<u8>)| {
        matches!(changed(&record, change)[..], [Decoded::Malformed(CodecError::Value(_))])
    };
    assert!(is_malformed(&|bytes| bytes[12..16].fill(0xff)), "low address above the high one");
    assert!(is_malformed(&|bytes| bytes[20..24].fill(0)), "birth 0");
    assert!(is_malformed(&|bytes| bytes[37] = 0xf0), "window scale 15");
    assert!(is_malformed(&|bytes| bytes[62..72].fill(0xff)), "a varint without end");
    assert!(
        is_malformed(&|bytes| bytes[62..72].copy_from_slice(&[255, 255, 255, 255, 31, 0, 0, 0, 0, 0])),
        "ticks"
    );
    for (at, value) in [(4, 0), (12, 0), (12, u64::MAX)] {
        let mut message = message_of(0, &[]);
        message[at..at + 8].copy_from_slice(&u64::to_be_bytes(value));
        assert!(matches!(MessageHeader::read(&message), Err(CodecError::Value(_))));
    }
    assert!(MessageHeader::read(&message_of(RECORDS_MAX + 1, &[])).is_err());
}

#[test]
fn what_is_newer_is_skipped() {
    let known = Record::Session(tcp(v4()));
    let mut bytes = vec![9, 0x10, 0, 3, 1, 2, 3];
    bytes.extend([1, 0x20, 0, 1, 0xff]);
    let mut longer = written(&known);
    longer.extend([0xde, 0xad]);
    longer[1] = 0x1f;
    longer[3] += 2;
    bytes.extend(longer);
    bytes.extend(written(&known));
    let expected = [Decoded::Unknown, Decoded::Unknown, Decoded::Known(known), Decoded::Known(known)];
    let mut message = message_of(4, &bytes);
    message[0] = 0xfe;
    // Bytes after the last record are of a newer version too.
    message.extend([1, 2, 3]);
    assert_eq!(read(&message), expected);
    assert!(!MessageHeader::read(&message).unwrap().0.bulk);
}

#[test]
fn a_malformed_record_spares_its_neighbours() {
    let known = Record::Removal { key: v4(), birth: Birth(1) };
    let mut bytes = written(&known);
    bytes.extend([1, 0x10, 0, 1, 0]);
    bytes.extend(written(&known));
    let records = read(&message_of(3, &bytes));
    assert!(
        matches!(records[..], [Decoded::Known(_), Decoded::Malformed(_), Decoded::Known(_)]),
        "{records:?}"
    );
}

#[test]
fn the_bitmap_moves_with_the_newest() {
    for by in [0, 1, 63, 64, 65, 128, 200, 255, 256, 257, u64::MAX] {
        let mut bitmap = ArrivedBitmap::default();
        let before: Vec<u64> = (0..ACK_BITMAP_DATAGRAMS).filter(|n| n % 3 == 0 || *n == 255).collect();
        before.iter().for_each(|&back| bitmap.insert(back));
        bitmap.advance(by);
        for back in 0..ACK_BITMAP_DATAGRAMS {
            let expected = back.checked_sub(by).is_some_and(|was| before.contains(&was));
            assert_eq!(bitmap.contains(back), expected, "{back} after {by}");
        }
        bitmap.insert(256);
        assert!(!bitmap.contains(256) && !bitmap.contains(u64::MAX));
    }
}

#[test]
fn writing_stops_at_the_limits() {
    let header = MessageHeader { bulk: false, stream: 0, epoch: 1, sequence: 1 };
    let removal = Record::Removal { key: v4(), birth: Birth(1) };
    let mut message = vec![0xee];
    let mut writer = RecordsWriter::begin(&mut message, 1 + RECORDS_HEADER_BYTES + 2 * 23 + 22, &header);
    assert!(writer.push(&removal) && writer.push(&removal) && !writer.push(&removal));
    assert_eq!(writer.finish(), 2);
    assert_eq!(message.len(), 1 + RECORDS_HEADER_BYTES + 2 * 23);
    assert_eq!(read(&message[1..]).len(), 2);

    let mut message = vec![0xee];
    let mut writer = RecordsWriter::begin(&mut message, usize::MAX, &header);
    let pushed = (0..1000).take_while(|_| writer.push(&removal)).count();
    assert_eq!(pushed, usize::from(RECORDS_MAX));

    let mut message = vec![0xee];
    assert_eq!(RecordsWriter::begin(&mut message, 100, &header).finish(), 0);
    assert_eq!(message, [0xee]);
}

prop_compose! {
    fn any_session()(
        ends: [u128; 2], ports: [u16; 2], is_v6: bool, protocol: u8, table: u8, high: bool,
        birth in 1u32.., rule: u64, ids: [u16; 2], tracker: u8, flags in 0u16..16, scale in [0u8..15, 0u8..15],
        peers: [[u32; 3]; 2], ticks: [u32; 2], counters: [u64; 4],
    ) -> SessionRecord {
        let [a, b] = ends;
        let key = if is_v6 {
            FlowKey::ipv6(a, b, ports[0], ports[1], protocol, table).0
        } else {
            FlowKey::ipv4(a as u32, b as u32, ports[0], ports[1], protocol, table).0
        };
        let bits = [SessionFlags::WINDOW_SCALING, SessionFlags::DNS, SessionFlags::SCALE_OFFERED, SessionFlags::FAST_OPEN];
        let flags = (0..4).fold(SessionFlags::default(), |all, n| all.with(bits[n], flags >> n & 1 != 0));
        let peer = |[end, max_end, max_window_bytes]: [u32; 3]| TcpPeer { end, max_end, max_window_bytes };
        SessionRecord {
            key, initiator: if high { Side::High } else { Side::Low }, birth: Birth(birth), rule: RuleHash(rule),
            ha_ids: ids.map(HaId), tracker, flags, scale, peers: peers.map(peer),
            idle_ticks: ticks[0], age_ticks: ticks[1],
            counters: [
                Counter { packets: counters[0], bytes: counters[1] },
                Counter { packets: counters[2], bytes: counters[3] },
            ],
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(session in any_session()) {
        for record in [Record::Session(session), Record::Removal { key: session.key, birth: session.birth }] {
            prop_assert_eq!(read(&message_of(1, &written(&record))), vec![Decoded::Known(record)]);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..600), records: u16) {
        if let Ok((_, records)) = MessageHeader::read(&bytes) {
            prop_assert!(records.count() <= usize::from(RECORDS_MAX));
        }
        let within = message_of(records.min(RECORDS_MAX), &bytes);
        prop_assert!(MessageHeader::read(&within).unwrap().1.count() <= usize::from(RECORDS_MAX));
        if let Ok((_, acks)) = read_acks(&bytes) {
            prop_assert!(acks.count() <= 255);
        }
    }

    #[test]
    fn one_changed_byte_is_read_without_harm(session in any_session(), at in 0usize..200, value: u8) {
        let mut bytes = written(&Record::Session(session));
        let at = at % bytes.len();
        bytes[at] = value;
        prop_assert_eq!(MessageHeader::read(&message_of(1, &bytes)).unwrap().1.count(), 1);
    }
}
