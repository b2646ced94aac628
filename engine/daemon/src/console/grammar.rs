//! The shape of a command line: keywords and arguments, and how typed words match them.

use core::time::Duration;

use super::control::{Control, ControlError, Ports};
use crate::report::{Format, ForwardMode, SessionId};

/// One place in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Typed as it stands, or any unambiguous beginning of it.
    Keyword(&'static str),
    /// A value.
    Argument(Argument),
}

/// Kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `all` or a port number.
    Ports,
    /// A forwarding mode.
    Mode,
    /// `on` or `off`.
    OnOff,
    /// A decimal number in a range.
    Number {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A session's hexadecimal number.
    Session,
    /// A duration with units.
    Duration,
    /// A file name without spaces.
    File,
}

/// The values of one command line. Each handler reads the ones that its words name; the others keep defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// From [`Argument::Ports`].
    pub ports: Ports,
    /// From [`Argument::Mode`].
    pub mode: ForwardMode,
    /// From [`Argument::OnOff`].
    pub on: bool,
    /// From [`Argument::Number`].
    pub number: u64,
    /// From [`Argument::Session`].
    pub session: SessionId,
    /// From [`Argument::Duration`].
    pub duration: Duration,
    /// From [`Argument::File`].
    pub file: String,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments {
            ports: Ports::All,
            mode: ForwardMode::Firewall,
            on: false,
            number: 0,
            session: SessionId(0),
            duration: Duration::ZERO,
            file: String::new(),
        }
    }
}

/// How a typed word fits a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Not at all.
    None,
    /// The beginning of more than one value.
    Ambiguous,
    /// It does.
    Yes,
}

impl Argument {
    /// How lists of commands print it.
    pub fn placeholder(self) -> String {
        match self {
            Argument::Ports => "all|<port>".to_owned(),
            Argument::Mode => "<mode>".to_owned(),
            Argument::OnOff => "on|off".to_owned(),
            Argument::Number { min, max } => format!("<{min}-{max}>"),
            Argument::Session => "<id>".to_owned(),
            Argument::Duration => "<duration>".to_owned(),
            Argument::File => "<file>".to_owned(),
        }
    }

    /// What to type, in a phrase.
    pub const fn help(self) -> &'static str {
        match self {
            Argument::Ports => "Every port, or one by its number",
            Argument::Mode => "A forwarding mode",
            Argument::OnOff => "On or off",
            Argument::Number { .. } => "A number",
            Argument::Session => "A session, as `show ip inspect sessions` numbers it",
            Argument::Duration => "A duration with units, for example 90s or 1h5m",
            Argument::File => "A file of commands, one a line",
        }
    }

    /// The words that may stand here, where they can be listed.
    pub(super) fn choices(self) -> Vec<&'static str> {
        match self {
            Argument::Ports => vec!["all"],
            Argument::Mode => ForwardMode::ALL.iter().map(|mode| mode.name()).collect(),
            Argument::OnOff => vec!["on", "off"],
            _ => Vec::new(),
        }
    }

    /// Reads `word` into its place in `into`.
    pub(super) fn read(self, word: &str, into: &mut Arguments) -> Fit {
        let choice = match pick(&self.choices(), word) {
            Ok(choice) => choice,
            Err(fit) => return fit,
        };
        match self {
            Argument::Ports => {
                let port = || word.parse().ok().map(Ports::One);
                store(&mut into.ports, choice.map(|_| Ports::All).or_else(port))
            }
            Argument::Mode => store(&mut into.mode, choice.and_then(ForwardMode::from_name)),
            Argument::OnOff => store(&mut into.on, choice.map(|name| name == "on")),
            Argument::Number { min, max } => {
                store(&mut into.number, word.parse().ok().filter(|number| (min..=max).contains(number)))
            }
            Argument::Session => store(&mut into.session, word.parse().ok()),
            Argument::Duration => store(&mut into.duration, humantime::parse_duration(word).ok()),
            Argument::File => store(&mut into.file, Some(word.to_owned())),
        }
    }
}

/// Puts a value into its place if there is one.
fn store<T>(place: &mut T, value: Option<T>) -> Fit {
    match value {
        Some(value) => {
            *place = value;
            Fit::Yes
        }
        None => Fit::None,
    }
}

/// The one of `choices` that `word` is or begins; `Err` when it begins several.
fn pick<'a>(choices: &[&'a str], word: &str) -> Result<Option<&'a str>, Fit> {
    if let Some(exact) = choices.iter().find(|choice| **choice == word) {
        return Ok(Some(exact));
    }
    let mut beginning = choices.iter().filter(|choice| choice.starts_with(word));
    match (beginning.next(), beginning.next()) {
        (Some(_), Some(_)) => Err(Fit::Ambiguous),
        (first, _) => Ok(first.copied()),
    }
}

/// What a command does.
#[derive(Clone, Copy)]
pub enum Action {
    /// Shows something, as text or JSON.
    Show(fn(&mut dyn Control, &Arguments, Format) -> Result<String, ControlError>),
    /// Changes something and says what in a sentence, or nothing.
    Change(fn(&mut dyn Control, &Arguments) -> Result<String, ControlError>),
    /// Runs the commands of a file: done by the client, whose file it is.
    Load,
    /// Lists the commands.
    Help,
    /// Ends the console.
    Quit,
}

/// One command.
pub struct Command {
    /// Its words in order.
    pub words: &'static [Word],
    /// What it does, in a phrase.
    pub help: &'static str,
    /// What is done.
    pub action: Action,
}

impl Command {
    /// The command as lists print it, for example `show port info all|<port>`.
    pub fn usage(&self) -> String {
        let words: Vec<String> = self
            .words
            .iter()
            .map(|word| match word {
                Word::Keyword(keyword) => (*keyword).to_owned(),
                Word::Argument(argument) => argument.placeholder(),
            })
            .collect();
        words.join(" ")
    }
}
