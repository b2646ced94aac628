//! What the boxes say about the pair, as far as tests look into it. The daemon's `report` folder defines the keys.

use crate::net::console::Console;
use crate::net::error::{LabError, LabResult};
use crate::net::reports::Sessions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// `show redundancy states`.
#[derive(Clone, Debug, Deserialize)]
pub struct Redundancy {
    /// `init`, `standby`, `taking_over`, `active`, `handing_over`, `lingering`.
    pub role: String,
    /// `cold`, `bulk`, `hot`.
    pub sync: String,
    /// Times it became active.
    pub takeovers: u64,
    /// Live sessions here.
    pub sessions: u64,
    /// Whether both tables are equal; `None`: not known, or something is under way.
    pub tables_equal: Option<bool>,
    /// What is wrong with the pair, in sentences.
    pub alarms: Vec<String>,
    /// Whatever else it says, the peer among it.
    #[serde(flatten)]
    pub more: Value,
}

impl Redundancy {
    pub(super) fn read(console: &Console) -> LabResult<Redundancy> {
        read(console, "show redundancy states")
    }

    /// The peer's sync state, when a peer is heard.
    pub fn peer_sync(&self) -> Option<&str> {
        self.more["peer"]["sync"].as_str()
    }
}

/// One group of `show standby`.
#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    /// Interface.
    pub interface: String,
    /// Group number.
    pub group: u16,
    /// `init`, `learn`, `listen`, `speak`, `standby`, `active`, in whatever case the console has them.
    #[serde(deserialize_with = "lower_case")]
    pub state: String,
    /// The active router, when known.
    pub active_router: Option<IpAddr>,
    /// The standby router, when known.
    pub standby_router: Option<IpAddr>,
    /// Virtual MAC.
    pub virtual_mac: String,
    /// Packets whose authentication failed.
    pub authentication_failures: u64,
}

/// `show standby`.
#[derive(Clone, Debug, Deserialize)]
pub struct Standby {
    /// Groups, in configuration order.
    pub groups: Vec<Group>,
}

impl Standby {
    pub(super) fn read(console: &Console) -> LabResult<Standby> {
        read(console, "show standby")
    }

    /// The groups' states, in configuration order.
    pub fn states(&self) -> Vec<&str> {
        self.groups.iter().map(|g| g.state.as_str()).collect()
    }

    /// Whether every group is in `state`.
    pub fn all(&self, state: &str) -> bool {
        !self.groups.is_empty() && self.groups.iter().all(|g| g.state == state)
    }
}

fn lower_case<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(String::deserialize(from)?.to_lowercase())
}

fn read<T: DeserializeOwned>(console: &Console, line: &str) -> LabResult<T> {
    let value = console.json(line)?;
    let text = value.to_string();
    serde_json::from_value(value).map_err(|source| LabError::Json { command: line.to_owned(), source, text })
}

/// Sum of every number called `key` in a report, however deep.
pub fn count_of(report: &Value, key: &str) -> u64 {
    match report {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match value.as_u64() {
                Some(number) if name == key => number,
                _ => count_of(value, key),
            })
            .sum(),
        Value::Array(items) => items.iter().map(|item| count_of(item, key)).sum(),
        _ => 0,
    }
}

/// A box's sessions as far as both boxes must agree: who with whom, over what, in which state. Numbers, workers and
/// counters are each box's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSet(BTreeSet<String>);

impl SessionSet {
    /// Of a list from the console. A list that was cut short would compare beginnings only.
    pub fn of(sessions: &Sessions) -> SessionSet {
        let line = |s: &crate::net::reports::Session| {
            format!(
                "{} {}:{} => {}:{} {}",
                s.protocol, s.source, s.source_port, s.destination, s.destination_port, s.state
            )
        };
        let mut set: BTreeSet<String> = sessions.sessions.iter().map(line).collect();
        set.insert(format!("{} in all", sessions.total));
        SessionSet(set)
    }

    /// Sessions in the set.
    pub fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of these `other` lacks, whatever else it has.
    pub fn lacking_in(&self, other: &SessionSet) -> usize {
        self.0.difference(&other.0).filter(|line| !line.ends_with(" in all")).count()
    }

    /// The first few that only one of the two has.
    pub fn difference(&self, other: &SessionSet) -> String {
        let only = |a: &SessionSet, b: &SessionSet| a.0.difference(&b.0).take(5).cloned().collect::<Vec<_>>();
        format!("only on the first {:?}, only on the second {:?}", only(self, other), only(other, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_found_at_any_depth() {
        let report =
            json!({ "link": { "forged": 2 }, "streams": [{ "forged": 1, "sent": 9 }], "forgedness": 7 });
        assert_eq!(count_of(&report, "forged"), 3);
        assert_eq!(count_of(&report, "replayed"), 0);
    }

    #[test]
    fn a_session_in_another_state_is_a_difference() {
        let list = |state: &str| -> Sessions {
            let session = json!({ "id": "1", "source": "10.0.1.5", "source_port": 5, "destination": "10.0.2.9",
                "destination_port": 80, "protocol": "tcp", "state": state, "worker": 0, "packets": [1, 1] });
            serde_json::from_value(json!({ "sessions": [session], "total": 1 })).unwrap()
        };
        let (open, closing) = (SessionSet::of(&list("SIS_OPEN")), SessionSet::of(&list("SIS_CLOSING")));
        assert_eq!(open, SessionSet::of(&list("SIS_OPEN")));
        assert_ne!(open, closing);
        assert_eq!(open.len(), 1);
        assert!(open.difference(&closing).contains("SIS_CLOSING"));
    }
}
