//! What stands in the columns of a table, whatever they are called.

use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::HashSet;

use crate::trace::TraceError;
use crate::trace::read::{Cell, CellRow, ColumnSpec, RowFault, Settling, Table, parse_number, shown};

/// Distinct values of a column that are counted; more are "more".
pub(super) const MOST_DISTINCT: usize = 65_536;

/// A column, and what its cells hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ColumnSummary {
    /// Its header.
    pub name: String,
    /// What the known ones are.
    pub kind: ColumnKind,
    /// Cells that are empty or say that the value is not known.
    pub unknown: u64,
    /// How many distinct known values there are; absent when there are more than 65,536.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u64>,
    /// The least number or time, as it is written in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<String>,
    /// The greatest number or time, as it is written in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greatest: Option<String>,
    /// The first text of a column of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// What the known cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ColumnKind {
    /// None is known.
    Empty,
    /// All of them are numbers.
    Number,
    /// All of them are dates with times.
    Time,
    /// One at least is text.
    Text,
}

/// All columns of a table.
#[derive(Default)]
pub(super) struct InspectedSheet(Vec<Seen>);

#[derive(Default)]
struct Seen {
    unknown: u64,
    texts: u64,
    dates: u64,
    numbers: u64,
    /// Hashes of the known cells, until they are too many.
    distinct: HashSet<u64>,
    has_more: bool,
    numbers_seen: Range<f64>,
    dates_seen: Range<i64>,
    example: Option<String>,
}

/// The least and the greatest of what was seen, with their texts.
struct Range<T>(Option<[(T, String); 2]>);

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy + PartialOrd> Range<T> {
    fn see(&mut self, value: T, text: &str) {
        match &mut self.0 {
            None => self.0 = Some([(value, shown(text)), (value, shown(text))]),
            Some([least, greatest]) => {
                if value < least.0 {
                    *least = (value, shown(text));
                }
                if value > greatest.0 {
                    *greatest = (value, shown(text));
                }
            }
        }
    }

    fn append(&mut self, later: Self) {
        for (value, text) in later.0.into_iter().flatten() {
            self.see(value, &text);
        }
    }
}

impl Seen {
    fn see(&mut self, cell: Cell<'_>) {
        let text = cell.text().trim();
        let number = parse_number(text);
        let Some(known) = cell.known_name().filter(|_| number.is_none_or(|number| !number.is_nan())) else {
            self.unknown += 1;
            return;
        };
        if !self.has_more {
            let mut hasher = DefaultHasher::new();
            known.hash(&mut hasher);
            self.distinct.insert(hasher.finish());
            self.cap();
        }
        match (number, cell.date_us()) {
            (Some(number), _) => {
                self.numbers += 1;
                self.numbers_seen.see(number, text);
            }
            (None, Some(us)) => {
                self.dates += 1;
                self.dates_seen.see(us, text);
            }
            (None, None) => {
                self.texts += 1;
                self.example.get_or_insert_with(|| shown(text));
            }
        }
    }

    fn cap(&mut self) {
        if self.distinct.len() > MOST_DISTINCT {
            self.has_more = true;
            self.distinct = HashSet::default();
        }
    }

    fn append(&mut self, later: Self) {
        self.unknown += later.unknown;
        self.texts += later.texts;
        self.dates += later.dates;
        self.numbers += later.numbers;
        self.has_more |= later.has_more;
        self.distinct.extend(later.distinct);
        self.cap();
        self.numbers_seen.append(later.numbers_seen);
        self.dates_seen.append(later.dates_seen);
        self.example = self.example.take().or(later.example);
    }

    fn summary(self, name: String) -> ColumnSummary {
        let kind = match (self.texts, self.dates, self.numbers) {
            (0, 0, 0) => ColumnKind::Empty,
            (0, 0, _) => ColumnKind::Number,
            (0, _, 0) => ColumnKind::Time,
            _ => ColumnKind::Text,
        };
        let range = match kind {
            ColumnKind::Number => self.numbers_seen.0.map(|range| range.map(|(_, text)| text)),
            ColumnKind::Time => self.dates_seen.0.map(|range| range.map(|(_, text)| text)),
            ColumnKind::Empty | ColumnKind::Text => None,
        };
        let [least, greatest] = range.map_or([None, None], |range| range.map(Some));
        ColumnSummary {
            name,
            kind,
            unknown: self.unknown,
            distinct: (!self.has_more).then_some(self.distinct.len() as u64),
            least,
            greatest,
            example: self.example.filter(|_| kind == ColumnKind::Text),
        }
    }
}

impl Table for InspectedSheet {
    type Context = ();

    const COLUMNS: &'static [ColumnSpec] = &[];

    fn row(&mut self, (): &(), row: &CellRow<'_, '_>) -> Result<(), RowFault> {
        for (at, cell) in row.cells_behind(Self::COLUMNS).enumerate() {
            if at == self.0.len() {
                self.0.push(Seen::default());
            }
            self.0[at].see(cell);
        }
        Ok(())
    }

    fn append(&mut self, later: Self) {
        for (at, seen) in later.0.into_iter().enumerate() {
            match self.0.get_mut(at) {
                Some(this) => this.append(seen),
                None => self.0.push(seen),
            }
        }
    }

    /// No column of a sheet rejects a row once all are read.
    fn retain(&mut self, _: &[bool]) {}

    fn settle(&mut self, _: &mut Settling<'_>) -> Result<(), TraceError> {
        Ok(())
    }
}

impl InspectedSheet {
    /// What the columns of these names hold.
    pub(super) fn summaries(self, names: &[String]) -> Vec<ColumnSummary> {
        let seen = self.0.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        names.iter().zip(seen).map(|(name, seen)| seen.unwrap_or_default().summary(name.clone())).collect()
    }
}
