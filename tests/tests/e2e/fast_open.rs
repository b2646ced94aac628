//! TCP Fast Open (RFC 7413): data in the SYN crosses the box and is answered.

use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::capture::Capture;
use holdfast_tests::net::lab::HOST_INTERFACE;
use holdfast_tests::net::sockets::{echo_to_end, exchange, listen, open_fast};
use holdfast_tests::net::{Lab, LabResult};
use std::net::SocketAddrV4;

const PORT: u16 = 7413;

#[test]
fn data_in_the_syn_crosses_the_box() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    lab.client.sysctl("net.ipv4.tcp_fastopen", "1")?;
    // Server side, and for listeners that did not ask for it (0x2 | 0x400).
    lab.server.sysctl("net.ipv4.tcp_fastopen", "1026")?;
    let server = echo_to_end(listen(&lab.server, SERVER.into(), PORT)?, 3);
    let capture = Capture::start(&lab.server, HOST_INTERFACE, &format!("tcp dst port {PORT}"), lab.dir())?;

    // The first connection fetches the cookie; the others use it.
    for number in 0..3 {
        let request = format!("request {number}");
        let stream = open_fast(&lab.client, SocketAddrV4::new(SERVER, PORT))?;
        assert_eq!(exchange(stream, request.as_bytes()).unwrap(), request.as_bytes());
    }
    let heard = server.join().unwrap().unwrap();
    assert_eq!(heard, [b"request 0", b"request 1", b"request 2"]);

    let syns = capture.finish("tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.len > 0", &["tcp.len"])?;
    assert_eq!(syns, [["9"], ["9"]], "data did not travel in the SYN");
    let drops = firewall.console().drops()?;
    assert_eq!(drops.of("tcp_out_of_window") + drops.of("tcp_state_bad"), 0, "{drops:?}");
    Ok(())
}
