//! A box that is one of a pair.

mod hsrp;
mod standby;
mod takeover;
mod virtual_addresses;

use core::net::IpAddr;

use crate::config::VirtualRouter;
use crate::interface::{Mac, PortId};
use crate::net::build::Arp;
use crate::net::numbers::{ARP_REPLY, ARP_REQUEST};
use crate::role::Role;
use crate::testkit::frame::{Packet, ip};
use crate::testkit::lab::{Lab, arp_frame};
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, Setup, host_mac};

/// Virtual addresses inside; the box's own is 10.0.1.1.
const VIRTUAL: &str = "10.0.1.254";
const VIRTUAL6: &str = "fd00:1::fe";
/// HSRP version 2, group 256.
const VIRTUAL_MAC: Mac = Mac([0, 0, 0x0c, 0x9f, 0xf1, 0]);
const OUTSIDE_VIRTUAL: &str = "10.0.2.254";
const OUTSIDE_VIRTUAL_MAC: Mac = Mac([0, 0, 0x0c, 7, 0xac, 2]);

/// Groups inside (version 2) and outside (version 1), none in the DMZ.
fn pair() -> Setup {
    Setup {
        tune: |config| {
            config.virtual_routers = vec![
                VirtualRouter {
                    port: INSIDE,
                    mac: VIRTUAL_MAC,
                    addresses: vec![ip(VIRTUAL), ip(VIRTUAL6)],
                    hsrp_version: 2,
                },
                VirtualRouter {
                    port: OUTSIDE,
                    mac: OUTSIDE_VIRTUAL_MAC,
                    addresses: vec![ip(OUTSIDE_VIRTUAL)],
                    hsrp_version: 1,
                },
            ];
        },
        ..Setup::default()
    }
}

fn lab_in(role: Role) -> Lab {
    let mut lab = Lab::new(pair());
    lab.set_role(role);
    lab
}

/// `packet` from inside in a frame to the group's virtual MAC.
fn by_virtual_mac(packet: &Packet, vlan: Option<u16>) -> Vec<u8> {
    packet.frame(host_mac(INSIDE), VIRTUAL_MAC, vlan)
}

fn v4(text: &str) -> core::net::Ipv4Addr {
    let IpAddr::V4(address) = ip(text) else { panic!("{text}") };
    address
}

/// The client asks everyone inside for `address`.
fn who_has(address: &str, vlan: Option<u16>) -> Vec<u8> {
    let question = Arp {
        operation: ARP_REQUEST,
        sender_mac: host_mac(INSIDE),
        sender_ip: v4(CLIENT),
        target_mac: Mac::default(),
        target_ip: v4(address),
    };
    arp_frame(host_mac(INSIDE), Mac::BROADCAST, vlan, &question)
}

/// `mac` tells everyone that it has `address`.
fn gratuitous_arp(address: &str, mac: Mac) -> Vec<u8> {
    let claim = Arp {
        operation: ARP_REPLY,
        sender_mac: mac,
        sender_ip: v4(address),
        target_mac: Mac::BROADCAST,
        target_ip: v4(address),
    };
    arp_frame(mac, Mac::BROADCAST, None, &claim)
}

/// Everything the box says or does when `frame` arrives.
fn heard(lab: &mut Lab, port: PortId, frame: &[u8]) -> usize {
    lab.pass_frame(port, frame).len()
}
