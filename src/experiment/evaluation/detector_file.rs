//! A detector in an experiment file: the name of one that is built in, or a command.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::evaluate::{CommandDetector, Subject};
use crate::experiment::DetectorFileProblem;
use crate::experiment::located::Located;

/// What stands in the list of detectors.
pub(super) enum DetectorKeys {
    Name(String),
    Command(CommandKeys),
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandKeys {
    /// Its name in tables.
    #[schemars(with = "String")]
    name: Spanned<String>,
    /// The program and its arguments, which run in the folder of the experiment file.
    #[schemars(with = "Vec<String>")]
    command: Spanned<Vec<String>>,
    /// Seconds that it may take for one tape; 60 if it is left out.
    #[schemars(with = "Option<f64>")]
    timeout_s: Option<Spanned<f64>>,
    /// Further files that decide what it answers, relative to the folder of the experiment file.
    #[serde(default)]
    files: Vec<PathBuf>,
}

/// The same for the schema.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is looked at")]
pub(super) enum DetectorSchema {
    Name(String),
    Command(CommandKeys),
}

impl<'de> Deserialize<'de> for DetectorKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = DetectorKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a detector, or a table with its `name` and its `command`")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<DetectorKeys, E> {
                Ok(DetectorKeys::Name(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DetectorKeys, A::Error> {
                CommandKeys::deserialize(MapAccessDeserializer::new(map)).map(DetectorKeys::Command)
            }
        }
        deserializer.deserialize_any(Keys)
    }
}

impl CommandKeys {
    /// The detector, and the further files, where the experiment file is in `folder`.
    pub(super) fn check(self, folder: &Path) -> Result<(CommandDetector, Vec<PathBuf>), Located> {
        let Self { name, command, timeout_s, files } = self;
        let at = name.span().start;
        let name = name.into_inner();
        if name.parse::<Subject>().is_ok() {
            return Err(Located::at_byte(at, DetectorFileProblem::BuiltIn { name }));
        }
        if !CommandDetector::takes_name(&name) {
            return Err(Located::at_byte(at, DetectorFileProblem::Name { name }));
        }
        let at = command.span().start;
        let command = command.into_inner();
        if command.first().is_none_or(String::is_empty) {
            return Err(Located::at_byte(at, DetectorFileProblem::NoCommand));
        }
        if command.iter().any(|part| part.contains('\0')) {
            return Err(Located::at_byte(at, DetectorFileProblem::NulInCommand));
        }
        let (least, most) = CommandDetector::TIMEOUTS_S;
        let timeout = match timeout_s {
            Some(timeout) if !(least..=most).contains(timeout.get_ref()) => {
                let problem = DetectorFileProblem::Timeout { least, most, given: *timeout.get_ref() };
                return Err(Located::at_byte(timeout.span().start, problem));
            }
            timeout => Duration::from_secs_f64(timeout.map_or(CommandDetector::TIMEOUT_S, Spanned::into_inner)),
        };
        Ok((CommandDetector { name, command, folder: folder.to_path_buf(), timeout }, files))
    }
}
