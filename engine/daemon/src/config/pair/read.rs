//! Reads `[ha]` and `[[standby]]`.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::PathBuf;

use toml::de::DeValue;

use super::model::{
    HaConfig, HaMode, PreemptConfig, Secret, StandbyAuthentication, StandbyConfig, TrackConfig,
};
use crate::config::reader::Section;
use crate::config::sections::{HA_MODES, LCORE_MAX};
use crate::config::values::{address, boolean, duration, integer, name, one_of, socket_address, text};

const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Shortest hello and hold that HSRP speakers of other makes take.
const HELLO_MIN: Duration = Duration::from_millis(15);
const HOLD_MIN: Duration = Duration::from_millis(50);
/// Longest; one byte of seconds in version 1.
const HELLO_MAX: Duration = Duration::from_secs(254);
const HOLD_MAX: Duration = Duration::from_secs(255);
/// Longest delay before preempting.
const PREEMPT_DELAY_MAX: Duration = Duration::from_secs(3_600);
/// Longest delay after an interface came up.
const INTERFACE_DELAY_MAX: Duration = Duration::from_secs(10_000);
/// Bytes of HSRP's text authentication (RFC 2281 section 5.1).
const TEXT_BYTES_MAX: usize = 8;
/// Bytes of an MD5 key: one block of the hash.
const MD5_KEY_BYTES_MAX: usize = 64;

const AUTHENTICATION: &str = "{ md5_key = \"KEY\" } or { text = \"TEXT\" }";
const AUTHENTICATION_KEYS: &str = "either md5_key = \"KEY\" or text = \"TEXT\", and not both";

pub(in crate::config) fn ha(s: &Section<'_, '_, '_>) -> HaConfig {
    s.only(&[
        "lcore",
        "sleep_max",
        "local",
        "peer",
        "key_file",
        "insecure",
        "heartbeat",
        "dead_after",
        "mode",
        "update_interval",
    ]);
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let insecure = s.optional("insecure", boolean).unwrap_or(false);
    if !insecure && !s.has("key_file") {
        s.missing("key_file", "a file made by `holdfast keygen`, the same on both boxes");
    }
    let time = || duration(MILLISECOND..=60 * SECOND);
    let sleep = duration(MICROSECOND..=10 * MILLISECOND);
    let update = duration(100 * MILLISECOND..=10 * SECOND);
    HaConfig {
        lcore: s.required("lcore", "the lcore of the HA core", 0, integer(0..=LCORE_MAX)),
        sleep_max: s.optional("sleep_max", sleep).unwrap_or(Duration::from_micros(200)),
        local: s.required("local", "the own end of the HA link", nowhere, socket_address),
        peer: s.required("peer", "the peer's end of the HA link", nowhere, socket_address),
        key_file: s.optional("key_file", text).map(PathBuf::from),
        insecure,
        heartbeat: s.optional("heartbeat", time()).unwrap_or(Duration::from_millis(20)),
        dead_after: s.optional("dead_after", time()).unwrap_or(Duration::from_millis(100)),
        mode: s.optional("mode", mode).unwrap_or(HaMode::Async),
        update_interval: s.optional("update_interval", update).unwrap_or(Duration::from_millis(250)),
    }
}

/// `check.rs` says that commit mode comes later; until then it is not offered.
fn mode(value: &DeValue<'_>) -> Result<HaMode, String> {
    one_of(HA_MODES)(value).map_err(|_| "\"async\"".to_owned())
}

pub(in crate::config) fn standby(s: &Section<'_, '_, '_>) -> StandbyConfig {
    s.only(&[
        "interface",
        "group",
        "version",
        "virtual_addresses",
        "priority",
        "preempt",
        "interface_delay",
        "track",
        "hello",
        "hold",
        "authentication",
    ]);
    if !s.has("virtual_addresses") {
        s.missing("virtual_addresses", "a list of virtual addresses");
    }
    let delay = duration(Duration::ZERO..=INTERFACE_DELAY_MAX);
    StandbyConfig {
        interface: s.required("interface", "the name of an interface", String::new(), name),
        group: s.required("group", "the number of the HSRP group", 0, integer(0..=4095)),
        version: s.optional("version", integer(1..=2)).unwrap_or(1),
        virtual_addresses: s.list("virtual_addresses", virtual_address),
        priority: s.optional("priority", integer(0..=255)).unwrap_or(100),
        preempt: preempt(s),
        interface_delay: s.optional("interface_delay", delay).unwrap_or(Duration::ZERO),
        track: s.tables("track").iter().map(track).collect(),
        hello: s.optional("hello", duration(HELLO_MIN..=HELLO_MAX)).unwrap_or(3 * SECOND),
        hold: s.optional("hold", duration(HOLD_MIN..=HOLD_MAX)).unwrap_or(10 * SECOND),
        authentication: s.table_of("authentication", AUTHENTICATION).as_ref().and_then(authentication),
    }
}

fn virtual_address(value: &DeValue<'_>) -> Result<Ipv4Addr, String> {
    match address(value) {
        Ok(IpAddr::V4(v4)) => Ok(v4),
        Ok(IpAddr::V6(_)) => Err("an IPv4 address; IPv6 groups come later".to_owned()),
        Err(_) => Err("an IPv4 address".to_owned()),
    }
}

/// `true`, `false`, or a table of delays.
fn preempt(s: &Section<'_, '_, '_>) -> Option<PreemptConfig> {
    let word = |value: &DeValue<'_>| match value.is_table() {
        true => Ok(true),
        false => boolean(value)
            .map_err(|words| format!("{words} or {{ delay = \"5s\", reload = \"60s\", sync = true }}")),
    };
    let on = s.optional("preempt", word).unwrap_or(false);
    let mut preempt = PreemptConfig::default();
    if let Some(table) = s.table_if_any("preempt") {
        table.only(&["delay", "reload", "sync"]);
        let delay = || duration(Duration::ZERO..=PREEMPT_DELAY_MAX);
        preempt.delay = table.optional("delay", delay()).unwrap_or(preempt.delay);
        preempt.reload = table.optional("reload", delay()).unwrap_or(preempt.reload);
        preempt.sync = table.optional("sync", boolean).unwrap_or(preempt.sync);
    }
    on.then_some(preempt)
}

fn track(s: &Section<'_, '_, '_>) -> TrackConfig {
    s.only(&["interface", "decrement"]);
    TrackConfig {
        interface: s.required("interface", "the name of an interface", String::new(), name),
        decrement: s.optional("decrement", integer(1..=255)).unwrap_or(10),
    }
}

fn authentication(s: &Section<'_, '_, '_>) -> Option<StandbyAuthentication> {
    s.only(&["text", "md5_key"]);
    if s.has("text") == s.has("md5_key") {
        s.missing("md5_key", AUTHENTICATION_KEYS);
        return None;
    }
    let secret = |key: &str, fits: fn(&str) -> bool, expected: &str| {
        s.optional(key, |value| {
            text(value).ok().filter(|text| fits(text)).map(Secret).ok_or_else(|| expected.to_owned())
        })
    };
    let plain: fn(&str) -> bool = |text| text.len() <= TEXT_BYTES_MAX && text.is_ascii();
    let key: fn(&str) -> bool = |text| text.len() <= MD5_KEY_BYTES_MAX;
    let text = secret("text", plain, "a text of 1 to 8 ASCII characters");
    let md5 = secret("md5_key", key, "a key of 1 to 64 bytes");
    text.map(StandbyAuthentication::Text).or(md5.map(StandbyAuthentication::Md5))
}
