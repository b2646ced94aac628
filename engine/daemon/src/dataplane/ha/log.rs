//! The node's events in the log.

use holdfast_ha::node::NodeEvent;

use crate::report::{link_word, role_word, sync_word};

/// Logs one event; `names` are the interfaces' names by port.
pub fn log(event: &NodeEvent, names: &[String]) {
    let name = |port: &holdfast_engine::interface::PortId| {
        names.get(usize::from(port.0)).map_or("?", String::as_str)
    };
    match event {
        NodeEvent::Role { old, new, why, term } => {
            tracing::info!(old = role_word(*old), new = role_word(*new), why, term, "role changed");
        }
        NodeEvent::Group { port, group, old, new, why } => {
            let (old, new) = (old.name(), new.name());
            tracing::info!(interface = name(port), group, old, new, why, "HSRP state changed");
        }
        NodeEvent::Sync { old, new, why } => {
            tracing::info!(old = sync_word(*old), new = sync_word(*new), why, "sync state changed");
        }
        NodeEvent::CopyEnded { sessions, took_ms, received } => {
            let direction = if *received { "received" } else { "sent" };
            tracing::info!(direction, sessions, took_ms, "complete copy of the sessions ended");
        }
        NodeEvent::Link { old, new } => {
            tracing::info!(old = link_word(*old), new = link_word(*new), "HA link changed");
        }
        NodeEvent::PeerConnected { name, version } => {
            tracing::info!(peer = name, version, "peer answered over the HA link");
        }
        NodeEvent::Alarm { text, raised: true } => tracing::warn!("alarm: {text}"),
        NodeEvent::Alarm { text, raised: false } => tracing::info!("alarm is over: {text}"),
        NodeEvent::AuthenticationFailed { port, source } => {
            tracing::warn!(interface = name(port), %source, "HSRP packet fails authentication");
        }
        NodeEvent::DuplicateAddress { port, address } => {
            tracing::warn!(interface = name(port), %address, "another router uses this box's address");
        }
        NodeEvent::Debug { topic, text } => {
            tracing::info!("{}: {text}", topic.name());
        }
    }
}
