//! Pairs whose halves do not fit: the boxes say what is wrong, and never do both think that all is well while both
//! are active.

use super::HOLD;
use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::{Authentication, Key, PairConfig, PairLab, Which};
use holdfast_tests::net::wait::{Stopwatch, observe_for};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Time until a mistake must be named.
const NAMED_LIMIT: Duration = Duration::from_secs(15);

/// How long both may be active without either having noticed.
const DOUBT_MAX: Duration = HOLD.saturating_mul(4);

/// Starts both boxes of a pair with a mistake in it, watches them, and expects both to name it by one of `words`.
fn mistake(change: impl FnOnce(&mut PairConfig), words: &[&str]) -> LabResult {
    let mut config = PairConfig::default();
    change(&mut config);
    let mut lab = PairLab::new(&config)?;
    lab.a.start()?;
    lab.a.wait_role("active")?;
    lab.b.start()?;
    no_two_masters_at_ease(&lab)?;
    for which in Which::BOTH {
        let seen = lab.node(which).wait_alarm(words, NAMED_LIMIT)?;
        eprintln!("{}: {:?}", which.box_name(), seen.alarms);
    }
    lab.a.assert_alive()?;
    lab.b.assert_alive()
}

fn no_two_masters_at_ease(lab: &PairLab) -> LabResult {
    let whole = Stopwatch::start();
    let mut at_ease: Option<Stopwatch> = None;
    while whole.elapsed() < 2 * DOUBT_MAX {
        let (a, b) = (lab.a.redundancy()?, lab.b.redundancy()?);
        let both = a.role == "active" && b.role == "active" && a.alarms.is_empty() && b.alarms.is_empty();
        at_ease = both.then(|| at_ease.unwrap_or_else(Stopwatch::start));
        let lasted = at_ease.map(Stopwatch::elapsed).unwrap_or_default();
        assert!(lasted < DOUBT_MAX, "both active and content for {lasted:?}: {a:?} {b:?}");
        observe_for(Duration::from_millis(20))?;
    }
    Ok(())
}

#[test]
fn different_ha_keys() -> LabResult {
    mistake(|pair| pair.b.ha.as_mut().unwrap().key = Key::Own, &["key"])
}

#[test]
fn the_same_real_address() -> LabResult {
    mistake(
        |pair| pair.b.base.interfaces[0].addresses = pair.a.base.interfaces[0].addresses.clone(),
        &["address", "10.0.1.2"],
    )
}

#[test]
fn different_group_numbers() -> LabResult {
    mistake(|pair| pair.b.groups[0].group = 11, &["group"])
}

#[test]
fn different_virtual_addresses() -> LabResult {
    mistake(
        |pair| pair.b.groups[1].virtual_address = Ipv4Addr::new(10, 0, 2, 77),
        &["virtual", "10.0.2.77", "group"],
    )
}

#[test]
fn different_hsrp_versions() -> LabResult {
    mistake(|pair| pair.b.groups.iter_mut().for_each(|g| g.version = 1), &["version", "group"])
}

#[test]
fn different_hsrp_authentication() -> LabResult {
    mistake(
        |pair| {
            let other = Authentication::Md5("other".into());
            pair.b.groups.iter_mut().for_each(|g| g.authentication = other.clone());
        },
        &["authenticat", "md5"],
    )
}

#[test]
fn different_policies() -> LabResult {
    let more = "\n[[rule]]\nfrom = \"outside\"\nto = \"inside\"\naction = \"inspect\"\nprotocol = \"tcp\"\n";
    mistake(|pair| pair.b.base.rules += more, &["polic", "rule"])
}

#[test]
fn different_ha_ids() -> LabResult {
    mistake(
        |pair| {
            pair.b.base.interfaces[0].ha_id = Some(2);
            pair.b.base.interfaces[1].ha_id = Some(1);
        },
        &["ha_id"],
    )
}
