//! One line in, one answer out; no input or output of its own.

use super::control::Control;
use super::grammar::Action;
use super::parse::{ParseError, parse, split};
use super::pipe::{self, Stage, split_stages};
use super::suggest;
use crate::report::Format;

/// The answer to one line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Output {
    /// What to print; ends in a newline unless empty.
    pub text: String,
    /// Whether the command did what it says.
    pub ok: bool,
    /// The user wants to leave.
    pub quit: bool,
}

impl Output {
    /// The answer of a command that succeeded.
    pub fn success(text: String) -> Output {
        Output { text, ok: true, quit: false }
    }

    /// A failure with its sentence, printed after a percent sign as IOS does.
    pub fn failure(sentence: &str) -> Output {
        let mut chars = sentence.chars();
        let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        Output { text: format!("% {first}{}\n", chars.as_str()), ok: false, quit: false }
    }
}

/// What a client does itself, before it asks the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCommand {
    /// Run the commands of this file.
    Load(String),
    /// Leave.
    Quit,
    /// Everything else: send it.
    Send,
}

/// Whether `line` is one of the client's own commands.
pub fn client_command(line: &str) -> ClientCommand {
    match parse(&split(line)) {
        Ok(parsed) => match parsed.command.action {
            Action::Load => ClientCommand::Load(parsed.arguments.file),
            Action::Quit => ClientCommand::Quit,
            Action::Show(_) | Action::Change(_) | Action::Help => ClientCommand::Send,
        },
        Err(_) => ClientCommand::Send,
    }
}

/// Carries out one line. Blank lines and lines that begin with `#` or `!` do nothing.
pub fn execute(line: &str, control: &mut dyn Control) -> Output {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with(['#', '!']) {
        return Output::success(String::new());
    }
    if let Some(before) = trimmed.strip_suffix('?') {
        return match suggest::question(before) {
            Some(text) => Output::success(text),
            None => Output::failure("Unrecognized command"),
        };
    }
    run(line, control).unwrap_or_else(|error| describe(line, error))
}

fn run(line: &str, control: &mut dyn Control) -> Result<Output, ParseError> {
    let (command, stages) = split_stages(line)?;
    let parsed = parse(&split(command))?;
    let json = stages.contains(&Stage::Json);
    let format = if json { Format::Json } else { Format::Text };
    let done = match parsed.command.action {
        Action::Show(show) => show(control, &parsed.arguments, format),
        _ if json => return Ok(Output::failure("only `show` commands answer in JSON")),
        Action::Change(change) => change(control, &parsed.arguments),
        Action::Help => Ok(suggest::list()),
        Action::Quit => return Ok(Output { text: String::new(), ok: true, quit: true }),
        Action::Load => {
            return Ok(Output::failure("a file is loaded by the console that has it, not by the box"));
        }
    };
    Ok(match done {
        Ok(text) => Output::success(pipe::apply(&stages, text)),
        Err(error) => Output::failure(&error.to_string()),
    })
}

/// The line, a marker under the word in question, and IOS's sentence.
fn describe(line: &str, error: ParseError) -> Output {
    let marked = |at: usize, sentence: &str| {
        let column = line.get(..at).map_or(at, |before| before.chars().count());
        format!("{}\n{:column$}^\n% {sentence}\n", line.trim_end(), "")
    };
    let text = match error {
        ParseError::Invalid { at } => marked(at, "Invalid input detected at '^' marker."),
        ParseError::Ambiguous { .. } => format!("% Ambiguous command:  \"{}\"\n", line.trim()),
        ParseError::Incomplete => "% Incomplete command.\n".to_owned(),
    };
    Output { text, ok: false, quit: false }
}
