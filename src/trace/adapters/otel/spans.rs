//! The database spans of a file as columns, and what became of all others.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use sha2::{Digest, Sha256};

use super::attributes::{Attributes, Statement};
use super::layout::Layout;
use super::problem::SpanProblem;
use super::scalar::Scalar;
use crate::residual::{ChannelId, Channels};
use crate::tape::RowCounts;
use crate::trace::statement::{self, Dialect};

/// A span as a file has it.
#[derive(Default)]
pub(super) struct DatabaseSpan<'a> {
    pub(super) trace_id: Scalar<'a>,
    pub(super) span_id: Scalar<'a>,
    pub(super) start: Scalar<'a>,
    /// Or the duration, as the clock of the format says.
    pub(super) end: Scalar<'a>,
    pub(super) failed: bool,
    pub(super) attributes: Attributes<'a>,
}

/// Trace id and span id; zeros if there is no span id.
type Key = [u64; 3];

const NOT_OF_A_DATABASE: &str = "not a database span";
const NO_STATEMENT: &str = "a database span without a statement";
const FAILED: &str = "ended in error";

/// Texts whose names are remembered: one with literals and without an outline hardly comes again.
const REMEMBERED: usize = 4096;

/// Columns of the database spans that are used.
#[derive(Default)]
pub(super) struct Spans {
    lenient: bool,
    pub(super) start_ns: Vec<u64>,
    pub(super) duration_ns: Vec<u64>,
    statement: Vec<Told>,
    database: Vec<ChannelId>,
    key: Vec<Key>,
    /// Hashes, summaries, and names that were made of texts.
    statements: Channels,
    /// System, server and namespace, with [`BETWEEN`] between them.
    databases: Channels,
    /// By dialect.
    texts: [Texts; Dialect::COUNT],
    /// The last system, and the dialect of its statements.
    last_system: Option<(String, Dialect)>,
    /// Names in the making, to be used again.
    outline: Vec<u8>,
    database_name: String,
    read: u64,
    rejected: BTreeMap<&'static str, u64>,
    /// The first span of each line that has any, and the line.
    lines: Vec<(usize, u64)>,
    /// The fault for which reading was stopped.
    fault: Option<SpanProblem>,
}

/// Texts of statements, or their outlines where they have one, and by their index the names.
#[derive(Default)]
struct Texts {
    texts: Channels,
    names: Vec<Option<ChannelId>>,
}

/// What a span says of its statement.
#[derive(Clone, Copy, Default, PartialEq)]
struct Told {
    hash: Option<ChannelId>,
    summary: Option<ChannelId>,
    text: Option<ChannelId>,
}

impl Told {
    /// With the ids of another table.
    fn translated(self, ids: &[ChannelId]) -> Self {
        let id = |id: Option<ChannelId>| id.map(|id| ids[id.index()]);
        Self { hash: id(self.hash), summary: id(self.summary), text: id(self.text) }
    }
}

/// The hashes, or the summaries, that stand beside one text.
#[derive(Clone, Copy)]
enum Beside {
    One(ChannelId),
    Several,
}

impl Beside {
    fn note(known: &mut Option<Self>, name: Option<ChannelId>) {
        let Some(name) = name else { return };
        *known = Some(match known {
            None => Self::One(name),
            Some(Self::One(other)) if *other == name => Self::One(name),
            Some(_) => Self::Several,
        });
    }

    fn only(known: Option<Self>) -> Option<ChannelId> {
        match known {
            Some(Self::One(name)) => Some(name),
            Some(Self::Several) | None => None,
        }
    }
}

/// Where a line of a file starts among the spans.
pub(super) struct Mark {
    used: usize,
    read: u64,
    rejected: BTreeMap<&'static str, u64>,
}

/// Stands between the names of a system, of a server of it and of a database there.
const BETWEEN: &str = "\0";

impl Spans {
    pub(super) fn new(lenient: bool) -> Self {
        Self { lenient, ..Self::default() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.start_ns.len()
    }

    /// Takes a span, or counts it by the reason for which it is not used.
    ///
    /// # Errors
    /// When it is not what a span is, unless lenient.
    pub(super) fn push(&mut self, span: DatabaseSpan<'_>, layout: &Layout) -> Result<(), SpanProblem> {
        self.read += 1;
        let DatabaseSpan { trace_id, span_id, start, end, failed, mut attributes } = span;
        if !attributes.are_of_a_database() && !layout.is_of_databases {
            return self.count(NOT_OF_A_DATABASE);
        }
        if failed || attributes.failed() {
            return self.count(FAILED);
        }
        let system = attributes.system();
        let Statement { hash, summary, text } = attributes.statement();
        let dialect = system.as_deref().map_or(Dialect::Unknown, |system| self.dialect(system));
        let statement = Told {
            hash: hash.map(|hash| self.statements.intern(&hash)),
            summary: summary.map(|summary| self.statements.intern(&summary)),
            text: text.and_then(|text| self.intern_text(&text, dialect)),
        };
        if statement == Told::default() {
            if layout.is_of_databases {
                return self.refuse(SpanProblem::NoStatement);
            }
            return self.count(NO_STATEMENT);
        }
        let (start_ns, duration_ns) = match layout.clock.interval(&start, &end) {
            Ok(interval) => interval,
            Err(fault) => return self.refuse(fault),
        };
        let (server, namespace) = (attributes.server(system.as_deref()), attributes.namespace());
        let database = self.intern_database([system.as_deref(), server.as_deref(), namespace.as_deref()]);
        self.start_ns.push(start_ns);
        self.duration_ns.push(duration_ns);
        self.statement.push(statement);
        self.database.push(database);
        self.key.push(key(trace_id.into_text().as_deref(), span_id.into_text().as_deref()));
        Ok(())
    }

    /// Counts what stands for a span and is none.
    ///
    /// # Errors
    /// Unless lenient.
    pub(super) fn push_fault(&mut self, fault: SpanProblem) -> Result<(), SpanProblem> {
        self.read += 1;
        self.refuse(fault)
    }

    /// Counts a line that cannot be read.
    pub(super) fn push_bad_line(&mut self, reason: &'static str) {
        self.read += 1;
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Counts a line of other telemetry, such as logs.
    pub(super) fn push_other(&mut self) {
        self.read += 1;
        *self.rejected.entry("logs, metrics or profiles, not spans").or_default() += 1;
    }

    fn refuse(&mut self, fault: SpanProblem) -> Result<(), SpanProblem> {
        if self.lenient {
            return self.count(fault.reason());
        }
        self.fault = Some(fault.clone());
        Err(fault)
    }

    fn count(&mut self, reason: &'static str) -> Result<(), SpanProblem> {
        *self.rejected.entry(reason).or_default() += 1;
        Ok(())
    }

    /// The fault of a span for which reading was stopped, if that is why.
    pub(super) fn take_fault(&mut self) -> Option<SpanProblem> {
        self.fault.take()
    }

    fn dialect(&mut self, system: &str) -> Dialect {
        match &self.last_system {
            Some((last, dialect)) if last == system => *dialect,
            _ => {
                let dialect = Dialect::of_system(system);
                self.last_system = Some((system.to_owned(), dialect));
                dialect
            }
        }
    }

    fn intern_database(&mut self, parts: [Option<&str>; 3]) -> ChannelId {
        self.database_name.clear();
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                self.database_name.push_str(BETWEEN);
            }
            let part = part.unwrap_or_default();
            if part.contains(BETWEEN) {
                self.database_name.push_str(&part.replace(BETWEEN, " "));
            } else {
                self.database_name.push_str(part);
            }
        }
        self.databases.intern(&self.database_name)
    }

    fn intern_text(&mut self, text: &str, dialect: Dialect) -> Option<ChannelId> {
        let Texts { texts, names } = &mut self.texts[dialect as usize];
        // All that differ in their literals alone are one here.
        let has_outline = statement::outline(text, &mut self.outline);
        let outline = std::str::from_utf8(&self.outline).ok().filter(|_| has_outline).unwrap_or(text);
        if let Some(known) = texts.get(outline.as_bytes()) {
            return names[known.index()];
        }
        if names.len() == REMEMBERED {
            *texts = Channels::default();
            names.clear();
        }
        let name = statement::name(text, dialect);
        let id = (!name.is_empty()).then(|| self.statements.intern(&name));
        texts.intern(outline);
        names.push(id);
        id
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { used: self.len(), read: self.read, rejected: self.rejected.clone() }
    }

    /// Forgets what came after a mark.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.start_ns.truncate(mark.used);
        self.duration_ns.truncate(mark.used);
        self.statement.truncate(mark.used);
        self.database.truncate(mark.used);
        self.key.truncate(mark.used);
        (self.read, self.rejected) = (mark.read, mark.rejected);
    }

    /// The spans from `first` on stand on `line`.
    pub(super) fn end_line(&mut self, first: usize, line: u64) {
        if self.len() > first {
            self.lines.push((first, line));
        }
    }

    /// Appends the spans of a later stretch, whose lines are counted from `lines_before` on.
    pub(super) fn append(&mut self, later: Self, lines_before: u64) {
        let rows_before = self.len();
        let statements = self.statements.absorb(&later.statements);
        let databases = self.databases.absorb(&later.databases);
        self.start_ns.extend(later.start_ns);
        self.duration_ns.extend(later.duration_ns);
        self.statement.extend(later.statement.iter().map(|told| told.translated(&statements)));
        self.database.extend(later.database.iter().map(|id| databases[id.index()]));
        self.key.extend(later.key);
        self.lines.extend(later.lines.iter().map(|(row, line)| (rows_before + row, lines_before + line)));
        self.read += later.read;
        for (reason, count) in later.rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
    }

    /// What became of all spans so far.
    pub(super) fn rows(&self) -> RowCounts {
        let rejected = self.rejected.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
        RowCounts { read: self.read, used: self.len() as u64, rejected, ..RowCounts::default() }
    }

    /// How many spans were not used for being of no database, or without a statement.
    pub(super) fn strangers(&self) -> (u64, u64) {
        let count = |reason| self.rejected.get(reason).copied().unwrap_or_default();
        (count(NOT_OF_A_DATABASE), count(NO_STATEMENT))
    }

    /// The line of a span, where lines are known.
    pub(super) fn line(&self, row: usize) -> Option<u64> {
        let run = self.lines.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        Some(self.lines[run].1)
    }

    /// Whether both are one statement on one database.
    fn same_statement(&self, a: usize, b: usize) -> bool {
        (self.statement[a], self.database[a]) == (self.statement[b], self.database[b])
    }

    /// The spans that have been exported before, and those that have an id of another span, each with the earlier one.
    pub(super) fn repeated(&self) -> Repeated {
        let hasher = DefaultHashBuilder::default();
        let hash = |row: u32| hasher.hash_one(self.key[row as usize]);
        let mut seen: HashTable<u32> = HashTable::new();
        let mut repeated = Repeated::default();
        for row in (0..self.len()).filter(|row| self.key[*row] != Key::default()) {
            let number = u32::try_from(row).expect("a trace has fewer than 2^32 spans");
            match seen.find(hash(number), |other| self.key[*other as usize] == self.key[row]) {
                None => {
                    seen.insert_unique(hash(number), number, |other| hash(*other));
                }
                Some(first) => {
                    let first = *first as usize;
                    let same_time =
                        (self.start_ns[first], self.duration_ns[first]) == (self.start_ns[row], self.duration_ns[row]);
                    if same_time && self.same_statement(first, row) {
                        repeated.again.push(row);
                    } else {
                        repeated.contradicting.push((first, row));
                    }
                }
            }
        }
        repeated
    }

    /// The id of a span, as an error shows it.
    pub(super) fn shown_id(&self, row: usize) -> String {
        format!("{:016x}", self.key[row][2])
    }

    /// For each span the channel, an index into the names, which are in byte order: the name of the statement, and where
    /// the spans in `rows` are of several systems, servers or databases, these before it.
    pub(super) fn channels(&self, rows: impl Iterator<Item = usize> + Clone) -> (Vec<u32>, Vec<String>) {
        let databases: Vec<Vec<&str>> =
            self.databases.ids().map(|id| self.databases.name(id).split(BETWEEN).collect()).collect();
        // Where a name is left out it may be any: one name is no reason to tell spans apart.
        let mut found = [const { BTreeSet::new() }; 3];
        for row in rows.clone() {
            for (names, name) in found.iter_mut().zip(&databases[self.database[row].index()]) {
                names.extend((!name.is_empty()).then_some(*name));
            }
        }
        let prefix = |database: &Vec<&str>| {
            let several = database.iter().zip(&found).filter(|(_, names)| names.len() > 1);
            let parts: Vec<String> = several.map(|(name, _)| shown_part(name)).collect();
            if parts.is_empty() { String::new() } else { format!("{}#", parts.join("/")) }
        };
        let prefixes: Vec<String> = databases.iter().map(prefix).collect();
        let resolved = self.resolved(rows.clone());
        let pair = |row: usize| (self.database[row], resolved(self.statement[row]));
        let mut names = BTreeMap::new();
        let mut ids: hashbrown::HashMap<_, u32> = hashbrown::HashMap::new();
        for row in rows {
            ids.entry(pair(row)).or_insert_with(|| {
                let (database, statement) = pair(row);
                let statement = statement.map_or("", |statement| self.statements.name(statement));
                let name = format!("{}{statement}", prefixes[database.index()]);
                let next = names.len() as u32;
                *names.entry(name).or_insert(next)
            });
        }
        let mut ranks = vec![0; names.len()];
        for (rank, id) in (0..).zip(names.values()) {
            ranks[*id as usize] = rank;
        }
        let of_rows = (0..self.len()).map(|row| ids.get(&pair(row)).map_or(u32::MAX, |id| ranks[*id as usize]));
        (of_rows.collect(), names.into_keys().collect())
    }

    /// What tells a statement: its hash, else its summary, else its text. Of a span that has its text and no hash, the hash
    /// is that of the spans in `rows` with the same text, if they have one and the same; and so for the summary: half of the
    /// services of a trace may have been updated.
    fn resolved(&self, rows: impl Iterator<Item = usize>) -> impl Fn(Told) -> Option<ChannelId> {
        let mut beside: hashbrown::HashMap<ChannelId, [Option<Beside>; 2]> = hashbrown::HashMap::new();
        for told in rows.map(|row| self.statement[row]) {
            if let (Some(text), true) = (told.text, told.hash.is_some() || told.summary.is_some()) {
                let [hash, summary] = beside.entry(text).or_default();
                Beside::note(hash, told.hash);
                Beside::note(summary, told.summary);
            }
        }
        move |told| {
            let [hash, summary] =
                told.text.and_then(|text| beside.get(&text)).map_or([None, None], |known| known.map(Beside::only));
            told.hash.or(hash).or(told.summary).or(summary).or(told.text)
        }
    }

    /// All systems of the spans in `rows`, in order.
    pub(super) fn systems(&self, rows: impl Iterator<Item = usize>) -> Vec<&str> {
        let mut used = vec![false; self.databases.len()];
        rows.for_each(|row| used[self.database[row].index()] = true);
        let names = self.databases.ids().filter(|id| used[id.index()]).map(|id| self.databases.name(id));
        let mut systems: Vec<&str> = names.filter_map(|name| Some(name.split_once(BETWEEN)?.0)).collect();
        systems.retain(|system| !system.is_empty());
        systems.sort_unstable();
        systems.dedup();
        systems
    }
}

/// A part of the name of a channel, of which one is `-` that is not there. It is quoted where the name could be read in
/// another way.
fn shown_part(part: &str) -> String {
    if part.is_empty() {
        "-".to_owned()
    } else if part == "-" || part.starts_with('"') || part.contains(['#', '/']) {
        format!("\"{}\"", part.replace('"', "\"\""))
    } else {
        part.to_owned()
    }
}

/// Spans whose id has been there before.
#[derive(Default)]
pub(super) struct Repeated {
    /// The same span once more.
    pub(super) again: Vec<usize>,
    /// The first span of an id, and another one of it.
    pub(super) contradicting: Vec<(usize, usize)>,
}

/// The ids as they are where they are hexadecimal, else a digest of them.
fn key(trace_id: Option<&str>, span_id: Option<&str>) -> Key {
    let hexadecimal = |text: &str, digits: usize| {
        let is_hex = text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digit = |byte: u8| u128::from(if byte <= b'9' { byte - b'0' } else { (byte | 0x20) - b'a' + 10 });
        (is_hex && !text.is_empty()).then(|| text.bytes().fold(0, |number, byte| number << 4 | digit(byte)))
    };
    let (trace_text, Some(span_text)) = (trace_id.unwrap_or("0"), span_id) else { return Key::default() };
    match (hexadecimal(trace_text, 32), hexadecimal(span_text, 16)) {
        (_, Some(0)) => Key::default(),
        (Some(trace), Some(span)) => [(trace >> 64) as u64, trace as u64, span as u64],
        _ => {
            let digest = Sha256::new().chain_update(trace_text).chain_update([0]).chain_update(span_text).finalize();
            std::array::from_fn(|at| digest[8 * at..8 * at + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_as_numbers_or_by_a_digest_of_their_text() {
        assert_eq!(key(Some("0a"), Some("0B")), [0, 10, 11]);
        assert_eq!(key(Some("a"), Some("b")), key(Some("000000000000000A"), Some("0b")));
        assert_eq!(key(Some(&"f".repeat(32)), Some("1")), [u64::MAX, u64::MAX, 1]);
        assert_eq!(key(None, Some("1")), [0, 0, 1]);
        for none in [None, Some("0"), Some("0000000000000000")] {
            assert_eq!(key(Some("1"), none), Key::default());
        }
        // Base64, as the JSON mapping of protobuf writes bytes.
        let base64 = key(Some("AAAAAAAAAAAAAAAAAAAAAQ=="), Some("AAAAAAAAAAE="));
        assert_ne!(base64, Key::default());
        assert_ne!(base64, key(Some("AAAAAAAAAAAAAAAAAAAAAQ=="), Some("AAAAAAAAAAI=")));
        assert_ne!(base64, key(Some("AAAAAAAAAAAAAAAAAAAAAg=="), Some("AAAAAAAAAAE=")));
    }
}
