//! Numbers in text.

/// The nearest double of a decimal number; `5.`, `.5`, `+5`, and `inf`, `infinity` and `nan` in any case are numbers.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    fast_float2::parse(text).ok()
}

/// A whole number, if it is one that a double holds exactly.
pub(super) fn exact_whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_system() {
        for text in [
            "5",
            "+5",
            "-5",
            "5.",
            ".5",
            "-.5",
            "1e3",
            "1E-3",
            "1e+3",
            "inf",
            "-INF",
            "Infinity",
            "NaN",
            "+nan",
            "1e400",
            "4.9e-324",
            "179769313486231580793e289",
            "0.1000000000000000055511151231257827021181583404541015625",
        ] {
            let standard: f64 = text.parse().unwrap();
            assert_eq!(parse_number(text).map(f64::to_bits), Some(standard.to_bits()), "{text}");
        }
        for text in
            ["", " ", " 5", "5 ", "0x10", "1_000", "e5", "1e", ".", "+", "--5", "5,", "in", "nanx", "1e5.0", "٣"]
        {
            assert_eq!(parse_number(text), None, "{text:?}");
            assert!(text.parse::<f64>().is_err(), "{text:?}");
        }
    }
}
