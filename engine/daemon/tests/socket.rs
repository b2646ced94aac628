//! The control socket: answers over it, several clients, bad clients, a second box on the same path.
#![allow(clippy::expect_used)] // helpers of tests

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use common::FakeBox;
use holdfast::console::Output;
use holdfast::socket::{
    CLIENTS_MAX, ClientError, Connection, LINE_BYTES_MAX, Local, Outcome, Runner, Server, SocketError,
    Transport, serve,
};

/// A fake box that serves a socket in a folder of its own.
struct Rig {
    path: PathBuf,
    server: Option<Server>,
    control: Option<JoinHandle<FakeBox>>,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn start() -> Rig {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run/fw-a.sock");
        let (server, requests) = serve(&path).expect("a socket");
        let control = std::thread::spawn(move || {
            let mut control = FakeBox::default();
            for request in requests {
                // The way to end the control thread of this rig.
                if request.line == "end" {
                    request.answer(Output::success(String::new()));
                    break;
                }
                request.serve(&mut control);
            }
            control
        });
        Rig { path, server: Some(server), control: Some(control), _folder: folder }
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.path).expect("a connection")
    }

    /// Stops the control thread, then the server; the changes that were asked for.
    fn end(&mut self) -> Vec<String> {
        self.connect().ask("end").expect("an answer");
        let control = self.control.take().expect("running").join().expect("no panic");
        self.server = None;
        control.changes
    }
}

fn run(path: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["console", "-s"])
        .arg(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A client that has its commands from -c may be gone before its input is written.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_client_is_answered() {
    let mut rig = Rig::start();
    let mode = std::fs::metadata(&rig.path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut client = rig.connect();
    let answer = client.ask("show version | include uptime").expect("an answer");
    assert_eq!(answer, Output::success("fw-a uptime is 1d02h\n".into()));
    let answer = client.ask("show port info 9").expect("an answer");
    assert!(!answer.ok && answer.text.contains("no port 9"), "{answer:?}");
    assert!(client.ask("clear arp").expect("an answer").ok);
    assert_eq!(rig.end(), ["clear arp"]);
    assert!(!rig.path.exists(), "the socket goes with its server");
}

#[test]
fn the_bytes_are_as_documented() {
    let rig = Rig::start();
    let mut raw = UnixStream::connect(&rig.path).expect("a connection");
    raw.write_all(b"clear arp\nnonsense\nquit\n").expect("sent");
    let mut all = String::new();
    raw.read_to_string(&mut all).expect("closed after quit");
    let error = "nonsense\n^\n% Invalid input detected at '^' marker.\n";
    assert_eq!(all, format!("ok 23\n2 neighbours forgotten\nerror {}\n{error}quit 0\n", error.len()));
}

#[test]
fn bad_clients_harm_nobody() {
    let mut rig = Rig::start();
    let mut good = rig.connect();
    // One that says nothing, one that leaves in the middle of a line, one that never ends its line.
    let _silent = UnixStream::connect(&rig.path).expect("a connection");
    let mut half = UnixStream::connect(&rig.path).expect("a connection");
    half.write_all(b"clear fwd stats").expect("sent");
    drop(half);
    let mut endless = UnixStream::connect(&rig.path).expect("a connection");
    endless.write_all(&[b'x'; LINE_BYTES_MAX]).expect("sent");
    let mut answer = String::new();
    endless.read_to_string(&mut answer).expect("closed");
    assert!(answer.starts_with("error ") && answer.contains("at most 4096 bytes"), "{answer}");
    // One that asks and never reads: its thread waits, the others do not.
    let mut deaf = UnixStream::connect(&rig.path).expect("a connection");
    for _ in 0..200 {
        deaf.write_all(b"help\n").expect("sent");
    }
    let mut binary = UnixStream::connect(&rig.path).expect("a connection");
    binary.write_all(b"\xff\xfe\n").expect("sent");
    let mut status = String::new();
    BufReader::new(&binary).read_line(&mut status).expect("an answer");
    assert!(status.starts_with("error "), "{status}");
    assert!(good.ask("show version").expect("an answer").ok);
    assert!(rig.end().is_empty(), "half a line is no command");
}

#[test]
fn clients_are_bounded() {
    let rig = Rig::start();
    let mut clients: Vec<Connection> = (0..CLIENTS_MAX).map(|_| rig.connect()).collect();
    for client in &mut clients {
        assert!(client.ask("show version").expect("an answer").ok);
    }
    let refused = rig.connect().ask("show version").expect("an answer");
    assert!(!refused.ok && refused.text.contains("Too many consoles"), "{refused:?}");
    clients.pop();
    // The place is free once the server has seen the end of the connection.
    while !rig.connect().ask("show version").is_ok_and(|answer| answer.ok) {
        std::thread::yield_now();
    }
}

#[test]
fn a_second_box_on_the_same_path_is_refused() {
    let mut rig = Rig::start();
    let error = serve(&rig.path).err().expect("refused");
    assert!(matches!(error, SocketError::InUse(_)));
    let sentence = error.to_string();
    assert!(sentence.contains("another instance of Holdfast answers on"), "{sentence}");
    assert!(sentence.contains(rig.path.to_str().expect("UTF-8")), "{sentence}");
    assert!(rig.connect().ask("show version").expect("the first still answers").ok);
    rig.end();
    let (server, _requests) = serve(&rig.path).expect("free again");
    drop(server);
}

#[test]
fn a_stale_socket_is_replaced_but_nothing_else_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fw.sock");
    drop(UnixListener::bind(&path).expect("bound"));
    assert!(path.exists(), "a socket outlives its process");
    let (server, _requests) = serve(&path).expect("replaced");
    drop(server);
    std::fs::write(&path, "precious").expect("written");
    assert!(matches!(serve(&path).err().expect("refused"), SocketError::NotASocket(_)));
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "precious");
    let long = folder.path().join("x".repeat(200));
    assert!(matches!(serve(&long).err().expect("refused"), SocketError::Io { doing: "use the path", .. }));
}

#[test]
fn a_box_that_goes_away_is_noticed() {
    let mut rig = Rig::start();
    let mut client = rig.connect();
    assert!(client.ask("show version").expect("an answer").ok);
    rig.end();
    let answer = client.ask("show version").expect("the server's last words");
    assert_eq!(answer.text, "% The box is shutting down or too busy to answer\n");
    assert!(matches!(Connection::open(&rig.path), Err(ClientError::Connect { .. })));
}

#[test]
fn the_program_runs_commands_until_one_fails() {
    let mut rig = Rig::start();
    let (status, output, errors) = run(
        &rig.path,
        &["-c", "show version | inc uptime", "-c", "clear arp", "-c", "sh ip", "-c", "clear fwd stats"],
        "",
    );
    assert_eq!(status, Some(1));
    assert_eq!(output, "fw-a uptime is 1d02h\n2 neighbours forgotten\n");
    assert_eq!(errors, "% Incomplete command.\n");
    let (status, output, _) =
        run(&rig.path, &[], "# from a pipe\nclear ipv6 neighbors\nquit\nclear fwd stats\n");
    assert_eq!((status, output.as_str()), (Some(0), "1 neighbour forgotten\n"));
    assert_eq!(rig.end(), ["clear arp", "clear ipv6 neighbors"]);
    let (status, _, errors) = run(&rig.path, &["-c", "show version"], "");
    assert_eq!(status, Some(1));
    assert!(errors.starts_with("holdfast: cannot reach a box on "), "{errors}");
}

#[test]
fn files_are_loaded_by_the_client() {
    let mut rig = Rig::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let inner = file("inner", "clear arp\n");
    let outer = file("outer", &format!("set burst 8\nload {inner}\nclear fwd stats\n"));
    let endless = folder.path().join("endless");
    let endless = file("endless", &format!("load {}\n", endless.display()));
    let mut connection = rig.connect();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut runner = Runner::new(&mut connection, &mut output, &mut errors);
    assert_eq!(runner.run_line(&format!("load {outer}")).expect("an answer"), Outcome::Done);
    assert_eq!(runner.run_line("load /nonexistent").expect("an answer"), Outcome::Failed);
    assert_eq!(runner.run_line(&format!("load {endless}")).expect("an answer"), Outcome::Failed);
    let errors = String::from_utf8(errors).expect("UTF-8");
    assert!(errors.contains("No such file") && errors.contains("too deeply"), "{errors}");
    assert_eq!(rig.end(), ["set burst 8", "clear arp", "clear fwd stats"]);
}

#[test]
fn a_console_inside_the_process_takes_the_same_way() {
    let mut rig = Rig::start();
    let mut local = Local(rig.server.as_ref().expect("running").requests());
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut runner = Runner::new(&mut local, &mut output, &mut errors);
    let lines = ["clear arp", "quit", "clear fwd stats"].map(|line| Ok(line.to_owned()));
    assert_eq!(runner.run(lines.into_iter()).expect("answers"), Outcome::Quit);
    assert_eq!((output.as_slice(), errors.as_slice()), (&b"2 neighbours forgotten\n"[..], &b""[..]));
    assert_eq!(rig.end(), ["clear arp"]);
    let answer = local.ask("show version").expect("always something");
    assert_eq!(answer.text, "% The box is shutting down or too busy to answer\n");
}
