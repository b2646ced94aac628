//! How often a worker answers in the box's own name.

use crate::interface::{PORTS_MAX, PortId};
use crate::time::Instant;
use crate::token_bucket::TokenBucket;

/// Limits on what one worker answers in the box's own name over each port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalLimits {
    /// ICMP errors a second.
    pub errors_per_second_max: u32,
    /// ICMP errors at once.
    pub errors_burst_max: u32,
    /// TCP resets a second.
    pub resets_per_second_max: u32,
    /// TCP resets at once.
    pub resets_burst_max: u32,
    /// Echo replies a second.
    pub echo_replies_per_second_max: u32,
    /// Echo replies at once.
    pub echo_replies_burst_max: u32,
    /// HSRP packets a second handed to the HA core: some speakers at the fastest hello time there is.
    pub hsrp_per_second_max: u32,
    /// HSRP packets at once.
    pub hsrp_burst_max: u32,
}

impl Default for LocalLimits {
    fn default() -> Self {
        LocalLimits {
            errors_per_second_max: 1000,
            errors_burst_max: 50,
            resets_per_second_max: 1000,
            resets_burst_max: 50,
            echo_replies_per_second_max: 10_000,
            echo_replies_burst_max: 500,
            hsrp_per_second_max: 500,
            hsrp_burst_max: 50,
        }
    }
}

/// The buckets behind [`LocalLimits`], one set a worker. They are apart by kind, so that a flood of pings does not
/// silence path MTU discovery, and by port, so that packets from outside whose TTL ends here do not silence it for
/// those inside.
#[derive(Clone, Debug)]
pub struct LocalLimiter {
    /// For ICMP errors that are routed to wherever: about packets whose neighbour did not answer.
    pub errors: TokenBucket,
    ports: Box<[PortLimiter]>,
}

/// The buckets of one port.
#[derive(Clone, Copy, Debug)]
struct PortLimiter {
    errors: TokenBucket,
    resets: TokenBucket,
    echo_replies: TokenBucket,
    hsrp: TokenBucket,
}

impl LocalLimiter {
    /// Full buckets.
    pub fn new(limits: &LocalLimits) -> LocalLimiter {
        let port = PortLimiter {
            errors: TokenBucket::new(limits.errors_per_second_max, limits.errors_burst_max),
            resets: TokenBucket::new(limits.resets_per_second_max, limits.resets_burst_max),
            echo_replies: TokenBucket::new(limits.echo_replies_per_second_max, limits.echo_replies_burst_max),
            hsrp: TokenBucket::new(limits.hsrp_per_second_max, limits.hsrp_burst_max),
        };
        LocalLimiter { errors: port.errors, ports: Box::new([port; PORTS_MAX]) }
    }

    /// Whether an ICMP error may go back over `port`, where the packet it is about came from.
    pub fn take_error(&mut self, port: PortId, now: Instant) -> bool {
        self.port(port).is_some_and(|port| port.errors.take(now))
    }

    /// Whether a TCP reset may go back over `port`.
    pub fn take_reset(&mut self, port: PortId, now: Instant) -> bool {
        self.port(port).is_some_and(|port| port.resets.take(now))
    }

    /// Whether an echo reply may go back over `port`.
    pub fn take_echo_reply(&mut self, port: PortId, now: Instant) -> bool {
        self.port(port).is_some_and(|port| port.echo_replies.take(now))
    }

    /// Whether an HSRP packet that came over `port` may go to the HA core.
    pub fn take_hsrp(&mut self, port: PortId, now: Instant) -> bool {
        self.port(port).is_some_and(|port| port.hsrp.take(now))
    }

    fn port(&mut self, port: PortId) -> Option<&mut PortLimiter> {
        self.ports.get_mut(usize::from(port.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_or_over_one_port_leaves_the_others_their_answers() {
        let (mut limiter, now) = (LocalLimiter::new(&LocalLimits::default()), Instant(1));
        let (inside, outside) = (PortId(0), PortId(1));
        assert_eq!((0..1000).filter(|_| limiter.take_error(outside, now)).count(), 50);
        assert_eq!((0..1000).filter(|_| limiter.take_reset(outside, now)).count(), 50);
        assert_eq!((0..1000).filter(|_| limiter.take_echo_reply(outside, now)).count(), 500);
        assert!(limiter.errors.take(now));
        assert!(limiter.take_error(inside, now) && limiter.take_reset(inside, now));
        assert!(limiter.take_echo_reply(inside, now));
        assert!(!limiter.take_error(PortId(PORTS_MAX as u8), now), "no such port");
    }
}
