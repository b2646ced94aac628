//! The file with the pre-shared key: 64 hexadecimal digits on one line, as `holdfast keygen` writes it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::link::KEY_BYTES;

/// Permission bits of anybody but the owner.
const OTHERS: u32 = 0o077;
/// A key file is not read any further than this, bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("{}: {source}; `holdfast keygen` makes a key", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others than the owner may use the file.
    #[error("{}: its mode is {mode:03o}, so others may read the key; chmod 600 it, and make a new key if they did", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// What is in the file is no key.
    #[error("{}: not a key, which is {} hexadecimal digits on one line, as `holdfast keygen` writes it", .0.display(), KEY_BYTES * 2)]
    NotAKey(PathBuf),
}

/// Reads the key from a file that only its owner may read.
pub fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    parse(text.trim_ascii()).ok_or_else(|| KeyFileError::NotAKey(path.to_owned()))
}

fn parse(digits: &[u8]) -> Option<[u8; KEY_BYTES]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut key = [0; KEY_BYTES];
    if pairs.len() != KEY_BYTES || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = (high? << 4 | low?) as u8;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn key_file(content: &str, mode: u32) -> Result<[u8; KEY_BYTES], KeyFileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        read_key(&path)
    }

    #[test]
    fn a_key_is_read() {
        let key = key_file(&("00ff7f".to_owned() + &"Ab".repeat(29) + "\n"), 0o600).unwrap();
        assert_eq!(key[..4], [0, 0xff, 0x7f, 0xab]);
        assert_eq!(key_file(&"11".repeat(32), 0o400).unwrap(), [0x11; 32]);
    }

    #[test]
    fn a_key_that_others_may_use_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o601] {
            let error = key_file(&"11".repeat(32), mode).unwrap_err();
            assert!(matches!(error, KeyFileError::Exposed { mode: told, .. } if told == mode));
            assert!(error.to_string().contains(&format!("{mode:03o}")));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (short, long, odd) = ("11".repeat(31), "11".repeat(33), "11".repeat(32) + "1");
        for content in ["", "\n", &short, &long, &odd, &("zz".to_owned() + &short), &"11".repeat(9_000)] {
            assert!(matches!(key_file(content, 0o600), Err(KeyFileError::NotAKey(_))), "{content}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let error = read_key(Path::new("/nonexistent/key")).unwrap_err();
        assert!(matches!(&error, KeyFileError::Io { .. }) && error.to_string().contains("/nonexistent/key"));
    }
}
