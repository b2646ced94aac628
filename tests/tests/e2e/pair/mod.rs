//! The pair: what hosts notice of a failure, and what an observer of the boxes sees.

mod chaos;
mod clock;
mod election;
mod forged;
mod frames;
mod ha_link;
mod ipv6;
mod lab;
mod misconfigured;
mod placement;
mod returns;
mod standby;
mod survive;

use std::time::Duration;

/// `hold` of every group in these tests.
const HOLD: Duration = Duration::from_millis(800);

/// Longest blackout an unplanned failover may cost.
const BLACKOUT_MAX: Duration = Duration::from_millis(900);

/// Long enough for a role to change, were it going to.
const SEVERAL_HOLDS: Duration = Duration::from_secs(4);
