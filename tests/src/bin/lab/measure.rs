//! Throughput and round-trip time through the box and, as control, through the kernel's plain routing on the same
//! veths in the same run: the ratio is what counts, the absolute figures are this machine's.

use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::{BoxConfig, Lab, LabError, LabResult, iperf, ping};
use serde_json::json;

/// What iperf3 is asked to do: a name and its options.
const RUNS: &[(&str, &[&str])] = &[
    ("tcp", &[]),
    ("tcp_reverse", &["--reverse"]),
    ("tcp_8_streams", &["--parallel", "8"]),
    ("udp_1400", &["--udp", "--bandwidth", "0", "--length", "1400"]),
    ("udp_64", &["--udp", "--bandwidth", "0", "--length", "64"]),
];

/// Figures of one system under test.
struct Figures {
    system: &'static str,
    /// Bits a second that arrived, in the order of [`RUNS`].
    bits_per_second: Vec<f64>,
    /// Mean round-trip time in milliseconds.
    rtt_ms: f64,
}

/// Measures every system for `seconds` a run and prints a table, or JSON.
pub fn run(seconds: u32, as_json: bool) -> LabResult {
    let control = Lab::new()?;
    control.route_by_kernel()?;
    let kernel = measure(&control, "kernel_routing", seconds)?;
    drop(control);

    let mut systems = vec![kernel];
    for (system, poll) in [("holdfast_adaptive", "adaptive"), ("holdfast_busy", "busy")] {
        let lab = Lab::new()?;
        let firewall = lab.start(&BoxConfig { poll, ..BoxConfig::default() })?.quiet();
        systems.push(measure(&lab, system, seconds)?);
        drop(firewall);
    }
    if as_json {
        print_json(&systems)
    } else {
        print_table(&systems)
    }
    Ok(())
}

fn measure(lab: &Lab, system: &'static str, seconds: u32) -> LabResult<Figures> {
    let _server = iperf::serve(&lab.server, lab.dir())?;
    // The first packets resolve neighbours; they are not what is measured.
    ping::ping(&lab.client, SERVER.into(), 2, &[])?;
    let mut bits_per_second = Vec::new();
    for (name, options) in RUNS {
        eprintln!("{system}: {name}, {seconds} s");
        bits_per_second.push(iperf::measure(&lab.client, SERVER.into(), seconds, options)?.bits_per_second);
    }
    eprintln!("{system}: round-trip time");
    Ok(Figures { system, bits_per_second, rtt_ms: mean_rtt(lab)? })
}

/// The second figure of ping's last line, `rtt min/avg/max/mdev = 0.02/0.03/0.04/0.01 ms`.
fn mean_rtt(lab: &Lab) -> LabResult<f64> {
    let text = ping::ping(&lab.client, SERVER.into(), 50, &[])?.stdout;
    let figures = text.lines().find_map(|line| line.strip_prefix("rtt min/avg/max/mdev = "));
    let mean = figures.and_then(|f| f.split('/').nth(1)).and_then(|f| f.parse().ok());
    mean.ok_or_else(|| LabError::Missing { what: "round-trip time".into(), text })
}

fn print_table(systems: &[Figures]) {
    print!("{:<20}", "Gbit/s");
    RUNS.iter().for_each(|(name, _)| print!("{name:>16}"));
    println!("{:>16}", "rtt_ms");
    for figures in systems {
        print!("{:<20}", figures.system);
        figures.bits_per_second.iter().for_each(|bits| print!("{:>16.3}", bits / 1e9));
        println!("{:>16.3}", figures.rtt_ms);
    }
}

fn print_json(systems: &[Figures]) {
    let results = systems.iter().flat_map(|figures| {
        let runs = RUNS.iter().zip(&figures.bits_per_second);
        let throughput = runs
            .map(|((name, _), bits)| json!({ "system": figures.system, "run": name, "gbps": bits / 1e9 }));
        throughput.chain([json!({ "system": figures.system, "run": "rtt", "rtt_ms": figures.rtt_ms })])
    });
    println!("{}", json!({ "id": "lab", "results": results.collect::<Vec<_>>() }));
}
