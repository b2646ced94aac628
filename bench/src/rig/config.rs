//! The configuration of a box under test.
//!
//! ```text
//!   client frames, for ever  ─▶ port 0 ┐        ┌ port 1 ◀─ server frames, for ever
//!   SYNs, once               ─▶ port 2 ┤  box   ├ port 3 ◀─ SYN-ACKs, once
//!                               inside ┘        └ outside
//! ```
//!
//! Four net_pcap ports without a file to write to: they free what they are given to send, at the price that
//! net_null asks. Two would not do: a session begins with frames that must come once and in order, and ports 2
//! and 3 are stopped when all sessions are established, after which their poll is one failed compare-exchange.

use std::fmt::Write as _;
use std::path::Path;

use crate::traffic::{CLIENT_PREFIXES, Files, PortMacs, SERVER_PREFIXES};

/// What net_pcap calls its ports, in the order in which they are made; and ours.
pub const PORT_MACS: PortMacs = PortMacs {
    ports: [
        [2, b'p', b'c', b'a', b'p', 0],
        [2, b'p', b'c', b'a', b'p', 1],
        [2, b'p', b'c', b'a', b'p', 2],
        [2, b'p', b'c', b'a', b'p', 3],
    ],
    routers: [[2, 0, 0, 0, 1, 2], [2, 0, 0, 0, 2, 2]],
};

/// Mbufs beyond those that hold frames: rings, caches, packets on their way.
const MBUFS_SPARE: u32 = 32_768;
/// An mbuf as it lies in its pool: header, headroom, data room, the pool's own header, padding.
const MBUF_BYTES: u64 = 2_560;
/// The same in ordinary memory, where DPDK lets no mbuf cross the border of a page.
const MBUF_BYTES_IN_PAGES: u64 = 4_160;
/// What DPDK needs beside its mbufs: two forwarding tables, rings.
const MEMORY_BASE_MB: u64 = 512;
/// A session, index, cold row and IPv6 addresses included.
const SESSION_BYTES: u64 = 160;
/// Fewest sessions a box can be configured for.
const SESSIONS_MIN: u32 = 1_024;

/// What varies between boxes.
#[derive(Clone, Debug)]
pub struct BoxConfig<'a> {
    /// Name of the box, and so of its EAL prefix.
    pub name: &'a str,
    /// Path of its control socket.
    pub socket: &'a Path,
    /// Core of its worker.
    pub lcore: u16,
    /// Sessions it is built for: exactly as many as there will be, so that the index is as full as it gets.
    pub sessions: u32,
    /// Packets a burst.
    pub burst: u16,
    /// Where its packet buffers are.
    pub memory: Memory,
    /// What its ports play.
    pub files: &'a Files,
}

/// Where a box's packet buffers are. It decides by itself: hugepages when there are enough free ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In hugepages.
    Huge,
    /// In ordinary pages.
    Ordinary,
}

impl Memory {
    /// What a box for `sessions` sessions will choose with `hugepages_free_mb` of free hugepages.
    pub fn choose(sessions: u32, hugepages_free_mb: u64) -> Memory {
        if hugepages_free_mb >= Memory::Huge.buffers_mb(sessions) { Memory::Huge } else { Memory::Ordinary }
    }

    /// `[eal] memory_mb` for `sessions` sessions.
    fn buffers_mb(self, sessions: u32) -> u64 {
        let mbuf_bytes = match self {
            Memory::Huge => MBUF_BYTES,
            Memory::Ordinary => MBUF_BYTES_IN_PAGES,
        };
        MEMORY_BASE_MB + (u64::from(mbufs(sessions)) * mbuf_bytes).div_ceil(1 << 20)
    }

    /// Ordinary memory a box for `sessions` sessions takes, in megabytes.
    pub fn ordinary_needed_mb(self, sessions: u32) -> u64 {
        let buffers = match self {
            Memory::Huge => 0,
            Memory::Ordinary => self.buffers_mb(sessions),
        };
        buffers + (u64::from(sessions) * SESSION_BYTES).div_ceil(1 << 20)
    }
}

fn mbufs(sessions: u32) -> u32 {
    sessions * 2 + MBUFS_SPARE
}

impl BoxConfig<'_> {
    /// The file's text.
    pub fn to_toml(&self) -> String {
        let mut text = format!(
            "name = {name:?}\ncontrol_socket = {socket:?}\n\n\
             [eal]\nmemory_mb = {memory}\nmbufs = {mbufs}\nextra = [\"--no-pci\"]\n\n\
             [workers]\nlcores = [{lcore}]\npoll = \"busy\"\nsessions_max = {sessions}\nburst = {burst}\n",
            name = self.name,
            socket = self.socket.display().to_string(),
            memory = self.memory.buffers_mb(self.sessions),
            mbufs = mbufs(self.sessions),
            lcore = self.lcore,
            sessions = self.sessions.max(SESSIONS_MIN),
            burst = self.burst,
        );
        let files = self.files;
        let ports = [
            ("inside", "inside", &files.client, ",infinite_rx=1", r#""10.0.1.1/24", "fd00:1::1/64""#),
            ("outside", "outside", &files.server, ",infinite_rx=1", r#""10.0.2.1/24", "fd00:2::1/64""#),
            ("inside-opening", "inside", &files.client_opening, "", ""),
            ("outside-opening", "outside", &files.server_opening, "", ""),
        ];
        for (number, (name, zone, file, more, addresses)) in ports.into_iter().enumerate() {
            let device = format!("net_pcap{number},rx_pcap={}{more}", file.display());
            // Sources behind the opening ports route to the others.
            let _ = write!(
                text,
                "\n[[interface]]\nname = {name:?}\ndevice = {device:?}\naddresses = [{addresses}]\nzone = {zone:?}\n\
                 reverse_path_check = {check}\n",
                check = !addresses.is_empty(),
            );
        }
        for (side, (name, mac)) in
            [("1", ("inside", PORT_MACS.routers[0])), ("2", ("outside", PORT_MACS.routers[1]))]
        {
            for address in [format!("10.0.{side}.2"), format!("fd00:{side}::2")] {
                let _ = write!(
                    text,
                    "\n[[neighbour]]\ninterface = {name:?}\naddress = {address:?}\nmac = \"{}\"\n",
                    mac_text(&mac)
                );
            }
        }
        for (side, prefixes) in [("1", CLIENT_PREFIXES), ("2", SERVER_PREFIXES)] {
            for (prefix, via) in
                prefixes.into_iter().zip([format!("10.0.{side}.2"), format!("fd00:{side}::2")])
            {
                let _ = write!(text, "\n[[route]]\nprefix = {prefix:?}\nvia = {via:?}\n");
            }
        }
        // Limits against floods are not what is measured here, and idle times outlast any run.
        text += "\n[[rule]]\nfrom = \"inside\"\nto = \"outside\"\naction = \"inspect\"\n\
                 \n[inspect]\nudp_idle = \"1h\"\nmax_incomplete_high = 4000000000\nmax_incomplete_low = 3000000000\n\
                 one_minute_high = 4000000000\none_minute_low = 3000000000\nhost_incomplete = 4000000000\n";
        text
    }
}

/// A MAC address as people write it.
pub fn mac_text(mac: &[u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_file_is_toml_and_says_what_was_asked() {
        let path = |name: &str| PathBuf::from(format!("/tmp/{name}"));
        let files = Files {
            client: path("c"),
            server: path("s"),
            client_opening: path("co"),
            server_opening: path("so"),
        };
        let socket = path("x.sock");
        let config = BoxConfig {
            name: "bench",
            socket: &socket,
            lcore: 1,
            sessions: 65_536,
            burst: 32,
            memory: Memory::Ordinary,
            files: &files,
        };
        let parsed: toml::Table = config.to_toml().parse().unwrap();
        assert_eq!(parsed["eal"]["mbufs"].as_integer(), Some(163_840));
        assert_eq!(parsed["workers"]["poll"].as_str(), Some("busy"));
        let interfaces = parsed["interface"].as_array().unwrap();
        assert_eq!(interfaces.len(), 4);
        assert_eq!(interfaces[1]["device"].as_str(), Some("net_pcap1,rx_pcap=/tmp/s,infinite_rx=1"));
        assert_eq!(interfaces[3]["device"].as_str(), Some("net_pcap3,rx_pcap=/tmp/so"));
        assert_eq!(interfaces[2]["zone"], interfaces[0]["zone"]);
        assert_eq!(parsed["neighbour"].as_array().unwrap().len(), 4);
        assert_eq!(parsed["route"][3]["prefix"].as_str(), Some("2001:2:0:2::/64"));
        assert_eq!(parsed["route"][3]["via"].as_str(), Some("fd00:2::2"));
    }

    #[test]
    fn hugepages_are_used_when_all_buffers_fit() {
        assert_eq!(Memory::choose(65_536, 911), Memory::Ordinary);
        assert_eq!(Memory::choose(65_536, 912), Memory::Huge, "512 MB and 163,840 buffers of 2,560 bytes");
        assert_eq!(Memory::Huge.ordinary_needed_mb(65_536), 10);
        assert_eq!(Memory::Ordinary.ordinary_needed_mb(65_536), 512 + 650 + 10);
    }
}
