//! How often a worker answers in the box's own name.

use crate::token_bucket::TokenBucket;

/// Limits on what one worker answers in the box's own name.
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
        }
    }
}

/// The buckets behind [`LocalLimits`], one set a worker. They are apart, so that a flood of pings does not
/// silence path MTU discovery.
#[derive(Clone, Debug)]
pub struct LocalLimiter {
    /// For ICMP errors.
    pub errors: TokenBucket,
    /// For TCP resets.
    pub resets: TokenBucket,
    /// For echo replies.
    pub echo_replies: TokenBucket,
}

impl LocalLimiter {
    /// Full buckets.
    pub fn new(limits: &LocalLimits) -> LocalLimiter {
        LocalLimiter {
            errors: TokenBucket::new(limits.errors_per_second_max, limits.errors_burst_max),
            resets: TokenBucket::new(limits.resets_per_second_max, limits.resets_burst_max),
            echo_replies: TokenBucket::new(limits.echo_replies_per_second_max, limits.echo_replies_burst_max),
        }
    }
}
