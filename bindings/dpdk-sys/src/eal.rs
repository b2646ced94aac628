//! EAL, threads, log levels, the clock.

use core::ffi::c_char;

/// What [`hf_lcore_id`] returns on a thread that EAL does not know.
pub const LCORE_ID_ANY: u32 = u32::MAX;

unsafe extern "C" {
    /// `rte_eal_init`. Keeps pointers into `argv`, which therefore must live as long as the process.
    pub fn hf_eal_init(argc: i32, argv: *mut *mut c_char) -> i32;
    /// `rte_eal_cleanup`: unmaps all of EAL's memory.
    pub fn hf_eal_cleanup() -> i32;
    /// `rte_version`: a static string.
    pub fn hf_version() -> *const c_char;
    /// `rte_eal_get_runtime_dir`: a static string, set by [`hf_eal_init`].
    pub fn hf_runtime_dir() -> *const c_char;
    /// `rte_strerror`: a string in the calling thread's own buffer, valid until its next call.
    pub fn hf_strerror(err: i32) -> *const c_char;
    /// The level of every log type, 1 (emergency) to 8 (debug).
    pub fn hf_log_level_all(level: u32) -> i32;
    /// `rte_log_set_level_pattern`.
    pub fn hf_log_level_pattern(pattern: *const c_char, level: u32) -> i32;
    /// `rte_thread_register`. The caller makes sure that the thread has no lcore id yet.
    pub fn hf_thread_register() -> i32;
    /// `rte_thread_unregister`.
    pub fn hf_thread_unregister();
    /// `rte_lcore_id`; [`LCORE_ID_ANY`] on threads EAL does not know.
    pub fn hf_lcore_id() -> u32;
    /// `rte_thread_set_affinity` to one core.
    pub fn hf_pin_current(core: u32) -> i32;
    /// `rte_get_tsc_cycles`.
    pub fn hf_tsc() -> u64;
    /// `rte_get_tsc_hz`; 0 before EAL is up.
    pub fn hf_tsc_hz() -> u64;
}
