//! Why a box did not run.

use dpdk::acl::AclError;
use dpdk::eal::EalError;
use dpdk::fib::FibError;
use dpdk::pool::PoolError;
use dpdk::port::PortError;
use holdfast_engine::pipeline::ShardError;
use holdfast_engine::policy::{ExpandError, RuleSetError};
use holdfast_engine::route::RouteError;

use holdfast_ha::runtime::{KeyFileError, SocketError};

use crate::logging::LoggingError;

/// Why a box did not run. Each prints as a sentence that names what to change.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Logging could not begin.
    #[error(transparent)]
    Logging(#[from] LoggingError),
    /// The control socket is taken or cannot be made.
    #[error(transparent)]
    Socket(#[from] crate::socket::SocketError),
    /// DPDK did not start.
    #[error("DPDK did not start: {source} (with [eal] memory_mb = {memory_mb})")]
    Eal {
        /// Memory asked for.
        memory_mb: u32,
        /// EAL's error.
        source: EalError,
    },
    /// No packet pool.
    #[error(
        "{mbufs} packet buffers do not fit [eal] memory_mb = {memory_mb}; raise memory_mb or lower [eal] mbufs or the descriptors: {source}"
    )]
    Pool {
        /// Buffers asked for.
        mbufs: u32,
        /// Memory there is.
        memory_mb: u32,
        /// Why.
        source: PoolError,
    },
    /// A port could not be opened.
    #[error("interface \"{interface}\": {source}")]
    Port {
        /// The interface's name.
        interface: String,
        /// Why.
        source: PortError,
    },
    /// The HA link's key is not to be had.
    #[error("[ha] key_file: {0}")]
    HaKey(KeyFileError),
    /// The HA link's socket is not to be had.
    #[error(transparent)]
    HaSocket(SocketError),
    /// Routes contradict the interfaces.
    #[error("routes: {0}")]
    Routes(#[from] RouteError),
    /// DPDK's FIB refused the routes.
    #[error("routes: {0}")]
    Fib(#[from] FibError),
    /// Too many rules, or too complicated ones.
    #[error("rules: {0}")]
    Rules(#[from] RuleSetError),
    /// As above.
    #[error("rules: {0}")]
    Expand(#[from] ExpandError),
    /// DPDK's ACL library refused the rules.
    #[error("rules: {0}; raise [eal] memory_mb if it says that memory is short")]
    Acl(#[from] AclError),
    /// A session table could not be allocated.
    #[error("[workers] sessions_max = {sessions_max}: {source}")]
    Shard {
        /// Capacity asked for.
        sessions_max: u32,
        /// Why.
        source: ShardError,
    },
    /// A core that this machine does not have.
    #[error("{key}: this machine has cores 0 to {last}, not {lcore}")]
    NoSuchCore {
        /// Where it is asked for.
        key: &'static str,
        /// The core asked for.
        lcore: u16,
        /// The highest there is.
        last: usize,
    },
    /// No randomness for the hash key.
    #[error("the system gives no randomness: {0}")]
    Randomness(getrandom::Error),
    /// A worker's thread died while the box was running.
    #[error(
        "the worker on lcore {lcore} has ended unexpectedly, and with it every session it served; this is a fault of Holdfast, which ends so that it can be started again"
    )]
    WorkerEnded {
        /// Its core.
        lcore: u16,
    },
    /// A thread did not start, or a signal handler was refused.
    #[error("{doing}: {source}")]
    System {
        /// The step.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
}
