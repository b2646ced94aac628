//! Every kind of traffic at once, and one verdict over it.

use super::connections::BusyConnections;
use super::{Connections, Ledger, Pings, PingsOutcome, Probe, ProbeKind, Transfer, TransferOutcome};
use crate::net::addresses::SERVER;
use crate::net::error::LabResult;
use crate::net::pair::PairLab;
use crate::net::pair::watch::{NeighbourWatch, ResetCounters};
use std::fmt;
use std::time::Duration;

const DOWNLOAD_PORT: u16 = 7101;
const UPLOAD_PORT: u16 = 7102;
const IDLE_PORT: u16 = 7103;
const BUSY_PORT: u16 = 7104;
const PROBE_PORTS: [u16; 3] = [7105, 7106, 7107];

/// How much of each.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Bytes a second of the download and of the upload.
    pub bytes_per_second: u32,
    /// Connections that exchange a few bytes once a second.
    pub busy: usize,
    /// Connections on which nothing happens until the end.
    pub idle: usize,
    /// Packets a second of the UDP streams in each direction.
    pub probe_rate: u32,
    /// UDP requests a second.
    pub request_rate: u32,
    /// Time between echo requests.
    pub ping_interval: Duration,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            bytes_per_second: 2 << 20,
            busy: 1_000,
            idle: 50,
            probe_rate: 1_000,
            request_rate: 100,
            ping_interval: Duration::from_millis(10),
        }
    }
}

/// All of it, running.
#[derive(Debug)]
pub struct Everything {
    watches: (NeighbourWatch, ResetCounters),
    transfers: [Transfer; 2],
    idle: Connections,
    busy: BusyConnections,
    probes: [Probe; 3],
    pings: Pings,
}

impl Everything {
    /// Opens every session and starts.
    pub fn start(lab: &PairLab, load: &Load) -> LabResult<Everything> {
        let rates = [load.probe_rate, load.probe_rate, load.request_rate];
        let probe = |kind, i: usize| Probe::start(lab, kind, PROBE_PORTS[i], rates[i]);
        // The first packet resolves neighbours and opens the way; then what must not change is written down.
        let busy = Connections::open(lab, BUSY_PORT, load.busy)?;
        let idle = Connections::open(lab, IDLE_PORT, load.idle)?;
        Ok(Everything {
            watches: (NeighbourWatch::start(lab)?, ResetCounters::start(lab)?),
            transfers: [
                Transfer::download(lab, DOWNLOAD_PORT, load.bytes_per_second)?,
                Transfer::upload(lab, UPLOAD_PORT, load.bytes_per_second)?,
            ],
            idle,
            busy: busy.keep_busy(Duration::from_secs(1)),
            probes: [probe(ProbeKind::Up, 0)?, probe(ProbeKind::Down, 1)?, probe(ProbeKind::Echo, 2)?],
            pings: Pings::start(lab, SERVER.into(), load.ping_interval)?,
        })
    }

    /// Ends everything in order and says how each fared. Errors when a connection broke.
    pub fn finish(self, lab: &PairLab) -> LabResult<Outcome> {
        let [up, down, echo] = self.probes.map(Probe::finish);
        let pings = self.pings.finish()?;
        let mut busy = self.busy.finish()?;
        busy.exchange()?;
        let mut idle = self.idle;
        idle.exchange()?;
        let [download, upload] = self.transfers.map(Transfer::finish);
        let (neighbours, resets) = self.watches;
        Ok(Outcome {
            up: up?,
            down: down?,
            echo: echo?,
            pings,
            download: download?,
            upload: upload?,
            connections: busy.len() + idle.len(),
            // Before the connections are closed: closing is no part of it.
            resets: resets.count(lab)?,
            moved: neighbours.finish(lab)?,
        })
    }
}

/// How everything fared.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The UDP stream to the server.
    pub up: Ledger,
    /// The UDP stream to the client.
    pub down: Ledger,
    /// UDP requests and answers.
    pub echo: Ledger,
    /// Echo requests and answers.
    pub pings: PingsOutcome,
    /// The download.
    pub download: TransferOutcome,
    /// The upload.
    pub upload: TransferOutcome,
    /// Connections that exchanged their bytes, all of them.
    pub connections: usize,
    /// TCP segments with RST seen on either host.
    pub resets: u64,
    /// Changes of a virtual address's MAC in a host's neighbour cache.
    pub moved: Vec<String>,
}

impl Outcome {
    /// The longer of the two UDP streams' blackouts.
    pub fn blackout(&self) -> Duration {
        self.up.blackout.max(self.down.blackout)
    }

    /// What did not hold, given the longest blackout allowed; empty when all did.
    pub fn complaints(&self, blackout_max: Duration) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut check = |held: bool, what: String| {
            if !held {
                complaints.push(what);
            }
        };
        check(self.download.intact(), format!("download: {:?}", self.download));
        check(self.upload.intact(), format!("upload: {:?}", self.upload));
        check(self.pings.alive, format!("pings: {:?}", self.pings));
        check(self.resets == 0, format!("{} RST", self.resets));
        check(self.moved.is_empty(), format!("neighbours: {:?}", self.moved));
        for (name, ledger) in [("up", &self.up), ("down", &self.down)] {
            check(
                ledger.blackout <= blackout_max,
                format!("{name}: blackout over {blackout_max:?}: {ledger:?}"),
            );
        }
        // A request waits for its answer, so that two paths' delays count.
        let echo_max = blackout_max + Duration::from_millis(50);
        check(self.echo.blackout <= echo_max, format!("requests: {:?}", self.echo));
        complaints
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, l) in [("UDP up", &self.up), ("UDP down", &self.down), ("UDP requests", &self.echo)] {
            writeln!(
                f,
                "{name:<14} {} sent, {} lost, {} twice, blackout {} ms, longest gap {} ms",
                l.sent,
                l.lost(),
                l.duplicates,
                l.blackout.as_millis(),
                l.longest_gap.as_millis()
            )?;
        }
        let p = &self.pings;
        writeln!(
            f,
            "{:<14} {} sent, {} answered, longest silence {} ms",
            "pings",
            p.sent,
            p.answered,
            p.longest_silence.as_millis()
        )?;
        for (name, t) in [("download", &self.download), ("upload", &self.upload)] {
            let verdict = if t.intact() { "intact" } else { "DAMAGED" };
            writeln!(
                f,
                "{name:<14} {} bytes, {verdict}, longest gap {} ms",
                t.received,
                t.longest_gap.as_millis()
            )?;
        }
        write!(f, "{} connections, {} RST, neighbours moved: {:?}", self.connections, self.resets, self.moved)
    }
}
