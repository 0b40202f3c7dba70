//! Flags that adapters declare: each is an option of the data sets whose adapters have it, and of no other.

use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::failure::Failure;
#[cfg(feature = "capture")]
use crate::trace::ADAPTERS;
use crate::trace::{OptionKind, OptionSpec, Options, Spelling};

/// Whose options a command has.
pub(super) trait Scope {
    fn options() -> Vec<&'static OptionSpec>;
}

/// Those of all data sets.
pub(super) struct AllTraces;

/// Those of recordings.
#[cfg(feature = "capture")]
pub(super) struct Recordings;

impl Scope for AllTraces {
    fn options() -> Vec<&'static OptionSpec> {
        OptionSpec::all()
    }
}

#[cfg(feature = "capture")]
impl Scope for Recordings {
    fn options() -> Vec<&'static OptionSpec> {
        let recordings = ADAPTERS.iter().map(|adapter| adapter.about()).filter(|about| about.is_recording);
        recordings.flat_map(|about| about.options).collect()
    }
}

/// The options of adapters that were given, with their values.
pub(super) struct AdapterArguments<S> {
    given: Vec<(&'static OptionSpec, Vec<String>)>,
    scope: PhantomData<S>,
}

impl<S> AdapterArguments<S> {
    /// Sets the options that were given.
    pub(super) fn set(&self, options: &mut Options) -> Result<(), Failure> {
        for (option, values) in &self.given {
            option.of(options.dataset, Spelling::Flag)?;
            for value in values {
                options.set(option.flag, value)?;
            }
        }
        Ok(())
    }
}

impl<S: Scope> clap::Args for AdapterArguments<S> {
    fn augment_args(command: Command) -> Command {
        command.args(S::options().into_iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Scope> clap::FromArgMatches for AdapterArguments<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = S::options().into_iter().map(|option| (option, values(option, matches)));
        Ok(Self { given: given.filter(|(_, values)| !values.is_empty()).collect(), scope: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(option: &'static OptionSpec) -> Arg {
    let argument = Arg::new(option.flag).long(option.flag);
    match option.kind {
        // An offset may start with a minus, and so may the name of a column.
        OptionKind::Text { value_name, .. } | OptionKind::Word { value_name, .. } => {
            argument.help(option.help).value_name(value_name).allow_hyphen_values(true)
        }
        OptionKind::Switch => argument.help(option.help).action(ArgAction::SetTrue),
        OptionKind::Numbers { example, .. } => argument
            .help(format!("{}, such as {example}; may be given several times", option.help))
            .value_name("NAME=VALUE")
            .action(ArgAction::Append),
    }
}

fn values(option: &'static OptionSpec, matches: &ArgMatches) -> Vec<String> {
    match option.kind {
        OptionKind::Switch if matches.get_flag(option.flag) => vec!["true".to_owned()],
        OptionKind::Switch => Vec::new(),
        OptionKind::Text { .. } | OptionKind::Word { .. } | OptionKind::Numbers { .. } => {
            matches.get_many(option.flag).into_iter().flatten().cloned().collect()
        }
    }
}
