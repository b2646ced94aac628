//! The two switches, and the ways to break what runs over them.

use crate::net::error::LabResult;
use crate::net::namespace::Namespace;
use crate::net::wire::{HOST_INTERFACE, veth, without_ipv6};
use std::net::Ipv4Addr;

/// One of the two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The preferred one.
    A,
    /// The other.
    B,
}

impl Which {
    /// Both.
    pub const BOTH: [Which; 2] = [Which::A, Which::B];

    /// The other box.
    pub const fn other(self) -> Which {
        match self {
            Which::A => Which::B,
            Which::B => Which::A,
        }
    }

    /// `a` or `b`: role of the namespace, part of port names.
    pub const fn letter(self) -> &'static str {
        match self {
            Which::A => "a",
            Which::B => "b",
        }
    }

    /// The configured name.
    pub const fn box_name(self) -> &'static str {
        match self {
            Which::A => "fw-a",
            Which::B => "fw-b",
        }
    }

    /// Its end of the HA link.
    pub const fn ha_address(self) -> Ipv4Addr {
        match self {
            Which::A => Ipv4Addr::new(192, 168, 255, 1),
            Which::B => Ipv4Addr::new(192, 168, 255, 2),
        }
    }
}

/// One of the two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Inside,
    /// The server's.
    Outside,
}

impl Side {
    /// Both.
    pub const BOTH: [Side; 2] = [Side::Inside, Side::Outside];

    /// The boxes' interface on this side.
    pub const fn interface(self) -> &'static str {
        match self {
            Side::Inside => "inside",
            Side::Outside => "outside",
        }
    }

    const fn bridge(self) -> &'static str {
        match self {
            Side::Inside => "br-in",
            Side::Outside => "br-out",
        }
    }

    /// The switch port that box `which` is plugged into.
    pub const fn port(self, which: Which) -> &'static str {
        match (self, which) {
            (Side::Inside, Which::A) => "in-a",
            (Side::Inside, Which::B) => "in-b",
            (Side::Outside, Which::A) => "out-a",
            (Side::Outside, Which::B) => "out-b",
        }
    }

    const fn host_port(self) -> &'static str {
        match self {
            Side::Inside => "in-host",
            Side::Outside => "out-host",
        }
    }
}

/// Both switches, in one namespace.
#[derive(Debug)]
pub struct Switch {
    /// Where the bridges and their ports are.
    pub namespace: Namespace,
}

impl Switch {
    /// Two bridges without ports.
    pub fn create(lab: &str) -> LabResult<Switch> {
        let namespace = Namespace::create(lab, "switch")?;
        without_ipv6(&namespace)?;
        for side in Side::BOTH {
            let bridge = ["link", "add", side.bridge(), "type", "bridge"];
            namespace.ip(bridge
                .into_iter()
                .chain(["stp_state", "0", "forward_delay", "0"])
                .chain(["mcast_snooping", "0"]))?;
            namespace.ip(["link", "set", side.bridge(), "up"])?;
        }
        Ok(Switch { namespace })
    }

    /// Plugs the host of `side` in.
    pub fn plug_host(&self, side: Side, host: &Namespace) -> LabResult {
        veth((&self.namespace, side.host_port()), (host, HOST_INTERFACE), 1500)?;
        self.join(side, side.host_port())
    }

    /// Plugs a box in.
    pub fn plug_box(&self, side: Side, which: Which, firewall: &Namespace) -> LabResult {
        veth((&self.namespace, side.port(which)), (firewall, side.interface()), 1500)?;
        self.join(side, side.port(which))
    }

    fn join(&self, side: Side, port: &str) -> LabResult {
        self.namespace.ip(["link", "set", port, "master", side.bridge()]).map(drop)
    }

    /// Pulls the cable of box `which`: its interface loses the carrier.
    pub fn unplug(&self, side: Side, which: Which) -> LabResult {
        self.namespace.ip(["link", "set", side.port(which), "down"]).map(drop)
    }

    /// Plugs it in again.
    pub fn replug(&self, side: Side, which: Which) -> LabResult {
        self.namespace.ip(["link", "set", side.port(which), "up"]).map(drop)
    }

    /// The port of box `which` forwards nothing any more, but the cable and the carrier are fine.
    pub fn cut(&self, side: Side, which: Which) -> LabResult {
        self.namespace.ip(["link", "set", side.port(which), "nomaster"]).map(drop)
    }

    /// The opposite of [`Switch::cut`].
    pub fn heal(&self, side: Side, which: Which) -> LabResult {
        self.join(side, side.port(which))
    }
}
