//! Bayesian online change point detection: how likely each number of values since the last change is.

use crate::residual::Math;

/// Chance of a change at each value.
const HAZARD: f64 = 1.0 / 100.0;

/// Probability below which a run length above [`YOUNG`] is let go. Well below a millionth, nearly all run lengths of a long
/// quiet series would stay.
const NEGLIGIBLE: f64 = 1e-6;

/// Run lengths that are kept however unlikely: one that begins far from the prior is, until its values have spoken for it. It
/// took 67 of them in `bocpd_finds_changes_far_from_its_prior`.
const YOUNG: usize = 256;

/// Normal-gamma beliefs about mean and precision of the values since a change.
#[derive(Clone, Copy)]
struct Belief {
    mu: f64,
    kappa: f64,
    alpha: f64,
    beta: f64,
}

impl Belief {
    const PRIOR: Self = Self { mu: 0.0, kappa: 1.0, alpha: 1.0, beta: 1.0 };

    /// The belief once `x` has been seen, too.
    fn updated(self, x: f64) -> Self {
        let Self { mu, kappa, alpha, beta } = self;
        let d = x - mu;
        Self {
            mu: (kappa * mu + x) / (kappa + 1.0),
            kappa: kappa + 1.0,
            alpha: alpha + 0.5,
            beta: beta + ((kappa * d) * d) / (2.0 * (kappa + 1.0)),
        }
    }
}

/// The density of Student's t that a belief predicts `x` by; `log_gammas` is ln Γ((v+1)/2) − ln Γ(v/2) for its degrees
/// of freedom v.
fn density(belief: Belief, x: f64, log_gammas: f64, math: Math) -> f64 {
    let Belief { mu, kappa, alpha, beta } = belief;
    let degrees = 2.0 * alpha;
    let scale = ((beta * (kappa + 1.0)) / (alpha * kappa)).max(f64::MIN_POSITIVE).sqrt();
    let z = (x - mu) / scale;
    let rest =
        0.5 * math.ln(degrees * std::f64::consts::PI) + ((degrees + 1.0) * 0.5) * math.ln(1.0 + (z * z) / degrees);
    math.exp(log_gammas - rest) / scale
}

/// The same density without its factor, and without logarithms: the degrees of freedom, 2 + `run`, are whole, so that the
/// power is one of a square root.
fn shape(belief: Belief, x: f64, run: usize) -> f64 {
    let Belief { mu, kappa, alpha, beta } = belief;
    let square = (beta * (kappa + 1.0)) / (alpha * kappa);
    let base = (1.0 + (x - mu) * (x - mu) / (square * (2.0 + run as f64))).sqrt();
    let (mut power, mut factor, mut left) = (1.0, base, run + 3);
    while left > 0 {
        if left % 2 == 1 {
            power *= factor;
        }
        factor *= factor;
        left /= 2;
    }
    1.0 / (power * square.sqrt())
}

/// ln Γ((v+1)/2) − ln Γ(v/2) for v = 2 + run, by run length: they depend on nothing else.
struct LogGammas {
    known: Vec<f64>,
    math: Math,
}

impl LogGammas {
    fn of(&mut self, run: usize) -> f64 {
        while self.known.len() <= run {
            let degrees = 2.0 + self.known.len() as f64;
            let difference = ln_gamma((degrees + 1.0) * 0.5, self.math) - ln_gamma(degrees * 0.5, self.math);
            self.known.push(difference);
        }
        self.known[run]
    }
}

/// ln Γ(x) for x ≥ 1/2, by Lanczos' approximation with g = 7 and nine coefficients.
pub(super) fn ln_gamma(x: f64, math: Math) -> f64 {
    const C0: f64 = 0.999_999_999_999_809_9;
    const C: [f64; 8] = [
        676.520_368_121_885,
        -1_259.139_216_722_403,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_1,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_7e-7,
    ];
    let y = x - 1.0;
    let a = C.iter().zip(1..).fold(C0, |sum, (c, i)| sum + c / (y + f64::from(i)));
    let u = (y + 7.0) + 0.5;
    ((0.5 * math.ln(2.0 * std::f64::consts::PI) + (y + 0.5) * math.ln(u)) - u) + math.ln(a)
}

/// The run length of the last of the largest probabilities.
fn most_likely(probabilities: &[f64]) -> usize {
    let last =
        probabilities.iter().enumerate().max_by(|a, b| a.1.partial_cmp(b.1).unwrap_or(std::cmp::Ordering::Equal));
    last.map_or(0, |(run, _)| run)
}

/// As published (`docs/method.md`): indices at which the most likely run length falls by two or more. Of more than 200 run
/// lengths the longest are forgotten, so that on a quiet series it falls every 200 values: most of its alarms are that.
pub(super) fn reference(values: &[f64], math: Math) -> Vec<usize> {
    const KEPT: usize = 200;
    let mut changes = Vec::new();
    if values.len() < 2 {
        return changes;
    }
    let mut log_gammas = LogGammas { known: Vec::new(), math };
    let (mut runs, mut beliefs) = (vec![1.0], vec![Belief::PRIOR]);
    let mut before = 0;
    for (index, &x) in values.iter().enumerate() {
        let mut next = vec![0.0; runs.len() + 1];
        let mut change = -0.0;
        for (run, (p, belief)) in runs.iter().zip(&beliefs).enumerate() {
            let joint = p * density(*belief, x, log_gammas.of(run), math);
            next[run + 1] = joint * (1.0 - HAZARD);
            change += joint * HAZARD;
        }
        next[0] = change;
        let total: f64 = next.iter().sum();
        if total > 0.0 {
            next.iter_mut().for_each(|p| *p /= total);
        } else {
            next[0] = 1.0;
        }
        beliefs.iter_mut().for_each(|belief| *belief = belief.updated(x));
        beliefs.insert(0, Belief::PRIOR);
        let now = most_likely(&next);
        if index > 0 && before >= 2 && now + 2 <= before {
            changes.push(index);
        }
        before = now;
        if next.len() > KEPT {
            next.truncate(KEPT);
            beliefs.truncate(KEPT);
            let total: f64 = next.iter().sum();
            if total > 0.0 {
                next.iter_mut().for_each(|p| *p /= total);
            }
        }
        runs = next;
    }
    changes
}

/// BOCPD that forgets nothing likely: indices of the values that a new run is believed to have begun with, ascending.
///
/// The series is brought to unit scale by the robust deviation of its first values, so that the prior means something.
/// Of the run lengths above [`YOUNG`], those less likely than [`NEGLIGIBLE`] are let go one by one, so that some hundred
/// remain; `bocpd_loses_nothing_by_what_it_lets_go` guards that. A change is where the most likely run length falls to less
/// than half, and by five at least. One that is believed, doubted, and believed again is one change.
pub(super) fn correct(values: &[f64], math: Math) -> Vec<usize> {
    const LEAST_FALL: usize = 5;
    let Some((centre, scale)) = super::simple::beginning(values) else { return Vec::new() };
    let mut log_gammas = LogGammas { known: Vec::new(), math };
    // By run length: what the density is multiplied with, whatever the belief.
    let mut factors: Vec<f64> = Vec::new();
    let mut runs = vec![(0_usize, 1.0, Belief::PRIOR)];
    let mut before = 0_usize;
    let mut changes = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let x = (value - centre) / scale;
        while factors.len() <= index {
            let degrees = 2.0 + factors.len() as f64;
            let log_gammas = log_gammas.of(factors.len());
            factors.push(math.exp(log_gammas - 0.5 * math.ln(degrees * std::f64::consts::PI)));
        }
        // The run of no value yet, which the next one may begin, and those that hold `x`.
        let mut next = Vec::with_capacity(runs.len() + 1);
        next.push((0, 0.0, Belief::PRIOR));
        let mut total = 0.0;
        for (run, p, belief) in &runs {
            let joint = p * factors[*run] * shape(*belief, x, *run);
            total += joint;
            next.push((run + 1, joint * (1.0 - HAZARD), belief.updated(x)));
        }
        next[0].1 = total * HAZARD;
        if total > 0.0 && total.is_finite() {
            next.iter_mut().for_each(|(_, p, _)| *p /= total);
            next.retain(|(run, p, _)| *run <= YOUNG || *p >= NEGLIGIBLE);
        } else {
            // A value that every belief calls impossible begins a run for certain.
            next = vec![(0, HAZARD, Belief::PRIOR), (1, 1.0 - HAZARD, Belief::PRIOR.updated(x))];
        }
        let likely =
            next[1..].iter().fold((1, 0.0), |best, (run, p, _)| if *p >= best.1 { (*run, *p) } else { best }).0;
        if likely * 2 < before && before - likely >= LEAST_FALL {
            changes.push(index + 1 - likely);
        }
        before = likely;
        runs = next;
    }
    changes.sort_unstable();
    changes.dedup();
    changes
}
