//! The configuration a lab writes for its box.

use super::addresses::{BOX_INSIDE, BOX_INSIDE6, BOX_OUTSIDE, BOX_OUTSIDE6};
use super::lab::BOX_DMZ;
use std::path::Path;

/// One `[[interface]]` of the box, on a veth of the same name in the box's namespace.
#[derive(Clone, Debug)]
pub struct InterfaceConfig {
    /// Name of the interface, of its zone, and of the veth.
    pub name: String,
    /// Addresses with prefix lengths.
    pub addresses: Vec<String>,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// Number of the same interface on both boxes of a pair.
    pub ha_id: Option<u16>,
}

/// What a test may vary; everything else is the standard single firewall.
#[derive(Clone, Debug)]
pub struct BoxConfig {
    /// `name`.
    pub name: String,
    /// `workers.lcores`.
    pub lcores: Vec<u16>,
    /// `workers.poll`.
    pub poll: &'static str,
    /// `workers.sessions_max`.
    pub sessions_max: u32,
    /// `eal.memory_mb`.
    pub memory_mb: u32,
    /// What follows the interface in each device string, such as `,framecnt=1024`.
    pub device_options: &'static str,
    /// The interfaces.
    pub interfaces: Vec<InterfaceConfig>,
    /// `[[rule]]` sections, as TOML.
    pub rules: String,
    /// Further sections (`[inspect]`, …), as TOML.
    pub more: String,
}

/// The rule most tests use: what begins inside may go outside, with its answers.
pub const INSIDE_TO_OUTSIDE: &str = r#"
[[rule]]
from = "inside"
to = "outside"
action = "inspect"
"#;

impl Default for BoxConfig {
    fn default() -> BoxConfig {
        let interface =
            |name: &str, v4: &dyn std::fmt::Display, v6: &dyn std::fmt::Display| InterfaceConfig {
                name: name.to_owned(),
                addresses: vec![format!("{v4}/24"), format!("{v6}/64")],
                mtu: 1500,
                ha_id: None,
            };
        BoxConfig {
            name: "lab".to_owned(),
            lcores: vec![0],
            poll: "adaptive",
            sessions_max: 65_536,
            memory_mb: 256,
            device_options: "",
            interfaces: vec![
                interface("inside", &BOX_INSIDE, &BOX_INSIDE6),
                interface("outside", &BOX_OUTSIDE, &BOX_OUTSIDE6),
            ],
            rules: INSIDE_TO_OUTSIDE.to_owned(),
            more: String::new(),
        }
    }
}

impl BoxConfig {
    /// The standard box with `rules` (TOML) instead of the standard one.
    pub fn with_rules(rules: &str) -> BoxConfig {
        BoxConfig { rules: rules.to_owned(), ..BoxConfig::default() }
    }

    /// Adds the third interface, for a lab with a third host.
    pub fn add_dmz(&mut self) {
        let addresses = vec![format!("{BOX_DMZ}/24")];
        self.interfaces.push(InterfaceConfig { name: "dmz".into(), addresses, mtu: 1500, ha_id: None });
    }

    /// The whole file.
    pub fn to_toml(&self, control_socket: &Path) -> String {
        let mut text = format!(
            "name = {name:?}\ncontrol_socket = {socket:?}\n\n\
             [eal]\nmemory_mb = {memory}\nextra = [\"--no-pci\"]\n\n\
             [workers]\nlcores = {lcores:?}\npoll = {poll:?}\nsessions_max = {sessions}\n",
            name = self.name,
            socket = control_socket.display().to_string(),
            memory = self.memory_mb,
            lcores = self.lcores,
            poll = self.poll,
            sessions = self.sessions_max,
        );
        for (index, interface) in self.interfaces.iter().enumerate() {
            text += &format!(
                "\n[[interface]]\nname = {name:?}\ndevice = \"net_af_packet{index},iface={name}{options}\"\n\
                 addresses = {addresses:?}\nzone = {name:?}\nmtu = {mtu}\n",
                name = interface.name,
                options = self.device_options,
                addresses = interface.addresses,
                mtu = interface.mtu,
            );
            if let Some(ha_id) = interface.ha_id {
                text += &format!("ha_id = {ha_id}\n");
            }
        }
        text + &self.rules + &self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_toml_and_says_what_was_asked() {
        let config = BoxConfig {
            lcores: vec![0, 1],
            more: "\n[inspect]\nudp_idle = \"7s\"\n".into(),
            ..BoxConfig::default()
        };
        let parsed: toml::Table = config.to_toml(Path::new("/run/lab.sock")).parse().unwrap();
        assert_eq!(parsed["control_socket"].as_str(), Some("/run/lab.sock"));
        assert_eq!(parsed["workers"]["lcores"].as_array().map(Vec::len), Some(2));
        let interfaces = parsed["interface"].as_array().unwrap();
        assert_eq!(interfaces.len(), 2);
        assert_eq!(interfaces[1]["device"].as_str(), Some("net_af_packet1,iface=outside"));
        assert_eq!(interfaces[1]["addresses"][1].as_str(), Some("fd00:2::2/64"));
        assert_eq!(parsed["rule"][0]["action"].as_str(), Some("inspect"));
        assert_eq!(parsed["inspect"]["udp_idle"].as_str(), Some("7s"));
    }
}
