//! `holdfast keygen`: a fresh key for the HA link.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
pub enum KeygenError {
    /// The file is there already; replacing a key would cut the peer off.
    #[error("{} exists; a key is never overwritten, so remove it first if you mean it", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("the system's random number generator failed: {0}")]
    Random(getrandom::Error),
}

/// Writes [`KEY_BYTES`] random bytes to a new file at `path`, mode 0600, as one line of hexadecimal digits.
pub fn keygen(path: &Path) -> Result<(), KeygenError> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(KeygenError::Random)?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeygenError::Exists(path.to_owned()),
        _ => KeygenError::Io { path: path.to_owned(), source },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let mut line: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    line.push('\n');
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key must not be taken for one; that the file cannot be removed either adds nothing to the error.
        let _ = std::fs::remove_file(path);
        failed(source)
    })
}
