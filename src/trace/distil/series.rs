//! Channels that are compared with their own past: when they have a residual, and when they are told to be quiet.

use std::collections::BTreeMap;

use super::baseline::{Baseline, Rate};
use super::context::PollContext;
use crate::residual::{Class, Math};
use crate::tape::Use;

/// From where on the ratios of a class are a residual.
#[derive(Clone, Copy)]
pub(super) struct Thresholds {
    pub(super) class: Class,
    /// The residual of a ratio above the usual one.
    pub(super) residual: ResidualForm,
    /// The least index of dispersion.
    pub(super) dispersion: f64,
    /// Amount beyond the usual, in the pool, that is nothing yet.
    pub(super) excess: f64,
    /// Residual that is nothing yet.
    pub(super) floor: f64,
    /// Residual from which the baseline is not fed.
    pub(super) hold: f64,
}

/// What a ratio and the usual one give.
#[derive(Clone, Copy)]
pub(super) enum ResidualForm {
    /// Their difference.
    Difference,
    /// ln of their quotient, with this added to both.
    Ln(Math, f64),
    /// log10 of their quotient, each at least 1.
    Log10(Math),
}

impl ResidualForm {
    fn compare(self, ratio: f64, usual: f64) -> f64 {
        match self {
            Self::Difference => ratio - usual,
            Self::Ln(math, guard) => math.ln((ratio + guard) / (usual + guard)),
            Self::Log10(math) => math.log10(ratio.max(1.0) / usual.max(1.0)),
        }
    }
}

/// An interval of a channel, which ends with the poll.
#[derive(Clone, Copy)]
pub(super) struct Interval {
    /// The last seconds together: what is judged.
    pub(super) pooled: Rate,
    /// The interval alone: what the baseline is fed with. Intervals are independent of each other; pools overlap, and would make
    /// a statement whose calls differ much look steadier than it is.
    pub(super) alone: Rate,
}

/// The channels of one class.
pub(super) struct SeriesOf<K> {
    channels: BTreeMap<K, Baseline>,
    /// Channels that were up: when they were last, and the last time something was said of them.
    up: BTreeMap<K, (f64, f64)>,
}

impl<K> Default for SeriesOf<K> {
    fn default() -> Self {
        Self { channels: BTreeMap::new(), up: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> SeriesOf<K> {
    /// Takes in an interval of a channel, and emits its residual once its baseline is known; until then it only feeds that.
    pub(super) fn take(
        &mut self,
        key: &K,
        name: impl FnOnce() -> String,
        Interval { pooled, alone }: Interval,
        thresholds: &Thresholds,
        context: &mut PollContext<'_>,
    ) -> Use {
        let (t, rules) = (context.t, context.rules);
        let baseline = self.channels.entry(key.clone()).or_default();
        let residual = baseline.estimate(t, thresholds.dispersion, rules).map(|usual| {
            let residual = thresholds.residual.compare(pooled.amount / pooled.count, usual.ratio);
            let counts = usual.deviations(pooled) >= rules.significance
                && pooled.amount - usual.ratio * pooled.count >= thresholds.excess
                && residual > thresholds.floor;
            if counts { residual.min(rules.limit) } else { 0.0 }
        });
        let up = residual.is_some_and(|residual| residual >= thresholds.hold);
        baseline.feed(t, alone, up, rules);
        let Some(residual) = residual else { return Use::Baseline };
        context.emit(thresholds.class, residual, &name());
        if up {
            self.up.insert(key.clone(), (t, t));
        } else if let Some((_, said)) = self.up.get_mut(key) {
            *said = t;
        }
        Use::Residual
    }

    /// Says of channels that were up, and of which nothing was said in this poll, that they are quiet: a statement that is not executed
    /// any more has no regression, and its episode would stay open for ever.
    pub(super) fn silence(&mut self, class: Class, name: impl Fn(&K) -> String, context: &mut PollContext<'_>) {
        let (t, rules) = (context.t, context.rules);
        self.up.retain(|_, (up, _)| t - *up <= rules.quiet_s);
        for (key, (_, said)) in &self.up {
            // Within the pool, silence says nothing yet.
            if t - *said > rules.pool_s {
                context.emit(class, 0.0, &name(key));
            }
        }
    }
}
