//! Workers' events in the log: the audit trail, logged rules, packets under `set verbose`.

use core::net::SocketAddr;

use holdfast_engine::event::{Event, SessionEnd};
use holdfast_engine::flow::{FlowKey, Side};
use holdfast_engine::session::Snapshot;

use super::appliance::Appliance;
use crate::protocol::Protocol;

/// Events logged in one tick, so that a flood of them does not keep the console waiting.
const EVENTS_PER_TICK_MAX: usize = 2048;

impl Appliance {
    /// Logs what the workers told since the last tick.
    pub fn log_events(&mut self) {
        let mut rings = core::mem::take(&mut self.events);
        // Each worker has its part: one whose rules are hit in a flood must not hide what the others tell.
        let each = EVENTS_PER_TICK_MAX / rings.len().max(1);
        for ring in &mut rings {
            let mut left = each;
            while left > 0
                && let Ok(event) = ring.pop()
            {
                left -= 1;
                self.log_event(&event);
            }
        }
        self.events = rings;
    }

    fn log_event(&self, event: &Event) {
        match event {
            Event::SessionBegan(session) => {
                let (source, destination) = ends(&session.key, session.state.initiator());
                let protocol = Protocol(session.key.protocol());
                let rule = session.details.rule + 1;
                tracing::info!(%protocol, %source, %destination, rule, "session began");
            }
            Event::SessionEnded(session, end) => log_end(session, *end),
            Event::RuleDecided { rule, action, port, key, side, reason } => {
                let (source, destination) = ends(key, *side);
                let protocol = Protocol(key.protocol());
                let reason = reason.map_or("", |r| r.name());
                let interface = self.interface_name(*port);
                tracing::info!(rule = rule.0 + 1, ?action, interface, %protocol, %source, %destination, reason, "rule decided");
            }
            Event::AddressConflict(conflict) => {
                let interface = self.interface_name(conflict.port);
                let (address, mac) = (conflict.address, conflict.mac);
                tracing::warn!(interface, %address, %mac, "another host claims an address of the box");
            }
            Event::Received { port, bytes, frame } => {
                let kept = usize::from(*bytes).min(frame.len());
                let head: String = frame[..kept].iter().map(|byte| format!("{byte:02x}")).collect();
                tracing::info!(port = port.0, bytes, head, "packet");
            }
        }
    }
}

fn log_end(session: &Snapshot, end: SessionEnd) {
    let (source, destination) = ends(&session.key, session.state.initiator());
    let protocol = Protocol(session.key.protocol());
    let [original, reply] = session.details.counters;
    let why = match end {
        SessionEnd::Expired => "expired",
        SessionEnd::Cleared => "cleared",
    };
    tracing::info!(
        %protocol, %source, %destination, why,
        initiator_bytes = original.bytes, responder_bytes = reply.bytes,
        initiator_packets = original.packets, responder_packets = reply.packets,
        "session ended"
    );
}

/// Both ends of a flow, `from` first.
fn ends(key: &FlowKey, from: Side) -> (SocketAddr, SocketAddr) {
    let end = |side| SocketAddr::new(key.address(side), key.port(side));
    (end(from), end(from.other()))
}
