//! Readers of single values: each takes a TOML value and answers the typed one, or what it expected.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use core::str::FromStr;
use core::time::Duration;

use holdfast_engine::interface::{InterfaceAddress, Mac};
use ipnet::IpNet;
use toml::de::DeValue;

use super::model::PortRange;
use super::reader::Expected;
use crate::protocol::Protocol;

type Read<T> = Result<T, Expected>;

/// An integer in `range`.
pub(super) fn integer<T>(range: RangeInclusive<T>) -> impl Fn(&DeValue<'_>) -> Read<T>
where
    T: TryFrom<i64> + PartialOrd + core::fmt::Display,
{
    move |value| {
        let number = match value {
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok(),
            _ => None,
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("an integer from {} to {}", range.start(), range.end()))
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: &DeValue<'_>) -> Read<bool> {
    value.as_bool().ok_or_else(|| "true or false".to_owned())
}

/// A string that is not empty.
pub(super) fn text(value: &DeValue<'_>) -> Read<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && !text.contains('\0'))
        .map(str::to_owned)
        .ok_or_else(|| "a string that is not empty".to_owned())
}

/// A name: it appears as one word on the console and in file names.
pub(super) fn name(value: &DeValue<'_>) -> Read<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    value
        .as_str()
        .filter(|name| {
            (1..=32).contains(&name.len()) && name.chars().all(legal) && !name.starts_with(['-', '.'])
        })
        .map(str::to_owned)
        .ok_or_else(|| "a name of 1 to 32 letters, digits, '-', '_' or '.'".to_owned())
}

/// A string that names one of `choices`.
pub(super) fn one_of<T: Copy>(choices: &'static [(&'static str, T)]) -> impl Fn(&DeValue<'_>) -> Read<T> {
    move |value| {
        let named = |text| choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        value.as_str().and_then(named).ok_or_else(|| {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            match names.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
                None => String::new(),
            }
        })
    }
}

/// A duration in `range`, as a string with units.
pub(super) fn duration(range: RangeInclusive<Duration>) -> impl Fn(&DeValue<'_>) -> Read<Duration> {
    move |value| {
        value
            .as_str()
            .and_then(|text| humantime::parse_duration(text).ok())
            .filter(|duration| range.contains(duration))
            .ok_or_else(|| {
                let words = |d: Duration| humantime::format_duration(d).to_string().replace(' ', "");
                let (low, high) = (words(*range.start()), words(*range.end()));
                format!("a duration from \"{low}\" to \"{high}\" as a string with a unit, such as \"30s\" or \"250ms\"")
            })
    }
}

/// A string that `T` reads; `expected` says what that is.
fn parsed<T: FromStr>(value: &DeValue<'_>, expected: &str) -> Read<T> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| expected.to_owned())
}

/// An IP address.
pub(super) fn address(value: &DeValue<'_>) -> Read<IpAddr> {
    parsed(value, "an IPv4 or IPv6 address")
}

/// An address with a UDP port.
pub(super) fn socket_address(value: &DeValue<'_>) -> Read<SocketAddr> {
    parsed(value, "an address and a port, such as \"192.168.255.1:5000\" or \"[fd00::1]:5000\"")
}

/// A prefix without host bits.
pub(super) fn prefix(value: &DeValue<'_>) -> Read<IpNet> {
    let net: IpNet = parsed(value, "a prefix such as \"10.0.0.0/8\" or \"fd00::/8\"")?;
    if net.addr() == net.network() {
        Ok(net)
    } else {
        Err(format!("a prefix without host bits, here \"{}\"", net.trunc()))
    }
}

/// A unicast address that a box can have, with the length of its network's prefix.
pub(super) fn interface_address(value: &DeValue<'_>) -> Read<InterfaceAddress> {
    let net: IpNet =
        parsed(value, "an address with prefix length, such as \"10.0.1.2/24\" or \"fd00:1::2/64\"")?;
    let address = net.addr();
    if address.is_multicast() || address.is_unspecified() || address.is_loopback() || net.prefix_len() == 0 {
        return Err("a unicast address of a connected network".to_owned());
    }
    match net {
        IpNet::V4(v4)
            if v4.prefix_len() < 31 && (v4.addr() == v4.network() || v4.addr() == v4.broadcast()) =>
        {
            Err(format!(
                "a host's address, neither the network's nor the broadcast address of {}",
                v4.trunc()
            ))
        }
        IpNet::V6(v6) if v6.addr().is_unicast_link_local() => {
            Err("no link-local address, since that is derived from the port's MAC address".to_owned())
        }
        _ => Ok(InterfaceAddress { address, prefix_len: net.prefix_len() }),
    }
}

/// A unicast MAC address.
pub(super) fn mac(value: &DeValue<'_>) -> Read<Mac> {
    let parse = |text: &str| {
        let mut octets = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut octets {
            let part =
                parts.next().filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))?;
            *octet = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Mac(octets))
    };
    value
        .as_str()
        .and_then(parse)
        .filter(|mac| !mac.is_multicast() && mac.0 != [0; 6])
        .ok_or_else(|| "a unicast MAC address such as \"02:00:00:00:00:01\"".to_owned())
}

/// A protocol by name or number, or `"any"`.
pub(super) fn protocol(value: &DeValue<'_>) -> Read<Option<Protocol>> {
    let expected = "\"any\", a protocol such as \"tcp\", \"udp\", \"icmp\", \"icmpv6\", \"gre\", \"esp\", \"sctp\", or its number from 0 to 255";
    match value {
        DeValue::String(text) if text == "any" => Ok(None),
        DeValue::String(_) => parsed(value, expected).map(Some),
        _ => integer(0..=255)(value).map(|number| Some(Protocol(number))).map_err(|_| expected.to_owned()),
    }
}

/// A port or a range of ports.
pub(super) fn ports(value: &DeValue<'_>) -> Read<PortRange> {
    let port = |text: &str| text.parse().ok().filter(|port| *port > 0 && !text.starts_with('+'));
    let range = match value {
        DeValue::String(text) => match text.split_once('-') {
            Some((low, high)) => port(low).zip(port(high)),
            None => port(text).map(|port| (port, port)),
        },
        _ => integer(1..=u16::MAX)(value).ok().map(|port| (port, port)),
    };
    range
        .filter(|(low, high)| low <= high)
        .map(|(low, high)| PortRange { low, high })
        .ok_or_else(|| "a port from 1 to 65535 or a range such as \"8000-8080\"".to_owned())
}
