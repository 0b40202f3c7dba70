//! Jensen–Shannon divergence between two mixes of keys (Lin, 1991, with base-2 logarithms: 0 to 1 bit).

use std::cmp::Ordering;

use super::Math;

/// Divergence of two histograms, each sorted by key without repetition. 0 when either is empty.
///
/// The terms are added in the order of the keys, the term of `p` before that of `q`: the sum is part of the digest.
#[must_use]
pub fn jensen_shannon<K: Ord>(math: Math, p: &[(K, u64)], q: &[(K, u64)]) -> f64 {
    let total = |mix: &[(K, u64)]| mix.iter().map(|(_, count)| count).sum::<u64>() as f64;
    let (sum_p, sum_q) = (total(p), total(q));
    if sum_p == 0.0 || sum_q == 0.0 {
        return 0.0;
    }
    let mut divergence = 0.0;
    let (mut i, mut j) = (0, 0);
    while i < p.len() || j < q.len() {
        let order = match (p.get(i), q.get(j)) {
            (Some(left), Some(right)) => left.0.cmp(&right.0),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let (mut count_p, mut count_q) = (0, 0);
        if order != Ordering::Greater {
            count_p = p[i].1;
            i += 1;
        }
        if order != Ordering::Less {
            count_q = q[j].1;
            j += 1;
        }
        let a = count_p as f64 / sum_p;
        let b = count_q as f64 / sum_q;
        let middle = 0.5 * (a + b);
        if a > 0.0 {
            divergence += (0.5 * a) * math.log2(a / middle);
        }
        if b > 0.0 {
            divergence += (0.5 * b) * math.log2(b / middle);
        }
    }
    divergence.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_mixes_do_not_diverge_and_disjoint_ones_do_by_one_bit() {
        let ab = [("a", 3), ("b", 1)];
        let twice = [("a", 6), ("b", 2)];
        let other = [("c", 5)];
        assert_eq!(jensen_shannon(Math::Portable, &ab, &twice), 0.0);
        assert_eq!(jensen_shannon(Math::Portable, &ab, &other), 1.0);
        assert_eq!(jensen_shannon(Math::Portable, &ab, &[]), 0.0);
    }

    #[test]
    fn a_hand_computed_mix() {
        // p = (1/2, 1/2), q = (1/2 on a, 1/2 on c): half of the mass is shared, so the divergence is half a bit.
        let p = [("a", 1), ("b", 1)];
        let q = [("a", 2), ("c", 2)];
        assert_eq!(jensen_shannon(Math::Portable, &p, &q), 0.5);
    }
}
