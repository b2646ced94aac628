//! Ethernet ports, from a device's name to its queues.
//!
//! [`Port::attach`] probes a device, [`Port::configure`] turns it into a [`PortControl`] for the control thread
//! and queues for the workers. Whatever of the three goes last stops the port, closes it and unplugs the device.

mod config;
mod control;
mod error;
mod info;
mod kernel;
mod watch;

use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::ffi::CString;
use std::sync::{Arc, OnceLock, PoisonError};

pub use config::{PortConfig, RETA_PATTERN_ENTRIES, RssConfig, Settings};
pub use control::PortControl;
pub use error::PortError;
pub use info::PortInfo;
pub use watch::LinkWatch;

use crate::eal::EalRef;
use crate::error::Errno;
use crate::pool::Pool;

/// A device that is attached and ours, not configured yet. Detached on drop.
#[derive(Debug)]
pub struct Port {
    attached: Arc<Attached>,
}

/// The attached device, held by its control and by each of its queues.
#[derive(Debug)]
pub(crate) struct Attached {
    /// DPDK's number of the port.
    pub(crate) id: u16,
    /// As given to [`Port::attach`].
    pub(crate) device: String,
    /// Kept by `PortControl::start` and `stop`, read when the last holder goes.
    pub(crate) started: AtomicBool,
    /// Raised by DPDK from its interrupt thread, at this address, until the callback is taken back.
    removed: Box<AtomicU8>,
    /// Receive rings hold mbufs of it until the port is closed.
    pub(crate) pool: OnceLock<Pool>,
    eal: EalRef,
}

impl Port {
    /// Attaches a device: a virtual one with its arguments (`net_null0,size=64`, `net_af_packet0,iface=eth1`), or
    /// a PCI address (`0000:3b:00.0`). The port is owned by the caller from then on; a second attach of the same device fails.
    ///
    /// # Errors
    /// [`PortError::Attach`] with the device and why it is not there, [`PortError::NoDriver`] for an unknown name,
    /// [`PortError::InUse`] when it is there and taken.
    /// EAL's log says more on standard error.
    pub fn attach(eal: &EalRef, device: &str) -> Result<Port, PortError> {
        let attach = |errno| PortError::Attach { device: device.into(), errno };
        let devargs = CString::new(device).map_err(|_| attach(Errno(libc::EINVAL)))?;
        let lock = eal.inner().devices.lock().unwrap_or_else(PoisonError::into_inner);
        let mut owner = 0;
        // SAFETY: EAL is up and `owner` is writable.
        Errno::check(unsafe { dpdk_sys::hf_port_owner_new(&mut owner) }).map_err(attach)?;
        let mut id = 0;
        // SAFETY: EAL is up, `devargs` is NUL-terminated and copied, `id` is writable, and the lock keeps other
        // probes and removals out.
        let result = unsafe { dpdk_sys::hf_port_probe(devargs.as_ptr(), owner, &mut id) };
        Errno::check(result).map_err(|errno| match errno {
            Errno(libc::EBUSY) => PortError::InUse { device: device.into() },
            // What EAL answers to a name that no bus can parse.
            Errno(libc::EFAULT) => PortError::NoDriver { device: device.into() },
            errno => attach(errno),
        })?;
        drop(lock);
        let attached = Attached {
            id,
            device: device.into(),
            started: AtomicBool::new(false),
            removed: Box::new(AtomicU8::new(0)),
            pool: OnceLock::new(),
            eal: eal.clone(),
        };
        // SAFETY: the flag is heap memory that stays where it is until `Attached::drop` has taken the callback
        // back, and only ever accessed atomically on both sides.
        let result = unsafe { dpdk_sys::hf_port_watch_removal(id, attached.removed.as_ptr()) };
        attached.check("watching for removal", result)?;
        Ok(Port { attached: Arc::new(attached) })
    }

    /// What the device is and can do.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver does not answer.
    pub fn info(&self) -> Result<PortInfo, PortError> {
        self.attached.info()
    }

    /// DPDK's number of the port.
    pub fn id(&self) -> u16 {
        self.attached.id
    }
}

impl Attached {
    /// Names the device and the step in a driver's error.
    pub(crate) fn check(&self, doing: &'static str, result: i32) -> Result<u32, PortError> {
        Errno::check(result).map_err(|errno| PortError::Driver { device: self.device.clone(), doing, errno })
    }

    pub(crate) fn removal_reported(&self) -> bool {
        self.removed.load(Ordering::Acquire) != 0
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _lock = self.eal.inner().devices.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the port is ours, and no queue and no control of it is left: each holds this. So no burst is
        // under way. The flag lives until the callback is gone, and the pool until the port is closed.
        let result = unsafe {
            if self.started.load(Ordering::Acquire) {
                dpdk_sys::hf_port_stop(self.id);
            }
            dpdk_sys::hf_port_unwatch_removal(self.id, self.removed.as_ptr());
            dpdk_sys::hf_port_detach(self.id)
        };
        if let Err(errno) = Errno::check(result) {
            tracing::warn!(device = self.device, %errno, "the device was closed but not unplugged");
        }
    }
}
