//! OpenTelemetry database spans, in the formats in which people have them (`docs/adapters/otel.md`).

mod attributes;
mod clock;
mod format;
mod json;
mod layout;
mod plain;
mod problem;
#[cfg(feature = "protobuf")]
mod protobuf;
mod read;
mod reference;
mod scalar;
mod server;
mod spans;

pub use self::problem::{OtelProblem, ProtobufFlaw, SpanProblem};
use self::read::SpanSource;
use crate::trace::adapter::{About, Adapter, Construction};
use crate::trace::input::Trace;
use crate::trace::{Conversion, Options, TraceError};

pub(super) struct Otel;

static ABOUT: About = About {
    name: "otel",
    title: "OpenTelemetry database spans",
    citation: None,
    format: "OTLP JSON or protobuf (as the Collector's file exporter writes them), Jaeger's or Zipkin's JSON, or a JSON array of \
             database spans ([docs/adapters/otel.md](docs/adapters/otel.md))",
    constructions: &[Construction::Own("plain"), Construction::Reference],
    options: &[],
    reference_label: Some("otel-db-spans"),
    is_recording: false,
};

impl Adapter for Otel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// It is JSON, which has no columns.
    #[cfg(test)]
    fn sample(&self) -> Option<crate::trace::kinds_tests::Sample> {
        None
    }

    fn convert(&self, trace: Trace<'_>, options: &Options) -> Result<Conversion, TraceError> {
        let source = SpanSource::new(trace.open(options.digest)?)?;
        if options.construction.is_reference() {
            reference::convert(source, options)
        } else {
            plain::convert(source, options)
        }
    }
}
