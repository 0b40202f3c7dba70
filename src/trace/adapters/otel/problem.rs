use crate::trace::read::ForeignFile;

/// What is wrong with a file of spans.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtelProblem {
    /// Something else than text or protobuf.
    #[error(transparent)]
    Foreign(#[from] ForeignFile),
    /// A JSON text sequence.
    #[error("this is JSON with a record separator before each object; take them off with `tr -d '\\036'`")]
    RecordSeparators,
    /// Messages whose lengths are written in another way.
    #[error(
        "these are OTLP messages with their length before each in one to five bytes; write it in four bytes, the most \
         significant first, as the Collector's file exporter does with `format: proto`"
    )]
    VarintLengths,
    /// Nothing is in it.
    #[error("the file is empty; {KNOWN}")]
    Empty,
    /// Lines of a log with JSON in them.
    #[error(
        "there is text before the JSON of the first line, as a log has it; take it off each line, as `sed 's/^[^{{]*//'` does"
    )]
    LogPrefix,
    /// Another text.
    #[error("this is not JSON, which starts with `{{` or `[`; {KNOWN}")]
    NotJson,
    /// What another tool writes.
    #[error("this is {0}")]
    OtherTool(&'static str),
    /// JSON with other keys.
    #[error(
        "the first object has the keys {}, of no format that is known; {KNOWN}",
        .0.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    )]
    UnknownKeys(Vec<String>),
    /// One object where there should be a list of them.
    #[error("this is one object of what should be a JSON array of them; make it one with `jq -s .`")]
    OneObject,
    /// Spans in a format that the published construction does not take.
    #[error(
        "this is {format}, and the construction `reference` is defined on a JSON array of objects with `t_start_ns`, \
         `t_end_ns` and `statement_hash`; use the construction `plain`"
    )]
    NotOfReference {
        /// Their format.
        format: String,
    },
    /// No span is in it.
    #[error("there are no spans in the {container}")]
    NoSpans {
        /// `array` or `file`.
        container: &'static str,
    },
    /// Times of a clock of unknown origin that look like the present in another unit.
    #[error(
        "the earliest `{field}` is {earliest}, which looks like {unit} since 1970 and not like nanoseconds; write nanoseconds, \
         or, if these are nanoseconds of another clock, take the first one off all of them"
    )]
    OtherUnit {
        /// The field of the start.
        field: &'static str,
        /// The earliest one.
        earliest: u64,
        /// The unit.
        unit: &'static str,
    },
    /// Two spans of one id.
    #[error(
        "the span id {id} is here{}, with another time or statement; one id is one span",
        .earlier.map_or_else(String::new, |line| format!(" and on line {line}"))
    )]
    IdTwice {
        /// The id.
        id: String,
        /// The line of the earlier one, where lines are known.
        earlier: Option<u64>,
    },
    /// Other JSON than the format has; in the words of the parser.
    #[error("not {format}: {problem}{}", if *.is_cut { "; is the file still being written, or cut?" } else { "" })]
    Json {
        /// The format.
        format: &'static str,
        /// What is wrong.
        problem: String,
        /// Whether it ends too early.
        is_cut: bool,
    },
    /// Other JSON than the published construction takes; in the words of the parser.
    #[error("not an array of spans with `t_start_ns`, `t_end_ns`, `statement_hash` and perhaps `db_system`: {0}")]
    NotAnArray(String),
    /// A message of several.
    #[error("message {number}: {problem}")]
    Message {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        problem: Box<OtelProblem>,
    },
    /// A span, or what stands for one.
    #[error(transparent)]
    Span(#[from] SpanProblem),
}

/// The ways to get a file that is read.
const KNOWN: &str = "this data set reads OTLP JSON (`resourceSpans`), one object or one a line, OTLP protobuf, Jaeger's JSON \
                     (`data` with `spans`), Zipkin's JSON (version 2) and a JSON array of objects with `t_start_ns`, \
                     `t_end_ns` and `statement_hash`";

/// Why a span, or what stands for one, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanProblem {
    /// Something else stands there; in the words of the parser.
    #[error("invalid type: {0}, expected a span")]
    NotASpan(String),
    /// An object that leads to no spans.
    #[error("the object has no {}", .0.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or "))]
    NoSpans(Vec<&'static str>),
    /// It does not say what was executed.
    #[error("the span has no `statement_hash`, or an empty one, or one that says that it is not known")]
    NoStatement,
    /// Its start is not there.
    #[error("the span has no `{0}`, so its time is unknown")]
    NoStart(&'static str),
    /// Its end is not there.
    #[error("the span has no `{0}`; it was not finished, so its duration is unknown")]
    Unfinished(&'static str),
    /// A time or a duration that is none.
    #[error("`{field}` is `{value}`, not a whole number of {unit}")]
    NotWhole {
        /// The field.
        field: &'static str,
        /// What stands there.
        value: String,
        /// The unit.
        unit: &'static str,
    },
    /// A time of another unit.
    #[error(
        "`{field}` is {number}, which is not a time in {unit} since 1970{}",
        .look.map_or_else(String::new, |unit| format!("; it looks like {unit}"))
    )]
    OtherUnit {
        /// The field.
        field: &'static str,
        /// What stands there.
        number: u64,
        /// The unit that it should be in.
        unit: &'static str,
        /// The unit that it looks to be in.
        look: Option<&'static str>,
    },
    /// Its end is before its start.
    #[error("the span ends before it starts: `{start}` is {start_ns} and `{end}` is {end_ns}")]
    Backwards {
        /// The field of the start.
        start: &'static str,
        /// The start, in nanoseconds.
        start_ns: u64,
        /// The field of the end.
        end: &'static str,
        /// The end, in nanoseconds.
        end_ns: u64,
    },
    /// Its end is its start or before it, which the published construction does not take.
    #[error("span does not end after it starts")]
    NoDuration,
    /// A message that is none.
    #[error("not an OTLP message in protobuf: {0}")]
    NotProtobuf(ProtobufFlaw),
    /// A message, and this build reads none.
    #[error("it is protobuf, and this build lacks the feature `protobuf`; export with `format: json`")]
    ProtobufNotBuilt,
    /// A message that is compressed in another way; in the words of what reads it.
    #[error("it cannot be decompressed: {0}")]
    Compressed(String),
    /// A message that is not all there.
    #[error("its length says {length} bytes, and {left} are left; is the file still being written, or cut?")]
    CutMessage {
        /// Its length in bytes.
        length: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A length that no message has.
    #[error("its length says {length} bytes, more than {most_mib} MiB; the lengths are out of step")]
    LongMessage {
        /// The length in bytes.
        length: usize,
        /// The largest one that is taken, in MiB.
        most_mib: usize,
    },
}

impl SpanProblem {
    /// The reason under which such spans are counted.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::NotASpan(_) => "not a span",
            Self::NoSpans(_) => "an object without spans",
            Self::NoStatement => "span without a statement",
            Self::NoStart(_) => "span without a start",
            Self::Unfinished(_) => "span without an end",
            Self::NotWhole { .. } => "bad start, end or duration",
            Self::OtherUnit { .. } => "time in another unit",
            Self::Backwards { .. } => "span ends before it starts",
            Self::NoDuration => "span does not end after it starts",
            Self::NotProtobuf(_) | Self::ProtobufNotBuilt | Self::Compressed(_) => "not a message of OTLP",
            Self::CutMessage { .. } | Self::LongMessage { .. } => "a message that is cut",
        }
    }
}

/// What is wrong with a message that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtobufFlaw {
    /// It is well-formed, and of other fields.
    #[error("its fields are not those of spans; messages of logs and of metrics start alike, so is it one of those?")]
    OtherFields,
    /// It ends too early.
    #[error("what starts at byte {at} is longer than what is left; is it cut off after byte {end}?")]
    Cut {
        /// Where the last field starts.
        at: usize,
        /// Where the message ends.
        end: usize,
    },
    /// There is a byte that starts no field.
    #[error("what stands at byte {at} is no field of protobuf")]
    NoField {
        /// Where.
        at: usize,
    },
    /// A text is none.
    #[error("the text at byte {at} is not UTF-8")]
    NotUtf8 {
        /// Where.
        at: usize,
    },
}
