//! The console's requests, carried out on a running box.

use core::time::Duration;
use std::sync::atomic::Ordering;

use holdfast_engine::io::BURST_PACKETS_MAX;
use holdfast_engine::time::Instant;
use holdfast_engine::worker::ForwardMode;

use super::appliance::Appliance;
use crate::console::{Control, ControlError, DebugTopic, HaCleared, Ports};
use crate::report;

/// `set verbose` goes up to this.
const VERBOSE_MAX: u8 = 1;
/// `debug clock advance` at most this at once: a year.
const ADVANCE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// And never beyond this. Sessions keep time in 32 bits of 100 ms, which end after thirteen years and a half; after
/// that nothing would expire.
const CLOCK_MAX: Duration = Duration::from_secs(12 * 365 * 24 * 3600);

/// How far the clock may still be pushed at once.
fn advance_max(now: Instant) -> Duration {
    CLOCK_MAX.saturating_sub(now.since(Instant::default())).min(ADVANCE_MAX)
}

impl Control for Appliance {
    fn port_info(&mut self, ports: Ports) -> Result<report::PortInfos, ControlError> {
        self.report_port_info(ports)
    }
    fn port_stats(&mut self, ports: Ports) -> Result<report::PortStatsReport, ControlError> {
        self.report_port_stats(ports)
    }
    fn port_xstats(&mut self, ports: Ports) -> Result<report::PortXstatsReport, ControlError> {
        self.report_port_xstats(ports)
    }
    fn forward_stats(&mut self) -> Result<report::ForwardStats, ControlError> {
        self.report_forward_stats()
    }
    fn config_fwd(&mut self) -> Result<report::ConfigFwd, ControlError> {
        Ok(self.report_config_fwd())
    }
    fn config_rxtx(&mut self) -> Result<report::ConfigRxtx, ControlError> {
        Ok(self.report_config_rxtx())
    }
    fn config_cores(&mut self) -> Result<report::ConfigCores, ControlError> {
        Ok(self.report_config_cores())
    }
    fn sessions(&mut self, sessions_max: usize) -> Result<report::Sessions, ControlError> {
        Ok(self.report_sessions(sessions_max))
    }
    fn inspect_statistics(&mut self) -> Result<report::InspectStatistics, ControlError> {
        self.report_inspect_statistics()
    }
    fn inspect_config(&mut self) -> Result<report::InspectConfig, ControlError> {
        self.report_inspect_config()
    }
    fn inspect_interfaces(&mut self) -> Result<report::InspectInterfaces, ControlError> {
        Ok(self.report_inspect_interfaces())
    }
    fn arp(&mut self) -> Result<report::ArpTable, ControlError> {
        Ok(report::ArpTable { neighbours: self.report_neighbours(false)? })
    }
    fn ipv6_neighbors(&mut self) -> Result<report::Ipv6Neighbors, ControlError> {
        Ok(report::Ipv6Neighbors { neighbours: self.report_neighbours(true)? })
    }
    fn routes(&mut self, family: report::RouteFamily) -> Result<report::RouteTable, ControlError> {
        Ok(self.report_routes(family))
    }
    fn interfaces(&mut self) -> Result<report::Interfaces, ControlError> {
        self.report_interfaces()
    }
    fn running_config(&mut self) -> Result<report::RunningConfig, ControlError> {
        Ok(report::RunningConfig { toml: self.config.running() })
    }
    fn version(&mut self) -> Result<report::Version, ControlError> {
        Ok(report::Version {
            holdfast: env!("CARGO_PKG_VERSION").to_owned(),
            dpdk: dpdk::eal::version(),
            name: self.config.name.clone(),
            config_file: self.config_file.display().to_string(),
            pid: std::process::id(),
            uptime: self.real_now().since(self.started_at),
        })
    }
    fn logging(&mut self) -> Result<report::Logging, ControlError> {
        Ok(self.log.report())
    }

    fn clear_port_stats(&mut self, ports: Ports) -> Result<(), ControlError> {
        for port in ports.of(self.port_count())? {
            self.on_port(port, "clear its counters", |p| {
                p.last_stats = None;
                p.control.reset_stats().and_then(|()| p.control.reset_xstats())
            })?;
        }
        Ok(())
    }
    fn clear_forward_stats(&mut self) -> Result<(), ControlError> {
        self.ask_all(|worker| worker.clear_counters())?;
        self.cleared_at = Some(self.now());
        self.rate.reset();
        Ok(())
    }
    fn clear_sessions(&mut self, sessions: report::SessionSelector) -> Result<u64, ControlError> {
        self.may_end_sessions()?;
        self.end_sessions(sessions)
    }
    fn clear_arp(&mut self) -> Result<u64, ControlError> {
        self.forget_neighbours(false)
    }
    fn clear_ipv6_neighbors(&mut self) -> Result<u64, ControlError> {
        self.forget_neighbours(true)
    }

    fn set_forward_mode(&mut self, mode: ForwardMode) -> Result<(), ControlError> {
        if self.forwarding {
            return Err(ControlError::Forwarding);
        }
        self.ask_all(move |worker| worker.set_mode(mode))?;
        self.mode = mode;
        Ok(())
    }
    fn set_burst(&mut self, packets: u16) -> Result<(), ControlError> {
        in_range("the burst", packets.into(), 1, BURST_PACKETS_MAX as u64)?;
        self.ask_all(move |worker| worker.set_burst(packets.into()))?;
        self.burst = packets;
        Ok(())
    }
    fn set_verbose(&mut self, level: u8) -> Result<u8, ControlError> {
        in_range("the level", level.into(), 0, VERBOSE_MAX.into())?;
        self.ask_all(move |worker| worker.set_verbose(level > 0))?;
        Ok(core::mem::replace(&mut self.verbose, level))
    }
    fn set_promiscuous(&mut self, ports: Ports, on: bool) -> Result<(), ControlError> {
        for port in ports.of(self.port_count())? {
            self.on_port(port, "set promiscuous mode", |p| p.control.set_promiscuous(on))?;
        }
        Ok(())
    }
    fn start(&mut self) -> Result<(), ControlError> {
        if self.forwarding {
            return Err(ControlError::AlreadyForwarding);
        }
        self.set_forwarding(true)
    }
    fn stop(&mut self) -> Result<(), ControlError> {
        if !self.forwarding {
            return Err(ControlError::NotForwarding);
        }
        self.set_forwarding(false)
    }
    fn port_start(&mut self, ports: Ports) -> Result<(), ControlError> {
        for port in ports.of(self.port_count())? {
            self.on_port(port, "start", |p| p.control.start())?;
        }
        Ok(())
    }
    fn port_stop(&mut self, ports: Ports) -> Result<(), ControlError> {
        for port in ports.of(self.port_count())? {
            self.on_port(port, "stop", |p| p.control.stop())?;
        }
        Ok(())
    }
    fn advance_clock(&mut self, by: Duration) -> Result<(), ControlError> {
        in_range("seconds", by.as_secs(), 0, advance_max(self.now()).as_secs())?;
        let by = by.as_nanos() as u64;
        for worker in &self.workers {
            worker.shared.clock_offset_ns.fetch_add(by, Ordering::Relaxed);
        }
        // When this returns, every worker has polled at the new time at least once.
        self.ask_all(|_| ()).map(drop)
    }
    fn ha_status(&mut self) -> Result<holdfast_ha::status::Status, ControlError> {
        self.report_ha_status()
    }
    fn interface_names(&mut self) -> Vec<String> {
        self.config.interfaces.iter().map(|interface| interface.name.clone()).collect()
    }
    fn force_switchover(&mut self) -> Result<(), ControlError> {
        self.order_switchover()
    }
    fn clear_ha(&mut self) -> Result<HaCleared, ControlError> {
        self.order_start_over()
    }
    fn set_ha_debug(&mut self, topic: DebugTopic, on: bool) -> Result<(), ControlError> {
        self.order_debug(topic, on)
    }
    fn undebug_all(&mut self) -> Result<(), ControlError> {
        self.end_ha_debug()?;
        self.set_verbose(0).map(drop)
    }
}

impl Appliance {
    /// Number of ports.
    pub(super) fn port_count(&self) -> u8 {
        self.ports.len() as u8
    }

    fn set_forwarding(&mut self, on: bool) -> Result<(), ControlError> {
        self.ask_all(move |worker| worker.set_running(on))?;
        self.forwarding = on;
        Ok(())
    }

    fn on_port<T>(
        &mut self,
        port: u8,
        operation: &'static str,
        work: impl FnOnce(&mut super::appliance::BoxPort) -> Result<T, dpdk::port::PortError>,
    ) -> Result<T, ControlError> {
        let ports = self.port_count();
        let Some(entry) = self.ports.get_mut(usize::from(port)) else {
            return Err(ControlError::NoSuchPort { port, ports });
        };
        work(entry).map_err(|error| ControlError::Device { port, operation, reason: error.to_string() })
    }
}

fn in_range(what: &'static str, value: u64, min: u64, max: u64) -> Result<(), ControlError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(ControlError::OutOfRange { what, value, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_engine::time::Tick;

    #[test]
    fn the_clock_is_never_pushed_beyond_what_sessions_can_store() {
        let mut now = Instant(5_000_000_000);
        let mut pushes = 0;
        while advance_max(now) > Duration::from_secs(1) && pushes < 100 {
            now = now + advance_max(now);
            pushes += 1;
        }
        assert_eq!(pushes, 12);
        assert!(now.0 / Tick::NANOS < u64::from(u32::MAX));
        assert_eq!(advance_max(Instant(u64::MAX)), Duration::ZERO);
    }
}
