//! The link of a port, for a thread that lives by it while another manages the port.

use std::sync::Arc;

use super::kernel::{KernelInterface, KernelState};
use super::{Attached, PortError};
use crate::error::Errno;
use crate::link::Link;

/// Reads a port's link. It keeps the port attached, as a queue does.
///
/// Reading is safe beside the thread that manages the port: DPDK itself does it from its interrupt thread whenever a
/// device reports a change, so drivers store the link as one atomic word.
#[derive(Debug)]
pub struct LinkWatch {
    attached: Arc<Attached>,
    kernel: Option<KernelInterface>,
}

impl LinkWatch {
    pub(super) fn new(
        attached: Arc<Attached>,
        kernel: Option<&KernelInterface>,
    ) -> Result<LinkWatch, PortError> {
        let kernel = kernel.map(KernelInterface::try_clone).transpose().map_err(|error| {
            let errno = Errno(error.raw_os_error().unwrap_or(libc::EIO));
            PortError::Driver { device: attached.device.clone(), doing: "duplicating a socket", errno }
        })?;
        Ok(LinkWatch { attached, kernel })
    }

    /// Whether frames can pass: as [`super::PortControl::link`], and never on a port that was removed.
    pub fn is_up(&self) -> bool {
        !self.attached.removal_reported()
            && read_link(&self.attached, self.kernel.as_ref()).is_ok_and(|link| link.up)
    }
}

pub(super) fn read_link(attached: &Attached, kernel: Option<&KernelInterface>) -> Result<Link, PortError> {
    let mut raw = dpdk_sys::hf_link::default();
    // SAFETY: the port is attached and `raw` is writable.
    let result = unsafe { dpdk_sys::hf_port_link(attached.id, &mut raw) };
    attached.check("reading the link", result)?;
    let mut link = Link::from_raw(raw);
    link.up &= kernel.is_none_or(|kernel| kernel.state() == KernelState::Running);
    Ok(link)
}
