//! Spans as the Collector's file exporter writes them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

/// Spans in one line, as a batch of the Collector.
const BATCH: u64 = 512;

/// Statements, each with its own literals in every span.
const STATEMENTS: u64 = 200;

/// OTLP JSONL of at least `bytes` bytes: database spans of many statements under the names of today, an HTTP span among ten.
pub(crate) fn jsonl(path: &Path, bytes: usize) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let part = path.with_extension("part");
    let mut out = BufWriter::new(File::create(&part)?);
    let (mut written, mut span) = (0, 0_u64);
    while written < bytes {
        let mut line = String::from(
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]},\
             \"scopeSpans\":[{\"scope\":{\"name\":\"driver\"},\"spans\":[",
        );
        for index in 0..BATCH {
            let start = 1_714_557_600_000_000_000 + span * 1_000_000;
            let end = start + 2_000_000 + span % 7 * 100_000;
            let ids = format!("\"traceId\":\"{:032x}\",\"spanId\":\"{:016x}\"", span / 8 + 1, span + 1);
            let attributes = if span % 10 == 9 {
                "{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}}".to_owned()
            } else {
                let statement = span % STATEMENTS;
                format!(
                    "{{\"key\":\"db.system.name\",\"value\":{{\"stringValue\":\"postgresql\"}}}},{{\"key\":\"db.query.text\",\
                     \"value\":{{\"stringValue\":\"SELECT id, name FROM item_{statement} WHERE shop = {span} AND price < 10\"}}}}"
                )
            };
            let comma = if index == 0 { "" } else { "," };
            line += &format!(
                "{comma}{{{ids},\"name\":\"query\",\"kind\":3,\"startTimeUnixNano\":\"{start}\",\"endTimeUnixNano\":\"{end}\",\
                 \"attributes\":[{attributes}],\"status\":{{}}}}"
            );
            span += 1;
        }
        line += "]}]}]}\n";
        out.write_all(line.as_bytes())?;
        written += line.len();
    }
    out.flush()?;
    std::fs::rename(part, path)?;
    Ok(())
}
