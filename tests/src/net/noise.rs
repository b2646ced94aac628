//! Reproducible bytes for transfers.

/// xorshift64: no two segments alike, so that a lost, repeated or swapped one shows. The bytes are a function of
/// their position only: however they are cut into chunks, two streams of noise are the same.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u64,
    word: [u8; 8],
    used: usize,
}

impl Default for Noise {
    fn default() -> Noise {
        Noise { state: 0x9e37_79b9_7f4a_7c15, word: [0; 8], used: 8 }
    }
}

impl Noise {
    /// The next bytes of the stream.
    pub fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            if self.used == self.word.len() {
                self.state ^= self.state << 13;
                self.state ^= self.state >> 7;
                self.state ^= self.state << 17;
                (self.word, self.used) = (self.state.to_le_bytes(), 0);
            }
            *byte = self.word[self.used];
            self.used += 1;
        }
    }

    /// Position of the first of `bytes` that is not what comes next in the stream; `None` when all are.
    pub fn first_difference(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut expected = vec![0; bytes.len()];
        self.fill(&mut expected);
        bytes.iter().zip(&expected).position(|(is, should_be)| is != should_be)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_do_not_matter_and_differences_are_found() {
        let mut whole = [0; 100];
        Noise::default().fill(&mut whole);
        let mut pieces = Noise::default();
        assert_eq!(pieces.first_difference(&whole[..13]), None);
        assert_eq!(pieces.first_difference(&whole[13..50]), None);
        whole[60] ^= 1;
        assert_eq!(pieces.first_difference(&whole[50..]), Some(10));
    }
}
