//! Plain sockets made inside a namespace. A socket belongs for ever to the namespace it was made in, so a test may
//! use it from any thread afterwards.

use super::error::{IoContext, LabResult};
use super::namespace::Namespace;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, connect, setsockopt, socket, sockopt::TcpFastOpenConnect,
};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::thread::JoinHandle;
use std::time::Duration;

/// Time any one read, write or connect may take before a test calls it lost.
pub const SOCKET_LIMIT: Duration = Duration::from_secs(10);

/// Listens on `address`:`port`.
pub fn listen(namespace: &Namespace, address: IpAddr, port: u16) -> LabResult<TcpListener> {
    namespace
        .enter(|| TcpListener::bind((address, port)))?
        .doing(format!("listening on {address} port {port}"))
}

/// Connects to `address`:`port`, giving up after `limit`; the outer result is the lab's, the inner the network's.
pub fn try_connect(
    namespace: &Namespace,
    address: IpAddr,
    port: u16,
    limit: Duration,
) -> LabResult<io::Result<TcpStream>> {
    let stream = namespace.enter(|| TcpStream::connect_timeout(&SocketAddr::new(address, port), limit))?;
    Ok(stream.and_then(with_limits))
}

/// Connects and expects that to work.
pub fn open(namespace: &Namespace, address: IpAddr, port: u16) -> LabResult<TcpStream> {
    try_connect(namespace, address, port, SOCKET_LIMIT)?.doing(format!("connecting to {address} port {port}"))
}

fn with_limits(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(SOCKET_LIMIT))?;
    stream.set_write_timeout(Some(SOCKET_LIMIT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Accepts one connection.
pub fn accept(listener: &TcpListener) -> LabResult<TcpStream> {
    listener.accept().and_then(|(stream, _)| with_limits(stream)).doing("accepting a connection")
}

/// A UDP socket bound to `address`:`port` (0: any) with a read limit.
pub fn udp(namespace: &Namespace, address: IpAddr, port: u16) -> LabResult<UdpSocket> {
    let socket = namespace.enter(|| UdpSocket::bind((address, port)))?;
    let socket = socket.doing(format!("binding UDP to {address} port {port}"))?;
    socket.set_read_timeout(Some(SOCKET_LIMIT)).doing("setting a read limit")?;
    Ok(socket)
}

/// Serves connections one after another: reads to the end of each, sends everything back, closes. Ends after
/// `connections` and returns what it read.
pub fn echo_to_end(listener: TcpListener, connections: usize) -> JoinHandle<io::Result<Vec<Vec<u8>>>> {
    std::thread::spawn(move || {
        let mut heard = Vec::new();
        for _ in 0..connections {
            let mut stream = with_limits(listener.accept()?.0)?;
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes)?;
            stream.write_all(&bytes)?;
            heard.push(bytes);
        }
        Ok(heard)
    })
}

/// Sends `bytes`, closes the sending side, and returns what comes back.
pub fn exchange(mut stream: TcpStream, bytes: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(bytes)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut back = Vec::new();
    stream.read_to_end(&mut back)?;
    Ok(back)
}

/// A connection with TCP Fast Open (RFC 7413): the kernel holds the SYN back until the first write, and puts that
/// data into it when it has a cookie of the server's.
pub fn open_fast(namespace: &Namespace, server: SocketAddrV4) -> LabResult<TcpStream> {
    let made = namespace.enter(|| -> nix::Result<TcpStream> {
        let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&fd, TcpFastOpenConnect, &true)?;
        connect(fd.as_raw_fd(), &SockaddrIn::from(server))?;
        Ok(TcpStream::from(fd))
    })?;
    with_limits(made.doing("opening with fast open")?).doing("setting limits")
}

/// Raises this process's limit of open files to at least `files`.
pub fn allow_open_files(files: u64) -> LabResult {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).doing("reading the limit of open files")?;
    if soft >= files {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, files, hard.max(files)).doing("raising the limit of open files")
}
