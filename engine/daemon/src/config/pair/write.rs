//! `[ha]` and `[[standby]]` as TOML again.

use super::model::{HaConfig, Secret, StandbyAuthentication, StandbyConfig};
use crate::config::sections::HA_MODES;
use crate::config::write::{Secrets, Writer, quoted, time, word};

pub(in crate::config) fn write_ha(out: &mut Writer, h: &HaConfig) {
    out.section("[ha]");
    out.key("lcore", h.lcore);
    out.key("sleep_max", time(h.sleep_max));
    out.key("local", quoted(&h.local));
    out.key("peer", quoted(&h.peer));
    if let Some(file) = &h.key_file {
        out.key("key_file", quoted(&file.to_string_lossy()));
    }
    out.key("insecure", h.insecure);
    out.key("heartbeat", time(h.heartbeat));
    out.key("dead_after", time(h.dead_after));
    out.key("mode", word(HA_MODES, h.mode));
    out.key("update_interval", time(h.update_interval));
}

pub(in crate::config) fn write_standby(out: &mut Writer, s: &StandbyConfig, secrets: Secrets) {
    out.section("[[standby]]");
    out.key("interface", quoted(&s.interface));
    out.key("group", s.group);
    out.key("version", s.version);
    out.list("virtual_addresses", s.virtual_addresses.iter().map(quoted));
    out.key("priority", s.priority);
    match s.preempt {
        Some(p) => {
            let (delay, reload) = (time(p.delay), time(p.reload));
            out.key("preempt", format!("{{ delay = {delay}, reload = {reload}, sync = {} }}", p.sync));
        }
        None => out.key("preempt", false),
    }
    out.key("interface_delay", time(s.interface_delay));
    let track = s
        .track
        .iter()
        .map(|t| format!("{{ interface = {}, decrement = {} }}", quoted(&t.interface), t.decrement));
    out.list("track", track);
    out.key("hello", time(s.hello));
    out.key("hold", time(s.hold));
    if let Some(authentication) = &s.authentication {
        let (key, Secret(text)) = match authentication {
            StandbyAuthentication::Text(text) => ("text", text),
            StandbyAuthentication::Md5(key) => ("md5_key", key),
        };
        let shown = match secrets {
            Secrets::Shown => quoted(text),
            Secrets::Masked => quoted("********"),
        };
        out.key("authentication", format!("{{ {key} = {shown} }}"));
    }
}
