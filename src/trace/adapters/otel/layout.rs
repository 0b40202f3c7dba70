//! Where the spans of each format stand, and what their members are called.

use super::attributes::{AttributeSlot, Says};
use super::clock::{MICROSECONDS, NANOSECONDS, SpanClock};

/// Where the spans of a format stand, and what their members are called.
#[derive(Debug)]
pub(super) struct Layout {
    /// What it is, for a sentence.
    pub(super) name: &'static str,
    /// Keys on the way to the spans, and how deep what they hold is. Lists on the way are passed through.
    pub(super) path: &'static [(&'static str, LayoutStep)],
    /// How deep the spans are.
    pub(super) depth: usize,
    pub(super) members: &'static [(&'static str, Is)],
    pub(super) clock: SpanClock,
    /// Whether every span is of a database by definition.
    pub(super) is_of_databases: bool,
    /// Under which lines that cannot be read are counted.
    pub(super) bad_line: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LayoutStep {
    /// Its value is so deep.
    Into(usize),
    /// Its value is telemetry of another kind.
    Other,
}

/// What a member of a span is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Is {
    TraceId,
    SpanId,
    Start,
    End,
    Status,
    Attributes,
    /// Whom a client called.
    Endpoint,
    Attribute(AttributeSlot),
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

const OTLP_CLOCK: SpanClock = SpanClock {
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

const JAEGER_CLOCK: SpanClock =
    SpanClock { start: "startTime", end: "duration", end_is_duration: true, unit: MICROSECONDS, since_1970: true };

/// OTLP, in JSON with the keys of earlier versions, of protobuf's own names, of Tempo, and of Jaeger's `/api/v3/traces`.
pub(super) static OTLP: Layout = Layout {
    name: "OTLP JSON",
    path: &[
        ("resourceSpans", LayoutStep::Into(1)),
        ("scopeSpans", LayoutStep::Into(2)),
        ("spans", LayoutStep::Into(3)),
        ("resource_spans", LayoutStep::Into(1)),
        ("batches", LayoutStep::Into(1)),
        ("trace", LayoutStep::Into(0)),
        ("result", LayoutStep::Into(0)),
        ("scope_spans", LayoutStep::Into(2)),
        ("instrumentationLibrarySpans", LayoutStep::Into(2)),
        ("instrumentation_library_spans", LayoutStep::Into(2)),
        ("resourceLogs", LayoutStep::Other),
        ("resourceMetrics", LayoutStep::Other),
        ("resourceProfiles", LayoutStep::Other),
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
    path: &[("data", LayoutStep::Into(1)), ("spans", LayoutStep::Into(2))],
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
    clock: SpanClock {
        start: "timestamp",
        end: "duration",
        end_is_duration: true,
        unit: MICROSECONDS,
        since_1970: true,
    },
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
    clock: SpanClock {
        start: "t_start_ns",
        end: "t_end_ns",
        end_is_duration: false,
        unit: NANOSECONDS,
        since_1970: false,
    },
    is_of_databases: true,
    bad_line: "not a line of JSON",
};
