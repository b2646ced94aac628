//! A file served over HTTP and fetched with curl, compared by SHA-256.

use super::addresses::in_url;
use super::error::{IoContext, LabError, LabResult};
use super::namespace::Namespace;
use super::noise::Noise;
use super::process::{Guarded, run};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Port of the file server.
pub const PORT: u16 = 8080;

/// Time one download may take.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

/// Debian's own interpreter: the one python3-scapy is installed for.
pub const PYTHON: &str = "/usr/bin/python3";

/// A directory with one file, served on [`PORT`] on every address, IPv4 and IPv6.
#[derive(Debug)]
pub struct FileServer {
    _process: Guarded,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Name of the served file.
const FILE: &str = "file.bin";

/// Writes `bytes` of reproducible noise under `dir` and serves it.
pub fn serve(namespace: &Namespace, dir: &Path, bytes: usize) -> LabResult<FileServer> {
    let root = dir.join("www");
    fs::create_dir_all(&root).doing("making the served directory")?;
    write_noise(&root.join(FILE), bytes).doing("writing the served file")?;
    let mut command = namespace.command(PYTHON);
    command.args(["-m", "http.server", &PORT.to_string(), "--bind", "::", "--directory"]).arg(&root);
    let process = Guarded::spawn(&mut command, &dir.join("http.log"))?;
    namespace.wait_for_listener(PORT)?;
    Ok(FileServer { _process: process, sha256: sha256(&root.join(FILE))? })
}

/// Fetches the file from `server` and returns the SHA-256 of what arrived.
pub fn fetch_sha256(from: &Namespace, server: IpAddr, dir: &Path) -> LabResult<String> {
    let target = dir.join(format!("fetched-{}", if server.is_ipv4() { "v4" } else { "v6" }));
    let url = format!("http://{}:{PORT}/{FILE}", in_url(server));
    let path = target.display().to_string();
    let line = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--output", &path, &url];
    from.run(&line, FETCH_LIMIT)?.success()?;
    sha256(&target)
}

/// A download that is under way.
#[derive(Debug)]
pub struct Fetch {
    process: Guarded,
    target: PathBuf,
}

/// Starts to fetch the file, at no more than `bytes_per_second`.
pub fn fetch_slowly(from: &Namespace, server: IpAddr, dir: &Path, bytes_per_second: u64) -> LabResult<Fetch> {
    let target = dir.join("fetched-slowly");
    let mut command = from.command("curl");
    command.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--limit-rate"]);
    command.arg(bytes_per_second.to_string()).arg("--output").arg(&target);
    command.arg(format!("http://{}:{PORT}/{FILE}", in_url(server)));
    Ok(Fetch { process: Guarded::spawn(&mut command, &dir.join("curl.log"))?, target })
}

impl Fetch {
    /// Bytes that arrived so far. Errors when curl gave up.
    pub fn received(&mut self) -> LabResult<u64> {
        match self.process.exited()? {
            Some(status) if !status.success() => {
                Err(LabError::Command { command: "curl".into(), status, output: self.process.log() })
            }
            _ => Ok(fs::metadata(&self.target).map(|m| m.len()).unwrap_or(0)),
        }
    }

    /// Whether it is over.
    pub fn is_over(&mut self) -> LabResult<bool> {
        Ok(self.process.exited()?.is_some())
    }

    /// SHA-256 of what arrived.
    pub fn sha256(&self) -> LabResult<String> {
        sha256(&self.target)
    }
}

fn sha256(path: &PathBuf) -> LabResult<String> {
    let finished = run(Command::new("sha256sum").arg(path), FETCH_LIMIT)?.success()?;
    match finished.stdout.split_whitespace().next() {
        Some(digest) => Ok(digest.to_owned()),
        None => Err(LabError::Missing { what: "digest".into(), text: finished.stdout }),
    }
}

fn write_noise(path: &Path, bytes: usize) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut noise = Noise::default();
    let mut chunk = [0; 4096];
    let mut left = bytes;
    while left > 0 {
        let n = left.min(chunk.len());
        noise.fill(&mut chunk[..n]);
        out.write_all(&chunk[..n])?;
        left -= n;
    }
    out.flush()
}
