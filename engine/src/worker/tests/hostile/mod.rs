//! Whatever arrives: valid conversations, the same with bits flipped, cut and prolonged, and noise, in any order, on
//! any queue, in bursts or one by one, while time passes.
//!
//! Three things must hold. Nothing panics (debug assertions included). The books balance; the laboratory checks that
//! after every poll. And nothing leaves towards the inside that the inside did not begin: the reference remembers
//! each flow that an accepted frame from inside named, and knows nothing of sessions, trackers or time.

mod harm;
mod reference;
mod traffic;

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::drop_reason::DropReason;
use crate::interface::PortId;
use crate::policy::{Action, Rule};
use crate::testkit::frame::{Flow, SYN, ethernet};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, PORTS, SERVER, Setup, box_mac, host_mac};
use harm::{Harm, harms};
use reference::Reference;
use traffic::proper_frames;

#[derive(Clone, Debug)]
enum Step {
    /// A proper frame, harmed or not, to one worker.
    Frame {
        which: Index,
        harms: Vec<Harm>,
        worker: u8,
    },
    /// Several at once.
    Burst(Vec<(Index, Vec<Harm>, u8)>),
    /// Noise behind an Ethernet header that is ours.
    Noise {
        port: u8,
        ethertype: u16,
        bytes: Vec<u8>,
    },
    Wait(u32),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let frame = || (any::<Index>(), harms(), 0u8..2);
    prop_oneof![
        12 => frame().prop_map(|(which, harms, worker)| Step::Frame { which, harms, worker }),
        3 => prop::collection::vec(frame(), 2..12).prop_map(Step::Burst),
        2 => (0u8..3, prop::sample::select(vec![0x0800u16, 0x86dd, 0x0806, 0x8100, 0x1234]), prop::collection::vec(any::<u8>(), 0..120))
            .prop_map(|(port, ethertype, bytes)| Step::Noise { port, ethertype, bytes }),
        1 => (1u32..40_000).prop_map(Step::Wait),
        1 => Just(Step::Clear),
    ]
}

/// Reasons that a packet is dropped for after its session began.
const DROPPED_ON_THE_WAY: [DropReason; 4] = [
    DropReason::NeighbourQueueFull,
    DropReason::NeighbourUnreachable,
    DropReason::MtuExceeded,
    DropReason::TxFull,
];

fn harmed(frames: &[(PortId, Vec<u8>)], which: &Index, harms: &[Harm]) -> (PortId, Vec<u8>) {
    let (mut port, mut frame) = which.get(frames).clone();
    harms.iter().for_each(|harm| harm.apply(&mut port, &mut frame));
    (port, frame)
}

/// The frame as a host on a tagged or untagged link sends it.
fn on_link(vlan: Option<u16>, mut frame: Vec<u8>) -> Vec<u8> {
    if let Some(vlan) = vlan.filter(|_| frame.len() >= 12) {
        let [high, low] = vlan.to_be_bytes();
        frame.splice(12..12, [0x81, 0x00, high, low]);
    }
    frame
}

fn total_drops(lab: &Lab) -> u64 {
    let on_the_way: u64 = DROPPED_ON_THE_WAY.iter().map(|&reason| lab.dropped(reason)).sum();
    lab.drops().iter().map(|(_, count)| count).sum::<u64>() - on_the_way
}

fn run(setup: Setup, steps: &[Step]) -> Result<(), TestCaseError> {
    let frames = proper_frames();
    let vlans = setup.vlans;
    let mut lab = Lab::new(setup);
    let arrive = |lab: &mut Lab, worker: u8, port: PortId, frame: &[u8]| {
        let frame = on_link(vlans[usize::from(port.0)], frame.to_vec());
        lab.arrive(usize::from(worker), port, &frame);
    };
    let mut reference = Reference::default();
    for step in steps {
        match step {
            Step::Frame { which, harms, worker } => {
                let (port, frame) = harmed(&frames, which, harms);
                let before = total_drops(&lab);
                arrive(&mut lab, *worker, port, &frame);
                lab.settle();
                if total_drops(&lab) == before {
                    reference.spoke(port, &frame);
                }
            }
            Step::Burst(burst) => {
                for (which, harms, worker) in burst {
                    let (port, frame) = harmed(&frames, which, harms);
                    // Which of a burst were accepted cannot be told from outside.
                    reference.spoke(port, &frame);
                    arrive(&mut lab, *worker, port, &frame);
                }
                lab.settle();
            }
            Step::Noise { port, ethertype, bytes } => {
                let port = PORTS[usize::from(*port)];
                let frame = ethernet(host_mac(port), box_mac(port), None, *ethertype, bytes);
                reference.spoke(port, &frame);
                arrive(&mut lab, 0, port, &frame);
                lab.settle();
            }
            Step::Wait(milliseconds) => {
                lab.now = lab.now + Duration::from_millis((*milliseconds).into());
                lab.settle();
            }
            Step::Clear => {
                if let Some(session) = lab.sessions().first() {
                    for worker in &mut lab.workers {
                        worker.end_session(session.handle);
                    }
                }
            }
        }
        reference.check(&lab.sent())?;
    }
    // Silence: everything times out, and nothing is left behind.
    for _ in 0..90 {
        lab.now = lab.now + Duration::from_secs(60);
        lab.settle();
        reference.check(&lab.sent())?;
    }
    prop_assert_eq!(lab.sessions(), []);
    for worker in 0..2 {
        let left = lab.neighbours(worker);
        prop_assert!(left.iter().all(|n| n.references == 0 && n.queued_packets == 0), "{:?}", left);
    }
    Ok(())
}

/// The reference is able to say no: a box that lets everybody in is found out by the first connection from outside.
#[test]
fn the_reference_notices_a_box_that_is_open() {
    let frames = proper_frames();
    let wanted = Flow::new(SERVER, CLIENT, (443, 40_000)).tcp(SYN, 5, 0);
    let at = frames.iter().position(|(_, frame)| frame[14..] == wanted.0).unwrap();
    let mut lab = Lab::new(Setup { rules: vec![Rule::any(Action::Inspect)], ..Setup::default() });
    lab.arrive(0, OUTSIDE, &frames[at].1);
    lab.settle();
    let sent = lab.sent();
    assert_eq!(sent.len(), 1);
    assert!(Reference::default().check(&sent).is_err());
    let mut reference = Reference::default();
    reference.spoke(OUTSIDE, &frames[at].1);
    assert!(reference.check(&sent).is_err(), "what was said outside begins nothing inside");
    let asked = Flow::new(CLIENT, SERVER, (40_000, 443)).tcp(SYN, 1, 0);
    reference.spoke(INSIDE, &asked.frame(host_mac(INSIDE), box_mac(INSIDE), None));
    assert!(reference.check(&sent).is_ok());
}

proptest! {
    #[test]
    fn nothing_enters_that_was_not_asked_for(steps in prop::collection::vec(step(), 1..120)) {
        run(Setup { workers: 2, ..Setup::default() }, &steps)?;
    }

    /// Everything is scarce: sessions, neighbours, waiting places, one transmit queue; and every host must be asked for.
    #[test]
    fn not_even_when_everything_is_scarce(steps in prop::collection::vec(step(), 1..120)) {
        let tune = |c: &mut crate::config::EngineConfig| {
            c.neighbours.neighbours_max = 3;
            c.neighbours.queue_packets_max = 2;
            c.neighbours.queued_packets_total_max = 3;
        };
        let scarce = Setup { workers: 2, hosts_known: false, sessions_max: 4, one_tx_queue: true, tune, ..Setup::default() };
        run(scarce, &steps)?;
    }

    #[test]
    fn nor_through_tagged_ports(steps in prop::collection::vec(step(), 1..120), tags: [bool; 3]) {
        let mut vlans = [None; 3];
        for (vlan, tagged) in vlans.iter_mut().zip(tags) {
            *vlan = tagged.then_some(100);
        }
        run(Setup { workers: 2, vlans, ..Setup::default() }, &steps)?;
    }
}
