//! The configuration in the words of the engine and of the node.

use core::net::{IpAddr, Ipv4Addr};

use holdfast_engine::config::{EngineConfig, VirtualRouter};
use holdfast_engine::interface::{Mac, PortId};
use holdfast_engine::replication::HaId;
use holdfast_ha::heartbeat::ConfigHashes;
use holdfast_ha::hsrp::{Authentication, GroupConfig, Version};
use holdfast_ha::link::{KEY_BYTES, LinkConfig, Random, Rekey};
use holdfast_ha::node::{MemberConfig, NodeConfig, Preempt, Track};
use holdfast_ha::runtime::read_key;

use crate::config::{Config, HaConfig, InspectSettings, StandbyAuthentication, StandbyConfig};
use crate::dataplane::error::RunError;

/// Versions of the replication protocol that this box speaks.
const VERSION_FIRST: u16 = 1;
const VERSION_LAST: u16 = 1;
/// Key of a link that is configured to be insecure.
const NO_KEY: [u8; KEY_BYTES] = [0; KEY_BYTES];

/// Whether the configuration asks for an HA core.
pub fn needed(config: &Config) -> bool {
    !config.standby.is_empty()
}

/// What the engine's workers answer for while active.
pub fn virtual_routers(config: &Config) -> Vec<VirtualRouter> {
    let router = |standby: &StandbyConfig| {
        Some(VirtualRouter {
            port: port_of(config, &standby.interface)?,
            mac: version(standby).virtual_mac(standby.group),
            addresses: standby.virtual_addresses.iter().copied().map(IpAddr::V4).collect(),
            hsrp_version: standby.version,
        })
    };
    config.standby.iter().filter_map(router).collect()
}

/// The node's configuration; `boot` is a number no other start of a box ever had.
///
/// # Errors
/// [`RunError::HaKey`] when the key cannot be read.
pub fn node_config(config: &Config, engine: &EngineConfig, boot: u64) -> Result<NodeConfig, RunError> {
    let link = config.ha.as_ref().map(|ha| link_config(config, ha, boot)).transpose()?;
    let defaults = HaTimes::of(config.ha.as_ref());
    let members = config.interfaces.iter().zip(&engine.interfaces).map(|(interface, known)| {
        let standby = config.standby.iter().find(|s| s.interface == interface.name);
        let address = known.ipv4().unwrap_or(Ipv4Addr::UNSPECIFIED);
        let preempt = standby.and_then(|s| s.preempt);
        MemberConfig {
            port: known.port,
            name: interface.name.clone(),
            ha_id: interface.ha_id.map(HaId).unwrap_or_default(),
            address,
            group: standby.map(|s| group_config(s, known.port, known.mac, address)),
            preempt: preempt.map_or_else(Preempt::default, |p| Preempt {
                enabled: true,
                delay: p.delay,
                reload: p.reload,
                sync: p.sync,
            }),
            interface_delay: standby.map(|s| s.interface_delay).unwrap_or_default(),
            track: standby.map(|s| tracks(config, s)).unwrap_or_default(),
        }
    });
    Ok(NodeConfig {
        name: config.name.clone(),
        boot,
        members: members.collect(),
        link,
        heartbeat: defaults.heartbeat,
        dead_after: defaults.dead_after,
        hashes: hashes(config, engine),
    })
}

/// Heartbeat times; those of a box without `[ha]` are never used.
struct HaTimes {
    heartbeat: core::time::Duration,
    dead_after: core::time::Duration,
}

impl HaTimes {
    fn of(ha: Option<&HaConfig>) -> HaTimes {
        let second = core::time::Duration::from_secs(1);
        HaTimes {
            heartbeat: ha.map_or(second, |ha| ha.heartbeat),
            dead_after: ha.map_or(second * 3, |ha| ha.dead_after),
        }
    }
}

fn link_config(config: &Config, ha: &HaConfig, boot: u64) -> Result<LinkConfig, RunError> {
    let key = match &ha.key_file {
        Some(path) if !ha.insecure => read_key(path).map_err(RunError::HaKey)?,
        _ => NO_KEY,
    };
    Ok(LinkConfig {
        local: ha.local,
        peer: ha.peer,
        key,
        name: config.name.clone(),
        boot,
        versions: VERSION_FIRST..=VERSION_LAST,
        dead_after: ha.dead_after,
        rekey: Rekey::default(),
        random: Random::System,
    })
}

fn group_config(standby: &StandbyConfig, port: PortId, interface_mac: Mac, address: Ipv4Addr) -> GroupConfig {
    let authentication = match &standby.authentication {
        None => Authentication::None,
        // The configuration's check has measured the text.
        Some(StandbyAuthentication::Text(text)) => {
            Authentication::from_text(&text.0).unwrap_or(Authentication::None)
        }
        Some(StandbyAuthentication::Md5(key)) => Authentication::from_key(key.0.as_bytes()),
    };
    GroupConfig {
        port,
        interface_mac,
        address,
        group: standby.group,
        version: version(standby),
        virtual_addresses: standby.virtual_addresses.clone(),
        priority: standby.priority,
        preempt: standby.preempt.is_some(),
        hello: standby.hello,
        hold: standby.hold,
        authentication,
    }
}

fn version(standby: &StandbyConfig) -> Version {
    if standby.version == 1 { Version::V1 } else { Version::V2 }
}

fn tracks(config: &Config, standby: &StandbyConfig) -> Vec<Track> {
    let track = |track: &crate::config::TrackConfig| {
        Some(Track { port: port_of(config, &track.interface)?, decrement: track.decrement })
    };
    standby.track.iter().filter_map(track).collect()
}

fn port_of(config: &Config, interface: &str) -> Option<PortId> {
    config.interfaces.iter().position(|i| i.name == interface).map(|port| PortId(port as u8))
}

/// What both boxes must have in common, each part in one number.
fn hashes(config: &Config, engine: &EngineConfig) -> ConfigHashes {
    let fold = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    let policy = engine.rules.rules().iter().map(|rule| rule.hash().0).fold(BASIS, fold);
    ConfigHashes { policy, inspect: inspect_values(&config.inspect).into_iter().fold(BASIS, fold) }
}

/// Everything of `[inspect]` that decides how long a session lives or which may begin.
fn inspect_values(settings: &InspectSettings) -> [u64; 13] {
    let ms = |duration: core::time::Duration| duration.as_millis() as u64;
    [
        ms(settings.tcp_synwait),
        ms(settings.tcp_finwait),
        ms(settings.tcp_idle),
        ms(settings.udp_idle),
        ms(settings.dns_timeout),
        ms(settings.icmp_idle),
        settings.max_incomplete_high.into(),
        settings.max_incomplete_low.into(),
        settings.one_minute_high.into(),
        settings.one_minute_low.into(),
        settings.host_incomplete.into(),
        ms(settings.host_block_time),
        settings.tcp_pickup.into(),
    ]
}
