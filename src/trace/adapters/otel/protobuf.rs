//! OTLP in protobuf: the fields that are looked at, by the numbers of `opentelemetry/proto/trace/v1/trace.proto`.

use prost::Message;

use super::json::OTLP;
use super::scalar::Scalar;
use super::spans::{Span, SpanFault, Spans};

#[derive(Clone, PartialEq, Message)]
struct TracesData {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<SpanMessage>,
}

/// A span.
#[derive(Clone, PartialEq, Message)]
struct SpanMessage {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string: Option<String>,
    #[prost(bool, optional, tag = "2")]
    bool: Option<bool>,
    #[prost(int64, optional, tag = "3")]
    int: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

/// Takes the spans of a message.
///
/// # Errors
/// When it is not one, or (unless lenient) a span of it cannot be used.
pub(super) fn read(message: &[u8], spans: &mut Spans) -> Result<(), SpanFault> {
    let traces = TracesData::decode(message).map_err(|error| SpanFault {
        reason: "not a message of OTLP",
        problem: format!("not an OTLP message in protobuf: {error}"),
    })?;
    let scopes = traces.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).try_for_each(|span| spans.push(taken(span), &OTLP))
}

fn taken<'a>(span: SpanMessage) -> Span<'a> {
    let id = |id: Vec<u8>| if id.is_empty() { Scalar::Absent } else { Scalar::Text(hex::encode(id).into()) };
    let mut taken = Span {
        trace_id: id(span.trace_id),
        span_id: id(span.span_id),
        start: Scalar::Whole(span.start_time_unix_nano),
        end: Scalar::Whole(span.end_time_unix_nano),
        failed: span.status.is_some_and(|status| status.code == 2),
        ..Span::default()
    };
    for KeyValue { key, value } in span.attributes {
        taken.attributes.set_named(&key, || value.map_or(Scalar::Absent, scalar));
    }
    taken
}

fn scalar<'a>(value: AnyValue) -> Scalar<'a> {
    let text = value.string.map(|text| Scalar::Text(text.into()));
    let switch = value.bool.map(|set| Scalar::Text(if set { "true" } else { "false" }.into()));
    let number = value.int.map(|number| u64::try_from(number).map_or(Scalar::Negative(number), Scalar::Whole));
    text.or(switch).or(number).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A message with one span for each start, duration and statement.
    pub(in super::super) fn message(spans: &[(u64, u64, &str)]) -> Vec<u8> {
        let attribute = |key: &str, text: &str| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { string: Some(text.to_owned()), ..AnyValue::default() }),
        };
        let spans = spans.iter().enumerate().map(|(number, (start_ns, duration_ns, statement))| SpanMessage {
            trace_id: vec![1; 16],
            span_id: (number as u64 + 1).to_be_bytes().to_vec(),
            start_time_unix_nano: *start_ns,
            end_time_unix_nano: start_ns + duration_ns,
            attributes: vec![attribute("db.system.name", "postgresql"), attribute("db.query.text", statement)],
            status: Some(Status { code: i32::from(*statement == "failed") * 2 }),
        });
        let scope_spans = vec![ScopeSpans { spans: spans.collect() }];
        TracesData { resource_spans: vec![ResourceSpans { scope_spans }] }.encode_to_vec()
    }

    #[test]
    fn a_message_gives_its_spans_and_a_cut_one_is_refused() {
        let start = 1_714_557_600_000_000_000;
        let bytes = message(&[(start, 5, "SELECT 1"), (start + 9, 0, "failed")]);
        let mut spans = Spans::new(false);
        read(&bytes, &mut spans).unwrap();
        assert_eq!((&spans.start_ns[..], &spans.duration_ns[..]), (&[start][..], &[5][..]));
        assert_eq!(spans.rows().rejected["ended in error"], 1);
        assert!(read(&bytes[..bytes.len() - 1], &mut spans).is_err());
        let early = message(&[(7, 5, "SELECT 1")]);
        assert!(read(&early, &mut spans).unwrap_err().problem.contains("not a time in nanoseconds since 1970"));
        assert!(read(&early, &mut Spans::new(true)).is_ok());
    }
}
