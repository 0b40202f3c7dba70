//! How values are written into what the stage `evaluation` hashes.

/// Seeds that follow one another; `None` where there is none.
pub(super) fn first_to_last(seeds: &[u64]) -> Option<String> {
    Some(format!("{}-{}", seeds.first()?, seeds.last()?))
}

/// Numbers, each the shortest that reads back the same.
pub(super) fn numbers(values: &[f64]) -> String {
    values.iter().map(f64::to_string).collect::<Vec<String>>().join(",")
}
