//! What may leave towards the inside, as an obviously right reference sees it.

use core::net::IpAddr;
use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::interface::PortId;
use crate::net::numbers::ETHERTYPE_ARP;
use crate::testkit::frame::Flow;
use crate::testkit::seen::{Seen, try_flow};
use crate::testkit::topology::{INSIDE, PORTS, box_address};

/// What the inside has begun, by its own frames.
#[derive(Default)]
pub(super) struct Reference {
    begun: BTreeSet<Flow>,
}

/// The flow of a quoted packet. Its length field says nothing about the quote, and some stacks quote it wrong.
fn quoted_flow(quote: &[u8]) -> Option<Flow> {
    let mut quote = quote.to_vec();
    let (at, length) =
        if quote.first()? >> 4 == 6 { (4, quote.len().checked_sub(40)?) } else { (2, quote.len()) };
    quote.get_mut(at..at + 2)?.copy_from_slice(&(length as u16).to_be_bytes());
    try_flow(&quote)
}

impl Reference {
    pub(super) fn spoke(&mut self, port: PortId, frame: &[u8]) {
        if let Some(flow) = frame.get(14..).and_then(try_flow).filter(|_| port == INSIDE) {
            self.begun.insert(flow);
        }
    }

    /// Whether a frame may leave towards the inside: the box's own words, answers, and errors about questions.
    fn may_enter(&self, seen: &Seen) -> bool {
        if seen.ethertype == ETHERTYPE_ARP {
            return true;
        }
        let (protocol, l4) = seen.layer4();
        let (source, _) = seen.addresses();
        let own =
            |address| PORTS.iter().any(|&p| [false, true].iter().any(|&v6| box_address(p, v6) == address));
        let link_local = matches!(source, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if own(source) || link_local {
            return true;
        }
        let error = match protocol {
            1 => matches!(l4[0], 3 | 11 | 12),
            58 => l4[0] < 128,
            _ => false,
        };
        if error {
            return quoted_flow(seen.quote()).is_some_and(|flow| self.begun.contains(&flow));
        }
        self.begun.contains(&seen.flow().reply())
    }

    pub(super) fn check(&self, sent: &[(PortId, Seen)]) -> Result<(), TestCaseError> {
        for (_, seen) in sent.iter().filter(|(port, _)| *port == INSIDE) {
            prop_assert!(self.may_enter(seen), "nobody inside asked for {:?}", seen);
        }
        Ok(())
    }
}
