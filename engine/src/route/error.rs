//! What can be wrong with configured routes, each in words an operator can act on.

use core::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use super::ROUTES_MAX;

/// What is wrong with a set of routes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RouteError {
    /// A prefix length beyond the family's.
    #[error("interface {interface}: {address}/{prefix_len} is no network: the prefix is too long")]
    PrefixLength {
        /// The interface.
        interface: String,
        /// Its address.
        address: IpAddr,
        /// The impossible length.
        prefix_len: u8,
    },
    /// Host bits set.
    #[error("route {prefix}: has bits set beyond its length; write {truncated}")]
    HostBits {
        /// As given.
        prefix: IpNet,
        /// As it should be.
        truncated: IpNet,
    },
    /// Two routes for one prefix, connected networks included.
    #[error("route {prefix}: given twice, or also the network or address of an interface")]
    DuplicatePrefix {
        /// The prefix.
        prefix: IpNet,
    },
    /// IPv4 prefix with IPv6 gateway, or the reverse.
    #[error("route {prefix}: gateway {gateway} is of the other address family")]
    FamilyMismatch {
        /// The prefix.
        prefix: IpNet,
        /// The gateway.
        gateway: IpAddr,
    },
    /// No interface, or not the one that was named, reaches the gateway directly.
    #[error("route {prefix}: gateway {gateway} is on no connected network")]
    GatewayNotConnected {
        /// The prefix.
        prefix: IpNet,
        /// The gateway.
        gateway: IpAddr,
    },
    /// The gateway is the box itself.
    #[error("route {prefix}: gateway {gateway} is this box's own address")]
    GatewayIsOurs {
        /// The prefix.
        prefix: IpNet,
        /// The gateway.
        gateway: IpAddr,
    },
    /// A link-local gateway needs an interface.
    #[error("route {prefix}: link-local gateway {gateway} needs an interface")]
    GatewayNeedsPort {
        /// The prefix.
        prefix: IpNet,
        /// The gateway.
        gateway: IpAddr,
    },
    /// A prefix of addresses that are never routed.
    #[error("route {prefix}: multicast, loopback and link-local addresses are never routed")]
    NotRoutable {
        /// The prefix.
        prefix: IpNet,
    },
    /// Too many.
    #[error("{count} routes, connected and local ones included; at most {ROUTES_MAX} are possible")]
    TooMany {
        /// How many.
        count: usize,
    },
}
