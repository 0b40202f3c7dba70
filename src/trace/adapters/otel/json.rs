//! Spans of JSON texts, one at a time: of no text is there more in memory than the span that is being read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::attributes;
use super::layout::{Is, Layout, LayoutStep};
use super::problem::SpanProblem;
use super::scalar::{Lookup, Member};
use super::spans::{DatabaseSpan, Spans};

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
        self.spans.push_fault(SpanProblem::NotASpan(found.to_string())).map_err(E::custom)
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
        self.spans.push(span, self.layout).map_err(A::Error::custom)
    }
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
                Some(LayoutStep::Into(depth)) if depth > self.depth || (depth, self.depth) == (0, 0) => {
                    known = true;
                    members.next_value_seed(self.below(depth))?;
                }
                Some(LayoutStep::Other) if self.depth == 0 => {
                    known = true;
                    self.spans.push_other();
                    members.next_value::<IgnoredAny>()?;
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        if self.depth == 0 && keys > 0 && !known {
            let keys = self.layout.path.iter().take(3).map(|(key, _)| *key).collect();
            return self.spans.push_fault(SpanProblem::NoSpans(keys)).map_err(A::Error::custom);
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
