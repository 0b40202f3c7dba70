/// The places of the delimiters in a line, eight bytes at a time: fields of a few bytes are too short for a search each, and
/// most of them are passed over.
pub(super) struct Delimiters<'a> {
    bytes: &'a [u8],
    /// Start of the word that is looked at.
    at: usize,
    /// The highest bit of each byte that is a delimiter and has not been returned.
    found: u64,
    /// The delimiter in each byte.
    each: u64,
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = EACH << 7;

impl<'a> Delimiters<'a> {
    pub(super) fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let each = EACH * u64::from(delimiter);
        Self { bytes, at: 0, found: find(bytes, each), each }
    }
}

/// The highest bit of each delimiter among the first eight bytes.
fn find(bytes: &[u8], each: u64) -> u64 {
    let word = match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    // A byte of `other` is 0 where there is a delimiter; adding 0x7f carries into the highest bit of any other, and never on.
    let other = word ^ each;
    !(((other & !HIGHEST) + !HIGHEST) | other) & HIGHEST
}

impl Iterator for Delimiters<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.nth(0)
    }

    fn nth(&mut self, mut count: usize) -> Option<usize> {
        loop {
            let here = ((self.found >> 7).wrapping_mul(EACH) >> 56) as usize;
            if count < here {
                break;
            }
            count -= here;
            (self.at, self.found) = (self.at + 8, 0);
            self.found = find(self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?, self.each);
        }
        for _ in 0..count {
            self.found &= self.found - 1;
        }
        let place = self.at + self.found.trailing_zeros() as usize / 8;
        self.found &= self.found - 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_delimiter_is_found_once_and_passed_over_by_number() {
        let mut random = 1_u64;
        for length in 0..70 {
            for delimiter in [b',', b'\t', b';', b'|'].repeat(5) {
                let bytes: Vec<u8> = (0..length)
                    .map(|_| {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        [delimiter, b'-', b'+', 0, 0xac, 0xff, b',', delimiter ^ 0x80][(random >> 61) as usize]
                    })
                    .collect();
                let expected: Vec<usize> = memchr::memchr_iter(delimiter, &bytes).collect();
                assert_eq!(Delimiters::new(&bytes, delimiter).collect::<Vec<_>>(), expected);
                for skipped in 0..=expected.len() {
                    let mut found = Delimiters::new(&bytes, delimiter);
                    assert_eq!(found.nth(skipped), expected.get(skipped).copied());
                    assert_eq!(found.next(), expected.get(skipped + 1).copied());
                }
            }
        }
    }
}
