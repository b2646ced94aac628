//! From a typed line to a command: word by word, every command that still fits is kept.

use super::commands::COMMANDS;
use super::grammar::{Arguments, Command, Fit, Word};

/// A word and the byte at which it begins in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Typed<'a> {
    pub(super) at: usize,
    pub(super) text: &'a str,
}

/// A command with the values typed for it.
pub(super) struct Parsed {
    pub(super) command: &'static Command,
    pub(super) arguments: Arguments,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// Nothing fits the word at this byte.
    Invalid { at: usize },
    /// The word at this byte begins several things.
    Ambiguous { at: usize },
    /// More words are needed.
    Incomplete,
}

/// Splits `line` at white space.
pub(super) fn split(line: &str) -> Vec<Typed<'_>> {
    let start = line.as_ptr() as usize;
    line.split_whitespace().map(|text| Typed { at: text.as_ptr() as usize - start, text }).collect()
}

/// The commands that fit `words` so far.
///
/// A whole keyword beats everything, so that `show ip` is not ambiguous with `show ipv6`. A word that only begins a
/// keyword and is also a value is ambiguous: in `clear ip inspect sessions a` the user may mean `all` or session A.
pub(super) fn narrow(words: &[Typed<'_>]) -> Result<Vec<&'static Command>, ParseError> {
    let mut fitting: Vec<&'static Command> = COMMANDS.iter().collect();
    for (place, typed) in words.iter().enumerate() {
        let exact = |command: &&Command| matches!(command.words.get(place), Some(Word::Keyword(keyword)) if *keyword == typed.text);
        if fitting.iter().any(exact) {
            fitting.retain(exact);
            continue;
        }
        let mut ambiguous = false;
        fitting.retain(|command| match command.words.get(place) {
            Some(Word::Keyword(keyword)) => keyword.starts_with(typed.text),
            Some(Word::Argument(argument)) => match argument.read(typed.text, &mut Arguments::default()) {
                Fit::Yes => true,
                Fit::Ambiguous => {
                    ambiguous = true;
                    false
                }
                Fit::None => false,
            },
            None => false,
        });
        let several = fitting.windows(2).any(|pair| pair[0].words[place] != pair[1].words[place]);
        if several || (ambiguous && fitting.is_empty()) {
            return Err(ParseError::Ambiguous { at: typed.at });
        }
        if fitting.is_empty() {
            return Err(ParseError::Invalid { at: typed.at });
        }
    }
    Ok(fitting)
}

/// The command that `words` are.
pub(super) fn parse(words: &[Typed<'_>]) -> Result<Parsed, ParseError> {
    let command = narrow(words)?
        .into_iter()
        .find(|command| command.words.len() == words.len())
        .ok_or(ParseError::Incomplete)?;
    let mut arguments = Arguments::default();
    for (word, typed) in command.words.iter().zip(words) {
        if let Word::Argument(argument) = word {
            // `narrow` has read the same word already, so that it fits.
            argument.read(typed.text, &mut arguments);
        }
    }
    Ok(Parsed { command, arguments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Argument, Ports};

    fn usage(line: &str) -> Result<String, ParseError> {
        parse(&split(line)).map(|parsed| parsed.command.usage())
    }

    #[test]
    fn abbreviations() {
        for (line, meant) in [
            ("sh ip insp sess", "show ip inspect sessions"),
            ("sh ip ins ses det", "show ip inspect sessions detail"),
            ("sho ipv n", "show ipv6 neighbors"),
            ("show ip r", "show ip route"),
            ("sh run", "show running-config"),
            ("sh int b", "show interfaces brief"),
            ("sh fwd st a", "show fwd stats all"),
            ("cl fwd stats", "clear fwd stats"),
            ("sh port in all", "show port info all|<port>"),
            ("set f 5", "set fwd <mode>"),
            ("sta", "start"),
            ("q", "quit"),
            ("u a", "undebug all"),
            ("sh stand br", "show standby brief"),
            ("sh st", "show standby"),
            ("sh red", "show redundancy"),
            ("sh red st", "show redundancy states"),
            ("sh ip ins ha sess det", "show ip inspect ha sessions detail"),
            ("sh ip ins ha st", "show ip inspect ha statistics"),
            ("red f", "redundancy force-switchover"),
            ("cl ip ins ha", "clear ip inspect ha"),
            ("deb st", "debug standby"),
            ("deb r", "debug redundancy"),
            ("deb ip ins ha", "debug ip inspect ha"),
            ("u ip i h", "undebug ip inspect ha"),
        ] {
            assert_eq!(usage(line).as_deref(), Ok(meant), "{line}");
        }
    }

    #[test]
    fn errors_point_at_the_word() {
        for (line, error) in [
            ("", ParseError::Incomplete),
            ("sh ip insp", ParseError::Incomplete),
            ("sh ip insp ha", ParseError::Incomplete),
            ("redundancy", ParseError::Incomplete),
            ("sh ip insp ha s", ParseError::Ambiguous { at: 14 }),
            ("sh standby all", ParseError::Invalid { at: 11 }),
            ("s", ParseError::Ambiguous { at: 0 }),
            ("  st", ParseError::Ambiguous { at: 2 }),
            ("sh i", ParseError::Ambiguous { at: 3 }),
            ("set fwd mac extra", ParseError::Invalid { at: 12 }),
            ("set fwd m", ParseError::Ambiguous { at: 8 }),
            ("set fwd flowgen", ParseError::Invalid { at: 8 }),
            ("set burst 65", ParseError::Invalid { at: 10 }),
            ("set burst 0", ParseError::Invalid { at: 10 }),
            ("show port stats 256", ParseError::Invalid { at: 16 }),
            ("show port stats -1", ParseError::Invalid { at: 16 }),
            ("set promisc all o", ParseError::Ambiguous { at: 16 }),
            ("debug clock advance 5", ParseError::Invalid { at: 20 }),
            ("clear ip inspect sessions a", ParseError::Ambiguous { at: 26 }),
            ("clear ip inspect sessions xyz", ParseError::Invalid { at: 26 }),
            ("SHOW version", ParseError::Invalid { at: 0 }),
        ] {
            assert_eq!(usage(line), Err(error), "{line}");
        }
    }

    #[test]
    fn values_arrive() {
        let arguments = |line: &str| parse(&split(line)).map(|parsed| parsed.arguments);
        assert_eq!(arguments("show port stats 3").map(|a| a.ports), Ok(Ports::One(3)));
        assert_eq!(arguments("set fwd macs").map(|a| a.mode.name()), Ok("macswap"));
        assert_eq!(arguments("set fwd mac").map(|a| a.mode.name()), Ok("mac"));
        assert_eq!(arguments("set promisc 1 on").map(|a| (a.ports, a.on)), Ok((Ports::One(1), true)));
        assert_eq!(arguments("set burst 64").map(|a| a.number), Ok(64));
        assert_eq!(arguments("clear ip insp sess 1A2b").map(|a| a.session.0), Ok(0x1a2b));
        assert_eq!(arguments("debug clock advance 1h5m").map(|a| a.duration.as_secs()), Ok(3900));
        assert_eq!(arguments("load /tmp/x").map(|a| a.file), Ok("/tmp/x".to_owned()));
    }

    #[test]
    fn no_two_commands_have_the_same_words() {
        for (i, a) in COMMANDS.iter().enumerate() {
            assert!(!a.words.is_empty());
            for b in &COMMANDS[i + 1..] {
                assert_ne!(a.words, b.words, "{}", a.usage());
            }
        }
    }

    #[test]
    fn every_command_typed_whole_is_found() {
        let sample = |argument| match argument {
            Argument::Ports | Argument::Number { .. } | Argument::Session => "1",
            Argument::Mode => "io",
            Argument::OnOff => "on",
            Argument::Duration => "1s",
            Argument::File => "file",
        };
        for command in COMMANDS {
            let words: Vec<&str> = command
                .words
                .iter()
                .map(|word| match word {
                    Word::Keyword(keyword) => *keyword,
                    Word::Argument(argument) => sample(*argument),
                })
                .collect();
            assert_eq!(usage(&words.join(" ")).as_deref(), Ok(command.usage().as_str()));
        }
    }
}
