//! Numbered UDP streams.

use super::{Ledger, Stop, StopOnDrop};
use crate::net::addresses::{CLIENT, SERVER};
use crate::net::error::{IoContext, LabResult};
use crate::net::pair::PairLab;
use crate::net::sockets::udp;
use crate::net::wait::{Look, Pace, observe_for, wait_until, wall_clock};
use nix::cmsg_space;
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a receiver looks whether it should end.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// What may still be under way when the last packet has been sent.
const DRAIN: Duration = Duration::from_millis(500);

/// Time a stream has until its first packet arrives: neighbours are resolved meanwhile.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// Which way a stream flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeKind {
    /// Client to server.
    Up,
    /// Server to client, in the session of one packet that the client sent at the beginning: a box that lost the
    /// session lets none of it in.
    Down,
    /// Requests of the client, each answered by the server.
    Echo,
}

/// A running stream.
#[derive(Debug)]
pub struct Probe {
    kind: ProbeKind,
    sender: JoinHandle<io::Result<Vec<Duration>>>,
    receiver: JoinHandle<io::Result<Vec<(u64, Duration)>>>,
    reflector: Option<JoinHandle<io::Result<()>>>,
    stop_sending: StopOnDrop,
    stop_receiving: StopOnDrop,
}

impl Probe {
    /// Opens a session from a port of the client's to `port` of the server's and starts sending `rate` packets a
    /// second.
    pub fn start(lab: &PairLab, kind: ProbeKind, port: u16, rate: u32) -> LabResult<Probe> {
        let client = udp(&lab.client, CLIENT.into(), 0)?;
        let server = udp(&lab.server, SERVER.into(), port)?;
        client.connect((SERVER, port)).doing("connecting a UDP socket")?;
        let peer = open_session(&client, &server)?;
        server.connect(peer).doing("connecting a UDP socket")?;

        let (from, to) = match kind {
            ProbeKind::Up => (client, server.try_clone()),
            ProbeKind::Down => (server.try_clone().doing("duplicating a socket")?, Ok(client)),
            ProbeKind::Echo => (client.try_clone().doing("duplicating a socket")?, Ok(client)),
        };
        let to = to.doing("duplicating a socket")?;
        setsockopt(&to, ReceiveTimestampns, &true).doing("asking for time stamps")?;
        let (stop_sending, stop_receiving) = (StopOnDrop::default(), StopOnDrop::default());
        let until = stop_receiving.0.clone();
        let reflector = (kind == ProbeKind::Echo).then(|| {
            let until = until.clone();
            std::thread::spawn(move || reflect(&server, &until))
        });
        let receiver = std::thread::spawn(move || receive(&to, &until));
        let until = stop_sending.0.clone();
        let period = Duration::from_secs(1) / rate;
        let sender = std::thread::spawn(move || send(&from, period, &until));
        Ok(Probe { kind, sender, receiver, reflector, stop_sending, stop_receiving })
    }

    /// Which way it flows.
    pub fn kind(&self) -> ProbeKind {
        self.kind
    }

    /// Stops sending, waits for what is under way, and gives the account.
    pub fn finish(self) -> LabResult<Ledger> {
        self.stop_sending.0.now();
        let sent = join(self.sender)?;
        observe_for(DRAIN)?;
        self.stop_receiving.0.now();
        let arrivals = join(self.receiver)?;
        if let Some(reflector) = self.reflector {
            join(reflector)?;
        }
        Ok(Ledger::of(&sent, &arrivals))
    }
}

fn join<T>(thread: JoinHandle<io::Result<T>>) -> LabResult<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).doing("a UDP stream")
}

/// Sends packets without a number until one has crossed; returns the client's address as the server sees it.
fn open_session(client: &UdpSocket, server: &UdpSocket) -> LabResult<SocketAddr> {
    server.set_read_timeout(Some(LOOK_INTERVAL)).doing("setting a read limit")?;
    client.set_read_timeout(Some(LOOK_INTERVAL)).doing("setting a read limit")?;
    wait_until("the first packet of a UDP stream", OPEN_LIMIT, || {
        let asked = client.send(b"open").and_then(|_| server.recv_from(&mut [0; 16]));
        let answered = asked.and_then(|(_, peer)| {
            server.send_to(b"open", peer)?;
            client.recv(&mut [0; 16]).map(|_| peer)
        });
        match answered {
            Ok(peer) => Ok(Look::Done(peer)),
            Err(error) => Ok(Look::NotYet(error.to_string())),
        }
    })
}

/// What the network says about earlier packets (an ICMP error) is not a failure of this one.
fn passing(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionRefused, HostUnreachable, Interrupted, NetworkUnreachable, TimedOut, WouldBlock,
    };
    matches!(
        error.kind(),
        ConnectionRefused | HostUnreachable | Interrupted | NetworkUnreachable | TimedOut | WouldBlock
    )
}

fn send(socket: &UdpSocket, period: Duration, stop: &Stop) -> io::Result<Vec<Duration>> {
    let mut sent: Vec<Duration> = Vec::new();
    let mut pace = Pace::every(period);
    while !stop.is_set() {
        let number = sent.len() as u64;
        sent.push(wall_clock());
        // A packet that cannot be sent is one that does not arrive.
        match socket.send(&number.to_be_bytes()) {
            Err(error) if !passing(&error) => return Err(error),
            _ => pace.wait(),
        }
    }
    Ok(sent)
}

/// The kernel's time stamps: a receiver that has to wait for a core does not make the network look slow.
fn receive(socket: &UdpSocket, stop: &Stop) -> io::Result<Vec<(u64, Duration)>> {
    let mut arrivals = Vec::new();
    let mut control = cmsg_space!(TimeSpec);
    while !stop.is_set() {
        let mut bytes = [0; 8];
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty());
        let (length, at) = match message {
            Ok(message) => {
                let stamp = message.cmsgs()?.find_map(|c| match c {
                    ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
                    _ => None,
                });
                (message.bytes, stamp.unwrap_or_else(wall_clock))
            }
            Err(errno) if passing(&errno.into()) => continue,
            Err(errno) => return Err(errno.into()),
        };
        if length == bytes.len() {
            arrivals.push((u64::from_be_bytes(bytes), at));
        }
    }
    Ok(arrivals)
}

fn reflect(socket: &UdpSocket, stop: &Stop) -> io::Result<()> {
    let mut bytes = [0; 64];
    while !stop.is_set() {
        match socket.recv(&mut bytes).and_then(|n| socket.send(&bytes[..n])) {
            Err(error) if !passing(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
