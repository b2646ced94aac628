//! A configured port, for the thread that manages it.

use core::cell::Cell;
use core::marker::PhantomData;
use core::sync::atomic::Ordering;
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::kernel::{KernelInterface, KernelState};
use super::watch::LinkWatch;
use super::{Attached, PortError, PortInfo, RETA_PATTERN_ENTRIES, Settings};
use crate::error::Errno;
use crate::gate::Gate;
use crate::link::Link;
use crate::stats::{PortStats, text};

/// Start, stop, addresses, link, counters. Belongs to one thread at a time, as ethdev wants it.
///
/// Dropping it leaves the port as it is, to its queues; when the last of those goes, the port is stopped, closed
/// and its device unplugged.
#[derive(Debug)]
pub struct PortControl {
    attached: Arc<Attached>,
    /// One for each queue, receive and transmit.
    gates: Vec<Arc<CachePadded<Gate>>>,
    settings: Settings,
    /// The kernel interface this port stands on, if it ends with it.
    kernel: Option<KernelInterface>,
    not_sync: PhantomData<Cell<()>>,
}

impl PortControl {
    pub(super) fn new(
        attached: Arc<Attached>,
        gates: Vec<Arc<CachePadded<Gate>>>,
        settings: Settings,
        info: &PortInfo,
    ) -> Result<PortControl, PortError> {
        let kernel = KernelInterface::of(&info.driver, info.if_index).map_err(|error| {
            let errno = Errno(error.raw_os_error().unwrap_or(libc::EIO));
            PortError::Driver { device: attached.device.clone(), doing: "opening a socket", errno }
        })?;
        Ok(PortControl { attached, gates, settings, kernel, not_sync: PhantomData })
    }

    /// DPDK's number of the port.
    pub fn id(&self) -> u16 {
        self.attached.id
    }

    /// The device as it was named to [`super::Port::attach`].
    pub fn device(&self) -> &str {
        &self.attached.device
    }

    /// What was configured, after the device had its say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets frames through. Nothing happens on a started port.
    ///
    /// # Errors
    /// [`PortError::Driver`]; the port stays stopped, its queues shut.
    pub fn start(&mut self) -> Result<(), PortError> {
        if self.is_started() {
            return Ok(());
        }
        // SAFETY: the port is configured, stopped, and ours.
        let result = unsafe { dpdk_sys::hf_port_start(self.id()) };
        self.attached.check("starting", result)?;
        self.attached.started.store(true, Ordering::Release);
        // Some drivers set a table of their own when they start, so ours is written after that.
        if let (Some(reta), 1..) = (&self.settings.reta, self.settings.reta_entries) {
            let (entries, pattern) = (self.settings.reta_entries, RETA_PATTERN_ENTRIES as u16);
            // SAFETY: `reta` has `pattern` entries, each below the number of queues.
            let result = unsafe { dpdk_sys::hf_port_reta(self.id(), entries, reta.as_ptr(), pattern) };
            if let Err(error) = self.attached.check("writing the RSS table", result) {
                self.stop()?;
                return Err(error);
            }
        }
        for gate in &self.gates {
            gate.open();
        }
        Ok(())
    }

    /// Stops the port. Waits for bursts under way; from here on [`crate::queue::RxQueue::rx`] and
    /// [`crate::queue::TxQueue::tx`] return 0. Nothing happens on a stopped port.
    ///
    /// # Errors
    /// [`PortError::Driver`]; the queues stay shut, and stopping may be tried again.
    pub fn stop(&mut self) -> Result<(), PortError> {
        if !self.is_started() {
            return Ok(());
        }
        for gate in &self.gates {
            gate.close();
        }
        // SAFETY: every gate is closed, so no thread is inside the driver's queues.
        let result = unsafe { dpdk_sys::hf_port_stop(self.id()) };
        self.attached.check("stopping", result)?;
        self.attached.started.store(false, Ordering::Release);
        Ok(())
    }

    /// Started and not stopped since.
    pub fn is_started(&self) -> bool {
        self.attached.started.load(Ordering::Acquire)
    }

    /// What the device is and can do, as of now.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver does not answer.
    pub fn info(&self) -> Result<PortInfo, PortError> {
        self.attached.info()
    }

    /// The port's own MAC address.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver does not answer.
    pub fn mac(&self) -> Result<[u8; 6], PortError> {
        Ok(self.info()?.mac)
    }

    /// Also receive frames to `mac`.
    ///
    /// # Errors
    /// [`PortError::Driver`]: `ENOTSUP` from drivers without a filter (most virtual ones; promiscuous mode is
    /// the way there), `ENOSPC` when it is full.
    pub fn mac_add(&mut self, mac: [u8; 6]) -> Result<(), PortError> {
        // SAFETY: the port is ours and `mac` has 6 bytes.
        let result = unsafe { dpdk_sys::hf_port_mac_add(self.id(), mac.as_ptr()) };
        self.attached.check("adding a MAC address", result).map(drop)
    }

    /// No longer receive frames to `mac`. Nothing happens if it was not added.
    ///
    /// # Errors
    /// [`PortError::Driver`]: `ENOTSUP` as above, `EADDRINUSE` for the port's own address.
    pub fn mac_remove(&mut self, mac: [u8; 6]) -> Result<(), PortError> {
        // SAFETY: the port is ours and `mac` has 6 bytes.
        let result = unsafe { dpdk_sys::hf_port_mac_remove(self.id(), mac.as_ptr()) };
        self.attached.check("removing a MAC address", result).map(drop)
    }

    /// Receive frames for everybody, or no longer.
    ///
    /// # Errors
    /// [`PortError::Driver`], `ENOTSUP` from drivers that cannot; those of rings and files receive all anyway.
    pub fn set_promiscuous(&mut self, on: bool) -> Result<(), PortError> {
        // SAFETY: the port is ours.
        let result = unsafe { dpdk_sys::hf_port_promiscuous(self.id(), on.into()) };
        self.attached.check("setting promiscuous mode", result).map(drop)
    }

    /// The link as the driver knows it, without waiting for a negotiation; down as well when the kernel interface
    /// the port stands on is down, has no carrier, or is gone.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver does not answer.
    pub fn link(&self) -> Result<Link, PortError> {
        super::watch::read_link(&self.attached, self.kernel.as_ref())
    }

    /// A reader of the link for another thread.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the kernel has no socket to give.
    pub fn link_watch(&self) -> Result<LinkWatch, PortError> {
        LinkWatch::new(Arc::clone(&self.attached), self.kernel.as_ref())
    }

    /// The device is gone for good: its driver said so, or finds it gone now, or the kernel interface it stood on
    /// no longer exists in the network namespace the port was configured in. Such a port can only be dropped.
    pub fn is_removed(&self) -> bool {
        if self.attached.removal_reported() {
            return true;
        }
        // SAFETY: the port is attached.
        if unsafe { dpdk_sys::hf_port_is_removed(self.id()) } == 1 {
            return true;
        }
        self.kernel.as_ref().is_some_and(|kernel| kernel.state() == KernelState::Gone)
    }

    /// Basic counters since the last reset.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver does not count.
    pub fn stats(&self) -> Result<PortStats, PortError> {
        let mut raw = dpdk_sys::hf_stats::default();
        // SAFETY: the port is attached and `raw` is writable.
        let result = unsafe { dpdk_sys::hf_port_stats(self.id(), &mut raw) };
        self.attached.check("reading counters", result)?;
        Ok(raw.into())
    }

    /// Sets the basic counters to zero.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver cannot.
    pub fn reset_stats(&mut self) -> Result<(), PortError> {
        // SAFETY: the port is ours.
        let result = unsafe { dpdk_sys::hf_port_stats_reset(self.id()) };
        self.attached.check("clearing counters", result).map(drop)
    }

    /// Extended counters by name, in the driver's order.
    ///
    /// # Errors
    /// [`PortError::Driver`]: `ERANGE` if the driver grew counters meanwhile.
    pub fn xstats(&self) -> Result<Vec<(String, u64)>, PortError> {
        const DOING: &str = "reading extended counters";
        // SAFETY: the port is attached.
        let count = self.attached.check(DOING, unsafe { dpdk_sys::hf_port_xstats_count(self.id()) })?;
        let empty = dpdk_sys::hf_xstat { name: [0; dpdk_sys::HF_NAME_BYTES], value: 0 };
        let mut raw = vec![empty; count as usize];
        // SAFETY: `raw` has `count` entries to write to.
        let result = unsafe { dpdk_sys::hf_port_xstats(self.id(), raw.as_mut_ptr(), count) };
        let filled = self.attached.check(DOING, result)? as usize;
        Ok(raw.iter().take(filled).map(|stat| (text(&stat.name), stat.value)).collect())
    }

    /// Sets the extended counters to zero, and the basic ones with most drivers.
    ///
    /// # Errors
    /// [`PortError::Driver`] if the driver cannot.
    pub fn reset_xstats(&mut self) -> Result<(), PortError> {
        // SAFETY: the port is ours.
        let result = unsafe { dpdk_sys::hf_port_xstats_reset(self.id()) };
        self.attached.check("clearing extended counters", result).map(drop)
    }
}
