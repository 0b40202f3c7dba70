//! Which parameters of `excursion` to take: candidates on a grid, and the rule that picks one for each motif.

use rayon::prelude::*;

use super::{Generator, Noise, Window};
use crate::motif::{Engine, Episode, ExcursionGrammar, Grammar, Motif};
use crate::residual::{Math, Stream};
use crate::store::TableColumns;

/// Every combination of these is a candidate. Time constants are those in seconds alone, so that a candidate is what its row says
/// on whatever it is tried; all else is at its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Time constants, in seconds.
    pub tau_seconds: Vec<f64>,
    /// Drift thresholds, in published ones of the motif.
    pub drift: Vec<f64>,
    /// Clip thresholds, in published slew thresholds of the motif.
    pub clip: Vec<f64>,
}

/// What the candidates are tried on.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Seeds of each kind of noise.
    pub noise_seeds: Vec<u64>,
    /// Sizes of the planted faults of the perturbed stream.
    pub scales: Vec<f64>,
    /// Seeds of each of them.
    pub fault_seeds: Vec<u64>,
    /// Distilled recordings and their windows.
    pub recordings: Vec<(Stream, Vec<Window>)>,
    /// Logarithms of the generators.
    pub math: Math,
}

/// What came of one candidate on one motif.
#[derive(Clone, Debug)]
pub struct Candidate {
    motif: Motif,
    tau_seconds: f64,
    drift_threshold: f64,
    clip_threshold: f64,
    /// Episodes in each kind of noise.
    alarms: Vec<usize>,
    /// Windows found, of each scale, then faults of the recordings.
    found: Vec<usize>,
    /// Mean seconds from a window's start until the engine could report it; one that is not found counts with its length.
    delay_s: f64,
    /// The same of the faults in the recordings, where there is one.
    delay_recordings_s: Option<f64>,
    verdict: TrialVerdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrialVerdict {
    /// More than a tenth of the false alarms of `reference` on some kind of noise.
    FalseAlarms,
    /// Fewer faults than `reference` finds at some scale, or in the recordings.
    Recall,
    /// Another one detects earlier.
    Later,
    Chosen,
}

/// Where a stream belongs in the sums.
#[derive(Clone, Copy)]
enum Group {
    Noise(usize),
    Fault(usize),
}

/// What one engine did on the streams of one group, for one motif.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    episodes: usize,
    windows: usize,
    found: usize,
    lost_s: f64,
}

type Sums = Vec<[Sum; Motif::ALL.len()]>;

impl Grid {
    fn candidates(&self) -> Vec<ExcursionGrammar> {
        let published = Grammar::default();
        let mut grammars = Vec::new();
        for tau in &self.tau_seconds {
            for drift in &self.drift {
                for clip in &self.clip {
                    let mut grammar = ExcursionGrammar::default();
                    for motif in Motif::ALL {
                        let of = published.parameters(motif);
                        let values = [
                            ("tau_seconds", *tau),
                            ("drift_threshold", drift * of.drift_threshold),
                            ("clip_threshold", clip * of.slew_threshold),
                            ("tau_intervals", 0.0),
                            ("close_dwell_intervals", 0.0),
                        ];
                        for (key, value) in values {
                            // Six decimals, so that 1.75 × 0.05 is 0.0875.
                            let value = (value * 1e6).round() / 1e6;
                            grammar.set(motif.name(), key, value).expect("checked with the experiment");
                        }
                    }
                    grammars.push(grammar);
                }
            }
        }
        grammars
    }

    /// How many candidates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tau_seconds.len() * self.drift.len() * self.clip.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Trial {
    /// How many streams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.noise_seeds.len() * Noise::ALL.len() + self.scales.len() * self.fault_seeds.len() + self.recordings.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tries every candidate, in parallel over streams, with sums in their order; `ran` hears of each stream.
    #[must_use]
    pub fn choose(&self, grid: &Grid, ran: &(dyn Fn() + Sync)) -> Vec<Candidate> {
        let grammars = grid.candidates();
        let engines: Vec<Engine> = std::iter::once(Engine::from(Grammar::default()))
            .chain(grammars.iter().copied().map(Engine::from))
            .collect();
        let noise = Noise::ALL.into_iter().enumerate().flat_map(|(group, noise)| {
            self.noise_seeds.iter().map(move |seed| (Group::Noise(group), Generator::Null { noise }, *seed))
        });
        let faults = self.scales.iter().enumerate().flat_map(|(group, scale)| {
            let generator = Generator::Perturbed { scale: *scale };
            self.fault_seeds.iter().map(move |seed| (Group::Fault(group), generator, *seed))
        });
        let generated: Vec<(Group, Generator, u64)> = noise.chain(faults).collect();
        let mut results: Vec<(Group, Sums)> = generated
            .par_iter()
            .map(|(group, generator, seed)| {
                let sums = try_all(&engines, &generator.stream(*seed, self.math), &generator.windows());
                ran();
                (*group, sums)
            })
            .collect();
        let recorded = self.recordings.par_iter().map(|(stream, windows)| {
            let sums = try_all(&engines, stream, windows);
            ran();
            (Group::Fault(self.scales.len()), sums.into_iter().map(|sums| sums.map(Sum::as_one_fault)).collect())
        });
        results.extend(recorded.collect::<Vec<_>>());

        let mut alarms = vec![vec![[0; Motif::ALL.len()]; Noise::ALL.len()]; engines.len()];
        let mut faults = vec![vec![[Sum::default(); Motif::ALL.len()]; self.scales.len() + 1]; engines.len()];
        for (group, sums) in results {
            for (engine, sums) in sums.into_iter().enumerate() {
                for (motif, sum) in sums.into_iter().enumerate() {
                    match group {
                        Group::Noise(group) => alarms[engine][group][motif] += sum.episodes,
                        Group::Fault(group) => faults[engine][group][motif].add(sum),
                    }
                }
            }
        }
        let candidates = Motif::ALL.into_iter().flat_map(|motif| {
            let alarms_of = |engine: usize| alarms[engine].iter().map(|of| of[motif as usize]).collect::<Vec<usize>>();
            let faults_of = |engine: usize| faults[engine].iter().map(|of| of[motif as usize]).collect::<Vec<Sum>>();
            let judged = grammars.iter().enumerate().map(|(index, grammar)| {
                let parameters = grammar.parameters(motif);
                let (alarms, faults) = (alarms_of(index + 1), faults_of(index + 1));
                let quiet = alarms.iter().zip(alarms_of(0)).all(|(alarms, reference)| alarms * 10 <= reference);
                let finds = faults.iter().zip(faults_of(0)).all(|(sum, reference)| sum.found >= reference.found);
                Candidate {
                    motif,
                    tau_seconds: parameters.tau_seconds,
                    drift_threshold: parameters.drift_threshold,
                    clip_threshold: parameters.clip_threshold,
                    alarms,
                    found: faults.iter().map(|sum| sum.found).collect(),
                    delay_s: mean_delay(&faults[..self.scales.len()]).unwrap_or_default(),
                    delay_recordings_s: mean_delay(&faults[self.scales.len()..]),
                    verdict: match (quiet, finds) {
                        (false, _) => TrialVerdict::FalseAlarms,
                        (true, false) => TrialVerdict::Recall,
                        (true, true) => TrialVerdict::Later,
                    },
                }
            });
            let mut judged: Vec<Candidate> = judged.collect();
            let good = judged.iter_mut().filter(|candidate| candidate.verdict == TrialVerdict::Later);
            if let Some(earliest) = good.min_by(|a, b| a.delays_s().total_cmp(&b.delays_s())) {
                earliest.verdict = TrialVerdict::Chosen;
            }
            judged
        });
        candidates.collect()
    }

    /// The table of candidates: `motif`, the parameters, false alarms by kind of noise, windows found by scale and in the
    /// recordings, `delay_s` (a detection delay: the
    /// table is hashed, and keeps its header) and the verdict.
    #[must_use]
    pub fn csv(&self, candidates: &[Candidate]) -> Vec<u8> {
        let mut columns = TableColumns::default()
            .text("motif", |candidate: &Candidate| candidate.motif.name())
            .number("tau_seconds", |candidate| candidate.tau_seconds)
            .number("drift_threshold", |candidate| candidate.drift_threshold)
            .number("clip_threshold", |candidate| candidate.clip_threshold);
        for (index, noise) in Noise::ALL.into_iter().enumerate() {
            let name = format!("alarms_{}", noise.name().replace('-', "_"));
            columns = columns.count(name, move |candidate| candidate.alarms[index] as u64);
        }
        let scales = self.scales.iter().map(|scale| format!("found_{scale}"));
        for (index, name) in scales.chain(["found_recordings".to_owned()]).enumerate() {
            columns = columns.count(name, move |candidate| candidate.found[index] as u64);
        }
        columns
            .rounded("delay_s", 1e6, |candidate| Some(candidate.delay_s))
            .rounded("delay_recordings_s", 1e6, |candidate| candidate.delay_recordings_s)
            .text("verdict", |candidate| candidate.verdict.name())
            .csv(candidates)
    }
}

impl TrialVerdict {
    /// The name in tables.
    const fn name(self) -> &'static str {
        match self {
            Self::FalseAlarms => "false-alarms",
            Self::Recall => "recall",
            Self::Later => "later",
            Self::Chosen => "chosen",
        }
    }
}

impl Candidate {
    /// What a candidate is judged by: faults of generators and of recordings alike.
    fn delays_s(&self) -> f64 {
        self.delay_s + self.delay_recordings_s.unwrap_or_default()
    }
}

fn mean_delay(sums: &[Sum]) -> Option<f64> {
    let windows: usize = sums.iter().map(|sum| sum.windows).sum();
    (windows > 0).then(|| sums.iter().map(|sum| sum.lost_s).sum::<f64>() / windows as f64)
}

impl Sum {
    /// A fault that shows on several channels is found when it is found on one of them.
    fn as_one_fault(self) -> Self {
        let windows = self.windows.max(1) as f64;
        Self { windows: self.windows.min(1), found: self.found.min(1), lost_s: self.lost_s / windows, ..self }
    }

    fn add(&mut self, other: Self) {
        self.episodes += other.episodes;
        self.windows += other.windows;
        self.found += other.found;
        self.lost_s += other.lost_s;
    }
}

fn try_all(engines: &[Engine], stream: &Stream, windows: &[Window]) -> Sums {
    engines.iter().map(|engine| summed(&engine.replay(stream), windows)).collect()
}

fn summed(episodes: &[Episode], windows: &[Window]) -> [Sum; Motif::ALL.len()] {
    Motif::ALL.map(|motif| {
        let episodes: Vec<&Episode> = episodes.iter().filter(|episode| episode.motif == motif).collect();
        let mut sum = Sum { episodes: episodes.len(), ..Sum::default() };
        for window in windows.iter().filter(|window| window.motif == motif) {
            let found = episodes.iter().filter(|episode| {
                episode.channel == window.channel && episode.t_start < window.t_end && episode.t_end >= window.t_start
            });
            let delay_s = found.map(|episode| episode.t_detected() - window.t_start).min_by(f64::total_cmp);
            sum.windows += 1;
            sum.found += usize::from(delay_s.is_some());
            sum.lost_s += delay_s.map_or(window.duration(), |delay_s| delay_s.clamp(0.0, window.duration()));
        }
        sum
    })
}
