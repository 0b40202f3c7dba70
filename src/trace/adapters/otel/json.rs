//! Spans of JSON texts, one at a time: of no text is there more in memory than the span that is being read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::attributes::{self, Says};
use super::clock::{Clock, MICROSECONDS, NANOSECONDS};
use super::scalar::{Lookup, Member};
use super::spans::{DatabaseSpan, SpanFault, Spans};

/// Where the spans of a format stand, and what their members are called.
#[derive(Debug)]
pub(super) struct Layout {
    /// What it is, for a sentence.
    pub(super) name: &'static str,
    /// Keys on the way to the spans, and how deep what they hold is. Lists on the way are passed through.
    path: &'static [(&'static str, Step)],
    /// How deep the spans are.
    depth: usize,
    members: &'static [(&'static str, Is)],
    pub(super) clock: Clock,
    /// Whether every span is of a database by definition.
    pub(super) is_of_databases: bool,
    /// Under which lines that cannot be read are counted.
    pub(super) bad_line: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Its value is so deep.
    Into(usize),
    /// Its value is telemetry of another kind.
    Other,
}

/// What a member of a span is.
#[derive(Clone, Copy, Debug)]
enum Is {
    TraceId,
    SpanId,
    Start,
    End,
    Status,
    Attributes,
    /// Whom a client called.
    Endpoint,
    Attribute(attributes::Slot),
}

const OTLP_MEMBERS: &[(&str, Is)] = &[
    ("traceId", Is::TraceId),
    ("spanId", Is::SpanId),
    ("startTimeUnixNano", Is::Start),
    ("endTimeUnixNano", Is::End),
    ("attributes", Is::Attributes),
    ("status", Is::Status),
    ("trace_id", Is::TraceId),
    ("span_id", Is::SpanId),
    ("start_time_unix_nano", Is::Start),
    ("end_time_unix_nano", Is::End),
];

const OTLP_CLOCK: Clock = Clock {
    start: "startTimeUnixNano",
    end: "endTimeUnixNano",
    end_is_duration: false,
    unit: NANOSECONDS,
    since_1970: true,
};

const JAEGER_MEMBERS: &[(&str, Is)] = &[
    ("traceID", Is::TraceId),
    ("spanID", Is::SpanId),
    ("startTime", Is::Start),
    ("duration", Is::End),
    ("tags", Is::Attributes),
];

const JAEGER_CLOCK: Clock =
    Clock { start: "startTime", end: "duration", end_is_duration: true, unit: MICROSECONDS, since_1970: true };

/// OTLP, in JSON with the keys of earlier versions, of protobuf's own names, of Tempo, and of Jaeger's `/api/v3/traces`.
pub(super) static OTLP: Layout = Layout {
    name: "OTLP JSON",
    path: &[
        ("resourceSpans", Step::Into(1)),
        ("scopeSpans", Step::Into(2)),
        ("spans", Step::Into(3)),
        ("resource_spans", Step::Into(1)),
        ("batches", Step::Into(1)),
        ("trace", Step::Into(0)),
        ("result", Step::Into(0)),
        ("scope_spans", Step::Into(2)),
        ("instrumentationLibrarySpans", Step::Into(2)),
        ("instrumentation_library_spans", Step::Into(2)),
        ("resourceLogs", Step::Other),
        ("resourceMetrics", Step::Other),
        ("resourceProfiles", Step::Other),
    ],
    depth: 3,
    members: OTLP_MEMBERS,
    clock: OTLP_CLOCK,
    is_of_databases: false,
    bad_line: "not a line of OTLP JSON",
};

/// The spans of OTLP without anything around them.
pub(super) static OTLP_SPANS: Layout = Layout {
    name: "OTLP spans in JSON",
    path: &[],
    depth: 0,
    members: OTLP_MEMBERS,
    clock: OTLP_CLOCK,
    is_of_databases: false,
    bad_line: "not a line of OTLP JSON",
};

/// The answer of Jaeger's `/api/traces`, and what its page downloads.
pub(super) static JAEGER: Layout = Layout {
    name: "Jaeger's JSON",
    path: &[("data", Step::Into(1)), ("spans", Step::Into(2))],
    depth: 2,
    members: JAEGER_MEMBERS,
    clock: JAEGER_CLOCK,
    is_of_databases: false,
    bad_line: "not a line of Jaeger's JSON",
};

/// The spans of Jaeger without the trace around them.
pub(super) static JAEGER_SPANS: Layout = Layout {
    name: "Jaeger's spans in JSON",
    path: &[],
    depth: 0,
    members: JAEGER_MEMBERS,
    clock: JAEGER_CLOCK,
    is_of_databases: false,
    bad_line: "not a line of Jaeger's JSON",
};

/// The spans of Zipkin's `/api/v2/trace` and the traces of `/api/v2/traces`.
pub(super) static ZIPKIN: Layout = Layout {
    name: "Zipkin's JSON",
    path: &[],
    depth: 0,
    members: &[
        ("traceId", Is::TraceId),
        ("id", Is::SpanId),
        ("timestamp", Is::Start),
        ("duration", Is::End),
        ("tags", Is::Attributes),
        ("remoteEndpoint", Is::Endpoint),
    ],
    clock: Clock { start: "timestamp", end: "duration", end_is_duration: true, unit: MICROSECONDS, since_1970: true },
    is_of_databases: false,
    bad_line: "not a line of Zipkin's JSON",
};

/// The published format. Its clock may be any.
pub(super) static ARRAY: Layout = Layout {
    name: "a JSON array of spans",
    path: &[],
    depth: 0,
    members: &[
        ("t_start_ns", Is::Start),
        ("t_end_ns", Is::End),
        ("statement_hash", Is::Attribute((Says::Hash, 0))),
        ("db_system", Is::Attribute((Says::System, 1))),
    ],
    clock: Clock { start: "t_start_ns", end: "t_end_ns", end_is_duration: false, unit: NANOSECONDS, since_1970: false },
    is_of_databases: true,
    bad_line: "not a line of JSON",
};

/// Goes to the spans below a value of a JSON text and takes them.
pub(super) struct Walk<'s> {
    layout: &'static Layout,
    depth: usize,
    spans: &'s mut Spans,
}

impl<'s> Walk<'s> {
    /// From the root of a text.
    pub(super) fn new(layout: &'static Layout, spans: &'s mut Spans) -> Self {
        Self { layout, depth: 0, spans }
    }

    fn at_span(&self) -> bool {
        self.depth == self.layout.depth
    }

    fn below(&mut self, depth: usize) -> Walk<'_> {
        Walk { layout: self.layout, depth, spans: &mut *self.spans }
    }

    /// What is neither an object nor a list.
    fn scalar<E: Error>(self, found: Unexpected<'_>) -> Result<(), E> {
        if !self.at_span() {
            return Err(E::invalid_type(found, &self));
        }
        let problem = format!("invalid type: {found}, expected a span");
        self.spans.push_fault(SpanFault { reason: "not a span", problem }).map_err(fault)
    }

    fn span<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut span = DatabaseSpan::default();
        while let Some(member) = members.next_key_seed(Lookup(self.layout.members))? {
            match member {
                None => drop(members.next_value::<IgnoredAny>()?),
                Some(Is::TraceId) => span.trace_id = members.next_value()?,
                Some(Is::SpanId) => span.span_id = members.next_value()?,
                Some(Is::Start) => span.start = members.next_value()?,
                Some(Is::End) => span.end = members.next_value()?,
                Some(Is::Status) => span.failed = members.next_value_seed(Member(&[("code", ())]))?.is_error_status(),
                Some(Is::Attributes) => {
                    members.next_value_seed(attributes::Collect(&mut span.attributes, attributes::NAMES))?;
                }
                Some(Is::Endpoint) => {
                    members.next_value_seed(attributes::Collect(&mut span.attributes, attributes::ENDPOINT))?;
                }
                Some(Is::Attribute(slot)) => span.attributes.set(slot, members.next_value()?),
            }
        }
        self.spans.push(span, self.layout).map_err(fault)
    }
}

fn fault<E: Error>(fault: SpanFault) -> E {
    E::custom(fault.problem)
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.at_span() { "a span" } else { "an object or a list on the way to spans" })
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let depth = self.depth;
        while elements.next_element_seed(self.below(depth))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        if self.at_span() {
            return self.span(members);
        }
        let (mut keys, mut known) = (0, false);
        while let Some(step) = members.next_key_seed(Lookup(self.layout.path))? {
            keys += 1;
            match step {
                Some(Step::Into(depth)) if depth > self.depth || (depth, self.depth) == (0, 0) => {
                    known = true;
                    members.next_value_seed(self.below(depth))?;
                }
                Some(Step::Other) if self.depth == 0 => {
                    known = true;
                    self.spans.push_other();
                    members.next_value::<IgnoredAny>()?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        if self.depth == 0 && keys > 0 && !known {
            let keys: Vec<String> = self.layout.path.iter().take(3).map(|(key, _)| format!("`{key}`")).collect();
            let problem = format!("the object has no {}", keys.join(" or "));
            return self.spans.push_fault(SpanFault { reason: "an object without spans", problem }).map_err(fault);
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.at_span() || self.depth == 0 { self.scalar(Unexpected::Other("null")) } else { Ok(()) }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Unexpected::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Unexpected::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Unexpected::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Unexpected::Float(value))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar(Unexpected::Other("a string"))
    }
}
