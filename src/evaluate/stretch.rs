//! Stretches of time: what several of them cover.

/// A stretch of time, `start..end` in seconds.
pub(super) type Stretch = (f64, f64);

/// The stretches, joined where they overlap, in order; empty ones are left out.
pub(super) fn union(stretches: impl IntoIterator<Item = Stretch>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = stretches.into_iter().filter(|(start, end)| start < end).collect();
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<Stretch> = Vec::new();
    for (start, end) in stretches {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// What two unions have in common.
pub(super) fn common(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let (mut at_a, mut at_b) = (0, 0);
    let mut common = Vec::new();
    while let (Some(one), Some(other)) = (a.get(at_a), b.get(at_b)) {
        let (start, end) = (one.0.max(other.0), one.1.min(other.1));
        if start < end {
            common.push((start, end));
        }
        if one.1 < other.1 {
            at_a += 1;
        } else {
            at_b += 1;
        }
    }
    common
}

/// What of `whole` is outside a union.
pub(super) fn outside(whole: Stretch, union: &[Stretch]) -> Vec<Stretch> {
    let mut from = whole.0;
    let mut left = Vec::new();
    for (start, end) in union {
        if from < *start {
            left.push((from, start.min(whole.1)));
        }
        from = from.max(*end);
    }
    left.push((from, whole.1));
    left.retain(|(start, end)| start < end);
    left
}

/// Seconds of stretches that do not overlap.
pub(super) fn length(stretches: &[Stretch]) -> f64 {
    stretches.iter().map(|(start, end)| end - start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_and_what_is_outside_make_the_whole() {
        let union = union([(5.0, 7.0), (1.0, 2.0), (6.0, 9.0), (3.0, 3.0), (12.0, 20.0)]);
        assert_eq!(union, [(1.0, 2.0), (5.0, 9.0), (12.0, 20.0)]);
        for whole in [(0.0, 30.0), (1.5, 13.0), (5.0, 9.0), (2.0, 5.0), (40.0, 50.0)] {
            let outside = outside(whole, &union);
            let inside = common(&union, &[whole]);
            assert_eq!(length(&inside) + length(&outside), whole.1 - whole.0, "{whole:?}");
            assert_eq!(common(&inside, &outside), []);
        }
    }
}
