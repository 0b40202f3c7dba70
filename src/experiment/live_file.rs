//! Files of live experiments: `[server]`, `[load]`, `[capture]`, `[fault]`, `[truth]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::convert_file::Convert;
use super::located::Located;
use super::{ExperimentError, LiveProblem};
use crate::live::{InjectedFault, Live, Load};
use crate::motif::{Engine, Motif};

use crate::trace::{Dataset, Options};

/// An experiment on a throw-away server. It has limits instead of digests: no two runs are alike.
#[derive(Clone, Debug)]
pub struct LiveExperiment {
    /// The file's name without `.toml`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// One line for people.
    pub title: String,
    /// What is done to the server.
    pub live: Live,
    /// How its recording is distilled.
    pub options: Options,
    /// What replays the tape.
    pub engine: Engine,
    /// What should be found.
    pub truth: Vec<Truth>,
    /// What is good enough.
    pub limits: Limits,
}

/// A channel on which the fault shows while it lasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The motif that should see it.
    pub motif: Motif,
    /// Where.
    pub channel: TruthChannel,
    /// It has to be found. Otherwise it may be: a consequence of the fault, and no false alarm.
    pub required: bool,
}

/// The channel of a truth.
#[derive(Clone, Debug, PartialEq)]
pub enum TruthChannel {
    /// Of this name.
    Named(String),
    /// Of the statement whose text is like this (SQL's LIKE): its identifier is known once it has run.
    Statement(String),
}

/// Limits of a live experiment, each finite and not negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Seconds from the fault to the start of the episode.
    pub detect_s: f64,
    /// Seconds from the end of the fault until the residual is under the drift threshold for good.
    pub recover_s: f64,
    /// Episodes on channels that the fault does not touch.
    pub false_episodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { detect_s: 3.0, recover_s: 5.0, false_episodes: 0 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    server: ServerKeys,
    #[serde(default)]
    load: LoadKeys,
    #[serde(default)]
    capture: CaptureKeys,
    fault: Spanned<FaultKeys>,
    #[serde(default)]
    truth: TruthKeys,
    #[serde(default)]
    convert: Convert,
    #[serde(default)]
    replay: super::engine::Replay,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerKeys {
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LoadKeys {
    scale: u32,
    clients: u32,
    rate: u32,
}

impl Default for LoadKeys {
    fn default() -> Self {
        let Load { scale, clients, rate } = Load::default();
        Self { scale, clients, rate }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CaptureKeys {
    seconds: f64,
    interval_s: f64,
}

impl Default for CaptureKeys {
    fn default() -> Self {
        Self { seconds: 70.0, interval_s: 1.0 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultKeys {
    kind: Spanned<String>,
    #[serde(default = "begin")]
    begin_s: f64,
    #[serde(default = "end")]
    end_s: f64,
}

fn begin() -> f64 {
    30.0
}

fn end() -> f64 {
    50.0
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TruthKeys {
    #[serde(default)]
    limits: LimitKeys,
    #[serde(default)]
    windows: Vec<Spanned<TruthWindow>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitKeys {
    detect_s: Option<Spanned<f64>>,
    recover_s: Option<Spanned<f64>>,
    false_episodes: Option<usize>,
}

impl LimitKeys {
    /// The limits. One that is not finite is none: no delay is above NaN.
    fn limits(self) -> Result<Limits, Located> {
        let seconds = |key: &'static str, given: Option<Spanned<f64>>, default: f64| match given {
            None => Ok(default),
            Some(given) if given.get_ref().is_finite() && *given.get_ref() >= 0.0 => Ok(given.into_inner()),
            Some(given) => {
                let problem = LiveProblem::Limit { key, given: *given.get_ref() };
                Err(Located::at_byte(given.span().start, problem))
            }
        };
        let default = Limits::default();
        Ok(Limits {
            detect_s: seconds("detect_s", self.detect_s, default.detect_s)?,
            recover_s: seconds("recover_s", self.recover_s, default.recover_s)?,
            false_episodes: self.false_episodes.unwrap_or(default.false_episodes),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TruthWindow {
    motif: Spanned<String>,
    channel: Option<String>,
    statement: Option<String>,
    #[serde(default = "yes")]
    required: bool,
}

fn yes() -> bool {
    true
}

impl LiveExperiment {
    /// Reads the file at `path`, whose text is `text`.
    pub(super) fn read(path: &Path, text: &str, root: &Path) -> Result<Self, ExperimentError> {
        let fail = |problem: Located| problem.in_file(path, text);
        let file: File = toml::from_str(text).map_err(|error| fail(Located::of_toml(error)))?;
        let engine = file.replay.engine(true, root, text).map_err(|error| error.into_error(&fail))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let options = file.convert.options(Dataset::Postgres).map_err(fail)?;
        let at = file.fault.span().start;
        let FaultKeys { kind, begin_s, end_s } = file.fault.into_inner();
        let fault: InjectedFault =
            kind.get_ref().parse().map_err(|error| fail(Located::at_byte(kind.span().start, error)))?;
        let CaptureKeys { seconds, interval_s } = file.capture;
        if !(0.0 < begin_s && begin_s < end_s && end_s < seconds && seconds <= 86_400.0) {
            return Err(fail(Located::at_byte(at, LiveProblem::Times { begin_s, end_s, seconds })));
        }
        if !(0.05..=60.0).contains(&interval_s) {
            return Err(fail(Located::at_byte(at, LiveProblem::Interval { given: interval_s })));
        }
        let limits = file.truth.limits.limits().map_err(fail)?;
        let truth = file.truth.windows.into_iter().map(truth).collect::<Result<Vec<_>, _>>().map_err(fail)?;
        let required = truth.iter().any(|truth| truth.required);
        if required == (fault == InjectedFault::None) {
            let problem = if required { LiveProblem::NothingRequired } else { LiveProblem::NoWindow };
            return Err(fail(Located::at_byte(at, problem)));
        }
        let LoadKeys { scale, clients, rate } = file.load;
        if !(1..=1000).contains(&scale) || !(1..=500).contains(&clients) || !(1..=100_000).contains(&rate) {
            return Err(fail(Located::at_byte(at, LiveProblem::Load)));
        }
        let load = Load { scale, clients, rate };
        let settings = file.server.settings.into_iter().collect();
        let live = Live { settings, load, fault, begin_s, end_s, seconds, interval_s };
        Ok(Self { name, path: path.to_path_buf(), title: file.title, live, options, engine, truth, limits })
    }
}

fn truth(window: Spanned<TruthWindow>) -> Result<Truth, Located> {
    let at = window.span().start;
    let TruthWindow { motif, channel, statement, required } = window.into_inner();
    let motif: Motif = motif.get_ref().parse().map_err(|unknown| Located::at_byte(motif.span().start, unknown))?;
    let channel = match (channel, statement) {
        (Some(name), None) => TruthChannel::Named(name),
        (None, Some(pattern)) => TruthChannel::Statement(pattern),
        _ => return Err(Located::at_byte(at, LiveProblem::WindowChannel)),
    };
    Ok(Truth { motif, channel, required })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(limits: &str) -> Result<LiveExperiment, ExperimentError> {
        let text = format!("title = 'x'\n[fault]\nkind = 'none'\n[truth.limits]\n{limits}\n");
        LiveExperiment::read(Path::new("x.toml"), &text, Path::new("."))
    }

    #[test]
    fn limits_are_finite_and_not_negative() {
        for key in ["detect_s", "recover_s"] {
            for value in ["nan", "+nan", "-nan", "inf", "-inf", "-1", "-0.001", "-1e308"] {
                let error = read(&format!("{key} = {value}")).unwrap_err().to_string();
                let problem = format!("x.toml:5:{}`: {key} is a finite number of seconds from 0 on", key.len() + 4);
                assert!(error.contains(&problem), "{error}");
            }
            for value in ["0", "0.0", "1e300", "7"] {
                assert!(read(&format!("{key} = {value}")).is_ok(), "{key} = {value}");
            }
        }
        for wrong in ["false_episodes = -1", "false_episodes = nan", "false_episodes = inf", "detect = 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read("").unwrap().limits, Limits::default());
    }
}
