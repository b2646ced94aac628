//! Logs: to standard error as text or JSON, and the newest lines in memory for `show logging`.
//!
//! Lines reach memory through a lock-free bounded queue, because every thread may log and none may wait for the
//! control thread; the control thread alone empties it into the list that it shows.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat, LogLevel};
use crate::report::Logging;

/// Lines `show logging` keeps.
pub const LOG_LINES_MAX: usize = 1_000;
/// Bytes of a line that are kept.
pub const LOG_LINE_BYTES_MAX: usize = 2_048;

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// `RUST_LOG` is set to something that is no filter.
    #[error("RUST_LOG: {0}")]
    Filter(#[from] tracing_subscriber::filter::FromEnvError),
    /// Something in this process logs already.
    #[error("logging has begun already")]
    Begun(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins logging for the whole process. `RUST_LOG` goes before the configured level.
pub fn init(config: &LogConfig) -> Result<LogBuffer, LoggingError> {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).try_from_env();
    let filter = match std::env::var_os(EnvFilter::DEFAULT_ENV) {
        Some(_) => filter?,
        None => EnvFilter::default().add_directive(level.into()),
    };
    let (sink, buffer) = buffer();
    let stderr = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let stderr = match config.format {
        LogFormat::Text => stderr.boxed(),
        LogFormat::Json => stderr.json().with_ansi(false).boxed(),
    };
    let memory = fmt::layer().with_writer(sink).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(stderr).with(memory).try_init()?;
    Ok(buffer)
}

/// Where threads put lines.
#[derive(Clone)]
struct Sink {
    queue: Arc<ArrayQueue<String>>,
    dropped: Arc<AtomicU64>,
}

/// The newest lines, owned by the control thread.
pub struct LogBuffer {
    sink: Sink,
    lines: VecDeque<String>,
}

fn buffer() -> (Sink, LogBuffer) {
    let sink = Sink { queue: Arc::new(ArrayQueue::new(LOG_LINES_MAX)), dropped: Arc::default() };
    (sink.clone(), LogBuffer { sink, lines: VecDeque::with_capacity(LOG_LINES_MAX) })
}

impl LogBuffer {
    /// `show logging`.
    pub fn report(&mut self) -> Logging {
        // At most one queue full, so that threads that log without end cannot keep the control thread here.
        for _ in 0..LOG_LINES_MAX {
            let Some(line) = self.sink.queue.pop() else { break };
            if self.lines.len() == LOG_LINES_MAX {
                self.lines.pop_front();
                self.sink.dropped.fetch_add(1, Ordering::Relaxed);
            }
            self.lines.push_back(line);
        }
        Logging {
            lines: self.lines.iter().cloned().collect(),
            dropped: self.sink.dropped.load(Ordering::Relaxed),
            lines_max: LOG_LINES_MAX as u64,
        }
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { sink: self, line: Vec::new() }
    }
}

/// Takes one event's line and hands it over when it is dropped.
struct LineWriter<'a> {
    sink: &'a Sink,
    line: Vec<u8>,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LOG_LINE_BYTES_MAX.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LineWriter<'_> {
    fn drop(&mut self) {
        // Control characters in a message must not reach the terminal of who reads the log.
        let text: String = String::from_utf8_lossy(self.line.trim_ascii_end())
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if !text.is_empty() && self.sink.queue.force_push(text).is_some() {
            self.sink.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(sink: &Sink, text: &str) {
        sink.make_writer().write_all(text.as_bytes()).expect("memory cannot fail");
    }

    #[test]
    fn the_newest_lines_stay() {
        let (sink, mut buffer) = buffer();
        for i in 0..LOG_LINES_MAX + 10 {
            log(&sink, &format!("line {i}\n"));
        }
        let report = buffer.report();
        assert_eq!((report.lines.len(), report.dropped), (LOG_LINES_MAX, 10));
        assert_eq!(report.lines[0], "line 10");
        log(&sink, "one more\n");
        let report = buffer.report();
        assert_eq!((report.lines.len(), report.dropped), (LOG_LINES_MAX, 11));
        assert_eq!(report.lines.last().map(String::as_str), Some("one more"));
    }

    #[test]
    fn lines_are_bounded_and_harmless() {
        let (sink, mut buffer) = buffer();
        log(&sink, &"é".repeat(LOG_LINE_BYTES_MAX));
        log(&sink, "a\x1b[2Jb\nc\n");
        let lines = buffer.report().lines;
        assert!(lines[0].chars().count() <= LOG_LINE_BYTES_MAX / 2 + 1);
        assert_eq!(lines[1], "a [2Jb c");
    }

    #[test]
    fn events_arrive_as_text() {
        let (sink, mut buffer) = buffer();
        let memory = fmt::layer().with_writer(sink).with_ansi(false);
        let subscriber = tracing_subscriber::registry().with(memory);
        tracing::subscriber::with_default(subscriber, || tracing::info!(port = 1, "link is up"));
        let lines = buffer.report().lines;
        assert!(lines.len() == 1 && lines[0].ends_with("link is up port=1"), "{lines:?}");
    }
}
