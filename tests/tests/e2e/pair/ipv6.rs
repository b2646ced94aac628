//! IPv6 sessions are on the standby like all others. There are no IPv6 groups yet, so here the hosts move their gateway
//! themselves, to the other box's real address; what is shown is that the sessions are there.

use holdfast_tests::net::LabResult;
use holdfast_tests::net::addresses::SERVER6;
use holdfast_tests::net::error::IoContext;
use holdfast_tests::net::pair::PairLab;
use holdfast_tests::net::sockets::{accept, listen, open, udp};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

const PORT: u16 = 7000;
const PASSIVE: &str = "fd00:1::3";
const PASSIVE_OUTSIDE: &str = "fd00:2::3";

/// Sends a line one way and another back.
fn talk(client: &mut TcpStream, server: &mut TcpStream) -> LabResult {
    say(client, server, b"to the server")?;
    say(server, client, b"to the client")
}

fn say(from: &mut TcpStream, to: &mut TcpStream, line: &[u8; 13]) -> LabResult {
    from.write_all(line).doing("writing")?;
    let mut heard = [0; 13];
    to.read_exact(&mut heard).doing("reading what the other end wrote")?;
    assert_eq!(&heard, line);
    Ok(())
}

#[test]
fn tcp_and_udp_over_ipv6_go_on_through_the_other_box() -> LabResult {
    let mut lab = PairLab::standard()?;
    let listener = listen(&lab.server, SERVER6.into(), PORT)?;
    let mut client = open(&lab.client, SERVER6.into(), PORT)?;
    let mut server = accept(&listener)?;
    talk(&mut client, &mut server)?;
    let answering = udp(&lab.server, SERVER6.into(), PORT + 1)?;
    let asking = udp(&lab.client, "::".parse().unwrap(), 0)?;
    let server_address = SocketAddr::new(SERVER6.into(), PORT + 1);
    asking.send_to(b"asked", server_address).doing("asking")?;
    let mut heard = [0; 16];
    let (_, asker) = answering.recv_from(&mut heard).doing("hearing the question")?;

    let sessions = lab.wait_equal()?;
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    lab.a.kill()?;
    lab.b.wait_role("active")?;
    lab.client.ip(["-6", "route", "replace", "default", "via", PASSIVE])?;
    lab.server.ip(["-6", "route", "replace", "default", "via", PASSIVE_OUTSIDE])?;

    talk(&mut client, &mut server)?;
    // From the outside, where no rule lets anything begin: only the session can let the answer in.
    answering.send_to(b"answered", asker).doing("answering")?;
    let (bytes, _) = asking.recv_from(&mut heard).doing("hearing the answer")?;
    assert_eq!(&heard[..bytes], b"answered");
    Ok(())
}
