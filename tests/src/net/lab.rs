//! The three namespaces and the two links between them.

use super::addresses::{
    BOX_INSIDE, BOX_INSIDE6, BOX_OUTSIDE, BOX_OUTSIDE6, CLIENT, CLIENT6, SERVER, SERVER6,
};
use super::config::BoxConfig;
use super::error::{IoContext, LabResult};
use super::firewall::Firewall;
use super::namespace::{Namespace, require_root, sweep, unique_name};
use super::wire::{Host, veth, without_ipv6};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Once;
use tempfile::TempDir;

pub use super::wire::HOST_INTERFACE;

/// The host behind the box's third interface, for labs that have one.
pub const DMZ_HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 9);
/// The box towards that host.
pub const BOX_DMZ: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 2);
const DMZ_HOST6: Ipv6Addr = Ipv6Addr::new(0xfd00, 3, 0, 0, 0, 0, 0, 9);
const BOX_DMZ6: Ipv6Addr = Ipv6Addr::new(0xfd00, 3, 0, 0, 0, 0, 0, 2);

/// What may differ between labs.
#[derive(Clone, Debug)]
pub struct Topology {
    /// MTU of the client's link in bytes.
    pub inside_mtu: u16,
    /// MTU of the server's link in bytes.
    pub outside_mtu: u16,
}

impl Default for Topology {
    fn default() -> Topology {
        Topology { inside_mtu: 1500, outside_mtu: 1500 }
    }
}

/// Client – box – server. Fields drop in order: namespaces first, then the directory.
#[derive(Debug)]
pub struct Lab {
    /// The client's namespace.
    pub client: Namespace,
    /// The box's namespace.
    pub firewall: Namespace,
    /// The server's namespace.
    pub server: Namespace,
    dmz: Option<Namespace>,
    name: String,
    dir: TempDir,
}

/// A new lab's name and directory. The first lab of a process sweeps what dead ones left.
pub(super) fn prepare() -> LabResult<(String, TempDir)> {
    require_root()?;
    static SWEPT: Once = Once::new();
    let mut swept = Ok(0);
    SWEPT.call_once(|| swept = sweep());
    swept?;
    let name = unique_name();
    let dir = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir().doing("making a directory")?;
    Ok((name, dir))
}

impl Lab {
    /// The standard topology with MTU 1500.
    pub fn new() -> LabResult<Lab> {
        Lab::with(&Topology::default())
    }

    /// Builds namespaces, links, addresses and routes.
    pub fn with(topology: &Topology) -> LabResult<Lab> {
        let (name, dir) = prepare()?;
        let lab = Lab {
            client: Namespace::create(&name, "client")?,
            firewall: Namespace::create(&name, "box")?,
            server: Namespace::create(&name, "server")?,
            dmz: None,
            name,
            dir,
        };
        without_ipv6(&lab.firewall)?;
        lab.link("inside", topology.inside_mtu, &lab.client)?;
        lab.link("outside", topology.outside_mtu, &lab.server)?;
        Host { namespace: &lab.client, v4: CLIENT, v6: CLIENT6, gateway4: BOX_INSIDE, gateway6: BOX_INSIDE6 }
            .configure()?;
        Host {
            namespace: &lab.server,
            v4: SERVER,
            v6: SERVER6,
            gateway4: BOX_OUTSIDE,
            gateway6: BOX_OUTSIDE6,
        }
        .configure()?;
        Ok(lab)
    }

    /// Adds a third host, [`DMZ_HOST`], behind the box's interface `dmz` ([`BoxConfig::add_dmz`]).
    pub fn add_dmz(&mut self) -> LabResult {
        let namespace = Namespace::create(&self.name, "dmz")?;
        self.link("dmz", 1500, &namespace)?;
        Host { namespace: &namespace, v4: DMZ_HOST, v6: DMZ_HOST6, gateway4: BOX_DMZ, gateway6: BOX_DMZ6 }
            .configure()?;
        self.dmz = Some(namespace);
        Ok(())
    }

    /// The kernel as a plain IPv4 router in the box's place: the control of tests and measurements.
    pub fn route_by_kernel(&self) -> LabResult {
        self.firewall.ip(["addr", "add", &format!("{BOX_INSIDE}/24"), "dev", "inside"])?;
        self.firewall.ip(["addr", "add", &format!("{BOX_OUTSIDE}/24"), "dev", "outside"])?;
        self.firewall.sysctl("net.ipv4.ip_forward", "1")
    }

    /// Starts a box in the middle.
    pub fn start(&self, config: &BoxConfig) -> LabResult<Firewall> {
        Firewall::start(self, config)
    }

    /// A lab and a running box with the standard configuration.
    pub fn standard() -> LabResult<(Lab, Firewall)> {
        let lab = Lab::new()?;
        let firewall = lab.start(&BoxConfig::default())?;
        Ok((lab, firewall))
    }

    /// This lab's directory; it goes with the lab.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A veth pair: `box_end` in the box's namespace, [`HOST_INTERFACE`] in the host's.
    fn link(&self, box_end: &str, mtu: u16, host: &Namespace) -> LabResult {
        veth((&self.firewall, box_end), (host, HOST_INTERFACE), mtu)
    }
}
