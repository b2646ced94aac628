//! Many TCP connections at once, busy or idle.

use super::StopOnDrop;
use crate::net::addresses::SERVER;
use crate::net::error::{IoContext, LabResult};
use crate::net::pair::PairLab;
use crate::net::sockets::{accept, allow_open_files, listen, open};
use crate::net::wait::Pace;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::Duration;

/// Open files beside the connections.
const OTHER_FILES: u64 = 512;

/// Connections that exchange at the same moment. A thousand at once is a burst that a machine with two cores drops
/// parts of, box or no box.
const BATCH: usize = 50;

/// Both ends of each connection.
#[derive(Debug)]
pub struct Connections {
    pairs: Vec<(TcpStream, TcpStream)>,
    round: u32,
}

impl Connections {
    /// Opens `count` connections from the client to `port` of the server.
    pub fn open(lab: &PairLab, port: u16, count: usize) -> LabResult<Connections> {
        allow_open_files(2 * count as u64 + OTHER_FILES)?;
        let listener = listen(&lab.server, SERVER.into(), port)?;
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            pairs.push((open(&lab.client, SERVER.into(), port)?, accept(&listener)?));
        }
        Ok(Connections { pairs, round: 0 })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Sends a number of its own there and back over every connection. Errors name the first that broke.
    pub fn exchange(&mut self) -> LabResult {
        self.round += 1;
        (0..self.pairs.len()).step_by(BATCH).try_for_each(|first| self.exchange_batch(first))
    }

    /// The same with the [`BATCH`] connections from number `first` on, all under way at once.
    fn exchange_batch(&self, first: usize) -> LabResult {
        let stamp = |number: usize| (u64::from(self.round) << 32) | number as u64;
        let lost = |number, what| {
            format!("connection {number} of {}, round {}: {what}", self.pairs.len(), self.round)
        };
        let batch = || self.pairs.iter().enumerate().skip(first).take(BATCH);
        for (number, (client, _)) in batch() {
            let mut client: &TcpStream = client;
            client.write_all(&stamp(number).to_be_bytes()).doing(lost(number, "client sends"))?;
        }
        for (number, (_, server)) in batch() {
            read_stamp(server, stamp(number)).doing(lost(number, "server reads"))?;
            let mut server: &TcpStream = server;
            server.write_all(&(!stamp(number)).to_be_bytes()).doing(lost(number, "server sends"))?;
        }
        for (number, (client, _)) in batch() {
            read_stamp(client, !stamp(number)).doing(lost(number, "client reads"))?;
        }
        Ok(())
    }

    /// Exchanges over each connection once a `period`, evenly, on a thread of its own until told to stop.
    pub fn keep_busy(mut self, period: Duration) -> BusyConnections {
        let stop = StopOnDrop::default();
        let until = stop.0.clone();
        let thread = std::thread::spawn(move || {
            let batches = self.pairs.len().div_ceil(BATCH).max(1);
            let mut pace = Pace::every(period / batches as u32);
            while !until.is_set() {
                self.round += 1;
                for first in (0..self.pairs.len()).step_by(BATCH) {
                    self.exchange_batch(first)?;
                    pace.wait();
                }
            }
            Ok(self)
        });
        BusyConnections { thread, stop }
    }

    /// Rounds exchanged so far.
    pub fn rounds(&self) -> u32 {
        self.round
    }
}

fn read_stamp(mut from: &TcpStream, expected: u64) -> io::Result<()> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    let read = u64::from_be_bytes(bytes);
    if read == expected {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("{read:x} where {expected:x} was sent")))
}

/// Connections in use.
#[derive(Debug)]
pub struct BusyConnections {
    thread: JoinHandle<LabResult<Connections>>,
    stop: StopOnDrop,
}

impl BusyConnections {
    /// Ends the rounds and gives the connections back, still open. Errors when one broke.
    pub fn finish(self) -> LabResult<Connections> {
        self.stop.0.now();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
