//! Limits and times of the neighbour table.

use core::time::Duration;

/// Limits and times of one worker's neighbour table. Everything is allocated from these at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighboursConfig {
    /// Most neighbours known at once, at most 2²⁴ − 1; beyond, new ones are refused. Those without an answer may
    /// take three quarters of it.
    pub neighbours_max: u32,
    /// Most packets that wait for one neighbour's answer.
    pub queue_packets_max: u16,
    /// Most packets that wait for all neighbours together.
    pub queued_packets_total_max: u32,
    /// Requests sent before a neighbour counts as unreachable (RFC 4861 `MAX_MULTICAST_SOLICIT` and
    /// `MAX_UNICAST_SOLICIT`); at least 1.
    pub requests_max: u8,
    /// Time between them (RFC 4861 `RETRANS_TIMER`).
    pub retry_interval: Duration,
    /// How long an answer counts as fresh (RFC 4861 `REACHABLE_TIME`).
    pub reachable_time: Duration,
    /// A stale neighbour in use is probed within this time (RFC 4861 `DELAY_FIRST_PROBE_TIME`).
    pub stale_check_interval: Duration,
    /// How long a neighbour that did not answer is left alone.
    pub failed_hold: Duration,
    /// A neighbour that no session refers to and no packet used for this long is forgotten.
    pub unused_lifetime: Duration,
    /// Most ARP requests and neighbour solicitations a second, all neighbours behind one port together.
    pub requests_per_second_max: u32,
    /// How many of them may leave at once; a quarter is reserved for probing known neighbours.
    pub requests_burst_max: u32,
    /// Most addresses a second learned on one port that are passed on to the other workers; half are reserved for
    /// answers.
    pub updates_per_second_max: u32,
    /// Refuse ARP whose sender is not the Ethernet source. Off by default: routers that share a virtual address
    /// and some load balancers do send such replies.
    pub arp_source_must_match: bool,
}

impl Default for NeighboursConfig {
    fn default() -> Self {
        NeighboursConfig {
            neighbours_max: 4096,
            queue_packets_max: 8,
            queued_packets_total_max: 512,
            requests_max: 3,
            retry_interval: Duration::from_secs(1),
            reachable_time: Duration::from_secs(30),
            stale_check_interval: Duration::from_secs(5),
            failed_hold: Duration::from_secs(3),
            unused_lifetime: Duration::from_secs(60),
            requests_per_second_max: 500,
            requests_burst_max: 100,
            updates_per_second_max: 2000,
            arp_source_must_match: false,
        }
    }
}
