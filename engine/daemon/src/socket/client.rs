//! The console's end of the control socket.

use std::io::{self, BufReader, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::LINE_BYTES_MAX;
use super::protocol::read_answer;
use super::runner::{ClientError, Transport};
use crate::console::Output;

/// Folder of the default control sockets.
const SOCKET_FOLDER: &str = "/run/holdfast";

/// A connection to a box.
pub struct Connection {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Connection {
    /// Connects to the box that listens on `path`.
    pub fn open(path: &Path) -> Result<Connection, ClientError> {
        let failed = |source| ClientError::Connect { path: path.to_owned(), source };
        let writer = UnixStream::connect(path).map_err(failed)?;
        let reader = BufReader::new(writer.try_clone().map_err(failed)?);
        Ok(Connection { reader, writer })
    }
}

impl Transport for Connection {
    fn ask(&mut self, line: &str) -> Result<Output, ClientError> {
        if line.len() >= LINE_BYTES_MAX || line.contains('\n') {
            return Ok(Output::failure(&format!(
                "a command is one line of less than {LINE_BYTES_MAX} bytes"
            )));
        }
        // A server that has no room for another console answers before it is asked and closes; its answer is still
        // there to read when the write fails.
        let sent = self.writer.write_all(format!("{line}\n").as_bytes());
        match (read_answer(&mut self.reader), sent) {
            (Ok(Some(output)), _) => Ok(output),
            (Ok(None), _) | (Err(_), Err(_)) => Err(ClientError::Closed),
            (Err(error), Ok(())) if error.kind() == io::ErrorKind::ConnectionReset => {
                Err(ClientError::Closed)
            }
            (Err(error), Ok(())) => Err(ClientError::Answer(error)),
        }
    }
}

/// The control socket of the only box on this machine.
pub fn discover() -> Result<PathBuf, ClientError> {
    discover_in(Path::new(SOCKET_FOLDER))
}

fn discover_in(folder: &Path) -> Result<PathBuf, ClientError> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut sockets: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sock"))
        .collect();
    sockets.sort();
    match <[PathBuf; 1]>::try_from(sockets) {
        Ok([only]) => Ok(only),
        Err(sockets) if sockets.is_empty() => Err(ClientError::NoBox { folder: folder.to_owned() }),
        Err(sockets) => Err(ClientError::SeveralBoxes { sockets }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn the_only_box_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(discover_in(folder.path()), Err(ClientError::NoBox { .. })));
        let a = folder.path().join("a.sock");
        let _a = UnixListener::bind(&a).expect("bind");
        std::fs::write(folder.path().join("a.sock.lock"), "").expect("write");
        assert_eq!(discover_in(folder.path()).expect("one"), a);
        let _b = UnixListener::bind(folder.path().join("b.sock")).expect("bind");
        let several = discover_in(folder.path()).expect_err("two").to_string();
        assert!(several.contains("a.sock") && several.contains("b.sock"), "{several}");
    }
}
