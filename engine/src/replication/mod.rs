//! What a worker tells its box's HA core about sessions, and what the HA core tells it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `record.rs`, `context.rs` | a session in words that another box understands; a box's own numbers in such words |
//! | `birth.rs` | which session of a key a session is |
//! | `change_set.rs` | which slots changed since the HA core looked; the essay on how none is lost |
//! | `refresh.rs`, `slot_set.rs` | sessions that saw traffic, until it is time to tell |
//! | `merge.rs` | what becomes of a session when a record tells more of it |
//! | `digest.rs` | whether two boxes have the same sessions |
//! | `replica.rs` | what a shard with an HA core keeps |
//! | `message.rs`, `status.rs` | what travels over the rings; what a worker publishes |
//! | `ha_ends.rs` | both ends of all of it |
//!
//! The hooks are in `pipeline/outbound.rs` and `pipeline/inbound.rs`, and in `worker/ha.rs`.

mod birth;
mod change_set;
mod context;
mod digest;
mod ha_ends;
mod merge;
mod message;
mod record;
mod refresh;
mod replica;
mod slot_set;
mod status;

#[cfg(test)]
#[cfg(loom)]
mod loom;

pub use birth::{Birth, Births};
pub use change_set::{CHANGE_SET_SLOTS_MAX, ChangeSet, ChangeTaker};
pub use context::RecordContext;
pub use digest::Digest;
pub use ha_ends::{FROM_HA_RING_MESSAGES, HaShardEnds, HaWorkerEnds, TO_HA_RING_MESSAGES, ha_ends};
pub use merge::{Known, merge};
pub use message::{FromHa, HSRP_PAYLOAD_BYTES_MAX, OWN_FRAME_BYTES_MAX, OwnFrame, RoleOrder, ToHa};
pub use record::{HaId, SessionRecord};
pub(crate) use replica::{Job, Replica};
pub use status::WorkerStatus;
