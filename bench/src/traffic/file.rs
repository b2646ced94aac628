//! The pcap files a box is fed from: for each side one that is played once, and one that is played for ever.

use core::time::Duration;
use std::borrow::Cow;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use pcap_file::pcap::{PcapPacket, PcapWriter};

use super::frame::{Macs, opening, repeated};
use super::{Flows, Plan, Side};
use crate::error::BenchError;

/// Salts of the orders: each file has its own.
const OPENING_ORDER: u64 = 1;
const CLIENT_ORDER: u64 = 2;
const SERVER_ORDER: u64 = 3;

/// The files and what they hold.
#[derive(Clone, Debug)]
pub struct Files {
    /// Frames from clients, to be played for ever: one for each flow.
    pub client: PathBuf,
    /// Frames from servers, to be played for ever: one for each flow.
    pub server: PathBuf,
    /// Opening frames from clients, to be played once.
    pub client_opening: PathBuf,
    /// Opening frames from servers, in the same order; the box must not get a frame before its answer's.
    pub server_opening: PathBuf,
}

/// Who a port's frames are addressed to and sent by.
#[derive(Clone, Copy, Debug)]
pub struct PortMacs {
    /// The box's ports, in the order client, server, client opening, server opening.
    pub ports: [[u8; 6]; 4],
    /// The routers beyond them: client side, server side.
    pub routers: [[u8; 6]; 2],
}

/// Writes the four files of `plan` into `folder`.
///
/// # Errors
/// [`BenchError::Pcap`] naming the file.
pub fn write_files(plan: &Plan, macs: &PortMacs, folder: &Path) -> Result<Files, BenchError> {
    let flows = Flows::new(plan);
    let path = |name: &str| folder.join(format!("{name}.pcap"));
    let files = Files {
        client: path("client"),
        server: path("server"),
        client_opening: path("client-opening"),
        server_opening: path("server-opening"),
    };
    let port =
        |port: usize, router: usize| Macs { source: macs.routers[router], destination: macs.ports[port] };
    let in_opening_order = flows.shuffled(OPENING_ORDER);
    write(&files.client_opening, &in_opening_order, |n, out| {
        opening(plan, &flows.get(n), Side::Client, port(2, 0), out);
    })?;
    write(&files.server_opening, &in_opening_order, |n, out| {
        opening(plan, &flows.get(n), Side::Server, port(3, 1), out);
    })?;
    write(&files.client, &flows.shuffled(CLIENT_ORDER), |n, out| {
        repeated(plan, &flows.get(n), Side::Client, port(0, 0), out);
    })?;
    write(&files.server, &flows.shuffled(SERVER_ORDER), |n, out| {
        repeated(plan, &flows.get(n), Side::Server, port(1, 1), out);
    })?;
    Ok(files)
}

/// One file with the frame of each number in `order`.
fn write(path: &Path, order: &[u32], frame: impl Fn(u32, &mut Vec<u8>)) -> Result<(), BenchError> {
    let failed = |reason: String| BenchError::Pcap { path: path.to_owned(), reason };
    let file = File::create(path).map_err(|e| failed(e.to_string()))?;
    let mut writer = PcapWriter::new(BufWriter::new(file)).map_err(|e| failed(e.to_string()))?;
    let mut data = Vec::with_capacity(2048);
    for &number in order {
        data.clear();
        frame(number, &mut data);
        let packet = PcapPacket::new(Duration::ZERO, data.len() as u32, &data);
        debug_assert!(matches!(packet.data, Cow::Borrowed(_)), "no copy per frame");
        writer.write_packet(&packet).map_err(|e| failed(e.to_string()))?;
    }
    // A buffered writer that is dropped would swallow the error of its last write: a full disk, for example.
    let file = writer.into_writer().into_inner().map_err(|e| failed(e.to_string()))?;
    file.sync_data().map_err(|e| failed(e.to_string()))
}
