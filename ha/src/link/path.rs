//! Path MTU by probing (RFC 8899): the largest UDP payload that is proven to arrive.
//!
//! Sizes are the steps of a ladder: what every path carries, then the usual frame sizes. A probe is a padded control
//! message that the peer acknowledges. Going up takes one answered probe per step. While above the lowest step, the
//! size in use is probed again and again; when it stops being answered although the peer is heard, large datagrams
//! vanish on the way (a black hole), and the link falls back at once to the lowest step and begins again from there.

use core::time::Duration;

use holdfast_engine::time::Instant;

/// Largest UDP payloads of the frames in use, bytes, for IPv4: what an IPv6 link must carry at least, PPPoE and
/// common tunnels, Ethernet, jumbo frames as many switches limit them, jumbo frames.
const LADDER_V4: &[usize] = &[PAYLOAD_BYTES_MIN, 1_372, 1_472, 8_900, 8_972];
/// The same for IPv6, whose header has 20 bytes more.
const LADDER_V6: &[usize] = &[PAYLOAD_BYTES_MIN, 1_352, 1_452, 8_880, 8_952];

/// UDP payload that any path carries, bytes: the smallest IPv6 MTU of 1,280 less 40 and 8 bytes of headers.
pub const PAYLOAD_BYTES_MIN: usize = 1_232;
/// Largest UDP payload of the ladders, bytes; buffers for one datagram have at least this size.
pub const PAYLOAD_BYTES_MAX: usize = 8_972;

/// A probe that is not answered for so long is sent again.
const PROBE_TIMEOUT: Duration = Duration::from_millis(100);
/// After so many unanswered probes the size does not pass.
const PROBES_MAX: u32 = 3;
/// The size in use is probed so often.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// A step that failed is tried again after so long.
const RAISE_INTERVAL: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
struct Probe {
    id: u32,
    step: usize,
    sent: u32,
    at: Instant,
}

/// What is known of the path.
#[derive(Clone, Debug)]
pub(super) struct Path {
    ladder: &'static [usize],
    /// Step proven to arrive.
    proven: usize,
    probe: Option<Probe>,
    /// When the next step up is tried, and when the one in use is checked.
    raise_at: Instant,
    check_at: Instant,
    last_id: u32,
}

impl Path {
    pub(super) fn new(ipv6: bool, now: Instant) -> Path {
        let ladder = if ipv6 { LADDER_V6 } else { LADDER_V4 };
        Path { ladder, proven: 0, probe: None, raise_at: now, check_at: now, last_id: 0 }
    }

    /// Forgets everything: another peer, or the link was away, and may come back another way.
    pub(super) fn reset(&mut self, now: Instant) {
        (self.proven, self.probe, self.raise_at) = (0, None, now);
    }

    /// UDP payload proven to arrive, bytes.
    pub(super) fn payload_bytes(&self) -> usize {
        self.size(self.proven)
    }

    /// Number and UDP payload size of a probe to send now. `heard` is when the peer was last heard: while it is
    /// silent altogether an unanswered probe says nothing about sizes.
    pub(super) fn poll(&mut self, now: Instant, heard: Instant) -> Option<(u32, usize)> {
        if let Some(probe) = self.probe.filter(|probe| now >= probe.at + PROBE_TIMEOUT) {
            let counts = heard >= probe.at;
            if counts && probe.sent >= PROBES_MAX {
                self.failed(probe.step, now);
            } else {
                let again = Probe { sent: probe.sent + u32::from(counts), at: now, ..probe };
                self.probe = Some(again);
                return Some((again.id, self.size(again.step)));
            }
        }
        if self.probe.is_some() {
            return None;
        }
        let step = if self.may_raise() && now >= self.raise_at {
            self.proven + 1
        } else if self.proven > 0 && now >= self.check_at {
            self.proven
        } else {
            return None;
        };
        self.last_id = self.last_id.wrapping_add(1);
        self.probe = Some(Probe { id: self.last_id, step, sent: 1, at: now });
        Some((self.last_id, self.size(step)))
    }

    /// The peer has a probe.
    pub(super) fn acknowledged(&mut self, now: Instant, id: u32) {
        if let Some(probe) = self.probe.take_if(|probe| probe.id == id) {
            // Another probe may have lowered the size meanwhile; an answer proves its own size all the same.
            self.proven = self.proven.max(probe.step);
            self.check_at = now + CHECK_INTERVAL;
        }
    }

    /// The kernel refuses UDP payloads of `size` bytes.
    pub(super) fn too_big(&mut self, now: Instant, size: usize) {
        let fitting = self.ladder.iter().take_while(|&&step| step < size).count().saturating_sub(1);
        if fitting < self.proven {
            self.proven = fitting;
            self.raise_at = now + RAISE_INTERVAL;
        }
        if self.probe.take_if(|probe| probe.step > fitting).is_some() {
            self.raise_at = now + RAISE_INTERVAL;
        }
    }

    /// When [`Path::poll`] has something to do.
    pub(super) fn wake(&self) -> Option<Instant> {
        if let Some(probe) = self.probe {
            return Some(probe.at + PROBE_TIMEOUT);
        }
        let raise = self.may_raise().then_some(self.raise_at);
        let check = (self.proven > 0).then_some(self.check_at);
        raise.into_iter().chain(check).min()
    }

    fn failed(&mut self, step: usize, now: Instant) {
        self.probe = None;
        if step > self.proven {
            self.raise_at = now + RAISE_INTERVAL;
        } else {
            self.reset(now);
        }
    }

    fn may_raise(&self) -> bool {
        self.proven + 1 < self.ladder.len()
    }

    fn size(&self, step: usize) -> usize {
        self.ladder.get(step).copied().unwrap_or(PAYLOAD_BYTES_MIN)
    }
}
