//! Detectors whose parameters are tuned on some seeds, and reported on others; engines stay as they are.

use super::ordered::try_in_order;
use super::score::range_f1;
use super::{Answered, CommandError, Detector, Generator, Score, Settings, Subject, Tally, pool, score_columns, tally};
use crate::motif::ParameterError;
use crate::residual::Math;
use crate::store::TableColumns;

/// What is tuned on what.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// What generates the streams.
    pub generator: Generator,
    /// Its logarithms.
    pub math: Math,
    /// Seeds that parameters are chosen on: none of `test`.
    pub train: Vec<u64>,
    /// Seeds that scores are of.
    pub test: Vec<u64>,
    /// Factors on each parameter, every one with every other.
    pub factors: Vec<f64>,
    /// Who is scored. Engines and commands are as they are; detectors with parameters are tuned, too.
    pub subjects: Vec<Subject>,
}

/// Somebody with some parameters, and the scores on the seeds that nothing was tuned on.
#[derive(Clone, Debug)]
pub struct Tuned {
    detector: String,
    /// Whether the parameters are chosen.
    is_tuned: bool,
    /// `key=value`, with blanks between; empty where they are the usual ones.
    parameters: String,
    scores: Vec<Score>,
}

/// What was found in each run of a candidate, or of each candidate in a run: motif by motif.
type RunTallies = Vec<Vec<Tally>>;

/// Somebody with some parameters.
#[derive(Clone)]
enum TunedCandidate<'a> {
    AsItIs(&'a Subject),
    Set(&'static dyn Detector, Settings),
}

/// Every combination of factors on the parameters of a detector, by those on the first parameter, then on the second; none of a
/// detector without parameters.
///
/// # Errors
/// When a factor leads a parameter out of its range: its key, the factor, and the problem.
pub fn settings_grid(
    detector: &'static dyn Detector,
    factors: &[f64],
) -> Result<Vec<Settings>, (&'static str, f64, ParameterError)> {
    if detector.parameters().is_empty() {
        return Ok(Vec::new());
    }
    let mut grid = vec![Settings::defaults(detector)];
    for parameter in detector.parameters() {
        let key = parameter.range.key;
        let scale = |factor: &f64| parameter.scaled(*factor).map_err(|problem| (key, *factor, problem));
        let values = factors.iter().map(scale).collect::<Result<Vec<f64>, _>>()?;
        let with = |settings: &Settings, value: f64| {
            let mut settings = settings.clone();
            settings.set(key, value).expect("it is one of its parameters, in range");
            settings
        };
        grid = grid.iter().flat_map(|settings| values.iter().map(move |value| with(settings, *value))).collect();
    }
    Ok(grid)
}

impl Tuning {
    /// Runs it: each as it is, then with the parameters that are best on the seeds to tune on; and what commands answered. `ran` is
    /// told of each run as it ends.
    ///
    /// The best has the highest range-based F1 over all motifs and runs; of equal ones the first is taken.
    ///
    /// # Errors
    /// When a command fails.
    ///
    /// # Panics
    /// When a factor leads a parameter out of its range: [`settings_grid`] tells.
    pub fn run(&self, ran: &(dyn Fn() + Sync)) -> Result<(Vec<Tuned>, Vec<Answered>), CommandError> {
        let grids: Vec<Vec<TunedCandidate<'_>>> = self.subjects.iter().map(|subject| self.grid(subject)).collect();
        let (trained, _) = self.tally_all(&grids.concat(), &self.train, ran)?;
        let mut trained = trained.into_iter();
        let mut candidates = Vec::new();
        for (subject, grid) in self.subjects.iter().zip(grids) {
            candidates.push((subject, TunedCandidate::AsItIs(subject)));
            let scores: Vec<f64> =
                trained.by_ref().take(grid.len()).map(|runs| range_f1(&runs).unwrap_or_default()).collect();
            let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let chosen = grid.into_iter().zip(scores).find(|(_, score)| *score == best);
            candidates.extend(chosen.map(|(candidate, _)| (subject, candidate)));
        }
        let (subjects, candidates): (Vec<&Subject>, Vec<TunedCandidate<'_>>) = candidates.into_iter().unzip();
        let (tested, answers) = self.tally_all(&candidates, &self.test, ran)?;
        let rows = subjects.iter().zip(&candidates).zip(tested).map(|((subject, candidate), runs)| Tuned {
            detector: subject.name().to_owned(),
            is_tuned: matches!(candidate, TunedCandidate::Set(..)),
            parameters: candidate.spelled(),
            scores: pool(&runs),
        });
        Ok((rows.collect(), answers))
    }

    /// What a detector may be tuned to.
    fn grid(&self, subject: &Subject) -> Vec<TunedCandidate<'_>> {
        let Subject::Detector(detector) = subject else { return Vec::new() };
        let grid = settings_grid(*detector, &self.factors).expect("every factor leads to a parameter in range");
        grid.into_iter().map(|settings| TunedCandidate::Set(*detector, settings)).collect()
    }

    /// The tallies of each candidate over some seeds, in parallel over them and by index, and what commands answered.
    fn tally_all(
        &self,
        candidates: &[TunedCandidate<'_>],
        seeds: &[u64],
        ran: &(dyn Fn() + Sync),
    ) -> Result<(Vec<RunTallies>, Vec<Answered>), CommandError> {
        let windows = self.generator.windows();
        let runs = try_in_order(seeds, |seed| {
            let stream = self.generator.stream(*seed, self.math);
            let (mut tallies, mut answers) = (Vec::new(), Vec::new());
            for candidate in candidates {
                let spans = match candidate {
                    TunedCandidate::AsItIs(subject) => {
                        let found = subject.find(&stream, self.math)?;
                        answers.extend(found.answered(subject.name(), None, Some(*seed)));
                        found.spans
                    }
                    TunedCandidate::Set(detector, settings) => detector.find_spans(&stream, settings, self.math),
                };
                tallies.push(tally(&spans, &windows, stream.span()));
            }
            ran();
            Ok::<(Vec<Vec<Tally>>, Vec<Answered>), CommandError>((tallies, answers))
        })?;
        let (runs, answers): (Vec<RunTallies>, Vec<_>) = runs.into_iter().unzip();
        let of_candidate = |at: usize| runs.iter().map(|run| run[at].clone()).collect();
        Ok(((0..candidates.len()).map(of_candidate).collect(), answers.concat()))
    }
}

impl TunedCandidate<'_> {
    fn spelled(&self) -> String {
        let Self::Set(detector, settings) = self else { return String::new() };
        let keys = detector.parameters().iter().map(|parameter| parameter.range.key);
        keys.map(|key| format!("{key}={}", settings.number(key))).collect::<Vec<_>>().join(" ")
    }
}

/// The table: `detector,parameters,tuned` and the columns of scores, all of them on the seeds that nothing was tuned on.
#[must_use]
pub fn tuned_csv(rows: &[Tuned]) -> Vec<u8> {
    let rows = rows.iter().flat_map(|tuned| tuned.scores.iter().map(move |score| (tuned, score)));
    TableColumns::default()
        .text("detector", |(tuned, _): &(&Tuned, &Score)| &tuned.detector)
        .text("parameters", |(tuned, _)| &tuned.parameters)
        .flag("tuned", |(tuned, _)| tuned.is_tuned)
        .and(score_columns(), |(_, score)| score)
        .csv(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::find_detector;

    fn tuning(factors: &[f64]) -> Tuning {
        Tuning {
            generator: Generator::Perturbed { scale: 0.35 },
            math: Math::Portable,
            train: vec![31, 32],
            test: vec![1, 2],
            factors: factors.to_vec(),
            subjects: ["excursion", "never", "cusum"].map(|name| name.parse().unwrap()).into(),
        }
    }

    #[test]
    fn only_detectors_with_parameters_are_tuned_and_the_best_on_other_seeds_is_taken() {
        let factors = [0.5, 1.0, 4.0];
        let (rows, _) = tuning(&factors).run(&|| ()).unwrap();
        let names: Vec<(&str, bool)> = rows.iter().map(|row| (&*row.detector, row.is_tuned)).collect();
        assert_eq!(names, [("excursion", false), ("never", false), ("cusum", false), ("cusum", true)]);
        // By hand: one candidate after the other, on the seeds to tune on alone.
        let cusum = find_detector("cusum").unwrap();
        let on = |settings: &Settings, seeds: [u64; 2]| -> Vec<Vec<Tally>> {
            let Tuning { generator, math, .. } = tuning(&factors);
            let run = |seed: u64| {
                let stream = generator.stream(seed, math);
                tally(&cusum.find_spans(&stream, settings, math), &generator.windows(), stream.span())
            };
            seeds.map(run).into()
        };
        let mut best: Option<(f64, Settings)> = None;
        for allowance in factors.map(|factor| 0.5 * factor) {
            for bound in factors.map(|factor| 8.0 * factor) {
                let mut settings = Settings::defaults(cusum);
                settings.set("allowance", allowance).unwrap();
                settings.set("bound", bound).unwrap();
                let score = range_f1(&on(&settings, [31, 32])).unwrap();
                if best.as_ref().is_none_or(|(highest, _)| score > *highest) {
                    best = Some((score, settings));
                }
            }
        }
        let (_, settings) = best.unwrap();
        let [allowance, bound] = ["allowance", "bound"].map(|key| settings.number(key));
        assert_eq!(rows[3].parameters, format!("allowance={allowance} bound={bound}"));
        assert_eq!(rows[3].scores, pool(&on(&settings, [1, 2])));
        assert_eq!(rows[2].scores, pool(&on(&Settings::defaults(cusum), [1, 2])));
    }

    #[test]
    fn where_there_is_nothing_to_choose_tuned_is_as_it_is() {
        let (rows, _) = tuning(&[1.0]).run(&|| ()).unwrap();
        assert_eq!(rows[2].scores, rows[3].scores);
    }

    #[test]
    fn factors_are_tried_in_order_whole_numbers_stay_whole_and_ranges_are_kept() {
        let grid = |name: &str, factors: &[f64]| {
            let detector = find_detector(name).unwrap();
            let spelled = |settings| TunedCandidate::Set(detector, settings).spelled();
            settings_grid(detector, factors).map(|grid| grid.into_iter().map(spelled).collect::<Vec<_>>())
        };
        let adwin = ["delta=0.001 side=3", "delta=0.001 side=10", "delta=0.004 side=3", "delta=0.004 side=10"];
        assert_eq!(grid("adwin", &[0.5, 2.0]).unwrap(), adwin);
        assert_eq!(grid("always", &[0.5, 2.0]).unwrap(), [""; 0]);
        let (key, factor, _) = grid("adwin", &[1.0, 500.0]).unwrap_err();
        assert_eq!((key, factor), ("delta", 500.0));
        let (key, factor, _) = grid("pelt", &[0.01]).unwrap_err();
        assert_eq!((key, factor), ("segment", 0.01));
    }
}
