use sha2::{Digest, Sha256};

/// What the first line of a sealed text begins with: a comment in TOML.
const SEAL: &str = "# SHA-256 of what follows: ";

/// What the first line of a text says of the others.
#[derive(Debug, PartialEq, Eq)]
pub enum Seal<'a> {
    /// They are those that were sealed.
    Whole(&'a str),
    /// They have been changed since.
    Changed,
    /// Nothing.
    Absent,
}

/// The text behind a line with its digest, so that a change of it is found. It keeps nobody from sealing another one.
#[must_use]
pub fn sealed(text: &str) -> String {
    format!("{SEAL}{}\n{text}", hex::encode(Sha256::digest(text)))
}

/// Holds a text against the seal in its first line.
#[must_use]
pub fn open_seal(text: &str) -> Seal<'_> {
    let Some((digest, text)) = text.strip_prefix(SEAL).and_then(|text| text.split_once('\n')) else {
        return if text.starts_with(SEAL) { Seal::Changed } else { Seal::Absent };
    };
    if digest == hex::encode(Sha256::digest(text)) { Seal::Whole(text) } else { Seal::Changed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_is_whole_until_a_letter_is_another_one() {
        let text = sealed("a = 1\nb = 2\n");
        assert_eq!(open_seal(&text), Seal::Whole("a = 1\nb = 2\n"));
        assert_eq!(open_seal(&sealed("")), Seal::Whole(""));
        for (at, _) in text.char_indices() {
            let mut changed = text.clone();
            changed.replace_range(at..=at, "~");
            assert!(!matches!(open_seal(&changed), Seal::Whole(_)), "{changed}");
            // Cut, it has no seal before the colon, and a wrong one behind it.
            let expected = if at < SEAL.len() { Seal::Absent } else { Seal::Changed };
            assert_eq!(open_seal(&text[..at]), expected, "{at}");
        }
        assert_eq!(open_seal("a = 1\n"), Seal::Absent);
    }
}
