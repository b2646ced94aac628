//! One long TCP transfer, slow enough to last, every byte of it compared.

use super::{Stop, StopOnDrop};
use crate::net::addresses::SERVER;
use crate::net::error::{IoContext, LabResult};
use crate::net::noise::Noise;
use crate::net::pair::PairLab;
use crate::net::sockets::{accept, listen, open};
use crate::net::wait::{Pace, Stopwatch};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// The sender's beat.
const BEAT: Duration = Duration::from_millis(10);

/// What a transfer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferOutcome {
    /// Bytes the sender wrote.
    pub sent: u64,
    /// Bytes the receiver read up to the end of the stream.
    pub received: u64,
    /// Position of the first byte that was not the one sent; `None`: all were.
    pub damaged_at: Option<u64>,
    /// Longest time between two reads: the blackout and TCP's own waiting after it.
    pub longest_gap: Duration,
}

impl TransferOutcome {
    /// Whether all arrived as it was sent.
    pub fn intact(&self) -> bool {
        self.sent == self.received && self.damaged_at.is_none()
    }
}

/// A running transfer.
#[derive(Debug)]
pub struct Transfer {
    sender: JoinHandle<io::Result<u64>>,
    receiver: JoinHandle<io::Result<TransferOutcome>>,
    stop: StopOnDrop,
}

impl Transfer {
    /// The server sends to the client over a connection that the client opened.
    pub fn download(lab: &PairLab, port: u16, bytes_per_second: u32) -> LabResult<Transfer> {
        let (client, server) = connect(lab, port)?;
        Ok(Transfer::start(server, client, bytes_per_second))
    }

    /// The client sends to the server.
    pub fn upload(lab: &PairLab, port: u16, bytes_per_second: u32) -> LabResult<Transfer> {
        let (client, server) = connect(lab, port)?;
        Ok(Transfer::start(client, server, bytes_per_second))
    }

    fn start(from: TcpStream, to: TcpStream, bytes_per_second: u32) -> Transfer {
        let stop = StopOnDrop::default();
        let until = stop.0.clone();
        let chunk = u64::from(bytes_per_second) * BEAT.as_millis() as u64 / 1000;
        Transfer {
            sender: std::thread::spawn(move || send(from, chunk.max(1) as usize, &until)),
            receiver: std::thread::spawn(move || receive(to)),
            stop,
        }
    }

    /// Has the sender come to the end and waits until the receiver has read it. Errors when either end's
    /// connection broke.
    pub fn finish(self) -> LabResult<TransferOutcome> {
        self.stop.0.now();
        let sent = join(self.sender).doing("sending a transfer")?;
        let outcome = join(self.receiver).doing("receiving a transfer")?;
        Ok(TransferOutcome { sent, ..outcome })
    }
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn connect(lab: &PairLab, port: u16) -> LabResult<(TcpStream, TcpStream)> {
    let listener = listen(&lab.server, SERVER.into(), port)?;
    Ok((open(&lab.client, SERVER.into(), port)?, accept(&listener)?))
}

fn send(mut to: TcpStream, chunk: usize, stop: &Stop) -> io::Result<u64> {
    let mut noise = Noise::default();
    let mut bytes = vec![0; chunk];
    let mut pace = Pace::every(BEAT);
    let mut sent = 0;
    while !stop.is_set() {
        noise.fill(&mut bytes);
        to.write_all(&bytes)?;
        sent += chunk as u64;
        pace.wait();
    }
    to.shutdown(Shutdown::Write)?;
    Ok(sent)
}

fn receive(mut from: TcpStream) -> io::Result<TransferOutcome> {
    let mut noise = Noise::default();
    let mut bytes = vec![0; 64 << 10];
    let mut outcome = TransferOutcome { sent: 0, received: 0, damaged_at: None, longest_gap: Duration::ZERO };
    loop {
        let clock = Stopwatch::start();
        let n = from.read(&mut bytes)?;
        outcome.longest_gap = outcome.longest_gap.max(clock.elapsed());
        if n == 0 {
            return Ok(outcome);
        }
        let difference = noise.first_difference(&bytes[..n]).map(|at| outcome.received + at as u64);
        outcome.damaged_at = outcome.damaged_at.or(difference);
        outcome.received += n as u64;
    }
}
