//! Packet buffers: one owner, freed on drop, read and written in place.

use core::fmt;
use core::ptr::NonNull;

use dpdk_sys::{
    RTE_MBUF_F_RX_L4_CKSUM_BAD, RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_MASK,
    RTE_MBUF_F_RX_RSS_HASH, rte_mbuf,
};

/// What the device said about the layer 4 checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RxChecksum {
    /// The device did not look, or left the field for someone else to fill.
    #[default]
    Unknown,
    /// Verified by the device.
    Good,
    /// Found wrong by the device.
    Bad,
}

/// One packet, owned. Goes back to its pool on drop.
///
/// Sending consumes it, so it can be neither freed twice nor touched while the driver has it:
/// ```compile_fail,E0599
/// fn twice(mbuf: dpdk::mbuf::Mbuf) -> (dpdk::mbuf::Mbuf, dpdk::mbuf::Mbuf) {
///     (mbuf.clone(), mbuf) // an mbuf has one owner
/// }
/// ```
///
/// A frame may lie in several segments, if its port was given buffers smaller than its frames; this crate
/// refuses such ports, so it takes a driver that chains on its own. [`Mbuf::data`] is the first segment;
/// [`Mbuf::is_contiguous`] tells, [`Mbuf::linearize`] copies together what fits.
#[repr(transparent)]
pub struct Mbuf(NonNull<rte_mbuf>);

// SAFETY: an mbuf belongs to whoever holds it; nothing in it is tied to a thread, and mempools take mbufs back
// on any thread.
unsafe impl Send for Mbuf {}

/// A field of the header, read or written in place. The header is shared with the driver's C code as raw memory,
/// so no Rust reference to it ever exists.
macro_rules! field {
    ($mbuf:expr, $field:ident) => {{
        // SAFETY: an `Mbuf` points to a live mbuf that it alone owns; the offset was asserted at build time.
        unsafe { (*$mbuf.0.as_ptr()).$field }
    }};
    ($mbuf:expr, $field:ident = $value:expr) => {{
        let value = $value;
        // SAFETY: as above, and `&mut` on the handle is what makes the write exclusive.
        unsafe { (*$mbuf.0.as_ptr()).$field = value }
    }};
}

impl Mbuf {
    /// # Safety
    /// `raw` is a live mbuf, the head of its chain, not owned by anyone else.
    #[inline]
    pub(crate) unsafe fn from_raw(raw: NonNull<rte_mbuf>) -> Mbuf {
        Mbuf(raw)
    }

    /// The frame's bytes: of the first segment, which is the whole frame when [`Mbuf::is_contiguous`].
    #[inline]
    pub fn data(&self) -> &[u8] {
        let bytes = field!(self, data_len).into();
        // SAFETY: buf_addr + data_off .. + data_len lies in the segment's buffer: DPDK and the methods here keep
        // it so. The buffer is mapped memory, hence initialised, and ours while `self` is borrowed.
        unsafe { core::slice::from_raw_parts(self.start(), bytes) }
    }

    /// The frame's bytes, writable; of the first segment, as [`Mbuf::data`].
    #[inline]
    pub fn data_mut(&mut self) -> &mut [u8] {
        let bytes = field!(self, data_len).into();
        // SAFETY: as in `data`; `&mut self` makes it exclusive. The buffer is not shared with another mbuf:
        // received and allocated mbufs have their own, and this crate makes no clones.
        unsafe { core::slice::from_raw_parts_mut(self.start(), bytes) }
    }

    #[inline]
    fn start(&self) -> *mut u8 {
        let (buffer, offset) = (field!(self, buf_addr).cast::<u8>(), field!(self, data_off).into());
        // SAFETY: data_off lies inside the buffer.
        unsafe { buffer.add(offset) }
    }

    /// Bytes of the whole frame, all segments.
    #[inline]
    #[expect(
        clippy::len_without_is_empty,
        reason = "a packet is not a collection; an empty one is a fresh one"
    )]
    pub fn len(&self) -> usize {
        field!(self, pkt_len) as usize
    }

    /// Segments the frame lies in.
    #[inline]
    pub fn segments(&self) -> u16 {
        field!(self, nb_segs)
    }

    /// The frame lies in one segment: [`Mbuf::data`] is all of it.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.segments() == 1
    }

    /// Bytes that [`Mbuf::prepend`] can still take.
    #[inline]
    pub fn headroom(&self) -> usize {
        field!(self, data_off).into()
    }

    /// Bytes that [`Mbuf::append`] can still take; 0 when the frame is not contiguous.
    #[inline]
    pub fn tailroom(&self) -> usize {
        if !self.is_contiguous() {
            return 0;
        }
        let used = usize::from(field!(self, data_off)) + usize::from(field!(self, data_len));
        usize::from(field!(self, buf_len)).saturating_sub(used)
    }

    /// Grows the frame by `bytes` at its end and returns the whole frame; `None`, and no change, without room or
    /// when the frame is not contiguous. The new bytes are whatever the buffer held before.
    #[inline]
    pub fn append(&mut self, bytes: usize) -> Option<&mut [u8]> {
        if bytes > self.tailroom() {
            return None;
        }
        // At most the tailroom, which is at most a 16-bit buffer length.
        field!(self, data_len = field!(self, data_len) + bytes as u16);
        field!(self, pkt_len = field!(self, pkt_len) + bytes as u32);
        Some(self.data_mut())
    }

    /// Grows the frame by `bytes` at its front and returns its first segment; `None`, and no change, without
    /// room. The new bytes are whatever the buffer held before.
    #[inline]
    pub fn prepend(&mut self, bytes: usize) -> Option<&mut [u8]> {
        let total = usize::from(field!(self, data_len)) + bytes;
        if bytes > self.headroom() || total > usize::from(u16::MAX) {
            return None;
        }
        field!(self, data_off = field!(self, data_off) - bytes as u16);
        field!(self, data_len = total as u16);
        field!(self, pkt_len = field!(self, pkt_len) + bytes as u32);
        Some(self.data_mut())
    }

    /// Cuts `bytes` off the frame's front; `false`, and no change, if its first segment is shorter.
    #[inline]
    pub fn advance(&mut self, bytes: usize) -> bool {
        if bytes > usize::from(field!(self, data_len)) {
            return false;
        }
        field!(self, data_off = field!(self, data_off) + bytes as u16);
        field!(self, data_len = field!(self, data_len) - bytes as u16);
        field!(self, pkt_len = field!(self, pkt_len) - bytes as u32);
        true
    }

    /// Shortens the frame to `bytes`; does nothing when it is already that short. Segments beyond are freed.
    #[inline]
    pub fn truncate(&mut self, bytes: usize) {
        if bytes >= self.len() {
            return;
        }
        if self.is_contiguous() {
            // Less than the length of one segment, which is 16 bits.
            field!(self, data_len = bytes as u16);
            field!(self, pkt_len = bytes as u32);
        } else {
            // SAFETY: a live chain that we own, cut in place; segments it frees are ours with their head.
            unsafe { dpdk_sys::hf_mbuf_truncate_chain(self.0.as_ptr(), bytes as u32) };
        }
    }

    /// Copies the frame together into its first segment, into the headroom if it must; `false`, and no change,
    /// when it is longer than that segment's whole buffer.
    pub fn linearize(&mut self) -> bool {
        // SAFETY: a live chain that we own; on failure DPDK leaves it as it was.
        self.is_contiguous() || unsafe { dpdk_sys::hf_mbuf_linearize(self.0.as_ptr()) } == 0
    }

    /// What the device said about the layer 4 checksum.
    #[inline]
    pub fn rx_checksum(&self) -> RxChecksum {
        match field!(self, ol_flags) & RTE_MBUF_F_RX_L4_CKSUM_MASK {
            RTE_MBUF_F_RX_L4_CKSUM_GOOD => RxChecksum::Good,
            RTE_MBUF_F_RX_L4_CKSUM_BAD => RxChecksum::Bad,
            _ => RxChecksum::Unknown,
        }
    }

    /// The device's RSS hash, if it computed one.
    #[inline]
    pub fn rss_hash(&self) -> Option<u32> {
        (field!(self, ol_flags) & RTE_MBUF_F_RX_RSS_HASH != 0).then(|| field!(self, hash_rss))
    }

    /// The port it was received on, as [`crate::port::PortControl::id`]; 65535 on a fresh one.
    #[inline]
    pub fn port_id(&self) -> u16 {
        field!(self, port)
    }

    /// Asks the processor for the frame's first bytes, for use a few packets later.
    #[inline]
    pub fn prefetch(&self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch is a hint; it reads nothing and faults on no address.
        unsafe {
            core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(self.start().cast());
        }
    }
}

impl Drop for Mbuf {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: we own the chain, and `self` is gone after this.
        unsafe { dpdk_sys::hf_mbuf_free(self.0.as_ptr()) };
    }
}

impl fmt::Debug for Mbuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mbuf")
            .field("len", &self.len())
            .field("segments", &self.segments())
            .field("port", &self.port_id())
            .finish()
    }
}

/// Frees all of `mbufs` in one go and leaves it empty, its capacity kept.
#[inline]
pub fn free_bulk(mbufs: &mut Vec<Mbuf>) {
    let count = mbufs.len();
    // SAFETY: from here on the vector owns none of them, so nothing is freed twice. A length of 0 is always valid.
    unsafe { mbufs.set_len(0) };
    // SAFETY: the vector's memory still holds `count` mbuf pointers (`Mbuf` is transparent), all ours.
    unsafe { dpdk_sys::hf_mbuf_free_bulk(mbufs.as_mut_ptr().cast(), count as u32) };
}
