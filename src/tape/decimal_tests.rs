use super::*;

#[test]
fn numbers_are_correctly_rounded() {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 11
    };
    for round in 0..100_000 {
        let text = match round % 6 {
            0 => format!("{}", f64::from_bits((next() << 11) | next())),
            1 => format!("{}.{:06}", next() % 100_000, next() % 1_000_000),
            2 => format!("{:e}", f64::from_bits(next() << 11)),
            3 => format!("-0.{:017}", next()),
            4 => format!("{}.{:0width$}", next() % 10, next(), width = (next() % 30) as usize),
            // Halfway between two numbers, and a digit off it.
            _ => {
                let halfway = format!("{}.5", (1 << 53) + next() % (1 << 53) * 2 / 2);
                if next() % 2 == 0 { halfway } else { format!("{halfway}{}", next() % 100) }
            }
        };
        let Ok(expected) = text.parse::<f64>() else { continue };
        if !expected.is_finite() {
            continue;
        }
        let (value, rest) = number(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        assert!(rest.is_empty(), "{text}");
    }
    for text in ["", "-", "+1", ".5", "5.", "01", "-01", "1e", "1e+", "0x1", "inf", "NaN", "1.e5"] {
        assert!(number(text.as_bytes()).is_none_or(|(_, rest)| !rest.is_empty()), "{text}");
    }
}

#[test]
fn eight_bytes_are_read_as_one_by_one() {
    let mut state = 3_u64;
    for _ in 0..200_000 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // Digits, their neighbours `/` and `:`, and any other byte.
        let byte = |index: u32| match state >> (8 * index) & 0xFF {
            any @ 0..16 => any as u8 * 17,
            near => b'/' + (near % 12) as u8,
        };
        let eight: [u8; 8] = std::array::from_fn(|index| byte(index as u32));
        let count = eight.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = eight[..count].iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        let (mut at, mut mantissa) = (0, 0);
        assert_eq!((digits(&eight, &mut at, &mut mantissa), mantissa), (count, value), "{eight:?}");
        assert_eq!(at, count);
    }
}
