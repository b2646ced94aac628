//! The configuration as TOML again, every default written out: `show running-config`.

use core::fmt::{Display, Write as _};
use core::time::Duration;

use super::model::{Config, InterfaceConfig, PollMode, Replicate, RouteTarget, RuleConfig};
use super::pair::{write_ha, write_standby};
use super::sections::{ACTIONS, FORMATS, LEVELS, POLL};

/// Whether secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// As they are.
    Shown,
    /// As asterisks.
    Masked,
}

impl Config {
    /// What `show running-config` shows: everything, secrets masked.
    pub fn running(&self) -> String {
        self.to_toml(Secrets::Masked)
    }

    /// A file that gives this configuration again, unless its secrets are masked.
    pub fn to_toml(&self, secrets: Secrets) -> String {
        let mut out = Writer(String::new());
        out.key("name", quoted(&self.name));
        out.key("control_socket", quoted(&self.control_socket.to_string_lossy()));

        out.section("[eal]");
        out.key("memory_mb", self.eal.memory_mb);
        if let Some(mbufs) = self.eal.mbufs {
            out.key("mbufs", mbufs);
        }
        out.list("extra", self.eal.extra.iter().map(quoted));

        let w = &self.workers;
        out.section("[workers]");
        out.list("lcores", w.lcores.iter());
        out.key("poll", word(POLL, w.poll));
        if w.poll == PollMode::Adaptive {
            out.key("sleep_max", time(w.sleep_max));
        }
        out.key("sessions_max", w.sessions_max);
        out.key("burst", w.burst);

        self.interfaces.iter().for_each(|i| interface(&mut out, i));
        for n in &self.neighbours {
            out.section("[[neighbour]]");
            out.key("interface", quoted(&n.interface));
            out.key("address", quoted(&n.address));
            out.key("mac", quoted(&n.mac));
        }
        for r in &self.routes {
            out.section("[[route]]");
            out.key("prefix", quoted(&r.prefix));
            match r.target {
                RouteTarget::Via(via) => out.key("via", quoted(&via)),
                RouteTarget::Blackhole => out.key("blackhole", true),
            }
        }
        self.rules.iter().for_each(|r| rule(&mut out, r));
        self.write_inspect(&mut out);

        out.section("[log]");
        out.key("format", word(FORMATS, self.log.format));
        out.key("level", word(LEVELS, self.log.level));

        if let Some(config) = &self.ha {
            write_ha(&mut out, config);
        }
        self.standby.iter().for_each(|s| write_standby(&mut out, s, secrets));
        out.0
    }

    fn write_inspect(&self, out: &mut Writer) {
        let i = &self.inspect;
        out.section("[inspect]");
        out.key("tcp_synwait", time(i.tcp_synwait));
        out.key("tcp_finwait", time(i.tcp_finwait));
        out.key("tcp_idle", time(i.tcp_idle));
        out.key("udp_idle", time(i.udp_idle));
        out.key("dns_timeout", time(i.dns_timeout));
        out.key("icmp_idle", time(i.icmp_idle));
        out.key("max_incomplete_high", i.max_incomplete_high);
        out.key("max_incomplete_low", i.max_incomplete_low);
        out.key("one_minute_high", i.one_minute_high);
        out.key("one_minute_low", i.one_minute_low);
        out.key("host_incomplete", i.host_incomplete);
        out.key("host_block_time", time(i.host_block_time));
        out.key("tcp_pickup", i.tcp_pickup);
        out.key("audit_trail", i.audit_trail);
    }
}

impl RuleConfig {
    /// What the rule matches beyond its zones, in one line; empty when everything.
    pub fn matches(&self) -> String {
        let mut out = Writer(String::new());
        matches(&mut out, self);
        out.0.trim_end().replace('\n', ", ")
    }

    /// The word of its action.
    pub fn action_word(&self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| *action == self.action).map_or("drop", |(word, _)| word)
    }
}

pub(super) struct Writer(String);

impl Writer {
    pub(super) fn section(&mut self, heading: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "\n{heading}");
    }

    pub(super) fn key(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.0, "{key} = {value}");
    }

    /// Nothing is written for an empty list, which everywhere means the same as no key.
    pub(super) fn list<T: Display>(&mut self, key: &str, values: impl Iterator<Item = T>) {
        let values: Vec<String> = values.map(|value| value.to_string()).collect();
        if !values.is_empty() {
            self.key(key, format!("[{}]", values.join(", ")));
        }
    }
}

pub(super) fn quoted(text: &(impl Display + ?Sized)) -> toml::Value {
    toml::Value::String(text.to_string())
}

pub(super) fn time(duration: Duration) -> toml::Value {
    quoted(&humantime::format_duration(duration))
}

pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> toml::Value {
    quoted(words.iter().find(|(_, choice)| *choice == value).map_or("", |(word, _)| word))
}

fn interface(out: &mut Writer, i: &InterfaceConfig) {
    out.section("[[interface]]");
    out.key("name", quoted(&i.name));
    if let Some(id) = i.ha_id {
        out.key("ha_id", id);
    }
    out.key("device", quoted(&i.device));
    out.list("addresses", i.addresses.iter().map(|a| quoted(&format!("{}/{}", a.address, a.prefix_len))));
    out.key("zone", quoted(&i.zone));
    out.key("mtu", i.mtu);
    if let Some(vlan) = i.vlan {
        out.key("vlan", vlan);
    }
    out.key("promiscuous", i.promiscuous);
    out.key("rx_descriptors", i.rx_descriptors);
    out.key("tx_descriptors", i.tx_descriptors);
    out.key("reverse_path_check", i.reverse_path_check);
}

fn matches(out: &mut Writer, r: &RuleConfig) {
    if let Some(protocol) = r.protocol {
        out.key("protocol", quoted(&protocol));
    }
    out.list("source", r.source.iter().map(quoted));
    out.list("destination", r.destination.iter().map(quoted));
    out.list("source_ports", r.source_ports.iter().map(quoted));
    out.list("destination_ports", r.destination_ports.iter().map(quoted));
}

fn rule(out: &mut Writer, r: &RuleConfig) {
    out.section("[[rule]]");
    out.key("from", quoted(&r.from));
    out.key("to", quoted(&r.to));
    out.key("action", quoted(r.action_word()));
    matches(out, r);
    out.key("log", r.log);
    match r.replicate {
        Replicate::Always => out.key("replicate", quoted("always")),
        Replicate::Never => out.key("replicate", quoted("never")),
        Replicate::After(age) => out.key("replicate", format!("{{ after = {} }}", time(age))),
    }
}
