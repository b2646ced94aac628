//! Every cell against RFC 2281's table, written down in the RFC's own notation: actions, a slash, the next state's
//! number. An empty cell changes nothing.

use super::super::event::{Event, classify};
use super::super::state::{Action, cell};
use super::*;

/// Rows are events, columns the states 1 to 6. `h` without and with preemption; `a` with the address known and not.
/// The cell c × Speak has the restart that the RFC lacks.
const RFC: &[(Event, [&str; 6])] = &[
    (Event::UpAddressed, ["AB/3", "", "", "", "", ""]),
    (Event::UpUnaddressed, ["AB/2", "", "", "", "", ""]),
    (Event::Down, ["", "CD/1", "CD/1", "CD/1", "CD/1", "CDH/1"]),
    (Event::ActiveTimer, ["", "", "AB/4", "A", "CDFI/6", ""]),
    (Event::StandbyTimer, ["", "", "B/4", "D/5", "", ""]),
    (Event::HelloTimer, ["", "", "", "F", "F", "F"]),
    (Event::HigherSpeak, ["", "", "", "B/3", "B/3", ""]),
    (Event::HigherActive, ["", "EAB/3", "EA", "EA", "EA", "AB/4"]),
    (Event::LowerActive, ["", "EAB/3", "A", "A", "A", "G"]),
    (Event::LowerActivePreempt, ["", "EAB/3", "BGFI/6", "BGFI/6", "BGFI/6", "G"]),
    (Event::Resign, ["", "", "AB/4", "A", "CFI/6", ""]),
    (Event::Coup, ["", "", "", "", "", "ABH/4"]),
    (Event::HigherStandby, ["", "", "B", "B/3", "B/3", "B"]),
    (Event::LowerStandby, ["", "", "B/4", "D/5", "", "B"]),
];

fn letter(action: &Action) -> char {
    match action {
        Action::StartActiveTimer => 'A',
        Action::StartStandbyTimer => 'B',
        Action::StopActiveTimer => 'C',
        Action::StopStandbyTimer => 'D',
        Action::Learn => 'E',
        Action::SendHello => 'F',
        Action::SendCoup => 'G',
        Action::SendResign => 'H',
        Action::Announce => 'I',
    }
}

#[test]
fn every_cell_is_the_rfcs() {
    assert_eq!(RFC.iter().map(|(event, _)| *event).collect::<Vec<_>>(), Event::ALL);
    for (event, row) in RFC {
        for (number, (state, expected)) in GroupState::ALL.into_iter().zip(row).enumerate() {
            let cell = cell(state, *event);
            let (actions, next) = expected.split_once('/').unwrap_or((expected, ""));
            let next = next.parse().unwrap_or(number + 1);
            let written: String = cell.actions.iter().map(letter).collect();
            assert_eq!(
                (written.as_str(), cell.next),
                (actions, GroupState::ALL[next - 1]),
                "{state:?} {event:?}"
            );
            assert!(!cell.why.is_empty());
        }
    }
}

#[test]
fn only_cells_of_the_box_enter_or_leave_active() {
    // What `Group` hands to the box: these and no others.
    let of_the_box = [
        (GroupState::Listen, Event::LowerActivePreempt),
        (GroupState::Speak, Event::LowerActivePreempt),
        (GroupState::Standby, Event::ActiveTimer),
        (GroupState::Standby, Event::LowerActivePreempt),
        (GroupState::Standby, Event::Resign),
        (GroupState::Active, Event::HigherActive),
        (GroupState::Active, Event::Coup),
    ];
    for state in GroupState::ALL {
        for event in Event::ALL {
            let moves = (state == GroupState::Active) != (cell(state, event).next == GroupState::Active);
            let expected =
                of_the_box.contains(&(state, event)) || (state, event) == (GroupState::Active, Event::Down);
            assert_eq!(moves, expected, "{state:?} {event:?}");
        }
    }
}

#[test]
fn packets_are_the_right_events() {
    use GroupState::{Active, Initial, Learn, Listen, Speak, Standby};
    let known = Some(address(9));
    let config = config(5);
    let event = |opcode, state, theirs: Rank, preempt| {
        classify(&packet(&config, opcode, state, theirs.priority), theirs, rank(100, 5), known, preempt)
    };
    let (higher, lower) = (rank(101, 1), rank(99, 200));
    // The address decides between equals, unsigned: 200 is above 5.
    for (theirs, is_higher) in [(higher, true), (lower, false), (rank(100, 200), true), (rank(100, 4), false)]
    {
        let pick = |high, low| if is_higher { high } else { low };
        assert_eq!(event(Opcode::Hello, Speak, theirs, false), pick(Some(Event::HigherSpeak), None));
        let expected = pick(Some(Event::HigherStandby), Some(Event::LowerStandby));
        assert_eq!(event(Opcode::Hello, Standby, theirs, true), expected);
        let expected = pick(Some(Event::HigherActive), Some(Event::LowerActive));
        assert_eq!(event(Opcode::Hello, Active, theirs, false), expected);
        let expected = pick(Some(Event::HigherActive), Some(Event::LowerActivePreempt));
        assert_eq!(event(Opcode::Hello, Active, theirs, true), expected);
        assert_eq!(event(Opcode::Coup, Active, theirs, true), pick(Some(Event::Coup), None));
        for quiet in [Initial, Learn, Listen] {
            assert_eq!(event(Opcode::Hello, quiet, theirs, true), None);
        }
        // A Resign counts from the router known as active, whatever its state field says; from nobody else.
        for state in GroupState::ALL {
            assert_eq!(event(Opcode::Resign, state, theirs, true), None);
            let of_the_active = Rank { address: address(9), ..theirs };
            assert_eq!(event(Opcode::Resign, state, of_the_active, true), Some(Event::Resign));
        }
    }
    let unknown = Packet { state: None, ..packet(&config, Opcode::Resign, Active, 1) };
    assert_eq!(classify(&unknown, rank(1, 9), rank(100, 5), known, false), Some(Event::Resign));
    assert_eq!(classify(&unknown, rank(1, 9), rank(100, 5), None, false), None);
}
