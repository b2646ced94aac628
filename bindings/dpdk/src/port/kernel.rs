//! The kernel interface that some ports stand on.
//!
//! The drivers on top of one (af_packet, af_xdp, tap) are asked for the link and answer "up" for as long as the
//! port is started, whatever happened below (af_packet of 22.11 does). A firewall lives by that answer, so for these
//! ports the kernel is asked as well. The socket it is asked through belongs to the network namespace the port was
//! made in, so any thread may ask.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

/// Drivers whose port is a kernel interface and ends with it.
const DRIVERS: [&str; 3] = ["net_af_packet", "net_af_xdp", "net_tap"];

#[derive(Debug)]
pub(super) struct KernelInterface {
    index: u32,
    socket: UnixDatagram,
}

/// What the kernel says of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KernelState {
    /// Set up, and its carrier is there.
    Running,
    /// Set down, or without carrier.
    Down,
    /// There is no such interface.
    Gone,
}

impl KernelInterface {
    /// `None` for drivers that do not end with their interface, such as those that share a NIC with the kernel.
    pub(super) fn of(driver: &str, index: Option<u32>) -> io::Result<Option<KernelInterface>> {
        match index {
            Some(index) if DRIVERS.contains(&driver) => {
                Ok(Some(KernelInterface { index, socket: UnixDatagram::unbound()? }))
            }
            _ => Ok(None),
        }
    }

    /// The same interface, for another thread. The socket is the same one, and so belongs to the same namespace.
    pub(super) fn try_clone(&self) -> io::Result<KernelInterface> {
        Ok(KernelInterface { index: self.index, socket: self.socket.try_clone()? })
    }

    /// An interface that was renamed is still itself: it is known by its index.
    pub(super) fn state(&self) -> KernelState {
        // SAFETY: zeroes are a valid `ifreq`, a struct of numbers.
        let mut request: libc::ifreq = unsafe { core::mem::zeroed() };
        request.ifr_ifru.ifru_ifindex = self.index as i32;
        let socket = self.socket.as_raw_fd();
        // SAFETY: both calls read and write a valid `ifreq`: the first fills the name for an index, the second the
        // flags for a name.
        let flags = unsafe {
            if libc::ioctl(socket, libc::SIOCGIFNAME as _, &mut request) != 0
                || libc::ioctl(socket, libc::SIOCGIFFLAGS as _, &mut request) != 0
            {
                return KernelState::Gone;
            }
            libc::c_int::from(request.ifr_ifru.ifru_flags)
        };
        let running = libc::IFF_UP | libc::IFF_RUNNING;
        if flags & running == running { KernelState::Running } else { KernelState::Down }
    }
}
