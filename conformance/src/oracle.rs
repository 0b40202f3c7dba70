//! The reference package's public interface, in our words.

use std::path::Path;

use dsfb_database::adapters::DatasetAdapter;
use dsfb_database::adapters::ceb::Ceb;
use dsfb_database::adapters::generic_csv::{GenericCsvOptions, load_generic_csv};
use dsfb_database::adapters::job::Job;
use dsfb_database::adapters::otel::load_otel_db_spans;
use dsfb_database::adapters::postgres::load_pg_stat_statements;
use dsfb_database::adapters::snowset::Snowset;
use dsfb_database::adapters::sqlshare::SqlShare;
use dsfb_database::adapters::sqlshare_text::SqlShareText;
use dsfb_database::adapters::tpcds::TpcDs;
use dsfb_database::grammar::{Episode, MotifEngine, MotifGrammar, MotifParams};
use dsfb_database::residual::{ResidualClass, ResidualSample, ResidualStream};
use telltape::evaluate::Exemplar;
use telltape::motif::{Grammar, Parameters};
use telltape::residual::{Class, Sample};
use telltape::trace::{Dataset, Options};

/// Which columns of a generic CSV mean what; what is not named is found by the construction.
#[derive(Clone, Debug, Default)]
pub struct GenericColumns {
    /// Header of the time column, in seconds.
    pub time: Option<String>,
    /// Header of the value column.
    pub value: Option<String>,
    /// Header of the channel column.
    pub channel: Option<String>,
    /// The values are residuals already, of class plan regression.
    pub pre_residualized: bool,
}

impl GenericColumns {
    /// Names the columns in our options, too.
    pub fn set(&self, options: &mut Options) {
        let named = [("time-col", &self.time), ("value-col", &self.value), ("channel-col", &self.channel)];
        for (flag, name) in named {
            if let Some(name) = name {
                options.set(flag, name).expect("generic has it");
            }
        }
        if self.pre_residualized {
            options.set("pre-residualized", "true").expect("generic has it");
        }
    }
}

/// Our class of one of its classes.
#[must_use]
pub fn code(class: ResidualClass) -> u8 {
    match class {
        ResidualClass::PlanRegression => Class::PlanRegression.code(),
        ResidualClass::Cardinality => Class::Cardinality.code(),
        ResidualClass::Contention => Class::Contention.code(),
        ResidualClass::CacheIo => Class::CacheIo.code(),
        ResidualClass::WorkloadPhase => Class::WorkloadPhase.code(),
    }
}

/// Its class of one of ours.
#[must_use]
pub fn class(class: Class) -> ResidualClass {
    match class {
        Class::PlanRegression => ResidualClass::PlanRegression,
        Class::Cardinality => ResidualClass::Cardinality,
        Class::Contention => ResidualClass::Contention,
        Class::CacheIo => ResidualClass::CacheIo,
        Class::WorkloadPhase => ResidualClass::WorkloadPhase,
    }
}

/// Its sample of one of ours.
#[must_use]
pub fn sample(ours: &Sample<'_>) -> ResidualSample {
    let theirs = ResidualSample::new(ours.t, class(ours.class), ours.value);
    match ours.channel {
        Some(channel) => theirs.with_channel(channel),
        None => theirs,
    }
}

/// Its stream of samples in order of arrival, sorted as its adapters sort.
#[must_use]
pub fn stream<'a>(source: &str, samples: impl IntoIterator<Item = Sample<'a>>) -> ResidualStream {
    let mut stream = ResidualStream::new(source);
    samples.into_iter().for_each(|ours| stream.push(sample(&ours)));
    stream.sort();
    stream
}

/// Its grammar of one of ours.
#[must_use]
pub fn grammar(ours: &Grammar) -> MotifGrammar {
    MotifGrammar {
        plan_regression_onset: parameters(&ours.plan_regression_onset),
        cardinality_mismatch_regime: parameters(&ours.cardinality_mismatch_regime),
        contention_ramp: parameters(&ours.contention_ramp),
        cache_collapse: parameters(&ours.cache_collapse),
        workload_phase_transition: parameters(&ours.workload_phase_transition),
    }
}

fn parameters(ours: &Parameters) -> MotifParams {
    MotifParams {
        rho: ours.rho,
        sigma0: ours.sigma0,
        drift_threshold: ours.drift_threshold,
        slew_threshold: ours.slew_threshold,
        min_dwell_seconds: ours.min_dwell_seconds,
    }
}

/// Its episodes of a stream.
#[must_use]
pub fn replay(stream: &ResidualStream, grammar: MotifGrammar) -> Vec<Episode> {
    MotifEngine::new(grammar).run(stream)
}

/// Lowercase hex of its stream fingerprint.
#[must_use]
pub fn fingerprint(stream: &ResidualStream) -> String {
    stream.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Converts a trace with its adapter.
///
/// # Errors
/// What the adapter says, as text.
pub fn convert(dataset: Dataset, path: &Path, columns: &GenericColumns) -> Result<ResidualStream, String> {
    let loaded = match dataset {
        Dataset::Postgres => return Err("a recording of ours, which it does not know".to_owned()),
        Dataset::Snowset => Snowset.load(path),
        Dataset::Sqlshare => SqlShare.load(path),
        Dataset::SqlshareText => SqlShareText.load(path),
        Dataset::Ceb => Ceb.load(path),
        Dataset::Job => Job.load(path),
        Dataset::Tpcds => TpcDs.load(path),
        Dataset::Pgss => load_pg_stat_statements(path),
        Dataset::Otel => load_otel_db_spans(path),
        Dataset::Generic => load_generic_csv(
            path,
            &GenericCsvOptions {
                time_col: columns.time.clone(),
                value_col: columns.value.clone(),
                channel_col: columns.channel.clone(),
                pre_residualized: columns.pre_residualized,
            },
        ),
        other => return Err(format!("`{other}`, which it does not know")),
    };
    loaded.map_err(|error| format!("{error:#}"))
}

/// Its exemplar of a data set.
#[must_use]
pub fn exemplar(exemplar: Exemplar, seed: u64) -> ResidualStream {
    match exemplar {
        Exemplar::Snowset => Snowset.exemplar(seed),
        Exemplar::Sqlshare => SqlShare.exemplar(seed),
        Exemplar::SqlshareText => SqlShareText.exemplar(seed),
        Exemplar::Ceb => Ceb.exemplar(seed),
        Exemplar::Job => Job.exemplar(seed),
        Exemplar::Tpcds => TpcDs.exemplar(seed),
    }
}

/// The bytes of its episode table, which it can only write to a file; `scratch` is that file.
///
/// # Errors
/// When the file cannot be written or read back.
pub fn csv(episodes: &[Episode], scratch: &Path) -> Result<Vec<u8>, String> {
    dsfb_database::report::write_episodes_csv(scratch, episodes).map_err(|error| format!("{error:#}"))?;
    std::fs::read(scratch).map_err(|error| error.to_string())
}
