//! Flows: the canonical key of a conversation, its keyed hash, and which worker owns it.

mod hash;
mod key;
mod owner;

pub use hash::{FlowHash, HashKey};
pub use key::{FlowKey, Side};
pub use owner::{OwnerMap, RSS_SYMMETRIC_KEY};
