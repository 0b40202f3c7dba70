//! Number text: the shortest decimal that reads back to the same bits, in the two layouts that are hashed.
//!
//! Where the point and the exponent of a tape's number stand is decided here and not by a JSON library, because tapes
//! and tables are hashed as text; the tests below pin both layouts. Where two shortest decimals are equally near, tapes
//! take the one with the even last digit and tables the larger one, as the published system does.

pub use crate::store::write_number as write_table;

/// The shortest digits of a finite number: `0.d₁d₂…dₙ × 10^point`, without trailing zeros (a zero is one digit, `0`).
struct Shortest {
    negative: bool,
    digits: [u8; 20],
    len: usize,
    point: i32,
}

impl Shortest {
    fn new(value: f64) -> Self {
        let mut buffer = zmij::Buffer::new();
        let mut this = Self { negative: value.is_sign_negative(), digits: [0; 20], len: 0, point: 0 };
        let (mut exponent, mut after_point) = (0_i32, false);
        let mut text = buffer.format_finite(value).bytes();
        while let Some(byte) = text.next() {
            match byte {
                b'0'..=b'9' => {
                    // A leading zero is no digit, but behind the point it moves the point.
                    if this.len > 0 || byte != b'0' {
                        this.digits[this.len] = byte;
                        this.len += 1;
                        this.point += i32::from(!after_point);
                    } else {
                        this.point -= i32::from(after_point);
                    }
                }
                b'.' => after_point = true,
                b'e' => {
                    let mut negative = false;
                    for byte in text.by_ref() {
                        match byte {
                            b'-' => negative = true,
                            b'+' => {}
                            digit => exponent = exponent * 10 + i32::from(digit - b'0'),
                        }
                    }
                    exponent = if negative { -exponent } else { exponent };
                }
                _ => {}
            }
        }
        while this.len > 0 && this.digits[this.len - 1] == b'0' {
            this.len -= 1;
        }
        if this.len == 0 {
            (this.digits[0], this.len, this.point) = (b'0', 1, 1);
        } else {
            this.point += exponent;
        }
        this
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.len]
    }

    /// Without exponent, and always with a fraction part.
    fn positional(&self, out: &mut Vec<u8>) {
        if self.point <= 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', self.point.unsigned_abs() as usize));
            out.extend_from_slice(self.digits());
            return;
        }
        let whole = self.point as usize;
        if self.len <= whole {
            out.extend_from_slice(self.digits());
            out.extend(std::iter::repeat_n(b'0', whole - self.len));
            out.extend_from_slice(b".0");
        } else {
            out.extend_from_slice(&self.digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&self.digits[whole..self.len]);
        }
    }
}

/// The decimal exponents of the numbers that tapes spell without one.
const POSITIONAL: std::ops::RangeInclusive<i32> = -5..=15;

/// Whether a number surely is among them.
fn is_positional(value: f64) -> bool {
    value == 0.0 || (1e-5..1e16).contains(&value.abs())
}

/// Appends a finite number as tapes spell it: positional with a fraction part (`1.0`, `0.00001`) for decimal exponents
/// from −5 to 15, otherwise scientific with an explicit sign for large ones (`1e-7`, `1.5e+16`). −0 keeps its sign.
pub fn write_tape(out: &mut Vec<u8>, value: f64) {
    debug_assert!(value.is_finite(), "writers refuse what is not finite");
    if is_positional(value) {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value).as_bytes();
        // Positional with a fraction part there is one text of the shortest digits. An exponent would be among the last bytes.
        let has_exponent = text.iter().rev().take(4).any(|byte| *byte == b'e');
        if !has_exponent && memchr::memchr(b'.', text).is_some() {
            return out.extend_from_slice(text);
        }
    }
    let shortest = Shortest::new(value);
    if shortest.negative {
        out.push(b'-');
    }
    let exponent = shortest.point - 1;
    if POSITIONAL.contains(&exponent) {
        return shortest.positional(out);
    }
    out.push(shortest.digits[0]);
    if shortest.len > 1 {
        out.push(b'.');
        out.extend_from_slice(&shortest.digits[1..shortest.len]);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    out.extend_from_slice(exponent.unsigned_abs().to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(value: f64) -> (String, String) {
        let (mut tape, mut table) = (Vec::new(), Vec::new());
        write_tape(&mut tape, value);
        write_table(&mut table, value);
        (String::from_utf8(tape).unwrap(), String::from_utf8(table).unwrap())
    }

    #[test]
    fn the_layouts_change_at_their_limits() {
        let cases = [
            (0.0, "0.0", "0"),
            (-0.0, "-0.0", "-0"),
            (1.0, "1.0", "1"),
            (-12.5, "-12.5", "-12.5"),
            (0.00001, "0.00001", "0.00001"),
            (0.000012345, "0.000012345", "0.000012345"),
            (0.000009, "9e-6", "0.000009"),
            (1e-7, "1e-7", "0.0000001"),
            (1.5e-10, "1.5e-10", "0.00000000015"),
            (1e15, "1000000000000000.0", "1000000000000000"),
            (9007199254740993.0, "9007199254740992.0", "9007199254740992"),
            (1e16, "1e+16", "10000000000000000"),
            (1.25e16, "1.25e+16", "12500000000000000"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (5e-324, "5e-324", &format!("0.{}5", "0".repeat(323))),
            // Exactly between two shortest decimals.
            (5554557524210897.0 / 4.0, "1388639381052724.2", "1388639381052724.3"),
            (f64::MAX, "1.7976931348623157e+308", &format!("17976931348623157{}", "0".repeat(292))),
        ];
        for (value, tape, table) in cases {
            assert_eq!(both(value), (tape.to_owned(), table.to_owned()), "{value:e}");
        }
    }

    #[test]
    fn the_quick_way_and_the_other_one_give_one_text() {
        let mut bits = 7_u64;
        let near_limits = [1e-5, 1e15, 1e16].map(f64::to_bits).into_iter().flat_map(|bits| bits - 50..bits + 50);
        let random = (0..100_000).map(|index| {
            bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let decimal = (bits >> 40) as f64 / [1.0, 10.0, 1e4, 1e9, 1e11][index % 5];
            if index % 2 == 0 { decimal.to_bits() } else { bits >> 12 | ((950 + bits % 160) << 52) }
        });
        for bits in near_limits.chain(random) {
            let value = f64::from_bits(bits);
            let shortest = Shortest::new(value);
            if POSITIONAL.contains(&(shortest.point - 1)) {
                let mut expected = Vec::new();
                shortest.positional(&mut expected);
                assert_eq!(both(value).0.as_bytes(), expected, "{value:e}");
            }
        }
    }

    #[test]
    fn tables_spell_what_is_not_finite() {
        for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
            let mut out = Vec::new();
            write_table(&mut out, value);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn both_texts_read_back_to_the_same_bits_and_are_equally_short() {
        // A full-period congruential walk over bit patterns: every exponent, short and long mantissas.
        let mut bits = 42_u64;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = f64::from_bits(bits);
            if !value.is_finite() {
                continue;
            }
            let (tape, table) = both(value);
            assert_eq!(tape.parse::<f64>().unwrap().to_bits(), bits, "{tape}");
            assert_eq!(table.parse::<f64>().unwrap().to_bits(), bits, "{table}");
            let digits = |text: &str| -> String {
                let mantissa = text.split('e').next().unwrap_or_default();
                let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
                digits.trim_matches('0').to_owned()
            };
            assert_eq!(digits(&tape).len(), digits(&table).len(), "{tape} {table}");
        }
    }
}
