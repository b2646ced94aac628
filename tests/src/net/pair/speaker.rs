//! An independent HSRP router in the place of one of the boxes: `tests/scapy/hsrp_speaker.py`.

use super::config::{Authentication, addresses};
use super::lab::{PairLab, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE};
use super::switch::Which;
use crate::net::error::{IoContext, LabError, LabResult};
use crate::net::http::PYTHON;
use crate::net::namespace::Namespace;
use crate::net::process::KillOnDrop;
use crate::net::scapy::script;
use crate::net::wait::Stopwatch;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Time the script may take until it listens; importing scapy on a loaded machine takes seconds.
const START_LIMIT: Duration = Duration::from_secs(60);

/// One HSRP packet that the speaker heard.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard {
    /// Where.
    pub interface: String,
    /// `hello`, `coup`, `resign`, `advertise`.
    pub opcode: Option<String>,
    /// `init`, `learn`, `listen`, `speak`, `standby`, `active`.
    pub state: Option<String>,
    /// Priority.
    pub priority: Option<u32>,
    /// Group.
    pub group: Option<u16>,
    /// Sender's address.
    pub source: String,
    /// Sender's MAC address.
    pub source_mac: String,
    /// What is wrong with it, by the script's own reading of the protocol.
    pub problems: Vec<String>,
}

impl Heard {
    /// Whether it is `opcode`, and a hello in `state` where one is given.
    pub fn is(&self, opcode: &str, state: Option<&str>) -> bool {
        self.opcode.as_deref() == Some(opcode) && state.is_none_or(|s| self.state.as_deref() == Some(s))
    }
}

/// A running speaker.
#[derive(Debug)]
pub struct Speaker {
    commands: ChildStdin,
    heard: Receiver<Heard>,
    problems: Vec<Heard>,
    _process: KillOnDrop,
}

/// The speaker on one interface.
#[derive(Clone, Debug)]
pub struct SpeakerLink {
    /// Interface in its namespace.
    pub interface: String,
    /// Its address.
    pub address: String,
    /// Group.
    pub group: u16,
    /// The group's virtual address.
    pub virtual_address: String,
}

impl Speaker {
    /// In the place of box b, on both of its interfaces, with its addresses and the default groups.
    pub fn in_place_of_b(lab: &PairLab, version: u8, authentication: &Authentication) -> LabResult<Speaker> {
        let links = addresses(Which::B)
            .into_iter()
            .zip([("inside", 1, VIRTUAL_INSIDE), ("outside", 2, VIRTUAL_OUTSIDE)]);
        let links: Vec<SpeakerLink> = links
            .map(|((v4, _), (interface, group, virtual_address))| SpeakerLink {
                interface: interface.into(),
                address: v4.to_string(),
                group,
                virtual_address: virtual_address.to_string(),
            })
            .collect();
        Speaker::start(&lab.b.namespace, version, authentication, &links)
    }

    /// Starts the script in `namespace` and waits until it listens.
    pub fn start(
        namespace: &Namespace,
        version: u8,
        authentication: &Authentication,
        links: &[SpeakerLink],
    ) -> LabResult<Speaker> {
        let mut command = namespace.command(PYTHON);
        command.arg("-B").arg(script("hsrp_speaker.py")).arg(version.to_string()).arg(authentication.words());
        command.args(
            links.iter().map(|l| format!("{},{},{},{}", l.interface, l.address, l.group, l.virtual_address)),
        );
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = KillOnDrop(command.spawn().doing("starting hsrp_speaker.py")?);
        let missing = || LabError::Missing { what: "pipe".into(), text: "hsrp_speaker.py".into() };
        let commands = process.0.stdin.take().ok_or_else(missing)?;
        let output = process.0.stdout.take().ok_or_else(missing)?;
        let ((ready, is_ready), (tell, heard)) = (channel(), channel());
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The first line says that it listens; nobody may be interested any more in the others.
                match serde_json::from_str::<Heard>(&line) {
                    Ok(packet) => drop(tell.send(packet)),
                    Err(_) => drop(ready.send(line)),
                }
            }
        });
        if is_ready.recv_timeout(START_LIMIT).is_err() {
            return Err(missing());
        }
        Ok(Speaker { commands, heard, problems: Vec::new(), _process: process })
    }

    /// Gives it a command: `hello active 200`, `silent`, `coup 200`, `resign 200`, `key md5:wrong`.
    pub fn say(&mut self, command: &str) -> LabResult {
        writeln!(self.commands, "{command}").doing("commanding hsrp_speaker.py")
    }

    /// Waits until it hears `opcode` (in `state`) on both interfaces, and forgets what it heard before that.
    pub fn wait_heard(&mut self, opcode: &str, state: Option<&str>, limit: Duration) -> LabResult {
        let clock = Stopwatch::start();
        let (mut interfaces, mut others) = (Vec::new(), Vec::new());
        while interfaces.len() < 2 {
            let Ok(packet) = self.heard.recv_timeout(limit.saturating_sub(clock.elapsed())) else {
                return Err(LabError::Deadline {
                    what: format!("{opcode} {state:?} on both interfaces, heard on {interfaces:?}"),
                    limit,
                    last: format!("{:?}", others.iter().rev().take(6).collect::<Vec<&Heard>>()),
                });
            };
            if packet.is(opcode, state) && !interfaces.contains(&packet.interface) {
                interfaces.push(packet.interface.clone());
            }
            self.judge(&packet);
            others.push(packet);
        }
        Ok(())
    }

    /// Everything heard since it was last asked.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        let packets: Vec<Heard> = self.heard.try_iter().collect();
        packets.iter().for_each(|packet| self.judge(packet));
        packets
    }

    /// Packets that had something wrong with them.
    pub fn problems(&mut self) -> &[Heard] {
        self.take_heard();
        &self.problems
    }

    fn judge(&mut self, packet: &Heard) {
        if !packet.problems.is_empty() {
            self.problems.push(packet.clone());
        }
    }
}

impl Authentication {
    /// As the scripts take it.
    pub fn words(&self) -> String {
        match self {
            Authentication::Default => "none".into(),
            Authentication::Text(text) => format!("text:{text}"),
            Authentication::Md5(key) => format!("md5:{key}"),
        }
    }
}
