//! Who talks to whom.
//!
//! Addresses are those set aside for benchmarks: 198.18.0.0/15 (RFC 2544, RFC 6890) and 2001:2::/48 (RFC 5180),
//! the lower half for clients, the upper for servers. Every client has about 64 flows, from ports 1024 upwards,
//! to servers chosen at random; the pair of client address and port is different for every flow.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use holdfast_engine::flow::FlowKey;

use super::{Family, Plan, Transport};

/// Networks all clients are in: IPv4, IPv6.
pub const CLIENT_PREFIXES: [&str; 2] = ["198.18.0.0/16", "2001:2:0:1::/64"];
/// Networks all servers are in: IPv4, IPv6.
pub const SERVER_PREFIXES: [&str; 2] = ["198.19.0.0/16", "2001:2:0:2::/64"];

const CLIENT_BASE: u32 = 0xc612_0000;
const SERVER_BASE: u32 = 0xc613_0000;
const CLIENT_BASE_V6: u128 = 0x2001_0002_0000_0001 << 64;
const SERVER_BASE_V6: u128 = 0x2001_0002_0000_0002 << 64;

/// Flows one client has, about, until there are no more client addresses.
const FLOWS_PER_CLIENT: u32 = 64;
/// Client addresses, leaving both ends of the network alone.
const CLIENTS_MAX: u32 = 65_000;
/// Server addresses.
const SERVERS: u32 = 1024;
/// First source port.
const PORT_FIRST: u32 = 1024;
/// HTTPS, over TCP or QUIC. Not 53: an answer would end a DNS session.
const SERVER_PORT: u16 = 443;

/// Most flows a plan may have: the largest number whose frames' buffers DPDK's pool can hold.
pub const SESSIONS_MAX: u32 = 4_000_000;

/// One conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Address of the initiator.
    pub client: IpAddr,
    /// Address of the responder.
    pub server: IpAddr,
    /// Port of the initiator.
    pub client_port: u16,
    /// Port of the responder.
    pub server_port: u16,
    /// Sequence number of the initiator's SYN.
    pub client_isn: u32,
    /// Sequence number of the responder's SYN.
    pub server_isn: u32,
}

impl Flow {
    /// The key under which the engine knows it.
    pub fn key(&self, transport: Transport) -> Option<FlowKey> {
        let protocol = match transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        let ports = (self.client_port, self.server_port);
        FlowKey::new(self.client, self.server, ports, protocol, 0).map(|(key, _)| key)
    }
}

/// All flows of a plan, made as they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Flows {
    sessions: u32,
    clients: u32,
    family: Family,
    seed: u64,
}

impl Flows {
    /// The flows of `plan`.
    pub fn new(plan: &Plan) -> Flows {
        Flows {
            sessions: plan.sessions,
            clients: (plan.sessions / FLOWS_PER_CLIENT).clamp(1, CLIENTS_MAX),
            family: plan.family,
            seed: plan.seed,
        }
    }

    /// Flow number `number`; numbers beyond the plan's give further flows, distinct as long as ports last.
    pub fn get(&self, number: u32) -> Flow {
        // A generator of its own for each flow, so that flows can be made in any order.
        let mut random =
            fastrand::Rng::with_seed(self.seed ^ (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let client = 1 + number % self.clients;
        let server = 1 + random.u32(..SERVERS);
        let (client, server): (IpAddr, IpAddr) = match self.family {
            Family::V4 => (
                Ipv4Addr::from_bits(CLIENT_BASE + client).into(),
                Ipv4Addr::from_bits(SERVER_BASE + server).into(),
            ),
            Family::V6 => (
                Ipv6Addr::from_bits(CLIENT_BASE_V6 + u128::from(client)).into(),
                Ipv6Addr::from_bits(SERVER_BASE_V6 + u128::from(server)).into(),
            ),
        };
        Flow {
            client,
            server,
            client_port: (PORT_FIRST + number / self.clients) as u16,
            server_port: SERVER_PORT,
            client_isn: random.u32(..),
            server_isn: random.u32(..),
        }
    }

    /// The numbers of all flows in an order of their own for each `salt`. A box stores sessions in the order in
    /// which they began; traffic in that order would find them side by side in memory, as no real traffic does.
    pub fn shuffled(&self, salt: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.sessions).collect();
        fastrand::Rng::with_seed(self.seed.rotate_left(32) ^ salt).shuffle(&mut order);
        order
    }
}
