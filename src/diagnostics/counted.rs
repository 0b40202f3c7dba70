use std::fmt::Display;

/// A count and what is counted, such as `1 poll` or `2 polls`.
#[must_use]
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_only_singular() {
        assert_eq!(counted(0_u64, "poll"), "0 polls");
        assert_eq!(counted(1_usize, "poll"), "1 poll");
        assert_eq!(counted(11_u32, "poll"), "11 polls");
    }
}
