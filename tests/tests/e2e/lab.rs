//! The lab itself: nothing crosses it but by Holdfast, and what a plain router lets through arrives.

use holdfast_tests::net::addresses::{BOX_INSIDE, SERVER};
use holdfast_tests::net::iperf;
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::{Lab, LabResult};

#[test]
fn without_a_box_nothing_crosses() -> LabResult {
    let lab = Lab::new()?;
    for target in [BOX_INSIDE, SERVER] {
        assert_eq!(received(&ping(&lab.client, target.into(), 2, &[])?)?, 0, "{target}");
    }
    Ok(())
}

/// The kernel as a plain router in the box's place: shows that addresses, routes and links are right, so that a
/// failure with Holdfast in the middle is Holdfast's.
#[test]
fn with_a_router_in_the_middle_everything_crosses() -> LabResult {
    let lab = Lab::new()?;
    lab.route_by_kernel()?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 3, &[])?)?, 3);
    let _server = iperf::serve(&lab.server, lab.dir())?;
    assert!(iperf::measure(&lab.client, SERVER.into(), 1, &[])?.bytes > 0);
    Ok(())
}
