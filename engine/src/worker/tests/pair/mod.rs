//! Two boxes: what one is told of the other's sessions, and what it makes of it. Records are carried by hand.

mod inbound;
mod outbound;
mod records;
mod takeover;

use crate::testkit::frame::{ACK, Flow, Packet, SYN, SYN_ACK};
use crate::testkit::member::Member;
use crate::testkit::topology::{CLIENT, CLIENT6, INSIDE, OUTSIDE, SERVER, SERVER6, Setup};

fn web() -> Flow {
    Flow::new(CLIENT, SERVER, (40_000, 443))
}

/// A box with so many workers.
fn with(workers: u8) -> Setup {
    Setup { workers, ..Setup::default() }
}

fn pair() -> (Member, Member) {
    Member::pair(Setup::default(), Setup::default())
}

/// Three packets; the client goes on at 101, the server at 901.
#[track_caller]
fn connect(member: &mut Member, flow: Flow) {
    member.lab.forwards(INSIDE, OUTSIDE, &flow.tcp(SYN, 100, 0));
    member.lab.forwards(OUTSIDE, INSIDE, &flow.reply().tcp(SYN_ACK, 900, 101));
    member.lab.forwards(INSIDE, OUTSIDE, &flow.tcp(ACK, 101, 901));
}

/// Conversations of each kind: the first packet, its answer, and what the client says then.
fn conversations() -> Vec<[Packet; 3]> {
    let mut all = Vec::new();
    for flow in [web(), Flow::new(CLIENT6, SERVER6, (40_000, 443))] {
        let back = flow.reply();
        let ping = Flow { ports: (7, 7), ..flow };
        let dns = Flow { ports: (5353, 53), ..flow };
        all.push([flow.tcp(SYN, 100, 0), back.tcp(SYN_ACK, 900, 101), flow.tcp(ACK, 101, 901)]);
        all.push([flow.udp(b"question"), back.udp(b"answer"), flow.udp(b"question")]);
        all.push([dns.udp(b"a"), dns.udp(b"aaaa"), dns.udp(b"a")]);
        all.push([ping.echo(true, 1), ping.reply().echo(false, 1), ping.echo(true, 2)]);
        all.push([flow.packet(47, b"gre"), back.packet(47, b"gre too"), flow.packet(47, b"gre")]);
    }
    all
}
