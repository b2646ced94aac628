//! The prompt, which begins with the box's name: history, completion from the grammar, Ctrl-C and Ctrl-D.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::thread;

use crossbeam::channel::Sender;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::ControlRequest;
use super::runner::{ClientError, Local, Outcome, Runner, Transport};
use crate::console::suggest;

/// What stands for the name of a box that does not tell it.
const NAMELESS: &str = "holdfast";
const HISTORY_LINES_MAX: usize = 1_000;

/// Completes from the console's grammar.
struct GrammarHelper;

impl Completer for GrammarHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = suggest(line.get(..at).unwrap_or(line));
        let pair = |text: String| Pair { display: text.clone(), replacement: format!("{text} ") };
        Ok((start, found.into_iter().filter(|s| s.literal).map(|s| pair(s.text)).collect()))
    }
}

impl Hinter for GrammarHelper {
    type Hint = String;
}
impl Highlighter for GrammarHelper {}
impl Validator for GrammarHelper {}
impl Helper for GrammarHelper {}

/// Runs the prompt until the user leaves. Ctrl-C drops the line, Ctrl-D on an empty line leaves.
pub fn interactive(transport: &mut dyn Transport) -> Result<(), ClientError> {
    let config = Config::builder()
        .max_history_size(HISTORY_LINES_MAX)?
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<GrammarHelper, DefaultHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(GrammarHelper));
    let history = history_file();
    if let Some(file) = &history {
        // The first prompt ever has no history to load.
        let _ = editor.load_history(file);
    }
    let ended = name_of(transport).and_then(|name| converse(&mut editor, &format!("{name}> "), transport));
    if let Some(file) = &history {
        let saved = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        if saved.is_ok() {
            // A history that cannot be saved must not turn a good session into a failure.
            let _ = editor.save_history(file);
        }
    }
    ended
}

/// The box's name: whoever has consoles of both boxes of a pair open must see which one a command goes to.
fn name_of(transport: &mut dyn Transport) -> Result<String, ClientError> {
    let answer = transport.ask("show version | json")?;
    if !answer.ok {
        io::stdout().write_all(answer.text.as_bytes())?;
    }
    let report: Option<serde_json::Value> = serde_json::from_str(&answer.text).ok();
    let name = report.as_ref().and_then(|report| report.get("name")?.as_str());
    Ok(name.unwrap_or(NAMELESS).to_owned())
}

fn converse(
    editor: &mut Editor<GrammarHelper, DefaultHistory>,
    prompt: &str,
    transport: &mut dyn Transport,
) -> Result<(), ClientError> {
    let mut begun = String::new();
    loop {
        let line = match editor.readline_with_initial(prompt, (&begun, "")) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                begun.clear();
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // After an answer to `show ip ?` the prompt comes back with `show ip `, as it does on IOS.
        begun = line.strip_suffix('?').unwrap_or_default().to_owned();
        if !line.trim().is_empty() && begun.is_empty() {
            editor.add_history_entry(line.as_str())?;
        }
        // At a prompt an error is an answer like any other, so both go where the user looks.
        let (mut output, mut errors) = (io::stdout(), io::stdout());
        if Runner::new(transport, &mut output, &mut errors).run_line(&line)? == Outcome::Quit {
            return Ok(());
        }
    }
}

/// `$XDG_STATE_HOME/holdfast/history`, or the place that stands for it; `None` without a home.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().map(|home| home.join(".local/state"));
    state.or_else(home).map(|folder| folder.join("holdfast/history"))
}

/// The prompt of `run --console`, in a thread of its own that ends with the process. Dropping this gives the terminal back as it was, which
/// matters when the box ends while the prompt waits for a key.
pub struct AttachedConsole {
    terminal: Option<Termios>,
}

impl Drop for AttachedConsole {
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            // Without its terminal the prompt has nothing to restore.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, terminal);
        }
    }
}

/// Attaches a prompt to this process's terminal; `ended` is called when the user leaves it. Without a terminal the
/// lines of standard input are run instead, up to the first that fails.
pub fn attach(
    requests: Sender<ControlRequest>,
    ended: impl FnOnce() + Send + 'static,
) -> io::Result<AttachedConsole> {
    let terminal = tcgetattr(io::stdin()).ok();
    thread::Builder::new().name("console".to_owned()).spawn(move || {
        let mut transport = Local(requests);
        let result = if io::stdin().is_terminal() {
            interactive(&mut transport)
        } else {
            let (mut output, mut errors) = (io::stdout(), io::stderr());
            Runner::new(&mut transport, &mut output, &mut errors).run(io::stdin().lines()).map(|_| ())
        };
        if let Err(error) = result {
            tracing::error!(%error, "console");
        }
        ended();
    })?;
    Ok(AttachedConsole { terminal })
}
