//! The cryptography of the handshake: `Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s` and a seal around it.
//!
//! With `psk0` the key enters before anything else, so the payload of the first message is authentic before any
//! Diffie-Hellman is computed (its tokens are `psk, e`; read in snow 0.10 `HandshakeState::_read_message`). The second
//! message's are `e, ee`: there snow computes one before it can tell a forgery. Every handshake datagram therefore ends
//! in a seal, HMAC-BLAKE2s under a key derived from the pre-shared one, cut to 16 bytes: a forged datagram costs one
//! hash of at most 512 bytes, whatever it claims to be.

use snow::params::{HashChoice, NoiseParams};
use snow::resolvers::{CryptoResolver as _, DefaultResolver};
use snow::{Builder, HandshakeState, StatelessTransportState};

use super::random::{NoRandomness, Random};
use super::wire::{HANDSHAKE_BYTES_MAX, SEAL_BYTES, Sealed};

/// Bytes of the pre-shared key.
pub const KEY_BYTES: usize = 32;

const PATTERN: &str = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";
/// Handshakes of anything else, or of another layout of the datagrams, do not authenticate.
const PROLOGUE: &[u8] = b"holdfast link 1";
const SEAL_KEY_LABEL: &[u8] = b"holdfast link 1 handshake seal";

/// A handshake cannot go on: the message is not authentic, or the system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

impl From<snow::Error> for Failed {
    fn from(_: snow::Error) -> Failed {
        Failed
    }
}

impl From<NoRandomness> for Failed {
    fn from(_: NoRandomness) -> Failed {
        Failed
    }
}

/// The key, and randomness.
pub(super) struct Noise {
    key: [u8; KEY_BYTES],
    seal_key: [u8; 32],
    random: Random,
}

impl Noise {
    pub(super) fn new(key: [u8; KEY_BYTES], random: Random) -> Noise {
        Noise { key, seal_key: hmac(&key, SEAL_KEY_LABEL), random }
    }

    /// The next random number.
    pub(super) fn random(&mut self) -> Result<u64, Failed> {
        Ok(self.random.next()?)
    }

    /// Puts the seal behind a handshake datagram.
    pub(super) fn seal(&self, datagram: &mut Vec<u8>) {
        let seal = hmac(&self.seal_key, datagram);
        datagram.extend_from_slice(&seal[..SEAL_BYTES]);
    }

    /// Whether a handshake datagram was sealed under our key.
    pub(super) fn is_sealed(&self, sealed: Sealed<'_>) -> bool {
        let expected = hmac(&self.seal_key, sealed.covered);
        // In constant time: how many bytes are right is nobody's business.
        expected.iter().zip(sealed.seal).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }

    /// Begins a handshake: its state and the first message.
    pub(super) fn initiate(&mut self, payload: &[u8]) -> Result<(HandshakeState, Vec<u8>), Failed> {
        let mut state = self.builder()?.build_initiator()?;
        let message = write(&mut state, payload)?;
        Ok((state, message))
    }

    /// Reads a first message: the state to answer with, and its payload.
    pub(super) fn accept(&mut self, message: &[u8]) -> Result<(HandshakeState, Vec<u8>), Failed> {
        let mut state = self.builder()?.build_responder()?;
        let payload = read(&mut state, message)?;
        Ok((state, payload))
    }

    fn builder(&mut self) -> Result<Builder<'_>, Failed> {
        let params: NoiseParams = PATTERN.parse()?;
        let resolver = self.random.resolver();
        Ok(Builder::with_resolver(params, resolver).psk(0, &self.key)?.prologue(PROLOGUE)?)
    }
}

/// Answers a first message: the second message and the session's keys.
pub(super) fn respond(
    mut state: HandshakeState,
    payload: &[u8],
) -> Result<(StatelessTransportState, Vec<u8>), Failed> {
    let message = write(&mut state, payload)?;
    Ok((state.into_stateless_transport_mode()?, message))
}

/// Reads a second message: the session's keys and its payload.
pub(super) fn finish(
    mut state: HandshakeState,
    message: &[u8],
) -> Result<(StatelessTransportState, Vec<u8>), Failed> {
    let payload = read(&mut state, message)?;
    Ok((state.into_stateless_transport_mode()?, payload))
}

fn write(state: &mut HandshakeState, payload: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut message = vec![0; HANDSHAKE_BYTES_MAX];
    let length = state.write_message(payload, &mut message)?;
    message.truncate(length);
    Ok(message)
}

fn read(state: &mut HandshakeState, message: &[u8]) -> Result<Vec<u8>, Failed> {
    let mut payload = vec![0; HANDSHAKE_BYTES_MAX];
    let length = state.read_message(message, &mut payload)?;
    payload.truncate(length);
    Ok(payload)
}

fn hmac(key: &[u8; 32], data: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    // The hash is compiled in; without it there would be no handshake either.
    if let Some(mut hash) = DefaultResolver.resolve_hash(&HashChoice::Blake2s) {
        hash.hmac(key, data, &mut output);
    }
    output
}
