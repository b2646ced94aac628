//! The pipeline through [`crate::worker::Worker::poll`], packet by packet, in virtual time.

mod attack;
mod expiry;
mod forward;
mod icmp;
mod neighbours;
mod pair;
mod policy;
mod refused;
mod sessions;
mod vlan;

use crate::testkit::frame::{ACK, Flow, Packet, SYN, SYN_ACK};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, CLIENT6, INSIDE, OUTSIDE, SERVER, SERVER6};

/// A connection from the client to the server.
fn web() -> Flow {
    Flow::new(CLIENT, SERVER, (40_000, 443))
}

fn web6() -> Flow {
    Flow::new(CLIENT6, SERVER6, (40_000, 443))
}

/// NTP, say: UDP that is not DNS.
fn ntp() -> Flow {
    Flow::new(CLIENT, SERVER, (40_001, 123))
}

fn ping() -> Flow {
    Flow::new(CLIENT, SERVER, (7, 7))
}

/// The first packet of a conversation of each kind, and its answer.
fn conversations() -> Vec<(Packet, Packet)> {
    let mut all = Vec::new();
    for flow in [web(), web6()] {
        let back = flow.reply();
        let ping = Flow { ports: (7, 7), ..flow };
        all.push((flow.tcp(SYN, 100, 0), back.tcp(SYN_ACK, 900, 101)));
        all.push((flow.udp(b"question"), back.udp(b"answer")));
        all.push((ping.echo(true, 1), ping.reply().echo(false, 1)));
        all.push((flow.packet(47, b"gre"), back.packet(47, b"gre too")));
    }
    all
}

/// Three packets; the client goes on at 101, the server at 901.
#[track_caller]
fn connect(lab: &mut Lab, flow: Flow) {
    lab.forwards(INSIDE, OUTSIDE, &flow.tcp(SYN, 100, 0));
    lab.forwards(OUTSIDE, INSIDE, &flow.reply().tcp(SYN_ACK, 900, 101));
    lab.forwards(INSIDE, OUTSIDE, &flow.tcp(ACK, 101, 901));
}
