//! Runs the TCP tracker's scripts: every `tracker/*.txt`, in the manner of packetdrill.
//!
//! A file holds scripts, each beginning with `== title`; `#` begins a comment. A line is one of
//!
//! ```text
//! config pickup | split_handshake | catch_up=BYTES     at any time
//! lags                                                 the session comes from the peer box, after a takeover
//! connect SEQ SEQ [win=N/N] [ws=N/N]                   a whole handshake: initiator's and responder's numbers
//! > FLAGS SEQ [ACK] [win=N] [len=N] [ws=N] [: WHAT]    a segment of the first host
//! < FLAGS SEQ [ACK] [win=N] [len=N] [ws=N] [: WHAT]    a segment of the second host
//! state NAME                                           the tracker's state must be this
//! quoted > SEQ yes|no                                  an ICMP error quotes this number of that host
//! ```
//!
//! FLAGS are letters of `SAFRPUEW` (W is CWR), or `.` for none; numbers are decimal and wrap by hand; `win` is 65535
//! unless given, as it stands in the header. WHAT must happen: nothing written means that the segment passes and no
//! transition is reported; `established`, `closing`, `closed`, `restarted` are transitions; `unnoticed` passes,
//! changes no number and is no sign of life; `reopen` hands the segment to policy, and the script goes on with the new
//! session it begins; `drop REASON` drops. Whatever drops or reopens must leave the session as it was. Segments
//! are built as bytes and parsed, so a script may also expect the parser's reasons. Whenever the session's time
//! becomes shorter the tracker must ask for its timer to be re-armed.

#![expect(clippy::expect_used, reason = "a script that cannot be read fails the test")]

use std::path::Path;

use holdfast_engine::drop_reason::DropReason;
use holdfast_engine::net::numbers::PROTOCOL_TCP;
use holdfast_engine::session::{Direction, SessionFlags, SessionState};
use holdfast_engine::track::tcp::{self, TcpConfig, TcpSegment, TcpState};
use holdfast_engine::track::{Change, Outcome, Timeouts, Transition};

/// What a script may expect, and what the tracker did, in the same words.
#[derive(Debug, PartialEq)]
enum What {
    Pass(Transition),
    Unnoticed,
    Reopen,
    Drop(&'static str),
}

#[derive(Default)]
struct Run {
    config: TcpConfig,
    session: Option<SessionState>,
    /// The second host is the initiator of the present session.
    swapped: bool,
}

/// One segment as written: sender, flags, numbers.
struct Line<'a> {
    first_host: bool,
    flags: &'a str,
    seq: u32,
    ack: u32,
    window: u16,
    payload_bytes: usize,
    scale: Option<u8>,
}

impl Line<'_> {
    fn parse<'a>(first_host: bool, words: &[&'a str]) -> Line<'a> {
        let mut line = Line {
            first_host,
            flags: words[0],
            seq: words[1].parse().expect("sequence number"),
            ack: 0,
            window: 65_535,
            payload_bytes: 0,
            scale: None,
        };
        for word in &words[2..] {
            match word.split_once('=') {
                None => line.ack = word.parse().expect("acknowledgement"),
                Some(("win", n)) => line.window = n.parse().expect("window"),
                Some(("len", n)) => line.payload_bytes = n.parse().expect("length"),
                Some(("ws", n)) => line.scale = Some(n.parse().expect("scale")),
                Some(_) => panic!("unknown word {word}"),
            }
        }
        line
    }

    fn bytes(&self) -> Vec<u8> {
        let bit = |c| "FSRPAUEW".find(c).map(|i| 1u8 << i);
        let flags = match self.flags {
            "." => 0,
            letters => letters.chars().map(|c| bit(c).expect("flag letter")).sum(),
        };
        let options = self.scale.map_or(vec![], |shift| vec![3, 3, shift, 1]);
        let mut bytes = [40_000u16.to_be_bytes(), 443u16.to_be_bytes()].concat();
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.ack.to_be_bytes());
        bytes.extend([((5 + options.len() / 4) << 4) as u8, flags]);
        bytes.extend(self.window.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(options);
        bytes.resize(bytes.len() + self.payload_bytes, 0x2e);
        bytes
    }
}

impl Run {
    fn segment(&mut self, line: &Line) -> What {
        let segment = match TcpSegment::parse(&line.bytes()) {
            Ok(segment) => segment,
            Err(reason) => return What::Drop(reason.name()),
        };
        let direction = if line.first_host != self.swapped { Direction::Original } else { Direction::Reply };
        let Some(before) = self.session else { return self.open(&segment, line.first_host) };
        let mut after = before;
        let outcome = tcp::track(&mut after, direction, &segment, &self.config);
        match outcome {
            Outcome::Drop(reason) => {
                assert_eq!(after, before, "a dropped segment left a trace");
                What::Drop(reason.name())
            }
            Outcome::Reopen => {
                assert_eq!(after, before, "a reopening segment left a trace");
                self.open(&segment, line.first_host);
                What::Reopen
            }
            Outcome::Pass(Change { transition, keep_alive, rearm }) => {
                self.session = Some(after);
                let ticks = |state| Timeouts::default().timeout_ticks(PROTOCOL_TCP, state);
                let (was, is) = (ticks(&before), ticks(&after));
                assert!(rearm || is >= was, "not re-armed for a shorter time");
                assert!(!rearm || is != was && transition != Transition::Established, "re-armed for nothing");
                let same_state = TcpState::of(&before) == TcpState::of(&after);
                let no_trace = same_state && (after.peers, after.scale) == (before.peers, before.scale);
                if keep_alive || transition != Transition::None || !no_trace {
                    return What::Pass(transition);
                }
                What::Unnoticed
            }
        }
    }

    fn open(&mut self, segment: &TcpSegment, first_host: bool) -> What {
        match tcp::open(segment, &self.config) {
            Ok(state) => {
                self.session = Some(state);
                self.swapped = !first_host;
                What::Pass(Transition::None)
            }
            Err(reason) => What::Drop(reason.name()),
        }
    }

    fn connect(&mut self, words: &[&str]) {
        let [mut windows, mut scales] = [["65535"; 2], [""; 2]];
        for word in &words[2..] {
            let (name, values) = word.split_once('=').expect("name=A/B");
            let (a, b) = values.split_once('/').expect("A/B");
            *(if name == "win" { &mut windows } else { &mut scales }) = [a, b];
        }
        let next = |n: &str| n.parse::<u32>().expect("sequence number").wrapping_add(1);
        let scale = |i: usize| if scales[i].is_empty() { String::new() } else { format!("ws={}", scales[i]) };
        let (a, b) = (next(words[0]), next(words[1]));
        self.line(&format!("> S {} win={} {}", words[0], windows[0], scale(0)));
        self.line(&format!("< SA {} {a} win={} {}", words[1], windows[1], scale(1)));
        self.line(&format!("> A {a} {b} win={} : established", windows[0]));
    }

    fn line(&mut self, line: &str) {
        let (left, expected) = line.split_once(" : ").unwrap_or((line, ""));
        let words: Vec<&str> = left.split_whitespace().collect();
        match words[0] {
            "config" => match words[1].split_once('=') {
                None if words[1] == "pickup" => self.config.pickup = true,
                None if words[1] == "split_handshake" => self.config.split_handshake = true,
                Some(("catch_up", n)) => self.config.catch_up_bytes = n.parse().expect("bytes"),
                _ => panic!("unknown setting"),
            },
            "lags" => {
                let session = self.session.as_mut().expect("a session");
                session.flags = session.flags.with(SessionFlags::LAGGING, true);
            }
            "connect" => self.connect(&words[1..]),
            ">" | "<" => {
                let got = self.segment(&Line::parse(words[0] == ">", &words[1..]));
                assert_eq!(got, what(expected), "(left: what happened, right: what the script expects)");
            }
            "state" => {
                let state = self.session.as_ref().and_then(TcpState::of).map(TcpState::name);
                assert_eq!(state, Some(words[1]));
            }
            "quoted" => {
                let first_host = words[1] == ">";
                let direction =
                    if first_host != self.swapped { Direction::Original } else { Direction::Reply };
                let session = self.session.expect("a session");
                let seq = words[2].parse().expect("sequence number");
                assert_eq!(tcp::quoted_in_window(&session, direction, seq), words[3] == "yes");
            }
            other => panic!("unknown line {other}"),
        }
    }
}

fn what(expected: &str) -> What {
    let words: Vec<&str> = expected.split_whitespace().collect();
    match words[..] {
        [] => What::Pass(Transition::None),
        ["established"] => What::Pass(Transition::Established),
        ["closing"] => What::Pass(Transition::Closing),
        ["closed"] => What::Pass(Transition::Closed),
        ["restarted"] => What::Pass(Transition::Restarted),
        ["unnoticed"] => What::Unnoticed,
        ["reopen"] => What::Reopen,
        ["drop", name] => {
            let reason = DropReason::ALL.iter().find(|r| r.name() == name).expect("a drop reason");
            What::Drop(reason.name())
        }
        _ => panic!("unknown expectation {expected}"),
    }
}

/// Runs one file; returns how many scripts it held.
fn run_file(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).expect("a readable script");
    let (mut run, mut title, mut scripts) = (None::<Run>, "", 0);
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(new_title) = line.strip_prefix("== ") {
            (run, title, scripts) = (Some(Run::default()), new_title, scripts + 1);
        } else if !line.is_empty() {
            let run = run.as_mut().expect("a title first");
            let place = format!("{}:{} ({title}): {line}", path.display(), number + 1);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.line(line)));
            assert!(result.is_ok(), "at {place}");
        }
    }
    scripts
}

#[test]
fn scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracker");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the scripts' folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    paths.sort();
    let scripts: usize = paths.iter().map(|path| run_file(path)).sum();
    assert!(scripts >= 60, "only {scripts} scripts were found");
}

#[test]
fn the_runner_notices_what_is_wrong() {
    for wrong in
        ["> A 1001 5001 : drop tcp_out_of_window", "state closing", "quoted > 1000 no", "> A 900000 9"]
    {
        let mut run = Run::default();
        run.line("connect 1000 5000");
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.line(wrong)));
        assert!(result.is_err(), "{wrong}");
    }
}
