//! Very many UDP sessions, a packet or a few each.

use crate::net::addresses::{CLIENT, SERVER};
use crate::net::error::{IoContext, LabResult};
use crate::net::namespace::TOOL_LIMIT;
use crate::net::pair::PairLab;
use crate::net::sockets::udp;
use std::io::ErrorKind;
use std::net::{SocketAddrV4, UdpSocket};

/// First destination port, and how many there are for each source port.
const FIRST_PORT: u16 = 2_000;
const PORTS: u32 = 60_000;
const FIRST_SOURCE_PORT: u16 = 40_000;

/// Sessions from a few ports of the client's to very many of the server's.
#[derive(Debug)]
pub struct Crowd {
    sockets: Vec<UdpSocket>,
    sessions: u32,
}

impl Crowd {
    /// Sockets for `sessions` sessions. The server ignores what arrives there, so that its kernel does not answer
    /// that nobody listens.
    pub fn new(lab: &PairLab, sessions: u32) -> LabResult<Crowd> {
        let last = FIRST_PORT as u32 + PORTS - 1;
        let script = format!(
            "table inet holdfast_lab_crowd {{\nchain arriving {{\ntype filter hook prerouting priority -200\n\
             udp sport >= {FIRST_SOURCE_PORT} udp dport {FIRST_PORT}-{last} drop\n}}\n}}\n"
        );
        lab.server.run(&["nft", &script], TOOL_LIMIT)?.success()?;
        let count = sessions.div_ceil(PORTS) as u16;
        let sockets =
            (FIRST_SOURCE_PORT..FIRST_SOURCE_PORT + count).map(|port| udp(&lab.client, CLIENT.into(), port));
        Ok(Crowd { sockets: sockets.collect::<LabResult<_>>()?, sessions })
    }

    /// Sends one packet of each session, as fast as the kernel takes them.
    pub fn send_round(&self) -> LabResult {
        for number in 0..self.sessions {
            let socket = &self.sockets[(number / PORTS) as usize];
            let to = SocketAddrV4::new(SERVER, FIRST_PORT + (number % PORTS) as u16);
            match socket.send_to(&[0; 18], to) {
                // A full queue loses packets; the next round sends them again.
                Err(error) if error.kind() != ErrorKind::WouldBlock && error.raw_os_error() != Some(105) => {
                    return Err(error).doing("sending to many ports");
                }
                _ => {}
            }
        }
        Ok(())
    }
}
