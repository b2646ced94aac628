//! Takes a socket path into possession, or finds out who has it.
//!
//! A socket file outlives a process that was killed, so its existence means nothing. A lock on a file beside it does:
//! the kernel releases it with the process. Only who holds the lock may replace the socket file, so that two boxes
//! started at the same moment cannot both believe the old file was stale.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use socket2::{Domain, SockAddr, Socket, Type};

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another box uses the path.
    #[error("another instance of Holdfast answers on the control socket {}; give this one its own control_socket", .0.display())]
    InUse(PathBuf),
    /// Something that is no socket stands there.
    #[error("{} exists and is not a socket; it is left alone", .0.display())]
    NotASocket(PathBuf),
    /// The system refused.
    #[error("control socket {}: cannot {doing}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

/// A listening socket that is ours, and the lock that says so.
pub(super) struct Claim {
    pub(super) listener: UnixListener,
    pub(super) lock: File,
}

/// Claims `path`.
pub(super) fn claim(path: &Path) -> Result<Claim, SocketError> {
    let failed = |doing| move |source| SocketError::Io { path: path.to_owned(), doing, source };
    if UnixStream::connect(path).is_ok() {
        return Err(SocketError::InUse(path.to_owned()));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
        made.map_err(failed("create its folder"))?;
    }
    let lock = lock(path)?;
    match path.symlink_metadata() {
        Ok(metadata) if metadata.file_type().is_socket() => {
            std::fs::remove_file(path).map_err(failed("remove the stale socket"))?;
        }
        Ok(_) => return Err(SocketError::NotASocket(path.to_owned())),
        Err(_) => {}
    }
    let address = SockAddr::unix(path).map_err(failed("use the path"))?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed("create"))?;
    socket.bind(&address).map_err(failed("bind"))?;
    // Nobody can connect before `listen`, so there is no moment in which the socket is open to others.
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed("set its mode"))?;
    socket.listen(16).map_err(failed("listen"))?;
    Ok(Claim { listener: UnixListener::from(OwnedFd::from(socket)), lock })
}

fn lock(path: &Path) -> Result<File, SocketError> {
    let failed = |doing| move |source| SocketError::Io { path: path.to_owned(), doing, source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    // In a folder that others may write to, a link there could point at any file, and opening a pipe would wait.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).custom_flags(flags.bits() as i32);
    let file = options.open(&name).map_err(failed("open the lock file beside it"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        // A box that is just starting holds the lock before it answers.
        Err(rustix::io::Errno::WOULDBLOCK) => Err(SocketError::InUse(path.to_owned())),
        Err(error) => Err(failed("lock the file beside it")(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_in_place_of_the_lock_is_neither_followed_nor_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, lock) = (folder.path().join("box.sock"), folder.path().join("box.sock.lock"));
        let target = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&target, &lock).expect("a link");
        assert!(matches!(claim(&path), Err(SocketError::Io { .. })));
        assert!(!target.exists(), "the link was followed");
        std::fs::remove_file(&lock).expect("remove");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &lock,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .expect("a pipe");
        assert!(matches!(claim(&path), Err(SocketError::Io { .. })));
        std::fs::remove_file(&lock).expect("remove");
        assert!(claim(&path).is_ok());
    }
}
