//! Frames that no host stack sends, from the scripts in `tests/scapy`.

use super::error::LabResult;
use super::http::PYTHON;
use super::namespace::Namespace;
use super::process::Finished;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time one script may take; importing scapy alone costs a second or two.
const SCRIPT_LIMIT: Duration = Duration::from_secs(120);

/// Path of `tests/scapy/<name>`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scapy").join(name)
}

/// Runs `tests/scapy/<name>` with `args` inside `namespace`; its standard output is what it tells the test.
pub fn run(namespace: &Namespace, name: &str, args: &[&str]) -> LabResult<Finished> {
    let path = script(name).display().to_string();
    let mut line = vec![PYTHON, "-B", &path];
    line.extend(args);
    namespace.run(&line, SCRIPT_LIMIT)?.success()
}
