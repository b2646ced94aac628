//! One box at work: traffic both ways, a download, a refused connection, the sessions.

use super::steps::Steps;
use super::{prompt, read};
use holdfast_tests::net::addresses::{CLIENT, CLIENT6, SERVER, SERVER6, SERVERS};
use holdfast_tests::net::error::IoContext;
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::sockets::{accept, listen, open, try_connect};
use holdfast_tests::net::{Firewall, Lab, LabResult, http, iperf};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const DOWNLOAD_BYTES: usize = 128 << 20;
const IPERF_SECONDS: u32 = 3;

/// Runs the demonstration with the box configured by `config`; success only if every step held.
pub fn run(config: &Path, stay: bool) -> LabResult<ExitCode> {
    let mut steps = Steps::default();
    println!("Client 10.0.1.5 -- box -- server 10.0.2.9, each in a network namespace of its own");
    let lab = Lab::new()?;
    let mut firewall = steps.setting_up("start the box", || start(&lab, config))?;
    traffic(&lab, &mut steps)?;
    refusal(&lab, &mut steps)?;
    // One connection stays open, so that the list has something to show.
    let listener = listen(&lab.server, SERVER.into(), 2323)?;
    let _open = (open(&lab.client, SERVER.into(), 2323)?, accept(&listener)?);
    println!("\nfw> show ip inspect sessions");
    print!("{}", firewall.console().text("show ip inspect sessions")?);
    println!();
    if stay {
        stay_until_told(&lab, &firewall)?;
    }
    steps.step("stop the box", || {
        firewall.assert_alive()?;
        let (status, took) = firewall.stop(Duration::from_secs(10))?;
        Ok((status.success(), format!("{status} after {} ms", took.as_millis())))
    })?;
    Ok(steps.verdict())
}

/// The example as it is, but with a control socket of this lab's own: several labs may run beside each other.
fn start(lab: &Lab, config: &Path) -> LabResult<Firewall> {
    let mut table = read(config)?;
    let socket: PathBuf = lab.dir().join("control.sock");
    table.insert("control_socket".into(), socket.display().to_string().into());
    let file = lab.dir().join("box.toml");
    std::fs::write(&file, table.to_string()).doing("writing the configuration")?;
    Ok(Firewall::start_file(lab, &file, &socket)?.quiet())
}

fn traffic(lab: &Lab, steps: &mut Steps) -> LabResult {
    for server in SERVERS {
        steps.step(&format!("ping {server}"), || {
            let answers = received(&ping(&lab.client, server, 5, &[])?)?;
            Ok((answers == 5, format!("{answers} of 5 answers")))
        })?;
    }
    let iperf_server = iperf::serve(&lab.server, lab.dir())?;
    let runs: [(&str, IpAddr, &[&str]); 3] = [
        ("TCP to the server", SERVER.into(), &[]),
        ("TCP from the server", SERVER.into(), &["--reverse"]),
        ("TCP over IPv6", SERVER6.into(), &[]),
    ];
    for (what, server, options) in runs {
        steps.step(&format!("iperf3, {what}, {IPERF_SECONDS} s"), || {
            let moved = iperf::measure(&lab.client, server, IPERF_SECONDS, options)?;
            let figure = format!(
                "{:.2} Gbit/s, {} segments sent again",
                moved.bits_per_second / 1e9,
                moved.retransmits
            );
            Ok((moved.bytes > 0, figure))
        })?;
    }
    drop(iperf_server);
    let file_server = http::serve(&lab.server, lab.dir(), DOWNLOAD_BYTES)?;
    for server in SERVERS {
        steps.step(&format!("curl {} MiB from {server}", DOWNLOAD_BYTES >> 20), || {
            let digest = http::fetch_sha256(&lab.client, server, lab.dir())?;
            Ok((digest == file_server.sha256, format!("SHA-256 {}…", &digest[..16.min(digest.len())])))
        })?;
    }
    Ok(())
}

fn refusal(lab: &Lab, steps: &mut Steps) -> LabResult {
    for client in [CLIENT.into(), CLIENT6.into()] {
        steps.step(&format!("from outside, connect to {client} uninvited"), || {
            let _listener = listen(&lab.client, client, 2222)?;
            Ok(match try_connect(&lab.server, client, 2222, Duration::from_millis(1500))? {
                Err(error) => (true, format!("refused: {error}")),
                Ok(_) => (false, "it came in".into()),
            })
        })?;
    }
    Ok(())
}

fn stay_until_told(lab: &Lab, firewall: &Firewall) -> LabResult {
    println!("The lab stays. In another terminal, for example:");
    println!("  ip netns exec {} ping {SERVER}", lab.client.name());
    println!("  ip netns exec {} curl -v http://{SERVER}:{}/", lab.client.name(), http::PORT);
    println!("Leaving the console (quit, or Ctrl-D) takes the lab down.");
    prompt(firewall.console()).map(drop)
}
