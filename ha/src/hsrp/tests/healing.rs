//! Whatever happened to the wire: once it is whole, there is one active and one standby router.

use proptest::prelude::*;

use super::lan::Lan;
use super::*;
use GroupState::{Active, Listen, Standby};

#[derive(Clone, Debug)]
enum Trouble {
    Cut(usize, bool),
    Interface(usize, bool),
    Priority(usize, u8),
    Promote(usize),
    Demote(usize),
    Disobey(usize, bool),
}

fn trouble() -> impl Strategy<Value = (Trouble, u64)> {
    let node = 0usize..3;
    let kind = prop_oneof![
        (node.clone(), any::<bool>()).prop_map(|(node, cut)| Trouble::Cut(node, cut)),
        (node.clone(), any::<bool>()).prop_map(|(node, up)| Trouble::Interface(node, up)),
        (node.clone(), any::<u8>()).prop_map(|(node, priority)| Trouble::Priority(node, priority)),
        node.clone().prop_map(Trouble::Promote),
        node.clone().prop_map(Trouble::Demote),
        (node, any::<bool>()).prop_map(|(node, disobeys)| Trouble::Disobey(node, disobeys)),
    ];
    (kind, 0u64..1_500)
}

fn cause(lan: &mut Lan, trouble: &Trouble) {
    match *trouble {
        Trouble::Cut(node, cut) => lan.nodes[node].cut = cut,
        Trouble::Interface(node, true) => lan.input(node, Input::Up),
        Trouble::Interface(node, false) => lan.input(node, Input::Down),
        Trouble::Priority(node, priority) => lan.input(node, Input::SetPriority(priority)),
        Trouble::Promote(node) => lan.input(node, Input::Promote { why: "trouble" }),
        Trouble::Demote(node) => lan.input(node, Input::Demote { why: "trouble" }),
        Trouble::Disobey(node, disobeys) => lan.nodes[node].obeys = !disobeys,
    }
}

proptest! {
    #[test]
    fn one_active_and_one_standby(
        version in prop::sample::select(vec![Version::V1, Version::V2]),
        preempt: [bool; 3],
        priorities: [u8; 3],
        troubles in prop::collection::vec(trouble(), 0..20),
    ) {
        let mut lan = Lan::new([0, 1, 2].map(|node: usize| GroupConfig {
            version,
            preempt: preempt[node],
            priority: priorities[node],
            ..config(5 + node as u8)
        }));
        lan.up();
        for (trouble, wait) in &troubles {
            cause(&mut lan, trouble);
            lan.run(ms(*wait));
        }
        for node in 0..3 {
            lan.nodes[node].cut = false;
            lan.nodes[node].obeys = true;
            lan.input(node, Input::Up);
        }
        lan.run(ms(6_000));
        let mut states = lan.states();
        states.sort_by_key(|state| *state as u8);
        prop_assert_eq!(states, [Listen, Standby, Active]);
        let settled = lan.states();
        lan.run(ms(6_000));
        prop_assert_eq!(lan.states(), settled);
    }
}
