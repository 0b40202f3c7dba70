//! Distilling and replaying a recording while it is being written.

use std::path::{Path, PathBuf};

use crate::capture::{CaptureError, Written};
use crate::motif::{self, Engine, Episode, OnlineEngine};
use crate::residual::{Class, Math, Sample};
use crate::store::{Durability, EPISODES, write_over};
use crate::tape::{self, Manifest, TapeWriter};
use crate::trace::distil::{Distiller, Rules};
use crate::trace::{Dataset, Options, source};

/// Writes the tape of a recording while that is written: the same bytes as a conversion of it afterwards.
pub struct Follower {
    path: PathBuf,
    writer: TapeWriter,
    rules: Rules,
    engine: Engine,
    distiller: Option<Distiller>,
    online: OnlineEngine,
    finals: Vec<Episode>,
    activity: [Activity; Class::ALL.len()],
}

/// What a class did in the last poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Residuals.
    pub samples: usize,
    /// The largest one, and whose it is; no channel if all are 0.
    pub largest: (f64, String),
}

/// What a follower has made of a recording.
#[derive(Debug)]
#[non_exhaustive]
pub struct Followed {
    /// What seals the tape.
    pub manifest: Manifest,
    /// The replayed episodes.
    pub episodes: Vec<Episode>,
    /// Episodes that were reported as final and are not replayed like that: none, or this program is wrong.
    pub disagreements: usize,
}

impl Follower {
    /// Follows the recording at `recording` and writes its tape to `tape`.
    ///
    /// # Errors
    /// When the tape cannot be written.
    pub fn new(recording: &Path, tape: &Path, rules: Rules, engine: Engine) -> Result<Self, CaptureError> {
        let label = source(recording, &Options::new(Dataset::Postgres));
        Ok(Self {
            path: tape.to_path_buf(),
            writer: TapeWriter::create(tape, label)?,
            rules,
            engine,
            distiller: None,
            online: OnlineEngine::new(&engine),
            finals: Vec::new(),
            activity: Default::default(),
        })
    }

    /// Takes in a line of the recording, and gives the episodes that it closes. Each of them is final, and given once.
    ///
    /// # Errors
    /// When the tape cannot be written.
    pub fn take(&mut self, written: &Written<'_>) -> Result<Vec<Episode>, CaptureError> {
        let record = match written {
            Written::Header(header) => {
                self.distiller = Some(Distiller::new(header, self.rules, Math::default()));
                return Ok(Vec::new());
            }
            Written::Record(record) => record,
        };
        let Some(distiller) = &mut self.distiller else { return Ok(Vec::new()) };
        let mut residuals: Vec<(f64, Class, f64, String)> = Vec::new();
        distiller.take(record, &mut |t, class, value, channel| residuals.push((t, class, value, channel.to_owned())));
        self.writer.append(residuals.iter().map(|(t, class, value, channel)| Sample {
            t: *t,
            class: *class,
            value: *value,
            channel: Some(channel),
        }))?;
        self.activity = Default::default();
        let mut closed = Vec::new();
        for (t, class, value, channel) in residuals {
            closed.extend(self.online.take(t, class, value, &channel));
            let activity = &mut self.activity[class.code() as usize];
            activity.samples += 1;
            if value.abs() > activity.largest.0 {
                activity.largest = (value.abs(), channel);
            }
        }
        self.finals.extend_from_slice(&closed);
        Ok(closed)
    }

    /// What each class did in the last poll.
    pub fn activity(&self) -> impl Iterator<Item = (Class, &Activity)> {
        Class::ALL.into_iter().zip(&self.activity)
    }

    /// Episodes that are open: provisional.
    #[must_use]
    pub fn open(&self) -> Vec<Episode> {
        self.online.open()
    }

    /// Episodes that the end of the capture makes final.
    pub fn last(&mut self) -> Vec<Episode> {
        let last = self.online.finish();
        self.finals.extend_from_slice(&last);
        last
    }

    /// Seals the tape, replays it, and writes the table of its episodes to `table`. [`Follower::last`] comes before.
    ///
    /// # Errors
    /// When something cannot be written, or the tape cannot be read back.
    pub fn seal(self, table: &Path) -> Result<Followed, CaptureError> {
        let rows = self.distiller.map(|distiller| distiller.rows().clone()).unwrap_or_default();
        let manifest = self.writer.finalise(Some(rows))?;
        let stream = tape::read_even_empty(&self.path)?.stream;
        let episodes = self.engine.replay(&stream);
        write_over(table, &motif::csv(self.engine.kind(), &episodes), Durability::Synced, EPISODES)?;
        let is_known = |episode: &&Episode| self.finals.iter().any(|known| known.is_replayed_as(episode));
        let agreed = episodes.iter().filter(is_known).count();
        let disagreements = episodes.len().max(self.finals.len()) - agreed;
        Ok(Followed { manifest, episodes, disagreements })
    }
}
