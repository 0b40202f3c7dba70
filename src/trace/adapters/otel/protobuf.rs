//! OTLP in protobuf: the fields that are looked at, by the numbers of `opentelemetry/proto/trace/v1/trace.proto`.

use prost::Message;

use super::layout::OTLP;
use super::problem::{ProtobufFlaw, SpanProblem};
use super::scalar::Scalar;
use super::spans::{DatabaseSpan, Spans};

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
pub(super) fn read(message: &[u8], spans: &mut Spans) -> Result<(), SpanProblem> {
    let traces = TracesData::decode(message).map_err(|_| SpanProblem::NotProtobuf(flaw(message, 0, TRACES)))?;
    let scopes = traces.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).try_for_each(|span| spans.push(taken(span), &OTLP))
}

/// What stands in a field that has a length.
enum Held {
    /// A message with these fields, by their numbers.
    Message(&'static [(u64, Held)]),
    Text,
}

/// The way from a message to the texts in it.
const TRACES: &[(u64, Held)] = &[(1, Held::Message(&[(2, Held::Message(&[(2, Held::Message(SPAN))]))]))];
const SPAN: &[(u64, Held)] = &[(9, Held::Message(&[(1, Held::Text), (2, Held::Message(&[(1, Held::Text)]))]))];

/// What is wrong with a message that cannot be decoded: `start` is where it starts in the whole.
fn flaw(message: &[u8], start: usize, fields: &'static [(u64, Held)]) -> ProtobufFlaw {
    find_flaw(message, start, fields).unwrap_or(ProtobufFlaw::OtherFields)
}

fn find_flaw(message: &[u8], start: usize, fields: &'static [(u64, Held)]) -> Option<ProtobufFlaw> {
    let cut = |at: usize| ProtobufFlaw::Cut { at: start + at, end: start + message.len() };
    let mut at = 0;
    while at < message.len() {
        let Some((key, mut end)) = varint(message, at) else { return Some(cut(at)) };
        let size = match key & 7 {
            0 => varint(message, end).map(|(_, behind)| (behind - end) as u64),
            1 => Some(8),
            2 => varint(message, end).map(|(length, behind)| {
                end = behind;
                length
            }),
            5 => Some(4),
            _ => return Some(ProtobufFlaw::NoField { at: start + at }),
        };
        let content = size.and_then(|size| message.get(end..end.checked_add(usize::try_from(size).ok()?)?));
        let Some(content) = content else { return Some(cut(at)) };
        let held = fields.iter().find(|(number, _)| *number == key >> 3 && key & 7 == 2).map(|(_, held)| held);
        let flaw = match held {
            Some(Held::Message(fields)) => find_flaw(content, start + end, fields),
            Some(Held::Text) => std::str::from_utf8(content)
                .err()
                .map(|error| ProtobufFlaw::NotUtf8 { at: start + end + error.valid_up_to() }),
            None => None,
        };
        if flaw.is_some() {
            return flaw;
        }
        at = end + content.len();
    }
    None
}

/// A number of variable size, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let length = bytes.get(at..)?.iter().take(10).position(|byte| *byte < 0x80)? + 1;
    let digits = bytes[at..at + length].iter().rev();
    Some((digits.fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)), at + length))
}

fn taken<'a>(span: SpanMessage) -> DatabaseSpan<'a> {
    let id = |id: Vec<u8>| if id.is_empty() { Scalar::Absent } else { Scalar::Text(hex::encode(id).into()) };
    let mut taken = DatabaseSpan {
        trace_id: id(span.trace_id),
        span_id: id(span.span_id),
        start: Scalar::Whole(span.start_time_unix_nano),
        end: Scalar::Whole(span.end_time_unix_nano),
        failed: span.status.is_some_and(|status| status.code == 2),
        ..DatabaseSpan::default()
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
        let problem = |bytes: &[u8]| read(bytes, &mut Spans::new(false)).unwrap_err().to_string();
        let length = bytes.len() - 1;
        assert_eq!(
            problem(&bytes[..length]),
            format!(
                "not an OTLP message in protobuf: what starts at byte 0 is longer than what is left; is it cut off after byte \
                 {length}?"
            )
        );
        let mut latin = bytes.clone();
        let at = bytes.windows(6).position(|window| window == b"SELECT").unwrap() + 2;
        latin[at] = 0xe9;
        assert_eq!(problem(&latin), format!("not an OTLP message in protobuf: the text at byte {at} is not UTF-8"));
        let metric = [&[0x0a, 7, 0x12, 5, 0x12, 3, 0x3a, 1][..], b"x"].concat();
        assert!(problem(&metric).contains("logs and of metrics start alike"), "{}", problem(&metric));
        assert!(problem(b"\x0a\x03\x12\x01\x07").contains("no field of protobuf"));
        let early = message(&[(7, 5, "SELECT 1")]);
        assert!(read(&early, &mut spans).unwrap_err().to_string().contains("not a time in nanoseconds since 1970"));
        assert!(read(&early, &mut Spans::new(true)).is_ok());
    }
}
