//! Channels that are compared with their own past: when they have a residual, and when they are told to be quiet.

use std::collections::BTreeMap;

use super::baseline::Baseline;
use super::{Emit, Rules};
use crate::residual::Class;

/// How the values of a class are judged.
#[derive(Clone, Copy)]
pub(super) struct Judgement {
    pub(super) class: Class,
    /// Above the median by no more than this is nothing.
    pub(super) floor: f64,
    /// Residual from which the baseline is not fed.
    pub(super) hold: f64,
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
    /// Takes in the value of a channel at `t` and emits its residual, once its baseline is known. `counts` says whether what is
    /// behind the value is enough for an incident: a residual is 0 otherwise.
    pub(super) fn value(
        &mut self,
        key: &K,
        name: impl FnOnce() -> String,
        (t, value): (f64, f64),
        judgement: Judgement,
        counts: impl FnOnce(f64) -> bool,
        rules: &Rules,
        emit: &mut Emit<'_>,
    ) {
        let baseline = self.channels.entry(key.clone()).or_default();
        let usual = baseline.usual(t, rules);
        let above = usual.map(|usual| {
            let above = usual.above(value, rules.dead_zone, judgement.floor);
            if above > 0.0 && counts(usual.median) { above.min(rules.limit) } else { 0.0 }
        });
        let up = above.is_some_and(|above| above >= judgement.hold);
        baseline.feed(t, value, up, rules);
        let Some(residual) = above else { return };
        emit(t, judgement.class, residual, &name());
        if up {
            self.up.insert(key.clone(), (t, t));
        } else if let Some((_, said)) = self.up.get_mut(key) {
            *said = t;
        }
    }

    /// Says of channels that were up, and of which nothing was said at `t`, that they are quiet: a statement that is not executed
    /// any more has no regression, and its episode would stay open for ever.
    pub(super) fn silence(&mut self, t: f64, class: Class, name: impl Fn(&K) -> String, rules: &Rules, emit: &mut Emit<'_>) {
        self.up.retain(|_, (up, _)| t - *up <= rules.quiet_s);
        for (key, (_, said)) in &mut self.up {
            // Within the pool, silence says nothing yet.
            if t - *said > rules.pool_s {
                emit(t, class, 0.0, &name(key));
            }
        }
    }
}
