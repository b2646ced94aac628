//! The UDP socket of the HA link.
//!
//! Connected, so that the kernel drops what others than the peer send. Datagrams never leave in fragments; the kernel's
//! own guess of the path MTU is not asked (`IP_PMTUDISC_PROBE`): it follows ICMP messages, which anybody can forge,
//! while `link` proves sizes with authentic probes. Nothing that happens to the interface, the route or the peer's
//! process is an error of the socket: it is bound to an address and works again when they are back.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, sendmmsg};
use nix::sys::time::TimeSpec;
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use socket2::{Domain, Protocol, Socket, Type};

/// Datagrams in one system call.
pub const BATCH_DATAGRAMS: usize = 32;
/// Largest datagram received, bytes; longer ones are dropped and counted.
pub const DATAGRAM_BYTES_MAX: usize = 9_216;
/// Kernel buffer wanted in each direction, bytes: 10 ms of a 10 Gbit/s link. The kernel gives what
/// `net.core.rmem_max` and `wmem_max` allow.
const KERNEL_BUFFER_BYTES: usize = 12 << 20;
/// Times that a send or receive is tried again because of an error that an earlier datagram left on the socket.
const LEFTOVER_ERRORS_MAX: usize = 4;

/// The socket cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("HA link from {local} to {peer}: {step}: {source}{}", advice(.source))]
pub struct SocketError {
    local: SocketAddr,
    peer: SocketAddr,
    step: &'static str,
    source: io::Error,
}

/// What to do about the two mistakes that are made.
fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrNotAvailable => {
            "; `ip address` shows this machine's addresses, of which [ha] local must be one"
        }
        io::ErrorKind::AddrInUse => "; another program, perhaps another box, has that port of [ha] local",
        _ => "",
    }
}

/// What one [`HaSocket::recv_batch`] brought.
#[derive(Debug, Default)]
pub struct ReceivedBatch {
    /// Datagrams handed on. [`BATCH_DATAGRAMS`] of them mean that there may be more.
    pub datagrams: usize,
    /// Datagrams dropped because they were too long.
    pub too_long: usize,
}

/// What one [`HaSocket::send_batch`] did.
#[derive(Debug, Default)]
pub struct SentBatch {
    /// Datagrams done with, from the first one on, the refused ones among them. If there were more, the kernel's buffer
    /// is full: those are to be sent again later.
    pub done: usize,
    /// Size of the smallest datagram refused as too big for the interface, bytes.
    pub too_big: Option<usize>,
    /// Datagrams refused as too big.
    pub refused_too_big: u64,
    /// Datagrams refused for another reason: the interface, its address or the route is gone.
    pub failures: u64,
    /// What the kernel said to the last of those.
    pub error: Option<io::Error>,
}

/// The socket of the HA link.
#[derive(Debug)]
pub struct HaSocket {
    socket: Socket,
    buffer: Vec<u8>,
}

impl HaSocket {
    /// Binds to `local` and connects to `peer`; the peer need not be there.
    pub fn bind(local: SocketAddr, peer: SocketAddr) -> Result<HaSocket, SocketError> {
        let failed = |step| move |source| SocketError { local, peer, step, source };
        let domain = Domain::for_address(local);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)).map_err(failed("socket"))?;
        socket.set_nonblocking(true).map_err(failed("O_NONBLOCK"))?;
        if local.is_ipv6() {
            socket.set_only_v6(true).map_err(failed("IPV6_V6ONLY"))?;
            sockopt::set_ipv6_mtu_discover(&socket, Ipv6PathMtuDiscovery::PROBE)
                .map_err(|errno| failed("IPV6_MTU_DISCOVER")(errno.into()))?;
        } else {
            sockopt::set_ip_mtu_discover(&socket, Ipv4PathMtuDiscovery::PROBE)
                .map_err(|errno| failed("IP_MTU_DISCOVER")(errno.into()))?;
        }
        // As much as the system allows; a small buffer only costs datagrams under load, which are sent again.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER_BYTES);
        socket.bind(&local.into()).map_err(failed("bind"))?;
        socket.connect(&peer.into()).map_err(failed("connect"))?;
        Ok(HaSocket { socket, buffer: vec![0; BATCH_DATAGRAMS * DATAGRAM_BYTES_MAX] })
    }

    /// The address it is bound to.
    pub fn local(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }

    /// Hands up to [`BATCH_DATAGRAMS`] received datagrams to `each`; does not wait.
    pub fn recv_batch(&mut self, mut each: impl FnMut(&[u8])) -> ReceivedBatch {
        let mut batch = ReceivedBatch::default();
        for _ in 0..LEFTOVER_ERRORS_MAX {
            // Made anew each time, without a heap allocation per datagram: kept, they would tie the socket to a thread.
            let mut headers = MultiHeaders::<()>::preallocate(BATCH_DATAGRAMS, None);
            let mut buffers = self.buffer.chunks_exact_mut(DATAGRAM_BYTES_MAX);
            let mut slices: [[IoSliceMut<'_>; 1]; BATCH_DATAGRAMS] =
                core::array::from_fn(|_| [IoSliceMut::new(buffers.next().unwrap_or_default())]);
            let fd = self.socket.as_raw_fd();
            match recvmmsg(fd, &mut headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
                Ok(messages) => {
                    for message in messages {
                        if message.flags.contains(MsgFlags::MSG_TRUNC) {
                            batch.too_long += 1;
                            continue;
                        }
                        each(message.iovs().next().unwrap_or_default());
                        batch.datagrams += 1;
                    }
                    break;
                }
                Err(Errno::EWOULDBLOCK) => break,
                // What an ICMP message to an earlier datagram left behind: no process there, no way. Taken by being told.
                Err(_) => {}
            }
        }
        batch
    }

    /// Sends datagrams, in order, as far as the kernel's buffer takes them.
    pub fn send_batch(&mut self, datagrams: &[Vec<u8>]) -> SentBatch {
        let mut batch = SentBatch::default();
        let mut leftovers = 0;
        while let Some(rest) = datagrams.get(batch.done..).filter(|rest| !rest.is_empty()) {
            match self.send_some(rest) {
                Ok(sent) => {
                    batch.done += sent.max(1);
                    leftovers = 0;
                }
                Err(Errno::EWOULDBLOCK | Errno::ENOBUFS) => break,
                Err(Errno::EMSGSIZE) => {
                    let size = rest.first().map(Vec::len);
                    batch.too_big = [batch.too_big, size].into_iter().flatten().min();
                    batch.refused_too_big += 1;
                    batch.done += 1;
                }
                // Of an earlier datagram: the peer's process is not there. This one was not looked at yet.
                Err(Errno::ECONNREFUSED | Errno::EINTR) if leftovers < LEFTOVER_ERRORS_MAX => leftovers += 1,
                Err(Errno::ECONNREFUSED) => batch.done += 1,
                Err(errno) => {
                    // The way is gone, for the others as well; trying each would be a system call each.
                    batch.failures += rest.len() as u64;
                    batch.done = datagrams.len();
                    batch.error = Some(errno.into());
                }
            }
        }
        batch
    }

    /// Waits until a datagram is there (`true`) or the time is over; without a time-out, for as long as it takes.
    /// A signal ends the waiting early.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        // To the nanosecond: `poll` rounds to milliseconds, longer than a heartbeat may be late.
        matches!(ppoll(&mut fds, timeout.map(TimeSpec::from), None), Ok(ready) if ready > 0)
    }

    fn send_some(&self, datagrams: &[Vec<u8>]) -> Result<usize, Errno> {
        let count = datagrams.len().min(BATCH_DATAGRAMS);
        let mut headers = MultiHeaders::<()>::preallocate(count, None);
        let slices: [[IoSlice<'_>; 1]; BATCH_DATAGRAMS] =
            core::array::from_fn(|at| [IoSlice::new(datagrams.get(at).map_or(&[], Vec::as_slice))]);
        // No addresses: the socket is connected.
        let addresses = [None::<()>; BATCH_DATAGRAMS];
        let sent = sendmmsg(
            self.socket.as_raw_fd(),
            &mut headers,
            slices.iter().take(count),
            addresses,
            [],
            MsgFlags::MSG_DONTWAIT,
        )?;
        Ok(sent.count())
    }
}

impl AsFd for HaSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
