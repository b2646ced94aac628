//! One TCP segment, reduced to what a tracker needs.

use crate::drop_reason::DropReason;

/// The eight classic control bits of a TCP header (RFC 9293 section 3.1; CWR and ECE from RFC 3168).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(1 << 0);
    /// Synchronise sequence numbers.
    pub const SYN: TcpFlags = TcpFlags(1 << 1);
    /// Reset the connection.
    pub const RST: TcpFlags = TcpFlags(1 << 2);
    /// Push.
    pub const PSH: TcpFlags = TcpFlags(1 << 3);
    /// The acknowledgement field is significant.
    pub const ACK: TcpFlags = TcpFlags(1 << 4);
    /// The urgent pointer is significant.
    pub const URG: TcpFlags = TcpFlags(1 << 5);
    /// Explicit congestion notification echo.
    pub const ECE: TcpFlags = TcpFlags(1 << 6);
    /// Congestion window reduced.
    pub const CWR: TcpFlags = TcpFlags(1 << 7);

    /// The bits that decide what a segment does to a connection.
    const CONTROL: u8 = Self::FIN.0 | Self::SYN.0 | Self::RST.0 | Self::ACK.0;

    /// Whether all bits of `other` are set.
    #[inline]
    pub const fn contains(self, other: TcpFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether of FIN, SYN, RST and ACK exactly ACK is set: data or acknowledgement, the bulk of all traffic.
    #[inline]
    pub const fn is_plain_ack(self) -> bool {
        self.0 & Self::CONTROL == Self::ACK.0
    }

    /// Whether a correct stack sends this combination. PSH and the ECN bits mean nothing here: AccECN
    /// (RFC 9768) uses every pattern of them on a SYN. URG is meaningless on a RST.
    pub const fn are_legal(self) -> bool {
        const FIN_ACK: u8 = TcpFlags::FIN.0 | TcpFlags::ACK.0;
        const SYN_ACK: u8 = TcpFlags::SYN.0 | TcpFlags::ACK.0;
        const RST_ACK: u8 = TcpFlags::RST.0 | TcpFlags::ACK.0;
        let urgent = self.contains(Self::URG);
        match self.0 & Self::CONTROL {
            c if c == Self::SYN.0 || c == Self::ACK.0 || c == FIN_ACK || c == SYN_ACK => true,
            c if c == Self::RST.0 || c == RST_ACK => !urgent,
            _ => false,
        }
    }
}

/// A parsed TCP segment. Sequence numbers are those on the wire; they wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpSegment {
    /// Source port, never 0.
    pub source_port: u16,
    /// Destination port, never 0.
    pub destination_port: u16,
    /// Sequence number of the first byte (or of the SYN).
    pub seq: u32,
    /// Acknowledgement number; meaningless without the ACK flag.
    pub ack: u32,
    /// Window field as it stands in the header, unscaled.
    pub window: u16,
    /// Control bits; always a legal combination when it comes from [`TcpSegment::parse`].
    pub flags: TcpFlags,
    /// Bytes of payload.
    pub payload_bytes: u32,
    /// Shift of the window scale option (RFC 7323), 0–14; only looked for when SYN is set.
    pub syn_scale: Option<u8>,
}

/// TCP header without options, in bytes.
const HEADER_BYTES: usize = 20;

/// Largest shift RFC 7323 section 2.3 allows; a larger one counts as this.
pub const SCALE_MAX: u8 = 14;

impl TcpSegment {
    /// Reads a segment from `tcp`: header and payload, exactly the IP payload. The checksum is not looked at.
    ///
    /// Options are validated in full on segments with SYN, where they change how everything after is read; on
    /// others only the data offset must be sane.
    ///
    /// # Errors
    /// `L4HeaderBad` (truncated, data offset below 20 bytes or beyond the payload), `PortZero`, `TcpFlagsBad`,
    /// `TcpOptionsBad`.
    #[inline]
    pub fn parse(tcp: &[u8]) -> Result<TcpSegment, DropReason> {
        let Some(header) = tcp.first_chunk::<HEADER_BYTES>() else {
            return Err(DropReason::L4HeaderBad);
        };
        let u16_at = |i: usize| u16::from_be_bytes([header[i], header[i + 1]]);
        let u32_at = |i: usize| u32::from_be_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
        let offset_bytes = usize::from(header[12] >> 4) * 4;
        if offset_bytes < HEADER_BYTES || offset_bytes > tcp.len() {
            return Err(DropReason::L4HeaderBad);
        }
        let (source_port, destination_port) = (u16_at(0), u16_at(2));
        if source_port == 0 || destination_port == 0 {
            return Err(DropReason::PortZero);
        }
        let flags = TcpFlags(header[13]);
        if !flags.are_legal() {
            return Err(DropReason::TcpFlagsBad);
        }
        let syn_scale = if flags.contains(TcpFlags::SYN) {
            parse_syn_options(&tcp[HEADER_BYTES..offset_bytes])?
        } else {
            None
        };
        Ok(TcpSegment {
            source_port,
            destination_port,
            seq: u32_at(4),
            ack: u32_at(8),
            window: u16_at(14),
            flags,
            payload_bytes: (tcp.len() - offset_bytes) as u32,
            syn_scale,
        })
    }

    /// Sequence numbers the segment takes up: payload, and one each for SYN and FIN.
    #[inline]
    pub const fn sequence_len(&self) -> u32 {
        let control = (self.flags.0 & 1) + (self.flags.0 >> 1 & 1);
        self.payload_bytes.wrapping_add(control as u32)
    }

    /// One past the last sequence number the segment takes up.
    #[inline]
    pub const fn end(&self) -> u32 {
        self.seq.wrapping_add(self.sequence_len())
    }
}

/// Walks a SYN's options and returns the window scale. Known options must have their one length, and the scale
/// must not come twice: two readers of an ambiguous header must not come to different windows.
fn parse_syn_options(mut options: &[u8]) -> Result<Option<u8>, DropReason> {
    const BAD: DropReason = DropReason::TcpOptionsBad;
    let mut scale = None;
    while let [kind, rest @ ..] = options {
        match kind {
            0 => break,
            1 => {
                options = rest;
                continue;
            }
            _ => {}
        }
        let length = usize::from(*rest.first().ok_or(BAD)?);
        let body = options.get(2..length).ok_or(BAD)?;
        let length_ok = match kind {
            2 => body.len() == 2,                                    // maximum segment size, RFC 9293
            3 => body.len() == 1 && scale.is_none(),                 // window scale, RFC 7323
            4 => body.is_empty(),                                    // SACK permitted, RFC 2018
            8 => body.len() == 8,                                    // timestamps, RFC 7323
            34 => body.is_empty() || (4..=16).contains(&body.len()), // Fast Open cookie, RFC 7413
            _ => true,
        };
        if !length_ok {
            return Err(BAD);
        }
        if *kind == 3 {
            scale = Some(body[0].min(SCALE_MAX));
        }
        options = &options[length..];
    }
    Ok(scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
        assert_eq!(options.len() % 4, 0);
        let mut bytes = vec![0x12, 0x34, 0, 80, 0, 0, 0, 9, 0, 0, 0, 7];
        bytes.extend([((5 + options.len() / 4) << 4) as u8, flags, 0xff, 0xfe, 0, 0, 0, 0]);
        bytes.extend(options);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn reads_every_field() {
        let segment = TcpSegment::parse(&header(0x18, &[1, 1, 1, 1], b"hello")).unwrap();
        let expected = TcpSegment {
            source_port: 0x1234,
            destination_port: 80,
            seq: 9,
            ack: 7,
            window: 0xfffe,
            flags: TcpFlags(0x18),
            payload_bytes: 5,
            syn_scale: None,
        };
        assert_eq!(segment, expected);
        assert_eq!(segment.end(), 14);
        assert_eq!(TcpSegment::parse(&header(0x11, &[], b"x")).unwrap().end(), 11);
    }

    #[test]
    fn syn_options_are_validated() {
        let scale = |options: &[u8]| TcpSegment::parse(&header(0x02, options, &[])).map(|s| s.syn_scale);
        assert_eq!(scale(&[2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 0, 0]), Ok(Some(7)));
        assert_eq!(scale(&[3, 3, 200, 0]), Ok(Some(14)), "RFC 7323: too large counts as 14");
        assert_eq!(scale(&[0, 9, 9, 9]), Ok(None), "nothing is read after end of options");
        assert_eq!(scale(&[254, 4, 1, 2]), Ok(None), "an experimental option is skipped");
        for bad in [
            [3, 3, 7, 3],  // second option cut off before its length
            [2, 3, 5, 0],  // maximum segment size of a wrong length
            [9, 0, 0, 0],  // length 0 would loop for ever
            [9, 1, 0, 0],  // length 1 is shorter than itself
            [9, 40, 0, 0], // longer than the header
        ] {
            assert_eq!(scale(&bad), Err(DropReason::TcpOptionsBad), "{bad:?}");
        }
        assert_eq!(scale(&[3, 3, 7, 3, 3, 8, 1, 1]), Err(DropReason::TcpOptionsBad), "scale twice");
    }

    #[test]
    fn options_of_other_segments_are_not_read() {
        assert!(TcpSegment::parse(&header(0x10, &[9, 0, 0, 0], &[])).is_ok());
    }

    #[test]
    fn bad_headers_have_their_reason() {
        let good = header(0x02, &[], &[]);
        assert_eq!(TcpSegment::parse(&good[..19]), Err(DropReason::L4HeaderBad));
        for (at, value, reason) in [
            (12, 0x40, DropReason::L4HeaderBad), // offset below the fixed header
            (12, 0x60, DropReason::L4HeaderBad), // offset beyond the segment
            (3, 0, DropReason::PortZero),
            (13, 0x00, DropReason::TcpFlagsBad), // none
            (13, 0x03, DropReason::TcpFlagsBad), // SYN FIN
            (13, 0x06, DropReason::TcpFlagsBad), // SYN RST
            (13, 0x01, DropReason::TcpFlagsBad), // FIN without ACK
            (13, 0x15, DropReason::TcpFlagsBad), // FIN RST ACK
            (13, 0x29, DropReason::TcpFlagsBad), // Christmas tree
            (13, 0x08, DropReason::TcpFlagsBad), // PSH alone
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(TcpSegment::parse(&bytes), Err(reason), "byte {at} = {value:#x}");
        }
    }

    #[test]
    fn ecn_bits_are_tolerated() {
        for flags in [0xc2, 0x42, 0x82, 0x52, 0xd2, 0x90, 0xd1] {
            let mut bytes = header(flags, &[], &[]);
            assert!(TcpSegment::parse(&bytes).is_ok(), "{flags:#x}");
            bytes[12] |= 1; // AE, once NS
            assert!(TcpSegment::parse(&bytes).is_ok(), "{flags:#x} with AE");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_claims_more_than_there_is(bytes: Vec<u8>) {
            if let Ok(segment) = TcpSegment::parse(&bytes) {
                prop_assert!(segment.payload_bytes as usize + HEADER_BYTES <= bytes.len());
            }
        }
    }
}
