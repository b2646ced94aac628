//! The client's end of a box's control socket, as engine/daemon/README.md describes it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::BenchError;

/// An attached console.
#[derive(Debug)]
pub struct Console {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Console {
    /// Attaches to the box that listens on `socket`.
    ///
    /// # Errors
    /// What the system said, for the caller to try again while the box starts.
    pub fn open(socket: &Path) -> std::io::Result<Console> {
        let writer = UnixStream::connect(socket)?;
        Ok(Console { reader: BufReader::new(writer.try_clone()?), writer })
    }

    /// Runs a command and returns its text.
    ///
    /// # Errors
    /// [`BenchError::Refused`] with the box's words; [`BenchError::System`] when the connection breaks.
    pub fn run(&mut self, command: &str) -> Result<String, BenchError> {
        let broken = || BenchError::system(format!("`{command}` on the control socket"));
        self.writer.write_all(format!("{command}\n").as_bytes()).map_err(broken())?;
        let mut header = String::new();
        self.reader.read_line(&mut header).map_err(broken())?;
        let (status, length) = parse_header(&header).ok_or_else(|| BenchError::Answer {
            command: command.to_owned(),
            reason: format!("header {header:?}"),
        })?;
        let mut text = vec![0; length];
        self.reader.read_exact(&mut text).map_err(broken())?;
        let text = String::from_utf8_lossy(&text).trim_end().to_owned();
        match status {
            "ok" => Ok(text),
            _ => Err(BenchError::Refused { command: command.to_owned(), answer: text }),
        }
    }

    /// Runs a `show` and reads its JSON.
    ///
    /// # Errors
    /// As [`Console::run`]; [`BenchError::Answer`] when a key is missing.
    pub fn show<T: DeserializeOwned>(&mut self, command: &str) -> Result<T, BenchError> {
        let text = self.run(&format!("{command} | json"))?;
        serde_json::from_str(&text)
            .map_err(|e| BenchError::Answer { command: command.to_owned(), reason: e.to_string() })
    }
}

/// Most bytes of an answer this client waits for: none of the bench's commands has more.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// `ok 123\n` to its two words.
fn parse_header(line: &str) -> Option<(&str, usize)> {
    let (status, length) = line.strip_suffix('\n')?.split_once(' ')?;
    let length = length.parse().ok().filter(|&length| length <= ANSWER_BYTES_MAX)?;
    Some((status, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn headers_are_two_words_and_bounded() {
        assert_eq!(parse_header("ok 12\n"), Some(("ok", 12)));
        for bad in ["", "ok\n", "ok 12", "ok -1\n", "ok 99999999999\n"] {
            assert_eq!(parse_header(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn answers_are_read_whole_and_errors_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = Vec::new();
            for answer in ["ok 9\n{\"a\": 7}\n", "error 3\nno\n"] {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                lines.push(line);
                stream.write_all(answer.as_bytes()).unwrap();
            }
            lines
        });
        let mut console = Console::open(&path).unwrap();
        let shown: serde_json::Value = console.show("show x").unwrap();
        assert_eq!(shown["a"], 7);
        let refused = console.run("stop").unwrap_err();
        assert!(matches!(&refused, BenchError::Refused { answer, .. } if answer == "no"), "{refused}");
        assert_eq!(server.join().unwrap(), ["show x | json\n", "stop\n"]);
    }
}
