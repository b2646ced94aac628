//! Where the link's randomness comes from: the system, or a seed, so that a simulation repeats itself bit for bit.

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver, RingResolver};
use snow::types::{Cipher, Dh, Hash, Random as RandomSource};

/// Where randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Random {
    /// The system's generator.
    #[default]
    System,
    /// A sequence that the seed decides. For simulations and tests only: whoever knows the seed knows every key.
    Seeded(u64),
}

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRandomness;

impl Random {
    /// The next 64 bits.
    pub(super) fn next(&mut self) -> Result<u64, NoRandomness> {
        match self {
            Random::System => {
                let mut bytes = [0; 8];
                let mut source = DefaultResolver.resolve_rng().ok_or(NoRandomness)?;
                source.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
                Ok(u64::from_ne_bytes(bytes))
            }
            Random::Seeded(state) => Ok(split_mix(state)),
        }
    }

    /// What a Noise handshake takes its primitives and its ephemeral key from.
    pub(super) fn resolver(&mut self) -> BoxedCryptoResolver {
        Box::new(match self {
            Random::System => Resolver { seed: None },
            Random::Seeded(state) => Resolver { seed: Some(split_mix(state)) },
        })
    }
}

/// The default primitives, but ring's cipher, which is several times as fast; and with a seed a generator of our own.
struct Resolver {
    seed: Option<u64>,
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn RandomSource>> {
        match self.seed {
            None => DefaultResolver.resolve_rng(),
            Some(seed) => Some(Box::new(SeededSource(seed))),
        }
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        RingResolver.resolve_cipher(choice)
    }
}

struct SeededSource(u64);

impl RandomSource for SeededSource {
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), snow::Error> {
        for chunk in bytes.chunks_mut(8) {
            let random = split_mix(&mut self.0).to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(())
    }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
