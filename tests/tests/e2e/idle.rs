//! `poll = "adaptive"`: an idle box leaves the machine to others.

use holdfast_tests::net::cpu::share_of_core;
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::{BoxConfig, Lab, LabResult, addresses::SERVER};
use std::time::Duration;

/// Most an idle box with one worker may use, in shares of one core. Each further worker polls for itself and costs
/// as much again.
const IDLE_SHARE_MAX: f64 = 0.05;

/// A quiet moment is enough: a single window may contain somebody's neighbour discovery.
const WINDOWS: usize = 5;

#[test]
fn an_idle_adaptive_box_uses_under_a_twentieth_of_a_core() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 3, &[])?)?, 3);
    let mut shares = Vec::new();
    for _ in 0..WINDOWS {
        let share = share_of_core(firewall.pid(), Duration::from_secs(2))?;
        if share < IDLE_SHARE_MAX {
            return Ok(());
        }
        shares.push(share);
    }
    panic!("shares of a core over {WINDOWS} windows: {shares:?}");
}

/// The other side of it: `busy` spins, so the measurement above does measure something.
#[test]
fn a_busy_box_does_spin() -> LabResult {
    let lab = Lab::new()?;
    let firewall = lab.start(&BoxConfig { poll: "busy", ..BoxConfig::default() })?;
    let share = share_of_core(firewall.pid(), Duration::from_secs(1))?;
    assert!(share > IDLE_SHARE_MAX, "{share}");
    Ok(())
}
