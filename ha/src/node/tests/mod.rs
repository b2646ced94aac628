//! Two whole boxes on a simulated network, in virtual time. The same seed is the same run.
//!
//! | file | what it is |
//! | --- | --- |
//! | `world.rs` | two boxes, segments, the HA link, a foreign router; faults; time |
//! | `boxes.rs`, `workers.rs` | a box as the daemon drives it; its workers and their tables |
//! | `oracle.rs` | what must hold after every step, whatever happens |
//! | the others | scenarios by subject; `swarm.rs`: random ones |

mod boxes;
mod oracle;
mod workers;
mod world;

mod alarms;
mod attack;
mod copies;
mod handover;
mod interfaces;
mod links;
mod pause;
mod start;
mod swarm;
mod wiretap;

use core::net::Ipv4Addr;
use core::time::Duration;

use crate::replication::tests::link::Badness;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const HELLO: Duration = ms(100);
const HOLD: Duration = ms(300);
const HEARTBEAT: Duration = ms(20);
const DEAD_AFTER: Duration = ms(100);
const KEY: &str = "s3cret";
/// A link that loses and repeats a lot, but not for long at a time: the handshake's few datagrams get through.
const AWFUL: Badness = Badness { loss: 150, duplication: 100, reordering: 64, burst: 0 };
/// One that is a little bad.
const MILD: Badness = Badness { loss: 10, duplication: 10, reordering: 16, burst: 0 };
/// As the daemon has it.
const DATAGRAMS_PER_ROUND_MAX: usize = 128;
