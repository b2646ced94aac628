//! The configuration files a pair lab writes.

use super::lab::{VIRTUAL_INSIDE, VIRTUAL_OUTSIDE};
use super::switch::Which;
use crate::net::addresses::{BOX_INSIDE, BOX_INSIDE6, BOX_OUTSIDE, BOX_OUTSIDE6};
use crate::net::config::BoxConfig;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Rings of 4,096 frames instead of DPDK's 512: a worker that waits for a core for some ten milliseconds, on a machine
/// with less cores than threads, loses nothing. What a failover loses can then be told from what the machine loses.
const DEVICE_OPTIONS: &str = ",framecnt=4096";

/// How a group's hellos are authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// The default of the protocol: the text `cisco`.
    Default,
    /// Another text, up to 8 characters.
    Text(String),
    /// MD5 with this key.
    Md5(String),
}

/// One `[[standby]]`.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// Interface.
    pub interface: &'static str,
    /// Group number.
    pub group: u16,
    /// HSRP version.
    pub version: u8,
    /// Virtual address.
    pub virtual_address: Ipv4Addr,
    /// Priority.
    pub priority: u8,
    /// Whether it preempts.
    pub preempt: bool,
    /// Hello time in milliseconds.
    pub hello_ms: u32,
    /// Hold time in milliseconds.
    pub hold_ms: u32,
    /// Authentication.
    pub authentication: Authentication,
}

/// Which key file a box's HA link uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The one both boxes have.
    Shared,
    /// One of its own: a mistake that must be noticed.
    Own,
}

/// `[ha]`.
#[derive(Clone, Debug)]
pub struct HaConfig {
    /// Lcore of the HA core.
    pub lcore: u16,
    /// Key file.
    pub key: Key,
    /// Further keys, as TOML lines.
    pub more: String,
}

/// One box of the pair.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Which one it is.
    pub which: Which,
    /// What a single box has as well.
    pub base: BoxConfig,
    /// `[ha]`; `None`: an HSRP speaker without a peer to replicate to.
    pub ha: Option<HaConfig>,
    /// `[[standby]]`.
    pub groups: Vec<GroupConfig>,
}

/// Both boxes. The default is the pair of the demonstration: a preferred, no preemption, HSRP version 2 with MD5,
/// hello 250 ms, hold 800 ms.
#[derive(Clone, Debug)]
pub struct PairConfig {
    /// Box a.
    pub a: NodeConfig,
    /// Box b.
    pub b: NodeConfig,
}

/// The box's own addresses: a has those of the single box of the other lab, b the next ones.
pub(super) fn addresses(which: Which) -> [(Ipv4Addr, Ipv6Addr); 2] {
    let own = |v4: Ipv4Addr, v6: Ipv6Addr| match which {
        Which::A => (v4, v6),
        Which::B => (Ipv4Addr::from_bits(v4.to_bits() + 1), Ipv6Addr::from_bits(v6.to_bits() + 1)),
    };
    [own(BOX_INSIDE, BOX_INSIDE6), own(BOX_OUTSIDE, BOX_OUTSIDE6)]
}

impl NodeConfig {
    fn new(which: Which) -> NodeConfig {
        let mut base = BoxConfig {
            name: which.box_name().to_owned(),
            lcores: vec![1],
            device_options: DEVICE_OPTIONS,
            ..BoxConfig::default()
        };
        for ((interface, (v4, v6)), ha_id) in base.interfaces.iter_mut().zip(addresses(which)).zip(1..) {
            interface.addresses = vec![format!("{v4}/24"), format!("{v6}/64")];
            interface.ha_id = Some(ha_id);
        }
        let group = |interface, group, virtual_address| GroupConfig {
            interface,
            group,
            version: 2,
            virtual_address,
            priority: match which {
                Which::A => 110,
                Which::B => 100,
            },
            preempt: false,
            hello_ms: 250,
            hold_ms: 800,
            authentication: Authentication::Md5("s3cret".into()),
        };
        NodeConfig {
            which,
            base,
            ha: Some(HaConfig { lcore: 0, key: Key::Shared, more: String::new() }),
            groups: vec![group("inside", 1, VIRTUAL_INSIDE), group("outside", 2, VIRTUAL_OUTSIDE)],
        }
    }

    /// The whole file. `keys` has the path of [`Key::Shared`] and of [`Key::Own`].
    pub fn to_toml(&self, control_socket: &Path, keys: [&Path; 2]) -> String {
        let mut text = self.base.to_toml(control_socket);
        if let Some(ha) = &self.ha {
            let (local, peer) = (self.which.ha_address(), self.which.other().ha_address());
            let key = match ha.key {
                Key::Shared => keys[0],
                Key::Own => keys[1],
            };
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n[ha]\nlcore = {}\nlocal = \"{local}:5000\"\npeer = \"{peer}:5000\"\nkey_file = {:?}\n{}",
                ha.lcore,
                key.display().to_string(),
                ha.more,
            );
        }
        for group in &self.groups {
            group.write(&mut text);
        }
        text
    }
}

impl GroupConfig {
    fn write(&self, out: &mut String) {
        let _ = write!(
            out,
            "\n[[standby]]\ninterface = {:?}\ngroup = {}\nversion = {}\nvirtual_addresses = [\"{}\"]\n\
             priority = {}\npreempt = {}\nhello = \"{}ms\"\nhold = \"{}ms\"\n",
            self.interface,
            self.group,
            self.version,
            self.virtual_address,
            self.priority,
            self.preempt,
            self.hello_ms,
            self.hold_ms,
        );
        let _ = match &self.authentication {
            Authentication::Default => Ok(()),
            Authentication::Text(text) => writeln!(out, "authentication = {{ text = {text:?} }}"),
            Authentication::Md5(key) => writeln!(out, "authentication = {{ md5_key = {key:?} }}"),
        };
    }
}

impl Default for PairConfig {
    fn default() -> PairConfig {
        PairConfig { a: NodeConfig::new(Which::A), b: NodeConfig::new(Which::B) }
    }
}

impl PairConfig {
    /// The default pair, changed by `change` on both boxes.
    pub fn with(mut change: impl FnMut(&mut NodeConfig)) -> PairConfig {
        let mut config = PairConfig::default();
        change(&mut config.a);
        change(&mut config.b);
        config
    }

    /// The default pair with other numbers of workers.
    pub fn with_workers(a: u16, b: u16) -> PairConfig {
        let mut config = PairConfig::default();
        // One worker beside the HA core, or both cores.
        let lcores = |workers| if workers == 1 { vec![1] } else { (0..workers).collect() };
        (config.a.base.lcores, config.b.base.lcores) = (lcores(a), lcores(b));
        config
    }

    /// The default pair that speaks HSRP `version` with `authentication`.
    pub fn speaking(version: u8, authentication: &Authentication) -> PairConfig {
        PairConfig::with(|node| {
            for group in &mut node.groups {
                group.version = version;
                group.authentication = authentication.clone();
            }
        })
    }

    /// One box's part.
    pub fn node(&self, which: Which) -> &NodeConfig {
        match which {
            Which::A => &self.a,
            Which::B => &self.b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(node: &NodeConfig) -> toml::Table {
        node.to_toml(Path::new("/run/x.sock"), [Path::new("/k/shared"), Path::new("/k/own")]).parse().unwrap()
    }

    #[test]
    fn the_two_files_mirror_each_other() {
        let config = PairConfig::default();
        let (a, b) = (parsed(&config.a), parsed(&config.b));
        assert_eq!(a["ha"]["local"], b["ha"]["peer"]);
        assert_eq!(b["ha"]["local"], a["ha"]["peer"]);
        assert_eq!(a["ha"]["key_file"], b["ha"]["key_file"]);
        assert_ne!(a["name"], b["name"]);
        for i in 0..2 {
            assert_eq!(a["interface"][i]["ha_id"], b["interface"][i]["ha_id"]);
            assert_ne!(a["interface"][i]["addresses"], b["interface"][i]["addresses"]);
            assert_eq!(a["standby"][i]["virtual_addresses"], b["standby"][i]["virtual_addresses"]);
            assert_ne!(a["standby"][i]["priority"], b["standby"][i]["priority"]);
            assert_eq!(a["standby"][i]["authentication"]["md5_key"].as_str(), Some("s3cret"));
        }
        assert_eq!(b["interface"][1]["addresses"][1].as_str(), Some("fd00:2::3/64"));
    }

    #[test]
    fn a_changed_pair_is_changed() {
        let mut config = PairConfig::speaking(1, &Authentication::Default);
        config.b.ha.as_mut().unwrap().key = Key::Own;
        let b = parsed(&config.b);
        assert_eq!(b["standby"][0]["version"].as_integer(), Some(1));
        assert!(b["standby"][0].get("authentication").is_none());
        assert_eq!(b["ha"]["key_file"].as_str(), Some("/k/own"));
        let two = parsed(&PairConfig::with_workers(1, 2).b);
        assert_eq!(two["workers"]["lcores"].as_array().map(Vec::len), Some(2));
    }
}
