//! Two boxes: a download goes on while the active one is killed, while it comes back, and while the role is handed
//! over on purpose.

use super::summary::{Failover, Summary};
use super::{prompt, read};
use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::error::IoContext;
use holdfast_tests::net::firewall::binary;
use holdfast_tests::net::http::{self, Fetch, FileServer};
use holdfast_tests::net::pair::traffic::{Connections, Ledger, Probe, ProbeKind};
use holdfast_tests::net::pair::{
    HOT_LIMIT, NeighbourWatch, PairBox, PairLab, ROLE_LIMIT, ResetCounters, Which, keygen,
};
use holdfast_tests::net::process::describe;
use holdfast_tests::net::wait::{Look, Stopwatch, observe_for, wait_until};
use holdfast_tests::net::{LabError, LabResult};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const DOWNLOAD_BYTES: u64 = 160 << 20;
const DOWNLOAD_BYTES_PER_SECOND: u64 = 8 << 20;
/// Time the rest of the download may take.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(120);
const CONNECTIONS: usize = 200;
const CONNECTIONS_PORT: u16 = 7000;
const PROBE_PORT: u16 = 7001;
const PROBE_RATE: u32 = 1_000;
/// Traffic before and after each event.
const QUIET: Duration = Duration::from_secs(2);
/// How often a line says how far the download is.
const PROGRESS: Duration = Duration::from_secs(1);

/// Runs the demonstration with the boxes' configurations; success only if every session lived.
pub fn run(configs: [&Path; 2], stay: bool) -> LabResult<ExitCode> {
    println!("Client 10.0.1.5 -- gateway 10.0.1.1 [ fw-a | fw-b ] gateway 10.0.2.1 -- server 10.0.2.9");
    println!("in network namespaces on this machine; the boxes share an HA link of their own.\n");
    let mut demo = Demo::start(configs)?;
    let held = demo.play()?.print();
    if stay {
        demo.stay()?;
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Demo {
    lab: PairLab,
    clock: Stopwatch,
    said_at: Duration,
}

/// Both directions, 1,000 packets a second each.
fn probes(lab: &PairLab) -> LabResult<[Probe; 2]> {
    let start = |kind, port| Probe::start(lab, kind, port, PROBE_RATE);
    Ok([start(ProbeKind::Up, PROBE_PORT)?, start(ProbeKind::Down, PROBE_PORT + 1)?])
}

impl Demo {
    fn start(configs: [&Path; 2]) -> LabResult<Demo> {
        let mut lab = PairLab::unconfigured()?;
        lab.quiet();
        let key = lab.dir().join("ha.key");
        keygen(&key)?;
        for (which, config) in Which::BOTH.into_iter().zip(configs) {
            let node = lab.node(which);
            std::fs::write(node.file(), adapted(config, node, &key)?.to_string())
                .doing("writing a configuration")?;
        }
        let mut demo = Demo { lab, clock: Stopwatch::start(), said_at: Duration::ZERO };
        demo.say("starting fw-a");
        demo.lab.a.start()?;
        demo.lab.a.wait_role("active")?;
        demo.say("fw-a is active; starting fw-b");
        demo.lab.b.start()?;
        demo.lab.b.wait_hot()?;
        demo.say("fw-b is standby and HOT: it holds every session that fw-a has");
        Ok(demo)
    }

    fn say(&mut self, what: impl AsRef<str>) {
        self.said_at = self.clock.elapsed();
        println!("{:>7.1} s  {}", self.said_at.as_secs_f64(), what.as_ref());
    }

    /// Says how far the download is, if nothing was said for a while.
    fn progress(&mut self, download: &mut Fetch) -> LabResult<u64> {
        let received = download.received()?;
        if self.clock.elapsed() >= self.said_at + PROGRESS {
            self.say(format!("    download {} of {} MiB", received >> 20, DOWNLOAD_BYTES >> 20));
        }
        Ok(received)
    }

    /// Lets traffic run for a while, with progress.
    fn run_on(&mut self, download: &mut Fetch) -> LabResult {
        let clock = Stopwatch::start();
        while clock.elapsed() < QUIET {
            self.progress(download)?;
            observe_for(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Waits for box `which` to be in `role` (and hot, where that is asked), with progress.
    fn wait(&mut self, which: Which, role: &str, hot: bool, download: &mut Fetch) -> LabResult {
        let limit = if hot { HOT_LIMIT } else { ROLE_LIMIT };
        wait_until(&format!("{} to be {role}", which.box_name()), limit, || {
            self.progress(download)?;
            let seen = self.lab.node(which).redundancy()?;
            let there = seen.role == role && (!hot || seen.sync == "hot");
            Ok(if there { Look::Done(()) } else { Look::NotYet(format!("{seen:?}")) })
        })
    }

    fn play(&mut self) -> LabResult<Summary> {
        let server: FileServer = http::serve(&self.lab.server, self.lab.dir(), DOWNLOAD_BYTES as usize)?;
        let mut connections = Connections::open(&self.lab, CONNECTIONS_PORT, CONNECTIONS)?;
        let first_probes = probes(&self.lab)?;
        let watches = (NeighbourWatch::start(&self.lab)?, ResetCounters::start(&self.lab)?);
        let rate = DOWNLOAD_BYTES_PER_SECOND;
        let mut download = http::fetch_slowly(&self.lab.client, SERVER.into(), self.lab.dir(), rate)?;
        self.say(format!(
            "a download of {} MiB through the pair, {CONNECTIONS} open connections, {PROBE_RATE} packets a second \
             each way",
            DOWNLOAD_BYTES >> 20
        ));
        self.run_on(&mut download)?;

        let killed = self.kill_active(&mut download, first_probes)?;
        self.bring_back(&mut download)?;
        let planned = self.switch_over(&mut download)?;

        wait_until("the end of the download", DOWNLOAD_LIMIT, || {
            let received = self.progress(&mut download)?;
            Ok(if download.is_over()? { Look::Done(()) } else { Look::NotYet(format!("{received} bytes")) })
        })?;
        let digest = download.sha256()?;
        self.say("the download is over");
        let alive = connections.exchange().map(|()| connections.len()).map_err(|error| error.to_string());
        let (neighbours, resets) = watches;
        Ok(Summary {
            failovers: vec![killed, planned],
            download: (digest == server.sha256, digest.chars().take(16).collect()),
            resets: resets.count(&self.lab)?,
            moved: neighbours.finish(&self.lab)?.len(),
            connections: alive,
        })
    }

    fn kill_active(&mut self, download: &mut Fetch, probes: [Probe; 2]) -> LabResult<Failover> {
        let before = self.lab.a.session_set()?;
        self.say(format!("kill -9 fw-a, with {} sessions on it", before.len()));
        let received = download.received()?;
        self.lab.a.kill()?;
        let clock = Stopwatch::start();
        self.wait(Which::B, "active", false, download)?;
        let took = clock.elapsed();
        let after = self.lab.b.session_set()?;
        self.say(format!("fw-b is active {} ms later, with {} sessions", took.as_millis(), after.len()));
        wait_until("the download to go on", DOWNLOAD_LIMIT, || {
            let now = self.progress(download)?;
            Ok(if now > received + (4 << 20) { Look::Done(()) } else { Look::NotYet(format!("{now} bytes")) })
        })?;
        self.say("the download goes on");
        Ok(Failover {
            name: "kill -9",
            planned: false,
            probes: finish(probes)?,
            sessions: before.len(),
            sessions_lost: before.lacking_in(&after),
        })
    }

    fn bring_back(&mut self, download: &mut Fetch) -> LabResult {
        self.say("starting fw-a again: COLD, then BULK, then HOT");
        self.lab.a.start()?;
        self.wait(Which::A, "standby", true, download)?;
        let seen = self.lab.a.redundancy()?;
        self.say(format!("fw-a is standby and HOT, with {} sessions; fw-b stays active", seen.sessions));
        self.run_on(download)
    }

    fn switch_over(&mut self, download: &mut Fetch) -> LabResult<Failover> {
        let probes = probes(&self.lab)?;
        // The new streams' sessions are replicated like any other.
        self.run_on(download)?;
        let before = self.lab.b.session_set()?;
        self.say("redundancy force-switchover on fw-b");
        self.lab.b.console()?.text("redundancy force-switchover")?;
        self.wait(Which::A, "active", false, download)?;
        self.wait(Which::B, "standby", true, download)?;
        let after = self.lab.a.session_set()?;
        self.say("fw-a is active again, fw-b standby and HOT");
        self.run_on(download)?;
        Ok(Failover {
            name: "planned switchover",
            planned: true,
            probes: finish(probes)?,
            sessions: before.len(),
            sessions_lost: before.lacking_in(&after),
        })
    }

    fn stay(&mut self) -> LabResult {
        self.say_what_to_try()?;
        while !prompt(self.lab.a.console()?)? {
            println!("fw-a has ended. Enter starts it again, Ctrl-D takes everything down.");
            let mut line = String::new();
            if std::io::stdin().read_line(&mut line).doing("waiting for Enter")? == 0 {
                break;
            }
            // It may run again already: the user has another terminal.
            if self.lab.a.console()?.text("show version").is_err() {
                self.lab.a.start()?;
            }
        }
        Ok(())
    }

    fn say_what_to_try(&mut self) -> LabResult {
        let pids = [self.lab.a.firewall()?.pid(), self.lab.b.firewall()?.pid()];
        let attach = describe(&self.lab.b.console()?.attach());
        let (namespace, file) = (self.lab.b.namespace.name(), self.lab.b.file().display());
        let start = format!("ip netns exec {namespace} {} run {file}", binary()?.display());
        let (client, cables) = (self.lab.client.name(), self.lab.switch.namespace.name());
        println!("\nThe pair stays. fw-a, the active one, is at this prompt. In another terminal, as root:");
        for (what, command) in [
            ("fw-b's prompt", attach),
            ("traffic through the pair", format!("ip netns exec {client} ping {SERVER}")),
            ("pull fw-a's inside cable (`up` puts it back)", format!("ip -n {cables} link set in-a down")),
            (
                "pull the cable between the boxes",
                format!("ip -n {} link set ha0 down", self.lab.a.namespace.name()),
            ),
            ("kill fw-a; Enter at this prompt starts it again", format!("kill -9 {}", pids[0])),
            ("kill fw-b", format!("kill -9 {}", pids[1])),
            ("start fw-b again, in the foreground (Ctrl-C stops it)", start),
        ] {
            println!("  {what}:\n      {command}");
        }
        println!("Try `show redundancy states`, `show standby brief`, `redundancy force-switchover`.");
        println!("Leaving this prompt (quit, or Ctrl-D) takes everything down.");
        Ok(())
    }
}

fn finish(probes: [Probe; 2]) -> LabResult<[Ledger; 2]> {
    let [up, down] = probes.map(Probe::finish);
    Ok([up?, down?])
}

/// The example as it is, but with this lab's control socket, key and veths: several labs may run beside each other.
fn adapted(config: &Path, node: &PairBox, key: &Path) -> LabResult<toml::Table> {
    let mut table = read(config)?;
    let missing =
        |what: &str| LabError::Missing { what: what.to_owned(), text: config.display().to_string() };
    table.insert("control_socket".into(), node.socket().display().to_string().into());
    let ha = table.get_mut("ha").and_then(toml::Value::as_table_mut).ok_or_else(|| missing("[ha]"))?;
    ha.insert("key_file".into(), key.display().to_string().into());
    let interfaces = table.get_mut("interface").and_then(toml::Value::as_array_mut);
    for interface in interfaces.into_iter().flatten() {
        let interface = interface.as_table_mut().ok_or_else(|| missing("[[interface]]"))?;
        let text = |key| interface.get(key).and_then(toml::Value::as_str).ok_or_else(|| missing(key));
        let (name, device) = (text("name")?, text("device")?);
        let parts: Vec<String> = device
            .split(',')
            .map(|part| if part.starts_with("iface=") { format!("iface={name}") } else { part.to_owned() })
            .collect();
        interface.insert("device".into(), parts.join(",").into());
    }
    Ok(table)
}
