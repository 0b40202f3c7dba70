//! The parameters of distilling: every number that decides a residual of a recording.

use crate::diagnostics::UnknownName;

/// Declares the structure, its defaults, and what is told of each parameter.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $default:literal, $least:literal ..= $most:literal;)*) => {
        /// The parameters of distilling a recording. Experiment files set them under `[convert.rules]`; `docs/live.md` says on
        /// which runs each was chosen and on which it was tested.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct Rules {
            $($(#[$doc])* pub $name: f64,)*
        }

        impl Default for Rules {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Rules {
            /// Names and values, in order of name.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, f64)> {
                let mut entries = vec![$((stringify!($name), self.$name)),*];
                entries.sort_by_key(|(name, _)| *name);
                entries
            }

            /// Changes a parameter by name.
            ///
            /// # Errors
            /// When there is none of that name, or the value is out of its range; nothing is changed then.
            pub fn set(&mut self, name: &str, value: f64) -> Result<(), RuleError> {
                match name {
                    $(stringify!($name) => {
                        if !($least..=$most).contains(&value) {
                            return Err(RuleError::OutOfRange { name: stringify!($name), value, least: $least, most: $most });
                        }
                        self.$name = value;
                    })*
                    _ => {
                        let known = self.entries().into_iter().map(|(name, _)| name);
                        return Err(UnknownName::new("rule", name, known).into());
                    }
                }
                Ok(())
            }
        }
    };
}

/// A parameter that distilling does not take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// None of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Out of its range.
    #[error("{value} is out of range: {least} <= {name} <= {most}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The least that it takes.
        least: f64,
        /// The most that it takes.
        most: f64,
    },
}

rules! {
    /// Seconds of polls that are pooled to one value: what back ends flush once a second is smoothed.
    pool_s = 3.0, 0.0..=3600.0;
    /// Seconds of history that a baseline looks back over, before the pooled ones.
    history_s = 30.0, 1.0..=86_400.0;
    /// Seconds of history that a baseline needs.
    known_s = 5.0, 0.0..=86_400.0;
    /// Standard deviations that an amount must be above what is usual, by how much the channel's intervals vary.
    significance = 5.0, 0.0..=1e6;
    /// Seconds after which a level that has come to stay becomes the baseline, and for which an idle transaction that has ended is
    /// remembered.
    adopt_s = 300.0, 1.0..=1e9;
    /// Seconds for which a channel that was up and has fallen silent is said to be quiet, so that its episode can close.
    quiet_s = 30.0, 0.0..=86_400.0;
    /// Largest residual: one of 12,000 would poison a moving average for minutes.
    limit = 2.0, 0.1..=1e9;
    /// Calls of a statement in the pool without which it is not judged.
    plan_calls = 5.0, 1.0..=1e9;
    /// Blocks a second that a statement must read beyond its baseline.
    plan_excess = 500.0, 0.0..=1e15;
    /// Residual from which a statement's baseline is not fed.
    plan_hold = 0.1, 0.0..=1e9;
    /// Sessions waiting for one event, on average over an interval, that are nothing yet.
    wait_floor = 0.02, 0.0..=1e9;
    /// Seconds that a wait must have lasted to be a link of a chain.
    chain_s = 0.5, 0.0..=3600.0;
    /// Seconds that are added to both sides of the ratio of how long a session has been idle in its transaction.
    idle_guard_s = 5.0, 0.1..=86_400.0;
    /// Residual of an idle transaction that is nothing yet.
    idle_floor = 0.3, 0.0..=1e9;
    /// Blocks in the pool without which a hit ratio is not judged.
    cache_blocks = 200.0, 1.0..=1e15;
    /// Miss ratio above the baseline that is nothing yet.
    cache_floor = 0.02, 0.0..=1.0;
    /// Residual from which a cache's baseline is not fed.
    cache_hold = 0.05, 0.0..=1e9;
    /// Calls in the pool without which a mix is not compared.
    mix_calls = 50.0, 1.0..=1e15;
    /// Divergence in bits from which the reference mix is not fed.
    mix_hold = 0.1, 0.0..=1.0;
    /// Rows a second that an index must give beyond its baseline.
    rows_excess = 1000.0, 0.0..=1e15;
    /// Residual from which a table's baseline is not fed.
    rows_hold = 0.25, 0.0..=1e9;
    /// Seconds over which requested checkpoints are counted; from the second on they are a residual.
    checkpoint_s = 4.0, 0.1..=3600.0;
    /// New sessions a second that are added to both sides of their ratio.
    session_guard = 20.0, 0.1..=1e9;
    /// Residual from which the baseline of new sessions is not fed.
    session_hold = 0.2, 0.0..=1e9;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_set_by_name_and_only_within_its_range() {
        let mut rules = Rules::default();
        for (name, _) in Rules::default().entries() {
            rules.set(name, 1.0).unwrap();
            for value in [f64::NAN, f64::INFINITY, -1.0] {
                assert!(rules.set(name, value).is_err(), "{name} {value}");
            }
        }
        assert!(rules.entries().iter().all(|(_, value)| *value == 1.0));
        let error = rules.set("pools_s", 1.0).unwrap_err().to_string();
        assert!(error.starts_with("unknown rule `pools_s`; did you mean `pool_s`? known: adopt_s, cache_"), "{error}");
    }
}
