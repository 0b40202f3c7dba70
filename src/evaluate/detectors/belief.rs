//! What Bayesian online change point detection believes of the values since a change.

use crate::residual::Math;

/// Normal-gamma beliefs about mean and precision of the values since a change.
#[derive(Clone, Copy)]
pub(super) struct Belief {
    pub(super) mu: f64,
    pub(super) kappa: f64,
    pub(super) alpha: f64,
    pub(super) beta: f64,
}

impl Belief {
    pub(super) const PRIOR: Self = Self { mu: 0.0, kappa: 1.0, alpha: 1.0, beta: 1.0 };

    /// The belief once `x` has been seen, too.
    pub(super) fn updated(self, x: f64) -> Self {
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

/// ln Γ((v+1)/2) − ln Γ(v/2) for v = 2 + run, by run length: they depend on nothing else.
pub(super) struct LogGammas {
    known: Vec<f64>,
    math: Math,
}

impl LogGammas {
    pub(super) const fn new(math: Math) -> Self {
        Self { known: Vec::new(), math }
    }

    pub(super) fn for_run(&mut self, run: usize) -> f64 {
        while self.known.len() <= run {
            let degrees = 2.0 + self.known.len() as f64;
            let difference = ln_gamma((degrees + 1.0) * 0.5, self.math) - ln_gamma(degrees * 0.5, self.math);
            self.known.push(difference);
        }
        self.known[run]
    }
}

/// ln Γ(x) for x ≥ 1/2, by Lanczos' approximation with g = 7 and nine coefficients.
pub(in crate::evaluate) fn ln_gamma(x: f64, math: Math) -> f64 {
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
