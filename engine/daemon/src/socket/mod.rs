//! The control socket: how consoles reach the box.
//!
//! A box listens on a Unix stream socket of mode 0600. A client sends one command line, UTF-8, ended by a newline,
//! at most [`LINE_BYTES_MAX`] bytes. The server answers with a status line `STATUS LENGTH` and then LENGTH bytes of
//! text; STATUS is `ok`, `error`, or `quit` when the server closes next. Then the client may send its next line. The
//! server also closes after the error that a line is too long or that too many consoles are attached.
//!
//! Every client has its own thread, so that one that reads slowly or not at all holds up nobody else; the threads
//! only carry lines and texts. The box stays owned by the control thread alone: lines reach it as
//! [`ControlRequest`]s over a bounded channel, and each request carries the way back.

mod claim;
mod client;
mod prompt;
mod protocol;
mod runner;
mod server;

use core::time::Duration;

use crossbeam::channel::{Receiver, Sender, bounded};

use crate::console::{Control, Output, execute};

pub use claim::SocketError;
pub use client::{Connection, discover};
pub use prompt::{AttachedConsole, attach, interactive};
pub use protocol::Status;
pub use runner::{ClientError, Local, Outcome, Runner, Transport};
pub use server::{Server, serve};

/// Longest command line in bytes, its newline included.
pub const LINE_BYTES_MAX: usize = 4096;
/// Longest answer in bytes that a client accepts.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Most clients at once.
pub const CLIENTS_MAX: usize = 32;
/// Requests that may wait for the control thread.
pub const REQUESTS_WAITING_MAX: usize = 64;
/// How long a client may leave the server's answer unread before it is disconnected.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for the control thread before the user is told so.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// One line for the control thread, with the way back to who typed it.
#[derive(Debug)]
pub struct ControlRequest {
    /// What was typed, without its newline.
    pub line: String,
    reply: Sender<Output>,
}

impl ControlRequest {
    /// A request and where its answer will arrive.
    pub fn new(line: String) -> (ControlRequest, Receiver<Output>) {
        // One answer fits, so that the control thread never waits for a client.
        let (reply, answer) = bounded(1);
        (ControlRequest { line, reply }, answer)
    }

    /// Carries the line out on `control` and answers. The control thread calls this.
    pub fn serve(self, control: &mut dyn Control) {
        let output = execute(&self.line, control);
        self.answer(output);
    }

    /// Answers without a box, for example while it is shutting down.
    pub fn answer(self, output: Output) {
        // Who asked may be gone; then nobody misses the answer.
        let _ = self.reply.try_send(output);
    }
}

/// Sends `line` to the control thread and waits for its answer, but not forever.
fn ask(requests: &Sender<ControlRequest>, line: String) -> Output {
    let (request, answer) = ControlRequest::new(line);
    if requests.send_timeout(request, REPLY_TIMEOUT).is_err() {
        return Output::failure("the box is shutting down or too busy to answer");
    }
    match answer.recv_timeout(REPLY_TIMEOUT) {
        Ok(output) => output,
        Err(_) => Output::failure("the box did not answer"),
    }
}
