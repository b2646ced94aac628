//! Runs command lines through a transport: from `-c`, from standard input, from a prompt, and from files.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use crossbeam::channel::Sender;

use super::{ControlRequest, ask};
use crate::console::{ClientCommand, Output, client_command};

/// How deep files of commands may load others.
const LOAD_DEPTH_MAX: usize = 8;

/// Why a console came to its end.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("cannot reach a box on {}: {source}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// No socket to try.
    #[error("no box seems to run here: there is no socket in {}; name one with -s", folder.display())]
    NoBox {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// More than one socket to try.
    #[error("several boxes run here; choose one with -s: {}", list(sockets))]
    SeveralBoxes {
        /// The sockets found.
        sockets: Vec<PathBuf>,
    },
    /// The box has closed the connection.
    #[error("the box has closed the connection")]
    Closed,
    /// What came back is no answer.
    #[error("the box's answer cannot be read: {0}")]
    Answer(io::Error),
    /// Standard input cannot be read or standard output not written.
    #[error("{0}")]
    Terminal(#[from] io::Error),
    /// The prompt cannot be shown.
    #[error("the prompt failed: {0}")]
    Prompt(#[from] rustyline::error::ReadlineError),
}

fn list(sockets: &[PathBuf]) -> String {
    let sockets: Vec<String> = sockets.iter().map(|path| path.display().to_string()).collect();
    sockets.join(", ")
}

/// A way to a box.
pub trait Transport {
    /// Sends one line and waits for its answer.
    fn ask(&mut self, line: &str) -> Result<Output, ClientError>;
}

/// The way to the box in the same process.
pub struct Local(pub Sender<ControlRequest>);

impl Transport for Local {
    fn ask(&mut self, line: &str) -> Result<Output, ClientError> {
        Ok(ask(&self.0, line.to_owned()))
    }
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done,
    /// The command failed; its text has been printed.
    Failed,
    /// The user wants to leave.
    Quit,
}

/// Runs lines and prints answers: those of commands that failed go to `errors`.
pub struct Runner<'a> {
    transport: &'a mut dyn Transport,
    output: &'a mut dyn Write,
    errors: &'a mut dyn Write,
}

impl<'a> Runner<'a> {
    /// A runner over `transport`.
    pub fn new(
        transport: &'a mut dyn Transport,
        output: &'a mut dyn Write,
        errors: &'a mut dyn Write,
    ) -> Runner<'a> {
        Runner { transport, output, errors }
    }

    /// Runs lines one after the other until one fails or leaves.
    pub fn run(&mut self, lines: impl Iterator<Item = io::Result<String>>) -> Result<Outcome, ClientError> {
        self.run_nested(lines, 0)
    }

    /// Runs one line.
    pub fn run_line(&mut self, line: &str) -> Result<Outcome, ClientError> {
        self.run_one(line, 0)
    }

    fn run_nested(
        &mut self,
        lines: impl Iterator<Item = io::Result<String>>,
        depth: usize,
    ) -> Result<Outcome, ClientError> {
        for line in lines {
            let outcome = self.run_one(&line?, depth)?;
            if outcome != Outcome::Done {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Done)
    }

    fn run_one(&mut self, line: &str, depth: usize) -> Result<Outcome, ClientError> {
        match client_command(line) {
            ClientCommand::Quit => Ok(Outcome::Quit),
            ClientCommand::Load(file) => self.load(&file, depth),
            ClientCommand::Send => {
                let answer = self.transport.ask(line)?;
                self.print(&answer)
            }
        }
    }

    fn load(&mut self, file: &str, depth: usize) -> Result<Outcome, ClientError> {
        if depth == LOAD_DEPTH_MAX {
            return self.print(&Output::failure(&format!("{file}: files load each other too deeply")));
        }
        match std::fs::File::open(file) {
            Ok(opened) => {
                let lines: Vec<String> = match io::BufReader::new(opened).lines().collect() {
                    Ok(lines) => lines,
                    Err(error) => return self.print(&Output::failure(&format!("{file}: {error}"))),
                };
                self.run_nested(&mut lines.into_iter().map(Ok), depth + 1)
            }
            Err(error) => self.print(&Output::failure(&format!("{file}: {error}"))),
        }
    }

    fn print(&mut self, answer: &Output) -> Result<Outcome, ClientError> {
        let to = if answer.ok { &mut self.output } else { &mut self.errors };
        to.write_all(answer.text.as_bytes())?;
        to.flush()?;
        Ok(match (answer.quit, answer.ok) {
            (true, true) => Outcome::Quit,
            (_, false) => Outcome::Failed,
            (false, true) => Outcome::Done,
        })
    }
}
