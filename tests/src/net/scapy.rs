//! Frames that no host stack sends, from the scripts in `tests/scapy`.

use super::error::LabResult;
use super::http::PYTHON;
use super::namespace::Namespace;
use super::process::Finished;
use std::path::Path;
use std::time::Duration;

/// Time one script may take; importing scapy alone costs a second or two.
const SCRIPT_LIMIT: Duration = Duration::from_secs(120);

/// Runs `tests/scapy/<script>` with `args` inside `namespace`; its standard output is what it tells the test.
pub fn run(namespace: &Namespace, script: &str, args: &[&str]) -> LabResult<Finished> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scapy").join(script).display().to_string();
    let mut line = vec![PYTHON, "-B", &path];
    line.extend(args);
    namespace.run(&line, SCRIPT_LIMIT)?.success()
}
