//! JSON numbers to binary64, correctly rounded; fast for the decimals without exponent that tapes are made of.

/// Powers of ten that are exact in binary64.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Digits of the longest mantissa that surely fits 64 bits.
const LONGEST_MANTISSA: usize = 19;

/// The largest power of five that fits 64 bits.
const LARGEST_POWER_OF_FIVE: usize = 27;

/// A JSON number, correctly rounded, and what follows it; `None` if the text is not JSON's number grammar.
pub(super) fn number(text: &[u8]) -> Option<(f64, &[u8])> {
    let negative = text.first() == Some(&b'-');
    let mut at = usize::from(negative);
    let mut mantissa = 0_u64;
    let start = at;
    let whole = digits(text, &mut at, &mut mantissa);
    if whole == 0 || (whole > 1 && text[start] == b'0') {
        return None;
    }
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(text, &mut at, &mut mantissa);
        if fraction == 0 {
            return None;
        }
    }
    let plain = !matches!(text.get(at), Some(b'e' | b'E'));
    if plain && fraction <= LARGEST_POWER_OF_FIVE && significant(&text[start..at]) <= LONGEST_MANTISSA {
        let value = if mantissa <= 1 << 53 && fraction < EXACT_POWERS.len() {
            // Both operands are exact, so the one division rounds correctly (Clinger, 1990).
            mantissa as f64 / EXACT_POWERS[fraction]
        } else {
            scaled(mantissa, fraction)
        };
        return Some((if negative { -value } else { value }, &text[at..]));
    }
    if !plain {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        if digits(text, &mut at, &mut mantissa) == 0 {
            return None;
        }
    }
    let value = fast_float2::parse::<f64, _>(&text[..at]).ok()?;
    Some((value, &text[at..]))
}

/// Moves `at` over a run of digits, appends them to `mantissa`, and returns how many there were.
fn digits(text: &[u8], at: &mut usize, mantissa: &mut u64) -> usize {
    const SMALL_POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    let start = *at;
    // Both steps wrap only for more than 19 digits, which are not taken from here.
    while let Some(eight) = text.get(*at..).and_then(|rest| rest.first_chunk::<8>()) {
        let nibbles = nibbles(*eight);
        let others = not_digits(nibbles);
        if others == 0 {
            *mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(joined(nibbles));
            *at += 8;
            continue;
        }
        let count = others.trailing_zeros() as usize / 8;
        if count > 0 {
            // The first digit is in the lowest byte: shifting up puts zeros before it.
            let value = joined(nibbles << (64 - 8 * count));
            *mantissa = mantissa.wrapping_mul(SMALL_POWERS[count]).wrapping_add(value);
            *at += count;
        }
        return *at - start;
    }
    while let Some(digit) = text.get(*at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        *at += 1;
    }
    *at - start
}

/// One in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Eight characters in a word, the first in the lowest byte: digits become 0 to 9, all others at least 10.
fn nibbles(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight) ^ (EACH * 0x30)
}

/// The high bit of each byte that is no digit.
fn not_digits(nibbles: u64) -> u64 {
    (((nibbles & (EACH * 0x7F)) + EACH * 0x76) | nibbles) & (EACH * 0x80)
}

/// The value of eight digits: neighbours are joined to pairs, pairs to fours, fours to eight.
fn joined(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF
}

/// At most how many digits of a decimal count: not the zeros that a fraction begins with.
fn significant(decimal: &[u8]) -> usize {
    match decimal {
        [b'0', b'.', fraction @ ..] => fraction.len() - fraction.iter().take_while(|digit| **digit == b'0').count(),
        // A point among them is counted, too: shorter by one is short enough.
        _ => decimal.len(),
    }
}

/// `mantissa / 10^places`, rounded once.
fn scaled(mantissa: u64, places: usize) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let power = 5_u64.pow(places as u32);
    let (mantissa_shift, power_shift) = (mantissa.leading_zeros(), power.leading_zeros());
    let dividend = u128::from(mantissa << mantissa_shift) << 63;
    let divisor = u128::from(power << power_shift);
    // At least 63 bits, of which 53 stay: what is left over counts as one more bit behind them.
    let digits = dividend / divisor;
    let digits = digits as u64 | u64::from(digits * divisor != dividend);
    let exponent = i64::from(power_shift) - i64::from(mantissa_shift) - 63 - places as i64;
    digits as f64 * f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
#[path = "decimal_tests.rs"]
mod tests;
