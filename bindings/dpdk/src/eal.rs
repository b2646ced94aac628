//! The environment: hugepages or ordinary memory, buses, drivers. Once per process.
//!
//! DPDK can be started once and not again, whether that failed or was cleaned up. [`Eal`] is the token for it;
//! [`EalRef`] is what everything that lives in EAL's memory holds. When the last of them goes, EAL is cleaned
//! up, under two conditions:
//! - it goes on the thread that made EAL. That thread has an lcore id, hence mempool caches, and may be inside
//!   one of them while another thread ends the last handle;
//! - no mbuf is still out. See [`crate::pool`].
//!
//! Otherwise the memory is left to the end of the process, which is a leak of nothing that anybody could use.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::ThreadId;

use crate::error::Errno;
use crate::pool::Retired;

/// The control path's lock. Bursts never take one; attaching a device or dropping a pool may wait.
#[expect(clippy::disallowed_types, reason = "control path only: devices, pools; never taken by a burst")]
pub(crate) type ControlLock<T> = std::sync::Mutex<T>;

/// Why EAL did not start.
#[derive(Debug, thiserror::Error)]
pub enum EalError {
    /// A process has one EAL, once.
    #[error("EAL was already started in this process; DPDK allows that once")]
    AlreadyStarted,
    /// An argument holds a NUL byte.
    #[error("EAL argument {0:?} holds a NUL byte")]
    Argument(String),
    /// EAL's own explanation is on standard error.
    #[error("EAL did not start with arguments {arguments:?}: {errno}; its own lines above say more")]
    Init {
        /// As passed to [`Eal::init`].
        arguments: Vec<String>,
        /// What `rte_errno` said.
        errno: Errno,
    },
    /// Not a log type's pattern or level.
    #[error("log level {level} for {pattern:?} was refused")]
    LogLevel {
        /// Pattern of log types.
        pattern: String,
        /// Wanted level.
        level: u32,
    },
}

/// The started environment. Neither `Clone` nor made twice; hand out [`EalRef`]s with [`Eal::handle`].
///
/// Stays on the thread that started EAL: cleaning up belongs there.
#[derive(Debug)]
pub struct Eal {
    handle: EalRef,
    not_send: PhantomData<*const ()>,
}

/// Proof that EAL is up, for any thread. While one lives, EAL's memory stays mapped.
#[derive(Clone, Debug)]
pub struct EalRef(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// The thread with EAL's main lcore id.
    main: ThreadId,
    /// rte_dev_probe and rte_dev_remove are not made for two threads at once.
    pub(crate) devices: ControlLock<()>,
    /// Pools without an owner that still have mbufs out, or could not be freed on the thread they ended on.
    retired: ControlLock<Vec<Retired>>,
    /// Threads that ever took an lcore id, and gave it back.
    registrations: AtomicU64,
    unregistrations: AtomicU64,
    runtime_dir: PathBuf,
    /// Makes names unique, for objects DPDK would otherwise share by name.
    names: AtomicU64,
}

static STARTED: AtomicBool = AtomicBool::new(false);

impl Eal {
    /// Starts EAL with its command line arguments, the program's name not among them. Takes about 0.2 s.
    ///
    /// EAL pins the calling thread to its main lcore, and starts a sleeping thread for every further lcore it
    /// is given: `-l` with one core is what a process wants that makes its own threads.
    ///
    /// # Errors
    /// [`EalError::AlreadyStarted`] from the second call on, also if the first failed; [`EalError::Init`] with
    /// EAL's errno, and its own words on standard error.
    pub fn init(arguments: &[String]) -> Result<Eal, EalError> {
        let mut argv = vec![c"holdfast".to_owned()];
        for argument in arguments {
            let argument =
                CString::new(argument.as_str()).map_err(|_| EalError::Argument(argument.clone()))?;
            argv.push(argument);
        }
        if STARTED.swap(true, Ordering::AcqRel) {
            return Err(EalError::AlreadyStarted);
        }
        // EAL keeps pointers to its arguments, so they are never freed. This happens once.
        let mut pointers: Vec<*mut c_char> = argv.into_iter().map(CString::into_raw).collect();
        let count = pointers.len() as i32;
        pointers.push(core::ptr::null_mut());
        let pointers = Vec::leak(pointers);
        // SAFETY: `pointers` is a NULL-terminated array of `count` NUL-terminated strings, writable, and lives
        // as long as the process. The flag above makes this the only call.
        let result = unsafe { dpdk_sys::hf_eal_init(count, pointers.as_mut_ptr()) };
        Errno::check(result).map_err(|errno| EalError::Init { arguments: arguments.to_vec(), errno })?;
        // SAFETY: EAL has set this static NUL-terminated string by now.
        let runtime_dir = unsafe { CStr::from_ptr(dpdk_sys::hf_runtime_dir()) };
        let inner = Inner {
            runtime_dir: PathBuf::from(OsStr::from_bytes(runtime_dir.to_bytes())),
            main: std::thread::current().id(),
            devices: ControlLock::new(()),
            retired: ControlLock::new(Vec::new()),
            registrations: AtomicU64::new(0),
            unregistrations: AtomicU64::new(0),
            names: AtomicU64::new(0),
        };
        Ok(Eal { handle: EalRef(Arc::new(inner)), not_send: PhantomData })
    }

    /// A handle for other threads and other owners.
    pub fn handle(&self) -> EalRef {
        self.handle.clone()
    }
}

impl Deref for Eal {
    type Target = EalRef;

    fn deref(&self) -> &EalRef {
        &self.handle
    }
}

impl EalRef {
    /// Where EAL keeps this process's sockets and files, telemetry's among them. Removed with EAL if empty then.
    pub fn runtime_dir(&self) -> &Path {
        &self.0.runtime_dir
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// `prefix` and a number that no other object of this process has: DPDK hands out one object for one name.
    pub(crate) fn unique_name(&self, prefix: &str) -> CString {
        let number = self.0.names.fetch_add(1, Ordering::Relaxed);
        CString::new(format!("hf_{prefix}_{number}")).unwrap_or_default()
    }
}

impl Inner {
    pub(crate) fn thread_registers(&self) {
        self.registrations.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    pub(crate) fn thread_unregistered(&self) {
        self.unregistrations.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a pool whose last handle has gone, and frees what can be freed by now.
    pub(crate) fn retire(&self, pool: Retired) {
        self.retired.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(pool);
        self.reap();
    }

    /// Frees retired pools that are full again; returns how many remain.
    ///
    /// A pool is counted full a moment before the last mbuf is back in place if that one went through another
    /// thread's cache. So pools are freed only while no other thread has a cache: here, on the main thread,
    /// with no thread registered before, during, or between.
    pub(crate) fn reap(&self) -> usize {
        let mut retired = self.retired.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = self.registrations.load(Ordering::SeqCst);
        if std::thread::current().id() == self.main && self.unregistrations.load(Ordering::SeqCst) == before {
            retired.retain(|pool| {
                let full = pool.is_full();
                fence(Ordering::SeqCst);
                if full && self.registrations.load(Ordering::SeqCst) == before {
                    pool.free();
                    return false;
                }
                true
            });
        }
        retired.len()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let waiting = self.reap();
        if waiting == 0 && std::thread::current().id() == self.main {
            // SAFETY: this is the last handle, so no port, pool, table or registered thread is left; no pool
            // is left, so no mbuf is. Nobody points into the memory that goes away.
            unsafe { dpdk_sys::hf_eal_cleanup() };
            // EAL makes one per file prefix and leaves it. Others' files in it are theirs.
            let _ = std::fs::remove_dir(&self.runtime_dir);
        } else {
            tracing::debug!(pools_with_mbufs_out = waiting, "EAL is left to the end of the process");
        }
    }
}

/// The version of the DPDK libraries loaded, such as `DPDK 22.11.11`.
pub fn version() -> String {
    // SAFETY: rte_version returns a static NUL-terminated string and needs no EAL.
    unsafe { CStr::from_ptr(dpdk_sys::hf_version()) }.to_string_lossy().into_owned()
}

/// DPDK's log levels, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LogLevel {
    /// The system is unusable.
    Emergency = 1,
    /// Act at once.
    Alert = 2,
    /// Critical.
    Critical = 3,
    /// Something failed.
    Error = 4,
    /// Something may be wrong.
    Warning = 5,
    /// Normal but worth a look.
    Notice = 6,
    /// Informational.
    Info = 7,
    /// For developers.
    Debug = 8,
}

/// Sets the level of all of DPDK's log types, before or after [`Eal::init`]. They go to standard error.
///
/// # Errors
/// [`EalError::LogLevel`] if DPDK refuses.
pub fn set_log_level(level: LogLevel) -> Result<(), EalError> {
    // SAFETY: plain integers; the log types are EAL's own static data.
    let result = unsafe { dpdk_sys::hf_log_level_all(level as u32) };
    Errno::check(result)
        .map(drop)
        .map_err(|_| EalError::LogLevel { pattern: ".*".into(), level: level as u32 })
}

/// Sets the level of the log types that a shell pattern such as `pmd.net.*` matches.
///
/// # Errors
/// [`EalError::LogLevel`] if DPDK refuses, [`EalError::Argument`] if `pattern` holds a NUL byte.
pub fn set_log_level_of(pattern: &str, level: LogLevel) -> Result<(), EalError> {
    let text = CString::new(pattern).map_err(|_| EalError::Argument(pattern.into()))?;
    // SAFETY: `text` is NUL-terminated and EAL copies it.
    let result = unsafe { dpdk_sys::hf_log_level_pattern(text.as_ptr(), level as u32) };
    Errno::check(result)
        .map(drop)
        .map_err(|_| EalError::LogLevel { pattern: pattern.into(), level: level as u32 })
}
