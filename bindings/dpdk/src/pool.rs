//! Pools of packet buffers, and why an mbuf never outlives its memory.
//!
//! An [`Mbuf`] is one pointer, because bursts of them are handed to drivers as they are; it cannot hold its
//! pool by a reference count. So the pool waits for its mbufs: when the last [`Pool`] handle goes, the memory is
//! freed only if every mbuf is back. Otherwise the pool is *retired*: nobody can take from it any more, mbufs
//! still go back to it, and it is freed when another pool ends, or stays mapped until the process ends. The
//! price of a leaked mbuf is its pool, never a dangling pointer. [`Pool::in_use`] is how a test finds the leak.

use core::fmt;
use core::ptr::NonNull;
use std::ffi::CString;
use std::sync::Arc;

use dpdk_sys::rte_mempool;

use crate::eal::EalRef;
use crate::error::Errno;
use crate::mbuf::Mbuf;

/// Why there is no pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Names are what DPDK finds pools by: short, and without NUL.
    #[error("pool name {name:?} is empty, holds a NUL byte or is longer than {NAME_BYTES_MAX} bytes")]
    Name {
        /// The name asked for.
        name: String,
    },
    /// DPDK caps a cache at 512, and at two thirds of the pool.
    #[error("a cache of {cache} mbufs per thread is too large for a pool of {mbufs}: at most {limit}")]
    Cache {
        /// Asked for.
        cache: u32,
        /// The pool's size.
        mbufs: u32,
        /// What is allowed.
        limit: u32,
    },
    /// Buffer lengths are 16 bits, and the headroom is added.
    #[error("a data room of {data_room_bytes} bytes is more than {limit}")]
    DataRoom {
        /// Asked for.
        data_room_bytes: u16,
        /// What is allowed.
        limit: u16,
    },
    /// Out of memory, or the name is taken.
    #[error("pool {name:?} of {mbufs} mbufs of {data_room_bytes} bytes could not be made: {errno}")]
    Create {
        /// Its name.
        name: String,
        /// Its size.
        mbufs: u32,
        /// Bytes for frame data in each.
        data_room_bytes: u16,
        /// What DPDK said: `EEXIST` for a name in use, `ENOMEM` for too little memory (EAL's `-m`).
        errno: Errno,
    },
}

/// Longest name: `RTE_MEMPOOL_NAMESIZE` less what DPDK puts in front.
const NAME_BYTES_MAX: usize = 24;

/// A pool of packet buffers, shared by threads. See the module for how it ends.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Inner>);

struct Inner {
    raw: NonNull<rte_mempool>,
    eal: EalRef,
    name: String,
    data_room_bytes: u16,
}

// SAFETY: a mempool is made for use by many threads at once: its ring is lock-free, and each cache belongs to the
// thread with that lcore id. The pointer is freed by `Retired::free` alone.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Pool {
    /// A pool of `mbufs` buffers (2ⁿ−1 wastes no memory) with room for `data_room_bytes` of frame in each,
    /// DPDK's headroom (128 bytes) not counted, and a cache of `cache` mbufs for each thread EAL knows (0: none).
    ///
    /// # Errors
    /// See [`PoolError`].
    pub fn new(
        eal: &EalRef,
        name: &str,
        mbufs: u32,
        cache: u32,
        data_room_bytes: u16,
    ) -> Result<Pool, PoolError> {
        // A pool retired under the same name may be complete by now.
        eal.inner().reap();
        let c_name = match CString::new(name) {
            Ok(c_name) if (1..=NAME_BYTES_MAX).contains(&name.len()) => c_name,
            _ => return Err(PoolError::Name { name: name.into() }),
        };
        // SAFETY: returns a constant.
        let cache_max = unsafe { dpdk_sys::hf_pool_cache_max() };
        let limit = cache_max.min((u64::from(mbufs) * 2 / 3) as u32);
        if cache > limit {
            return Err(PoolError::Cache { cache, mbufs, limit });
        }
        let headroom = headroom_bytes();
        let Some(room) = data_room_bytes.checked_add(headroom) else {
            return Err(PoolError::DataRoom { data_room_bytes, limit: u16::MAX - headroom });
        };
        let mut err = 0;
        const ANY_SOCKET: i32 = -1;
        // SAFETY: EAL is up, `c_name` is NUL-terminated and copied, `err` is writable.
        let raw =
            unsafe { dpdk_sys::hf_pool_create(c_name.as_ptr(), mbufs, cache, room, ANY_SOCKET, &mut err) };
        let Some(raw) = NonNull::new(raw) else {
            let errno = Errno(-err);
            return Err(PoolError::Create { name: name.into(), mbufs, data_room_bytes, errno });
        };
        Ok(Pool(Arc::new(Inner { raw, eal: eal.clone(), name: name.into(), data_room_bytes })))
    }

    /// An empty mbuf, or `None` when the pool is exhausted.
    #[inline]
    pub fn alloc(&self) -> Option<Mbuf> {
        // SAFETY: the pool lives as long as `self`.
        let raw = unsafe { dpdk_sys::hf_mbuf_alloc(self.0.raw.as_ptr()) };
        // SAFETY: not NULL means a fresh mbuf with one reference, ours.
        NonNull::new(raw).map(|raw| unsafe { Mbuf::from_raw(raw) })
    }

    /// Appends `count` empty mbufs to `out`, all or none, and returns how many. Never grows `out`: a request
    /// beyond its spare capacity gets none.
    #[inline]
    pub fn alloc_bulk(&self, out: &mut Vec<Mbuf>, count: usize) -> usize {
        let length = out.len();
        let spare = out.spare_capacity_mut();
        let Ok(wanted) = u32::try_from(count) else { return 0 };
        if spare.len() < count {
            return 0;
        }
        // SAFETY: `Mbuf` is a transparent non-null pointer to an mbuf, so the spare capacity is an array of at
        // least `count` mbuf pointers to write to. The pool lives as long as `self`.
        let result =
            unsafe { dpdk_sys::hf_mbuf_alloc_bulk(self.0.raw.as_ptr(), spare.as_mut_ptr().cast(), wanted) };
        if result != 0 {
            return 0;
        }
        // SAFETY: success filled exactly `count` entries with fresh mbufs, each ours alone.
        unsafe { out.set_len(length + count) };
        count
    }

    /// Mbufs in the pool right now, caches included. Exact only while no other thread takes or frees.
    pub fn available(&self) -> u32 {
        // SAFETY: the pool lives as long as `self`.
        unsafe { dpdk_sys::hf_pool_available(self.0.raw.as_ptr()) }
    }

    /// Mbufs out of the pool: with the program, in receive rings, or leaked.
    pub fn in_use(&self) -> u32 {
        self.size() - self.available().min(self.size())
    }

    /// Mbufs the pool was made with.
    pub fn size(&self) -> u32 {
        // SAFETY: the pool lives as long as `self`.
        unsafe { dpdk_sys::hf_pool_size(self.0.raw.as_ptr()) }
    }

    /// Bytes of frame that fit an mbuf.
    pub fn data_room_bytes(&self) -> u16 {
        self.0.data_room_bytes
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn as_ptr(&self) -> *mut rte_mempool {
        self.0.raw.as_ptr()
    }
}

/// Bytes before the data of a fresh mbuf: what [`Mbuf::prepend`] has to itself.
pub fn headroom_bytes() -> u16 {
    // SAFETY: returns a constant.
    unsafe { dpdk_sys::hf_headroom() }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.eal.inner().retire(Retired(self.raw));
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A pool that nobody can allocate from any more.
#[derive(Debug)]
pub(crate) struct Retired(NonNull<rte_mempool>);

// SAFETY: as for `Inner`.
unsafe impl Send for Retired {}

impl Retired {
    /// Every mbuf is back. Stays true once true: nothing takes from a retired pool.
    pub(crate) fn is_full(&self) -> bool {
        // SAFETY: a retired pool is valid until `free`, after which the list no longer holds it.
        unsafe { dpdk_sys::hf_pool_available(self.0.as_ptr()) >= dpdk_sys::hf_pool_size(self.0.as_ptr()) }
    }

    /// Frees the memory. `Inner::reap` calls this once, on a full pool, when no other thread has a cache.
    pub(crate) fn free(&self) {
        // SAFETY: the pool is full and no thread is inside it, so no mbuf and no reference to it is left.
        unsafe { dpdk_sys::hf_pool_free(self.0.as_ptr()) };
    }
}
