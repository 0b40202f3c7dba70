//! Means over sets of runs, in which each set counts the same.

use super::pool::{ScoreInterval, intervals};
use super::time::TimeTally;

/// The mean over sets of what `values` gives of the runs of each together, with its interval over resamples of runs. A set for which
/// a value is not defined is left out of its mean.
pub(in crate::evaluate) fn mean_intervals<const N: usize>(
    sets: &[Vec<&TimeTally>],
    values: impl Fn(&TimeTally) -> [Option<f64>; N],
) -> [ScoreInterval; N] {
    let runs = sets.iter().map(Vec::len).sum();
    intervals(runs, |times| {
        let mut rest = times;
        let of_sets: Vec<[Option<f64>; N]> = sets
            .iter()
            .map(|set| {
                let (of_set, behind) = rest.split_at(set.len());
                rest = behind;
                let drawn =
                    set.iter().zip(of_set).flat_map(|(tally, times)| std::iter::repeat_n(*tally, *times as usize));
                values(&TimeTally::sum(drawn))
            })
            .collect();
        std::array::from_fn(|at| {
            let defined: Vec<f64> = of_sets.iter().filter_map(|values| values[at]).collect();
            (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_counts_the_same_and_what_is_not_defined_counts_nothing() {
        let tally = |fault_s, found_s, false_alarms| TimeTally {
            fault_s,
            found_s,
            other_s: 3600.0,
            false_alarms,
            ..TimeTally::default()
        };
        let (all, half, quiet) = (tally(10.0, 10.0, 0), tally(10.0, 5.0, 0), tally(0.0, 0.0, 4));
        let sets = [vec![&all], vec![&half, &half, &half], vec![&quiet]];
        let [recall, alarms] = mean_intervals(&sets, |tally| [tally.recall(), tally.false_alarms_per_hour()]);
        assert_eq!((recall.value, alarms.value), (Some(0.75), Some(4.0 / 3.0)));
        let (low, high) = recall.bounds.unwrap();
        assert!(low <= 0.5 && high >= 0.75, "{low} {high}");
    }
}
