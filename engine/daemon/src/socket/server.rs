//! The box's end of the control socket.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::claim::{Claim, SocketError, claim};
use super::protocol::{Line, read_line, write_answer};
use super::{CLIENTS_MAX, ControlRequest, LINE_BYTES_MAX, REQUESTS_WAITING_MAX, WRITE_TIMEOUT, ask};
use crate::console::Output;

/// Pause after a failed `accept`, which fails again at once when the process has no descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The listening end; dropping it closes the socket and removes its file. Clients that are connected keep their
/// connection until the receiver of requests is dropped.
pub struct Server {
    path: PathBuf,
    requests: Sender<ControlRequest>,
    stop: Option<Sender<()>>,
    acceptor: Option<JoinHandle<()>>,
    /// Held, not read: whoever has it may replace the socket file. Let go of after [`Drop::drop`] removed that.
    _lock: File,
}

impl Server {
    /// Where a console inside the process sends its lines.
    pub fn requests(&self) -> Sender<ControlRequest> {
        self.requests.clone()
    }
}

/// Claims the socket at `path` and serves it. The control thread receives the requests and calls
/// [`ControlRequest::serve`] on each.
pub fn serve(path: &Path) -> Result<(Server, Receiver<ControlRequest>), SocketError> {
    let Claim { listener, lock } = claim(path)?;
    let (requests, received) = bounded(REQUESTS_WAITING_MAX);
    let (stop, stopped) = bounded(0);
    let to_control = requests.clone();
    let acceptor = thread::Builder::new()
        .name("control-socket".to_owned())
        .spawn(move || accept(&listener, &to_control, &stopped))
        .map_err(|source| SocketError::Io { path: path.to_owned(), doing: "start its thread", source })?;
    let server =
        Server { path: path.to_owned(), requests, stop: Some(stop), acceptor: Some(acceptor), _lock: lock };
    Ok((server, received))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        // The acceptor waits for a connection; one from here wakes it to see that it shall stop.
        let woken = UnixStream::connect(&self.path).is_ok();
        let _ = std::fs::remove_file(&self.path);
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &UnixListener, requests: &Sender<ControlRequest>, stopped: &Receiver<()>) {
    let clients = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = listener.accept();
        let wait = if accepted.is_ok() { Duration::ZERO } else { ACCEPT_RETRY };
        if stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        match accepted {
            Ok((stream, _)) => admit(stream, requests, &clients),
            Err(error) => tracing::warn!(%error, "control socket: a client could not be accepted"),
        }
    }
}

/// Counts a client for as long as it lives.
struct Admitted(Arc<AtomicUsize>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn admit(mut stream: UnixStream, requests: &Sender<ControlRequest>, clients: &Arc<AtomicUsize>) {
    let before = clients.fetch_add(1, Ordering::Relaxed);
    let admitted = Admitted(Arc::clone(clients));
    let configured = stream.set_write_timeout(Some(WRITE_TIMEOUT));
    if before >= CLIENTS_MAX || configured.is_err() {
        let busy = Output::failure("too many consoles are attached to this box");
        // Best effort: an empty socket buffer takes this line at once.
        let _ = write_answer(&mut stream, &busy);
        return;
    }
    let requests = requests.clone();
    let spawned = thread::Builder::new().name("control-client".to_owned()).spawn(move || {
        let _admitted = admitted;
        // An error means that the client is gone or does not read; either way this ends its connection.
        let _ = converse(&stream, &requests);
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "control socket: no thread for a client");
    }
}

fn converse(stream: &UnixStream, requests: &Sender<ControlRequest>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        match read_line(&mut reader)? {
            Line::End => return Ok(()),
            Line::NotUtf8 => write_answer(&mut writer, &Output::failure("a command must be UTF-8"))?,
            Line::TooLong => {
                let sentence = format!("a command has at most {LINE_BYTES_MAX} bytes");
                // The rest of that line would be taken for commands, so the connection ends.
                return write_answer(&mut writer, &Output::failure(&sentence));
            }
            Line::Text(line) => {
                let output = ask(requests, line);
                write_answer(&mut writer, &output)?;
                if output.quit {
                    return Ok(());
                }
            }
        }
    }
}
