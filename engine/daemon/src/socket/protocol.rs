//! The bytes on the control socket, for both ends.

use std::io::{self, BufRead, Read, Write};

use super::{ANSWER_BYTES_MAX, LINE_BYTES_MAX};
use crate::console::Output;

/// First word of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The command did what it says.
    Ok,
    /// It did not; the text says why.
    Error,
    /// The server closes the connection after this answer.
    Quit,
}

impl Status {
    const WORDS: [(&'static str, Status); 3] =
        [("ok", Status::Ok), ("error", Status::Error), ("quit", Status::Quit)];

    /// The word on the socket.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, status)| *status == self).map_or("error", |(word, _)| word)
    }

    fn of(output: &Output) -> Status {
        match (output.quit, output.ok) {
            (true, _) => Status::Quit,
            (false, true) => Status::Ok,
            (false, false) => Status::Error,
        }
    }
}

/// What the server read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Text(String),
    /// A line that is not UTF-8.
    NotUtf8,
    /// More than [`LINE_BYTES_MAX`] bytes without a newline.
    TooLong,
    /// The client is gone, perhaps in the middle of a line, which is then not a command.
    End,
}

/// Reads one line of bounded length.
pub(super) fn read_line(from: &mut impl BufRead) -> io::Result<Line> {
    let mut bytes = Vec::new();
    from.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut bytes)?;
    if bytes.pop_if(|last| *last == b'\n').is_none() {
        return Ok(if bytes.len() == LINE_BYTES_MAX { Line::TooLong } else { Line::End });
    }
    bytes.pop_if(|last| *last == b'\r');
    Ok(String::from_utf8(bytes).map_or(Line::NotUtf8, Line::Text))
}

/// Writes one answer.
pub(super) fn write_answer(to: &mut impl Write, output: &Output) -> io::Result<()> {
    let header = format!("{} {}\n", Status::of(output).word(), output.text.len());
    to.write_all(header.as_bytes())?;
    to.write_all(output.text.as_bytes())?;
    to.flush()
}

/// Reads one answer; `None` when the server has closed the connection before it.
pub(super) fn read_answer(from: &mut impl BufRead) -> io::Result<Option<Output>> {
    let mut header = Vec::new();
    from.take(64).read_until(b'\n', &mut header)?;
    if header.is_empty() {
        return Ok(None);
    }
    let malformed =
        || io::Error::new(io::ErrorKind::InvalidData, "the answer is not in the form `STATUS LENGTH`");
    let header =
        str::from_utf8(&header).ok().and_then(|header| header.strip_suffix('\n')).ok_or_else(malformed)?;
    let (word, length) = header.split_once(' ').ok_or_else(malformed)?;
    let (_, status) = Status::WORDS.iter().find(|(known, _)| *known == word).ok_or_else(malformed)?;
    let length: usize =
        length.parse().ok().filter(|length| *length <= ANSWER_BYTES_MAX).ok_or_else(malformed)?;
    let mut text = String::new();
    if from.take(length as u64).read_to_string(&mut text)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Output { text, ok: *status != Status::Error, quit: *status == Status::Quit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bytes: &[u8]) -> Line {
        read_line(&mut &*bytes).expect("a slice cannot fail")
    }

    #[test]
    fn lines_are_bounded_and_whole() {
        assert_eq!(line(b"show arp\nshow"), Line::Text("show arp".into()));
        assert_eq!(line(b"show arp\r\n"), Line::Text("show arp".into()));
        assert_eq!(line(b"stop"), Line::End, "half a line is no command");
        assert_eq!(line(b""), Line::End);
        assert_eq!(line(b"\xff\n"), Line::NotUtf8);
        let mut longest = vec![b'x'; LINE_BYTES_MAX - 1];
        longest.push(b'\n');
        assert!(matches!(line(&longest), Line::Text(text) if text.len() == LINE_BYTES_MAX - 1));
        assert_eq!(line(&[b'x'; LINE_BYTES_MAX]), Line::TooLong);
    }

    #[test]
    fn answers_read_back() {
        for output in [
            Output::success("two\nlines é\n".into()),
            Output::success(String::new()),
            Output::failure("no"),
            Output { text: String::new(), ok: true, quit: true },
        ] {
            let mut bytes = Vec::new();
            write_answer(&mut bytes, &output).expect("a vector cannot fail");
            assert_eq!(read_answer(&mut &*bytes).expect("well-formed"), Some(output));
        }
    }

    #[test]
    fn wrong_answers_are_errors() {
        for bytes in ["fine 2\nok", "ok\n", "ok -1\n", "ok 99999999999\n", "ok 5\nabc", "ok 2"] {
            assert!(read_answer(&mut bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        assert_eq!(read_answer(&mut &b""[..]).expect("closed"), None);
    }
}
