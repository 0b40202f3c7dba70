use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// Does some jobs in parallel: their results by index, or the error of the first in order that fails, whichever was done first.
/// Jobs behind one that has failed are left out.
pub(super) fn try_in_order<J: Sync, T: Send, E: Send>(
    jobs: &[J],
    work: impl Fn(&J) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let first_failed = AtomicUsize::new(usize::MAX);
    let done: Vec<Option<Result<T, E>>> = jobs
        .par_iter()
        .enumerate()
        .map(|(index, job)| {
            if index > first_failed.load(Ordering::Relaxed) {
                return None;
            }
            let result = work(job);
            if result.is_err() {
                first_failed.fetch_min(index, Ordering::Relaxed);
            }
            Some(result)
        })
        .collect();
    // Whatever was left out is behind the error.
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_is_told() {
        let jobs: Vec<usize> = (0..1000).collect();
        let double = |job: &usize| Ok::<usize, usize>(job * 2);
        assert_eq!(try_in_order(&jobs, double).unwrap(), (0..1000).map(|job| job * 2).collect::<Vec<_>>());
        for _ in 0..20 {
            let fails = |job: &usize| if [77, 500, 999].contains(job) { Err(*job) } else { Ok(*job) };
            assert_eq!(try_in_order(&jobs, fails), Err(77));
        }
    }
}
