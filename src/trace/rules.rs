//! Numbers that decide residuals, by name: each with its meaning, its default and its range.

use crate::diagnostics::UnknownName;

/// Declares a structure of rules: each once, with its meaning, its default and its range.
macro_rules! rules {
    ($(#[$about:meta])* $vis:vis $rules:ident {
        $($(#[$doc:meta])* $name:ident = $default:literal, $least:literal ..= $most:literal;)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        $vis struct $rules {
            $($(#[$doc])* $vis $name: f64,)*
        }

        impl Default for $rules {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl $rules {
            /// Names and values, in order of name.
            #[must_use]
            $vis fn entries(&self) -> Vec<(&'static str, f64)> {
                let mut entries = vec![$((stringify!($name), self.$name)),*];
                entries.sort_by_key(|(name, _)| *name);
                entries
            }

            /// Changes a parameter by name.
            ///
            /// # Errors
            /// When there is none of that name, or the value is out of its range; nothing is changed then.
            $vis fn set(&mut self, name: &str, value: f64) -> Result<(), $crate::trace::RuleError> {
                match name {
                    $(stringify!($name) => {
                        if !($least..=$most).contains(&value) {
                            return Err($crate::trace::RuleError::OutOfRange {
                                name: stringify!($name),
                                value,
                                least: $least,
                                most: $most,
                            });
                        }
                        self.$name = value;
                    })*
                    _ => {
                        let known = self.entries().into_iter().map(|(name, _)| name);
                        return Err($crate::diagnostics::UnknownName::new("rule", name, known).into());
                    }
                }
                Ok(())
            }
        }

        impl $crate::trace::rules::Rulebook for $rules {
            fn of(values: impl Iterator<Item = (&'static str, f64)>) -> Self {
                let mut rules = Self::default();
                for (name, value) in values {
                    rules.set(name, value).expect("it was checked when it was set");
                }
                rules
            }

            fn keep(values: &mut std::collections::BTreeMap<&'static str, f64>, name: &str, value: f64) -> Result<(), $crate::trace::rules::RuleError> {
                let mut rules = Self::default();
                rules.set(name, value)?;
                for ((rule, value), (_, default)) in rules.entries().into_iter().zip(Self::default().entries()) {
                    if rule == name {
                        values.remove(rule);
                        if value != default {
                            values.insert(rule, value);
                        }
                    }
                }
                Ok(())
            }
        }
    };
}
pub(super) use rules;

/// Rules as the option `rule` of a data set has them.
pub(super) trait Rulebook: Sized {
    /// The rules that differ from their defaults by these values, which were checked.
    fn of(values: impl Iterator<Item = (&'static str, f64)>) -> Self;

    /// Checks a rule, and keeps it if it is not at its default: so a new rule changes no digest.
    fn keep(
        values: &mut std::collections::BTreeMap<&'static str, f64>,
        name: &str,
        value: f64,
    ) -> Result<(), RuleError>;
}

/// A rule that cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
