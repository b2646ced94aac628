//! A killed box comes back: it takes over nothing before it has everything, and then it is a full standby.

use super::SEVERAL_HOLDS;
use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::traffic::Connections;
use holdfast_tests::net::pair::{HOT_LIMIT, PairConfig, PairLab};
use holdfast_tests::net::wait::{Look, observe_for, wait_until};

const PORT: u16 = 7000;
const CONNECTIONS: usize = 500;

/// Starts box a again and follows it until it is hot: every (role, sync) it goes through, as the console shows them.
fn follow_return(lab: &mut PairLab) -> LabResult<Vec<(String, String)>> {
    lab.a.start()?;
    let mut seen: Vec<(String, String)> = Vec::new();
    let node = &lab.a;
    wait_until("fw-a to be hot", HOT_LIMIT, || {
        let now = node.redundancy()?;
        let state = (now.role, now.sync);
        if seen.last() != Some(&state) {
            seen.push(state.clone());
        }
        Ok(if state.1 == "hot" { Look::Done(()) } else { Look::NotYet(format!("{seen:?}")) })
    })?;
    Ok(seen)
}

/// Positions of the first lines of `log` with each of `words`, all of them in this order.
fn assert_in_order(log: &str, words: &[&str]) {
    let log = log.to_lowercase();
    let mut rest = log.as_str();
    for word in words {
        match rest.find(word) {
            Some(at) => rest = &rest[at + word.len()..],
            None => panic!("no {word} (of {words:?} in this order) in:\n{log}"),
        }
    }
}

#[test]
fn a_box_that_returns_is_hot_before_it_counts_and_a_second_failover_keeps_all() -> LabResult {
    let mut lab = PairLab::standard()?;
    let mut before = Connections::open(&lab, PORT, CONNECTIONS)?;
    before.exchange()?;
    lab.a.kill()?;
    lab.b.wait_role("active")?;
    before.exchange()?;

    let seen = follow_return(&mut lab)?;
    assert!(seen.iter().all(|(role, _)| role != "active" && role != "taking_over"), "{seen:?}");
    assert_in_order(&lab.a.log(), &["cold", "bulk", "hot"]);
    let mut after = Connections::open(&lab, PORT + 1, CONNECTIONS)?;
    assert_eq!(lab.wait_equal()?.len(), 2 * CONNECTIONS);
    observe_for(SEVERAL_HOLDS)?;
    assert_eq!(lab.a.redundancy()?.role, "standby", "no preemption was configured");

    lab.b.kill()?;
    lab.a.wait_role("active")?;
    before.exchange()?;
    after.exchange()?;
    lab.a.assert_alive()
}

#[test]
fn with_preemption_it_takes_over_only_when_hot() -> LabResult {
    let mut config = PairConfig::default();
    config.a.groups.iter_mut().for_each(|group| group.preempt = true);
    let mut lab = PairLab::running(&config)?;
    let mut connections = Connections::open(&lab, PORT, CONNECTIONS)?;
    // Replication is asynchronous: a connection that began in the last millisecond may not have arrived.
    lab.wait_equal()?;
    lab.a.kill()?;
    lab.b.wait_role("active")?;
    connections.exchange()?;

    let seen = follow_return(&mut lab)?;
    let hot = seen.iter().position(|(role, sync)| role == "standby" && sync == "hot");
    let active = seen.iter().position(|(role, _)| role == "active" || role == "taking_over");
    assert!(active.is_none_or(|active| hot.is_some_and(|hot| hot < active)), "{seen:?}");
    assert_in_order(&lab.a.log(), &["bulk", "hot", "active"]);
    lab.a.wait_role("active")?;
    lab.b.wait_role("standby")?;
    connections.exchange()?;
    lab.b.wait_hot()?;
    lab.wait_equal().map(drop)
}

/// Nobody is there to take the sessions from: it serves all the same.
#[test]
fn a_box_alone_becomes_active_without_a_peer() -> LabResult {
    let mut lab = PairLab::new(&PairConfig::default())?;
    lab.b.start()?;
    lab.b.wait_role("active")?;
    Connections::open(&lab, PORT, 10)?.exchange()
}
