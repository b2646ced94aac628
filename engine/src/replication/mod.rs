//! What a worker tells its box's HA core about sessions, and what the HA core tells it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `record.rs` | a session in words that another box understands |
//! | `message.rs` | what travels over the rings between a worker and the HA core |
//! | `status.rs` | what a worker publishes for the HA core to read at any time |

mod message;
mod record;
mod status;

pub use message::{FromHa, HSRP_PAYLOAD_BYTES_MAX, OWN_FRAME_BYTES_MAX, OwnFrame, RoleOrder, ToHa};
pub use record::{Birth, HaId, SessionRecord};
pub use status::WorkerStatus;
