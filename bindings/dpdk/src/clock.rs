//! The time stamp counter: what the worker loop measures with.

use crate::eal::EalRef;

/// A clock that counts cycles at a fixed rate and is read without a system call.
#[derive(Clone, Copy, Debug)]
pub struct Tsc {
    hz: u64,
}

impl Tsc {
    /// The counter EAL calibrated when it started.
    pub fn new(_eal: &EalRef) -> Tsc {
        // SAFETY: reads a number EAL computed at start; `_eal` proves that it has started.
        let hz = unsafe { dpdk_sys::hf_tsc_hz() };
        Tsc { hz: hz.max(1) }
    }

    /// Cycles a second.
    #[inline]
    pub fn hz(&self) -> u64 {
        self.hz
    }

    /// Cycles since an arbitrary start.
    #[inline]
    pub fn cycles(&self) -> u64 {
        // SAFETY: reads the counter.
        unsafe { dpdk_sys::hf_tsc() }
    }

    /// `cycles` in nanoseconds, rounded down.
    #[inline]
    pub fn nanos(&self, cycles: u64) -> u64 {
        (u128::from(cycles) * 1_000_000_000 / u128::from(self.hz)) as u64
    }
}
