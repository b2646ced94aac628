//! How EAL is started: which memory, which core, which devices it may look for.

use std::fs;

use dpdk::eal::{Eal, EalError};

use super::error::RunError;
use crate::config::Config;

const HUGEPAGES: &str = "/sys/kernel/mm/hugepages";

/// Starts EAL for `config`; `extra` goes behind everything else.
///
/// # Errors
/// [`RunError::NoSuchCore`] before EAL is touched, [`RunError::Eal`] with EAL's own words on standard error.
pub fn start(config: &Config, extra: Vec<String>) -> Result<Eal, RunError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = config.workers.lcores.iter().map(|&lcore| ("[workers] lcores", lcore));
    let ha = config.ha.iter().map(|ha| ("[ha] lcore", ha.lcore));
    if let Some((key, lcore)) = workers.chain(ha).find(|&(_, lcore)| usize::from(lcore) >= cores) {
        return Err(RunError::NoSuchCore { key, lcore, last: cores - 1 });
    }
    let huge = free_hugepages_mb() >= u64::from(config.eal.memory_mb);
    let memory_mb = config.eal.memory_mb;
    tracing::info!(memory_mb, hugepages = huge, "starting DPDK");
    let eal = Eal::init(&arguments(config, cores, huge, extra));
    eal.map_err(|source: EalError| RunError::Eal { memory_mb, source })
}

/// The control thread's core: one without a worker and without the HA core when there is one, or else without a
/// worker.
fn main_core(config: &Config, cores: usize) -> usize {
    let worker = |core: &usize| config.workers.lcores.iter().any(|&lcore| usize::from(lcore) == *core);
    let ha = |core: &usize| config.ha.as_ref().is_some_and(|ha| usize::from(ha.lcore) == *core);
    let idle = (0..cores).find(|core| !worker(core) && !ha(core));
    let shared = idle.or_else(|| (0..cores).find(|core| !worker(core)));
    shared.unwrap_or_else(|| config.workers.lcores.first().copied().unwrap_or(0).into())
}

/// The arguments, in an order that lets the user's come last and win.
fn arguments(config: &Config, cores: usize, huge: bool, extra: Vec<String>) -> Vec<String> {
    let main = main_core(config, cores);
    let mut arguments: Vec<String> =
        ["-l".to_owned(), main.to_string(), "-m".to_owned(), config.eal.memory_mb.to_string()].into();
    // --in-memory refuses --no-huge; both keep nothing on disk that a second box could trip over.
    let memory: &[&str] = if huge { &["--in-memory"] } else { &["--no-huge", "--no-shconf"] };
    arguments.extend(memory.iter().map(|&a| a.to_owned()));
    arguments.push(format!("--file-prefix=holdfast-{}", config.name));
    arguments.push("--log-level=*:warning".to_owned());
    if !config.interfaces.iter().any(|i| is_pci_address(&i.device)) {
        arguments.push("--no-pci".to_owned());
    }
    arguments.extend(config.eal.extra.iter().cloned());
    arguments.extend(extra);
    arguments
}

/// `0000:3b:00.0` or `3b:00.0`, perhaps with options behind a comma.
fn is_pci_address(device: &str) -> bool {
    let address = device.split(',').next().unwrap_or_default();
    let hex = |part: &str, digits: usize| part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<&str> = address.split([':', '.']).collect();
    match parts.as_slice() {
        [domain, bus, slot, function] => hex(domain, 4) && hex(bus, 2) && hex(slot, 2) && hex(function, 1),
        [bus, slot, function] => hex(bus, 2) && hex(slot, 2) && hex(function, 1),
        _ => false,
    }
}

/// Megabytes of free hugepages of any size.
fn free_hugepages_mb() -> u64 {
    let Ok(sizes) = fs::read_dir(HUGEPAGES) else { return 0 };
    let mb = |entry: fs::DirEntry| -> Option<u64> {
        let kb: u64 =
            entry.file_name().to_str()?.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
        let free: u64 = fs::read_to_string(entry.path().join("free_hugepages")).ok()?.trim().parse().ok()?;
        Some(free * kb / 1024)
    };
    sizes.filter_map(Result::ok).filter_map(mb).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_thread_keeps_out_of_the_way() {
        let example = include_str!("../../../../scripts/examples/pair-a.toml");
        let mut config = Config::parse(example, std::path::Path::new("pair-a.toml")).expect("an example");
        config.workers.lcores = vec![0, 2];
        assert_eq!(main_core(&config, 4), 3);
        assert_eq!(main_core(&config, 3), 1);
        config.ha = None;
        assert_eq!(main_core(&config, 4), 1);
        config.workers.lcores = vec![1, 0];
        assert_eq!(main_core(&config, 2), 1);
    }

    #[test]
    fn pci_addresses() {
        assert!(
            is_pci_address("0000:3b:00.0") && is_pci_address("3b:00.1") && is_pci_address("0000:3b:00.0,a=1")
        );
        assert!(!is_pci_address("net_null0") && !is_pci_address("net_af_packet0,iface=eth0.1:2"));
    }
}
