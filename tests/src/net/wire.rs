//! veth pairs that carry what a wire carries, and the hosts at their ends.

use super::error::LabResult;
use super::namespace::{Namespace, TOOL_LIMIT};
use super::process::run;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

/// Name of the client's and of the server's interface.
pub const HOST_INTERFACE: &str = "eth0";

/// A veth pair between `one` and `other` (namespace, device name), both ends up, MTU in bytes.
pub fn veth(one: (&Namespace, &str), other: (&Namespace, &str), mtu: u16) -> LabResult {
    let ((here, device), (there, peer)) = (one, other);
    let mtu = mtu.to_string();
    let ends = ["link", "add", device, "mtu", &mtu, "type", "veth"];
    let far = ["peer", "name", peer, "mtu", &mtu, "netns", there.name()];
    here.ip(ends.into_iter().chain(far))?;
    for (namespace, device) in [one, other] {
        // With offloads on, hosts hand over packets without checksums and larger than the MTU; a real wire never
        // carries either.
        let mut ethtool = Command::new("ip");
        ethtool.args(["netns", "exec", namespace.name(), "ethtool", "-K", device]);
        ethtool.args(["tx", "off", "tso", "off", "gso", "off", "gro", "off"]);
        run(&mut ethtool, TOOL_LIMIT)?.success()?;
        namespace.ip(["link", "set", device, "up"])?;
    }
    Ok(())
}

/// Has the kernel keep out of a namespace whose devices Holdfast or a bridge owns: no IPv6 address ever appears
/// there. Before the links exist, or the kernel gives them link-local addresses.
pub fn without_ipv6(namespace: &Namespace) -> LabResult {
    namespace.sysctl("net.ipv6.conf.all.disable_ipv6", "1")?;
    namespace.sysctl("net.ipv6.conf.default.disable_ipv6", "1")
}

/// A host at one end of a link, on [`HOST_INTERFACE`].
#[derive(Debug)]
pub struct Host<'a> {
    /// Its namespace.
    pub namespace: &'a Namespace,
    /// Its address, in a /24.
    pub v4: Ipv4Addr,
    /// Its address, in a /64.
    pub v6: Ipv6Addr,
    /// Where it sends what is not on its link.
    pub gateway4: Ipv4Addr,
    /// The same, IPv6.
    pub gateway6: Ipv6Addr,
}

impl Host<'_> {
    /// Gives the interface its addresses and routes.
    pub fn configure(&self) -> LabResult {
        let n = self.namespace;
        n.ip(["addr", "add", &format!("{}/24", self.v4), "dev", HOST_INTERFACE])?;
        n.ip(["addr", "add", &format!("{}/64", self.v6), "dev", HOST_INTERFACE, "nodad"])?;
        n.ip(["route", "add", "default", "via", &self.gateway4.to_string()])?;
        n.ip(["-6", "route", "add", "default", "via", &self.gateway6.to_string(), "dev", HOST_INTERFACE])?;
        Ok(())
    }
}
