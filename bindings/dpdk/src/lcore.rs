//! Threads: known to EAL, pinned to a core.

use core::marker::PhantomData;

use crate::eal::EalRef;
use crate::error::Errno;

/// Why a thread could not be registered or pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LcoreError {
    /// EAL's own threads, its main thread among them, have an lcore id for life.
    #[error("this thread already is lcore {0}")]
    AlreadyRegistered(u32),
    /// All of `RTE_MAX_LCORE` ids are taken, or EAL runs several processes.
    #[error("the thread could not be registered with EAL: {0}")]
    Register(Errno),
    /// The core does not exist, or this process may not run on it.
    #[error("the thread could not be pinned to core {core}: {errno}")]
    Pin {
        /// The core asked for.
        core: usize,
        /// What the system said.
        errno: Errno,
    },
}

/// This thread's lcore id; `None` on a thread that EAL does not know.
#[inline]
pub fn current() -> Option<u32> {
    // SAFETY: reads a thread-local number.
    let id = unsafe { dpdk_sys::hf_lcore_id() };
    (id != dpdk_sys::LCORE_ID_ANY).then_some(id)
}

/// A thread not made by EAL that has an lcore id for as long as this lives. Without one every mbuf taken or
/// freed goes past the mempool's cache to its shared ring.
#[derive(Debug)]
pub struct Registered {
    eal: EalRef,
    id: u32,
    /// The id is the thread's: it is given back by the thread that got it.
    not_send: PhantomData<*const ()>,
}

impl Registered {
    /// Registers the calling thread.
    ///
    /// # Errors
    /// [`LcoreError::AlreadyRegistered`] on EAL's threads and on a second call; [`LcoreError::Register`] when
    /// no id is left.
    pub fn register(eal: &EalRef) -> Result<Registered, LcoreError> {
        if let Some(id) = current() {
            return Err(LcoreError::AlreadyRegistered(id));
        }
        // Said before the id exists: from here on a pool may have a cache of this thread's.
        eal.inner().thread_registers();
        // SAFETY: EAL is up, `eal` proves it, and this thread has no lcore id, as was just checked.
        let result = unsafe { dpdk_sys::hf_thread_register() };
        if let Err(errno) = Errno::check(result) {
            eal.inner().thread_unregistered();
            return Err(LcoreError::Register(errno));
        }
        let id = current().unwrap_or(dpdk_sys::LCORE_ID_ANY);
        Ok(Registered { eal: eal.clone(), id, not_send: PhantomData })
    }

    /// The lcore id.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: this guard is not `Send`, so this is the thread that registered, and EAL is still up.
        unsafe { dpdk_sys::hf_thread_unregister() };
        self.eal.inner().thread_unregistered();
    }
}

/// Lets the calling thread run on one core only.
///
/// # Errors
/// [`LcoreError::Pin`] when there is no such core or it is not this process's.
pub fn pin_current(core: usize) -> Result<(), LcoreError> {
    let number = u32::try_from(core).unwrap_or(u32::MAX);
    // SAFETY: sets the calling thread's affinity; the shim checks the number against the mask's size.
    let result = unsafe { dpdk_sys::hf_pin_current(number) };
    Errno::check(result).map(drop).map_err(|errno| LcoreError::Pin { core, errno })
}
