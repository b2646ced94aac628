//! Small pieces of text layout that several reports share.

use core::fmt::Write as _;
use core::time::Duration;

use holdfast_engine::interface::Mac;
use holdfast_engine::track::IosState;
use holdfast_engine::worker::ForwardMode;
use serde::Serializer;

/// Appends formatted text; writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        $crate::report::layout::append($out, format_args!($($arg)*))
    };
}
pub(crate) use put;

/// The function behind [`put!`].
pub(crate) fn append(out: &mut String, arguments: core::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

/// `hh:mm:ss` below a day, then `1d02h`, then `3w4d`, as IOS prints ages.
pub(crate) fn ios_age(age: Duration) -> String {
    let s = age.as_secs();
    let (days, hours) = (s / 86_400, s / 3_600 % 24);
    match days {
        0 => format!("{:02}:{:02}:{:02}", hours, s / 60 % 60, s % 60),
        1..=6 => format!("{days}d{hours:02}h"),
        _ => format!("{}w{}d", days / 7, days % 7),
    }
}

/// `0200.0000.0001`, as IOS prints MAC addresses.
pub(crate) fn ios_mac(mac: Mac) -> String {
    let [a, b, c, d, e, f] = mac.0;
    format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}")
}

/// `10 Gbps`, `100 Mbps`, or `Unknown` for 0, as testpmd prints link speeds.
pub(crate) fn link_speed(mbps: u32) -> String {
    match mbps {
        0 => "Unknown".to_owned(),
        speed if speed % 1000 == 0 => format!("{} Gbps", speed / 1000),
        speed => format!("{speed} Mbps"),
    }
}

/// `yes` or `no` words of one's choice.
pub(crate) fn word(on: bool, yes: &'static str, no: &'static str) -> &'static str {
    if on { yes } else { no }
}

/// Serializes a duration as seconds with millisecond resolution.
pub(crate) fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_millis() as f64 / 1000.0)
}

/// As [`seconds`], `null` for none.
pub(crate) fn optional_seconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => seconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}

/// Serializes a forwarding mode as its word.
pub(crate) fn forward_mode<S: Serializer>(mode: &ForwardMode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(mode.name())
}

/// Serializes a session's state as IOS's word.
pub(crate) fn ios_state<S: Serializer>(state: &IosState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

/// Serializes a MAC address as `02:00:00:00:00:01`.
pub(crate) fn mac<S: Serializer>(mac: &Mac, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(mac)
}

/// As [`mac`], `null` for none.
pub(crate) fn optional_mac<S: Serializer>(mac: &Option<Mac>, serializer: S) -> Result<S::Ok, S::Error> {
    match mac {
        Some(mac) => serializer.collect_str(mac),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_like_ios() {
        let age = |s| ios_age(Duration::from_secs(s));
        assert_eq!(age(0), "00:00:00");
        assert_eq!(age(86_399), "23:59:59");
        assert_eq!(age(86_400 + 7_200), "1d02h");
        assert_eq!(age(25 * 86_400), "3w4d");
    }

    #[test]
    fn speeds_and_macs() {
        assert_eq!(link_speed(0), "Unknown");
        assert_eq!(link_speed(100), "100 Mbps");
        assert_eq!(link_speed(2_500), "2500 Mbps");
        assert_eq!(link_speed(10_000), "10 Gbps");
        assert_eq!(ios_mac(Mac([2, 0, 0, 0, 0xab, 1])), "0200.0000.ab01");
    }
}
