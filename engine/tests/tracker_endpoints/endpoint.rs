//! A TCP endpoint, no larger than the test needs: cumulative acknowledgements, a receive buffer that an application
//! empties, retransmission of what is outstanding, probes of zero windows, Fast Open, and an orderly close.
//!
//! Inside, positions in a stream count from 0 (the SYN) in 64 bits; only the wire wraps.

use std::collections::BTreeMap;

use holdfast_engine::track::tcp::{TcpFlags, TcpSegment};

/// Ticks without progress after which everything outstanding is sent again.
const RETRANSMIT_TICKS: u64 = 60;
/// Most segments sent in one tick.
const BURST: usize = 8;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub isn: u32,
    pub scale: Option<u8>,
    pub data_bytes: u64,
    pub buffer_bytes: u64,
    pub mss_bytes: u64,
    pub read_bytes_max: u64,
    /// Probe a zero window below the next byte, as Linux does, and with the next byte only every other time.
    pub probes_below: bool,
    pub fast_open_bytes: u64,
}

#[derive(Debug)]
pub struct Endpoint {
    pub settings: Settings,
    is_client: bool,
    /// Sending: lowest unacknowledged position, next position, limit of the peer's window.
    una: u64,
    next: u64,
    limit: u64,
    highest: u64,
    /// Receiving: the peer's first number, next position expected, data out of order, bytes not read yet.
    peer_isn: Option<u32>,
    expected: u64,
    out_of_order: BTreeMap<u64, u64>,
    unread: u64,
    peer_fin: Option<u64>,
    peer_scale: Option<u8>,
    established: bool,
    ack_due: bool,
    last_progress: u64,
    probes: u64,
}

impl Endpoint {
    pub fn client(settings: Settings) -> Endpoint {
        Endpoint::new(settings, true)
    }

    pub fn server(settings: Settings) -> Endpoint {
        Endpoint::new(settings, false)
    }

    fn new(settings: Settings, is_client: bool) -> Endpoint {
        Endpoint {
            settings,
            is_client,
            una: 0,
            next: 0,
            limit: 1,
            highest: 0,
            peer_isn: None,
            expected: 0,
            out_of_order: BTreeMap::new(),
            unread: 0,
            peer_fin: None,
            peer_scale: None,
            established: false,
            ack_due: false,
            last_progress: 0,
            probes: 0,
        }
    }

    /// Position after the FIN.
    fn last(&self) -> u64 {
        self.settings.data_bytes + 2
    }

    /// Everything sent and acknowledged, everything received.
    pub fn is_done(&self) -> bool {
        self.una == self.last() && self.peer_fin.is_some_and(|fin| self.expected == fin)
    }

    /// Whether `segment`, sent by `self`, tells `receiver` nothing: no byte it lacks, no acknowledgement it lacks.
    pub fn is_old_news(&self, segment: &TcpSegment, receiver: &Endpoint) -> bool {
        let near = |base: u32, position: u64, number: u32| {
            position as i64 + i64::from(number.wrapping_sub(base.wrapping_add(position as u32)) as i32)
        };
        let end = near(self.settings.isn, self.next, segment.end());
        let ack = near(receiver.settings.isn, receiver.next, segment.ack);
        end <= receiver.expected as i64 && ack <= receiver.una as i64
    }

    fn scaling(&self) -> bool {
        self.settings.scale.is_some() && self.peer_scale.is_some()
    }

    fn window(&self, syn: bool) -> u16 {
        let free = self.settings.buffer_bytes - self.unread.min(self.settings.buffer_bytes);
        let shift = if self.scaling() && !syn { self.settings.scale.unwrap_or(0) } else { 0 };
        (free >> shift).min(65_535) as u16
    }

    fn segment(&self, from: u64, to: u64) -> TcpSegment {
        let (syn, fin) = (from == 0 && to > 0, to == self.last() && to > from);
        let mut flags = if syn { TcpFlags::SYN.0 } else { 0 };
        flags |= if fin { TcpFlags::FIN.0 } else { 0 };
        flags |= if self.peer_isn.is_some() { TcpFlags::ACK.0 } else { 0 };
        TcpSegment {
            source_port: 1,
            destination_port: 2,
            seq: self.settings.isn.wrapping_add(from as u32),
            ack: self.peer_isn.map_or(0, |isn| isn.wrapping_add(self.expected as u32)),
            window: self.window(syn),
            flags: TcpFlags(flags),
            payload_bytes: (to - from - u64::from(syn) - u64::from(fin)) as u32,
            // The answer carries the option only if the SYN did.
            syn_scale: if syn && (self.is_client || self.peer_scale.is_some()) {
                self.settings.scale
            } else {
                None
            },
        }
    }

    pub fn receive(&mut self, segment: &TcpSegment) {
        let syn = segment.flags.contains(TcpFlags::SYN);
        let ack = segment.flags.contains(TcpFlags::ACK);
        if self.peer_isn.is_none() {
            let begins = syn && ack == self.is_client;
            let acks_syn = segment.ack.wrapping_sub(self.settings.isn).wrapping_sub(1);
            if !begins || (ack && u64::from(acks_syn) >= self.highest.max(1)) {
                return;
            }
            self.peer_isn = Some(segment.seq);
            self.peer_scale = segment.syn_scale;
        }
        self.take_data(segment, syn);
        if ack {
            self.take_ack(segment, syn);
        }
    }

    fn take_data(&mut self, segment: &TcpSegment, syn: bool) {
        let base = self.peer_isn.unwrap_or_default().wrapping_add(self.expected as u32);
        let from = self.expected as i64 + i64::from(segment.seq.wrapping_sub(base) as i32);
        let to = from + i64::from(segment.sequence_len());
        self.ack_due |= segment.sequence_len() > 0 || from != self.expected as i64;
        if from < 0 || to <= self.expected as i64 {
            return;
        }
        let (from, to) = (from as u64, to as u64);
        let room = self.expected + self.settings.buffer_bytes - self.unread.min(self.settings.buffer_bytes);
        if to > room + u64::from(syn) {
            return;
        }
        if segment.flags.contains(TcpFlags::FIN) {
            self.peer_fin = Some(to);
        }
        let longest = self.out_of_order.entry(from).or_insert(to);
        *longest = to.max(*longest);
        while let Some((&start, &end)) = self.out_of_order.first_key_value() {
            if start > self.expected {
                break;
            }
            self.out_of_order.pop_first();
            if end > self.expected {
                self.unread += end - self.expected;
                self.expected = end;
            }
        }
    }

    fn take_ack(&mut self, segment: &TcpSegment, syn: bool) {
        let base = self.settings.isn.wrapping_add(self.una as u32);
        let ahead = segment.ack.wrapping_sub(base) as i32;
        if ahead < 0 || self.una + ahead as u64 > self.highest {
            return;
        }
        let shift = if self.scaling() && !syn { self.peer_scale.unwrap_or(0) } else { 0 };
        let una = self.una + ahead as u64;
        self.limit = self.limit.max(una + (u64::from(segment.window) << shift));
        if una > self.una {
            (self.una, self.last_progress) = (una, u64::MAX);
            self.next = self.next.max(una);
        }
        self.established = self.una > 0;
    }

    /// One tick: the application reads, then whatever is due is sent.
    pub fn run(&mut self, now: u64, reads: u64) -> Vec<TcpSegment> {
        let mut out = Vec::new();
        let closed_before = self.peer_isn.is_some() && self.window(false) == 0;
        self.unread -= reads.min(self.unread);
        if closed_before && self.window(false) > 0 {
            self.ack_due = true;
        }
        if self.last_progress == u64::MAX {
            self.last_progress = now;
        }
        let may_send = self.is_client || self.peer_isn.is_some();
        let overdue = now.saturating_sub(self.last_progress) >= RETRANSMIT_TICKS;
        if may_send && overdue && self.una < self.last() {
            self.last_progress = now;
            self.probe_or_go_back(&mut out);
        }
        while may_send && out.len() < BURST {
            let Some(to) = self.next_end() else { break };
            out.push(self.segment(self.next, to));
            self.next = to;
            self.highest = self.highest.max(to);
            self.ack_due = false;
        }
        if std::mem::take(&mut self.ack_due) && self.next > 0 {
            // A server that has not been answered yet repeats its SYN-ACK instead.
            let pure = if self.established { self.segment(self.next, self.next) } else { self.segment(0, 1) };
            out.push(pure);
        }
        out
    }

    /// End of the next segment, `None` when there is nothing to send or no room.
    fn next_end(&self) -> Option<u64> {
        if self.next == 0 {
            let ahead = if self.is_client && self.highest == 0 { self.settings.fast_open_bytes } else { 0 };
            return Some(1 + ahead);
        }
        if !self.established {
            return None;
        }
        let to = self.last().min(self.next + self.settings.mss_bytes).min(self.limit);
        (to > self.next).then_some(to)
    }

    fn probe_or_go_back(&mut self, out: &mut Vec<TcpSegment>) {
        let closed = self.established && self.una == self.next && self.limit <= self.next;
        if !closed {
            self.next = self.una;
            return;
        }
        self.probes += 1;
        if self.settings.probes_below && self.probes % 2 == 0 {
            let empty = self.segment(self.next, self.next);
            out.push(TcpSegment { seq: empty.seq.wrapping_sub(1), ..empty });
        } else {
            out.push(self.segment(self.next, self.next + 1));
            self.highest = self.highest.max(self.next + 1);
        }
    }
}
