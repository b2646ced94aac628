//! Classification of 5-tuples and a pair of zones by prioritised rules, with rte_acl.
//!
//! Rules are compiled into tries that a key is walked through byte by byte, so the time for a key depends on the
//! key's length and on how many tries the rules needed, and hardly on how many rules there are. Compiling
//! takes long (seconds for ten thousand rules that overlap badly) and belongs on the control thread: build a new
//! [`Acl`] beside the old one, then swap.

mod key;
mod rule;

use core::fmt;
use core::ptr::NonNull;

use dpdk_sys::{hf_acl_key, hf_acl_rule, rte_acl_ctx};

pub use key::AclKey;
pub use rule::{AclRule, Masked, Prefix};

use crate::eal::EalRef;
use crate::error::Errno;

/// Keys handed to rte_acl at once; it interleaves their walks.
const CHUNK_KEYS: usize = 64;

/// Why rules were refused or could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AclError {
    /// Source and destination are of two address families.
    #[error(
        "rule {userdata}: source {source_prefix} and destination {destination_prefix} are of two families"
    )]
    Family {
        /// The rule.
        userdata: u32,
        /// Its source.
        source_prefix: Prefix,
        /// Its destination.
        destination_prefix: Prefix,
    },
    /// More bits than the address has.
    #[error("rule {userdata}: {prefix} has more bits than an address")]
    PrefixLength {
        /// The rule.
        userdata: u32,
        /// The prefix.
        prefix: Prefix,
    },
    /// A range of ports that ends before it begins.
    #[error("rule {userdata}: ports {low}-{high} are no range")]
    Ports {
        /// The rule.
        userdata: u32,
        /// First port.
        low: u16,
        /// Last port.
        high: u16,
    },
    /// Priorities are 1 to [`AclRule::PRIORITY_MAX`].
    #[error("rule {userdata}: priority {priority} is not in 1 to {max}", max = AclRule::PRIORITY_MAX)]
    Priority {
        /// The rule.
        userdata: u32,
        /// Its priority.
        priority: u32,
    },
    /// The limit given to [`AclBuilder::new`].
    #[error("more than {rules_max} rules")]
    Full {
        /// The limit.
        rules_max: u32,
    },
    /// rte_acl failed: `ENOMEM` for too little memory, `ERANGE` for rules that do not fit `memory_bytes_max`.
    #[error("{rules} rules: {doing} failed: {errno}")]
    Driver {
        /// Rules of the family at work.
        rules: usize,
        /// The step.
        doing: &'static str,
        /// Why.
        errno: Errno,
    },
}

/// Rules on their way into an [`Acl`].
#[derive(Debug)]
pub struct AclBuilder {
    eal: EalRef,
    rules_max: u32,
    memory_bytes_max: u64,
    v4: Vec<hf_acl_rule>,
    v6: Vec<hf_acl_rule>,
}

impl AclBuilder {
    /// An empty list for at most `rules_max` rules, both families together.
    pub fn new(eal: &EalRef, rules_max: u32) -> AclBuilder {
        AclBuilder { eal: eal.clone(), rules_max, memory_bytes_max: 0, v4: Vec::new(), v6: Vec::new() }
    }

    /// Bounds the compiled tables of each family. Unbounded, rte_acl builds small tables and more tries; with a
    /// bound it tries for fewer tries, hence faster look-ups, as long as they fit.
    pub fn memory_bytes_max(mut self, bytes: u64) -> AclBuilder {
        self.memory_bytes_max = bytes;
        self
    }

    /// Adds a rule. Of two rules with one priority that both match, either may win.
    ///
    /// # Errors
    /// [`AclError`] for a rule that could never match or cannot be expressed; the list stays as it was.
    pub fn add(&mut self, rule: &AclRule) -> Result<(), AclError> {
        if self.v4.len() + self.v6.len() >= self.rules_max as usize {
            return Err(AclError::Full { rules_max: self.rules_max });
        }
        let raw = rule.raw()?;
        if rule.source.address.is_ipv4() { &mut self.v4 } else { &mut self.v6 }.push(raw);
        Ok(())
    }

    /// Compiles the rules.
    ///
    /// # Errors
    /// [`AclError::Driver`] when memory is short.
    pub fn build(self) -> Result<Acl, AclError> {
        let v4 = Context::build(&self.eal, false, &self.v4, self.memory_bytes_max)?;
        let v6 = Context::build(&self.eal, true, &self.v6, self.memory_bytes_max)?;
        Ok(Acl { v4, v6 })
    }
}

/// Compiled rules, read by any number of threads.
#[derive(Debug)]
pub struct Acl {
    v4: Option<Context>,
    v6: Option<Context>,
}

impl Acl {
    /// The userdata of the matching rule with the highest priority, for each key; 0 where none matches. Fills
    /// `out` as far as both slices go. Families may be mixed.
    pub fn classify(&self, keys: &[AclKey], out: &mut [u32]) {
        for (keys, out) in keys.chunks(CHUNK_KEYS).zip(out.chunks_mut(CHUNK_KEYS)) {
            out.fill(0);
            for (context, ipv6) in [(&self.v4, false), (&self.v6, true)] {
                if let Some(context) = context {
                    context.classify(keys, ipv6, out);
                }
            }
        }
    }
}

/// The tries of one address family.
struct Context {
    raw: NonNull<rte_acl_ctx>,
    _eal: EalRef,
}

// SAFETY: a built context is only read, by any number of threads; it is freed once, by its owner.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// `None` for no rules, which rte_acl does not build.
    fn build(
        eal: &EalRef,
        ipv6: bool,
        rules: &[hf_acl_rule],
        memory_bytes_max: u64,
    ) -> Result<Option<Context>, AclError> {
        if rules.is_empty() {
            return Ok(None);
        }
        let failed = |doing| move |errno| AclError::Driver { rules: rules.len(), doing, errno };
        let name = eal.unique_name("acl");
        let mut err = 0;
        // SAFETY: EAL is up; the name is NUL-terminated, copied, and no other context's; `err` is writable. The
        // number of rules was bounded by a u32.
        let raw =
            unsafe { dpdk_sys::hf_acl_create(name.as_ptr(), ipv6.into(), rules.len() as u32, &mut err) };
        let raw = NonNull::new(raw).ok_or(Errno(-err)).map_err(failed("making a context"))?;
        let context = Context { raw, _eal: eal.clone() };
        for rule in rules {
            // SAFETY: the context is ours alone until it is returned; the rule is copied.
            let result = unsafe { dpdk_sys::hf_acl_add(raw.as_ptr(), ipv6.into(), rule) };
            Errno::check(result).map_err(failed("adding a rule"))?;
        }
        // SAFETY: as above.
        let result = unsafe { dpdk_sys::hf_acl_build(raw.as_ptr(), ipv6.into(), memory_bytes_max) };
        Errno::check(result).map_err(failed("compiling"))?;
        Ok(Some(context))
    }

    /// Looks up the keys of one family and leaves the others' places in `out` alone. At most [`CHUNK_KEYS`] keys.
    fn classify(&self, keys: &[AclKey], ipv6: bool, out: &mut [u32]) {
        let mut pointers = [core::ptr::null::<hf_acl_key>(); CHUNK_KEYS];
        let mut places = [0u8; CHUNK_KEYS];
        let mut results = [0u32; CHUNK_KEYS];
        let mut count = 0;
        for (place, key) in keys.iter().enumerate().take(out.len().min(CHUNK_KEYS)) {
            if key.is_ipv6() == ipv6 {
                pointers[count] = key.raw();
                places[count] = place as u8;
                count += 1;
            }
        }
        if count == 0 {
            return;
        }
        // SAFETY: the context is built; `pointers` holds `count` valid keys of its family, which live as long as
        // `keys` is borrowed; `results` has room for `count`, one category each.
        let result = unsafe {
            let context = self.raw.as_ptr();
            dpdk_sys::hf_acl_classify(context, pointers.as_mut_ptr(), results.as_mut_ptr(), count as u32)
        };
        // The only failure there is would be a number of categories that rte_acl does not take; then, no match.
        debug_assert_eq!(result, 0);
        if result == 0 {
            for (&place, &found) in places.iter().zip(&results).take(count) {
                out[usize::from(place)] = found;
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the last use of a context that we own.
        unsafe { dpdk_sys::hf_acl_free(self.raw.as_ptr()) };
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
