//! Centre and scale of values, some of which may be far off.

/// Values that the scale of a series is taken from where a detector needs one.
pub(super) const BEGINNING: usize = 20;

/// Turns a median of absolute deviations into the standard deviation of normal values.
pub(super) const TO_DEVIATION: f64 = 1.0 / 0.674_489_750_196_081_7;

/// The median; the mean of the two in the middle. 0 without values.
pub(super) fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let mut values = values.to_vec();
    let even = values.len().is_multiple_of(2);
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| even);
    lower.map_or(*upper, |lower| (lower + *upper) / 2.0)
}

/// Median and robust standard deviation of some values.
pub(super) fn robust(values: &[f64]) -> (f64, f64) {
    let centre = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    (centre, median(&deviations) * TO_DEVIATION)
}

/// Centre and scale of the beginning of a series; `None` if it is shorter. Where the beginning is one value, the scale is a
/// hundredth of its size, or 0.01.
pub(in crate::evaluate) fn beginning(values: &[f64]) -> Option<(f64, f64)> {
    let (centre, scale) = robust(values.get(..BEGINNING)?);
    let least = (centre.abs() * 0.01).max(0.01);
    Some((centre, if scale > least * 1e-6 { scale } else { least }))
}
