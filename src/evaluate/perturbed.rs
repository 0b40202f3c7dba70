use super::Emitter;
use super::random::Pcg64;
use crate::residual::{Class, Math, Stream};

/// The perturbed TPC-DS stream: 1,800 s of noise and five faults, whose sizes grow with `scale`.
///
/// Published with seed 42 and scale 1 (see `docs/method.md`, section 5). The order of draws and pushes is part of the
/// digest. `scale` must be finite.
#[must_use]
pub fn perturbed(seed: u64, scale: f64, math: Math) -> Stream {
    let mut random = Pcg64::new(seed);
    let mut out = Emitter::new(math);
    for second in 0..1800_u32 {
        tpcds_second(&mut out, &mut random, f64::from(second), second % 99 + 1);
    }
    for second in 200..280_u32 {
        let latency = (50.0 + 250.0 * scale) + random.uniform(-10.0, 10.0);
        out.latency(f64::from(second), "q42", latency, 50.0);
    }
    for second in 600..720_u32 {
        out.cardinality(f64::from(second), "q17", 30_000.0 / (1.0 + 29.0 * scale), 30_000.0);
    }
    for second in 900..1020_u32 {
        let t = f64::from(second);
        let progress = (t - 900.0) / 120.0;
        out.push(t, Class::Contention, 0.05 + (1.5 * scale) * progress, "row_lock");
        // A depth is a whole number of waiters, so a negative scale gives 0 and not a negative one.
        let depth = (1.0 + (4.0 * scale) * progress) as u64;
        out.push(t, Class::Contention, depth as f64, "row_lock#chain");
    }
    for second in 1200..1320_u32 {
        let observed = (0.95 - 0.45 * scale) + random.uniform(-0.02, 0.02);
        out.hit_ratio(f64::from(second), "tpcds", 0.95, observed);
    }
    for second in (1500..1680_u32).step_by(30) {
        out.phase(f64::from(second), "tpcds", (0.05 + 0.4 * scale) + random.uniform(-0.05, 0.05));
    }
    let suffix = if (scale - 1.0).abs() < 1e-12 { String::new() } else { format!("-scale{scale:.3}") };
    out.samples.finish(format!("tpcds-perturbed-seed{seed}{suffix}"))
}

/// One second of unperturbed TPC-DS: cardinality, latency and hit ratio, from four draws in that order.
pub(super) fn tpcds_second(out: &mut Emitter, random: &mut Pcg64, t: f64, query: u32) {
    let channel = format!("q{query}");
    let actual = 5000.0 * (1.0 + random.uniform(0.0, 0.4));
    let estimated = actual * (1.0 + random.uniform(-0.08, 0.08));
    out.cardinality(t, &channel, estimated, actual);
    out.latency(t, &channel, 50.0 + random.uniform(-2.0, 2.0), 50.0);
    out.hit_ratio(t, "tpcds", 0.95, 0.95 + random.uniform(-0.005, 0.005));
}
