//! HSRP frames off the wire, as two programs that are not ours read them.

use super::config::Authentication;
use crate::net::error::{LabError, LabResult};
use crate::net::http::PYTHON;
use crate::net::process::run;
use crate::net::scapy::script;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// What to capture so that every HSRP frame, and nothing else, is in the file.
pub const HSRP_FILTER: &str = "udp port 1985";

/// One frame, read with scapy and `tests/scapy/hsrp_wire.py`.
#[derive(Clone, Debug, Deserialize)]
pub struct Frame {
    /// `hello`, `coup`, `resign`, `advertise`.
    pub opcode: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Sender's address.
    pub source: String,
    /// Sender's MAC address.
    pub source_mac: String,
    /// Priority.
    pub priority: Option<u32>,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// Every HSRP frame in `files`, by scapy.
pub fn by_scapy(version: u8, authentication: &Authentication, files: &[PathBuf]) -> LabResult<Vec<Frame>> {
    let mut command = Command::new(PYTHON);
    command.arg("-B").arg(script("hsrp_decode.py")).arg(version.to_string()).arg(authentication.words());
    let finished = run(command.args(files), LIMIT)?.success()?;
    let frame = |line: &str| {
        serde_json::from_str(line).map_err(|source| LabError::Json {
            command: finished.command.clone(),
            source,
            text: line.to_owned(),
        })
    };
    finished.stdout.lines().map(frame).collect()
}

/// Every frame in `files` that tshark takes for HSRP, as `opcode` numbers; and what tshark has to remark on any frame,
/// checksums included.
pub fn by_tshark(version: u8, files: &[PathBuf]) -> LabResult<(Vec<String>, Vec<String>)> {
    let (mut opcodes, mut remarks) = (Vec::new(), Vec::new());
    let opcode = if version == 1 { "hsrp.opcode" } else { "hsrp2.opcode" };
    for file in files {
        opcodes.extend(tshark(file, "hsrp", &[opcode])?);
        remarks.extend(tshark(
            file,
            "_ws.expert || _ws.malformed || !hsrp",
            &["frame.number", "frame.protocols", "_ws.expert.message"],
        )?);
    }
    Ok((opcodes, remarks))
}

fn tshark(file: &PathBuf, select: &str, fields: &[&str]) -> LabResult<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields"]);
    command.args(["-Y", select, "-r"]).arg(file);
    for field in fields {
        command.args(["-e", field]);
    }
    let finished = run(&mut command, LIMIT)?.success()?;
    Ok(finished.stdout.lines().map(str::to_owned).collect())
}
