//! The error numbers DPDK answers with.

use core::ffi::CStr;
use core::fmt;

/// An errno as DPDK uses them: the system's, and a few of its own above 1000.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {
    /// Turns a shim's result into a count or an error.
    pub(crate) fn check(result: i32) -> Result<u32, Errno> {
        u32::try_from(result).map_err(|_| Errno(result.saturating_neg()))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: rte_strerror returns a NUL-terminated string in this thread's own buffer, for any number, and
        // the buffer is not written again before this function returns.
        let text = unsafe { CStr::from_ptr(dpdk_sys::hf_strerror(self.0)) };
        write!(f, "{} (errno {})", text.to_string_lossy(), self.0)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_is_an_error_and_has_a_text() {
        assert_eq!(Errno::check(3), Ok(3));
        assert_eq!(Errno::check(-libc::ENODEV), Err(Errno(libc::ENODEV)));
        assert_eq!(Errno(libc::ENODEV).to_string(), "No such device (errno 19)");
    }
}
