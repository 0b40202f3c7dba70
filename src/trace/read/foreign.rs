//! Files that are something else than what an adapter reads: what they are, by their first bytes, and the way on.

use super::table_problem::AS_CSV;

/// What an adapter reads, which decides the way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Rows of columns.
    Table,
    /// Spans in JSON or protobuf.
    Spans,
    /// Plain text.
    Text,
}

/// The way on with a file of another kind.
enum Way {
    /// Whatever is wanted.
    Any(&'static str),
    /// A table can be had of it.
    Table(&'static str),
}

use Way::{Any, Table};

/// What a file is that is something else than what an adapter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignFile {
    /// A format that is known by its first bytes.
    #[error("this is {what}; {way}")]
    Known {
        /// What it is.
        what: &'static str,
        /// The way on.
        way: &'static str,
    },
    /// UTF-16 that does not say which of two bytes comes first.
    #[error("this is UTF-16 without a byte order mark; convert it with `iconv -f UTF-16{order} -t UTF-8`")]
    Utf16 {
        /// `LE` or `BE`.
        order: &'static str,
    },
    /// HTML, XML and their like.
    #[error("this is markup such as HTML or XML; perhaps a page was saved instead of the answer of its API")]
    Markup,
    /// A text whose first line is a comment.
    #[error(
        "the first line starts with `#`, as a comment does; take such lines out with `grep -v '^#'`, or the `#` off the header"
    )]
    Comment,
    /// A dump.
    #[error("this is SQL, as pg_dump writes it; load it, and write the table with `\\copy … TO 'x.csv' CSV HEADER`")]
    Sql,
    /// A column a line.
    #[error("this is a record of one column a line, as psql's `\\x` and mysql's `\\G` print it; {AS_CSV}")]
    Expanded,
    /// A jsonlog.
    #[error("this is a log of PostgreSQL in JSON; pass --dataset auto-explain")]
    Log,
    /// Spans in JSON.
    #[error("this is JSON of spans; pass --dataset otel")]
    Spans,
    /// Plans in JSON.
    #[error(
        "this is JSON of plans, as EXPLAIN (FORMAT JSON) writes it, and no table; pass --dataset job if the plans are of queries \
         that were run (ANALYZE)"
    )]
    Plans,
    /// Other JSON.
    #[error(
        "this is JSON, and this data set reads a table; write one with `duckdb -csv -c \"FROM read_json('x.json')\" > x.csv`"
    )]
    Json,
}

/// The byte order mark of UTF-8, which is passed over.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 600;

/// The first bytes of Parquet.
const PARQUET: &[u8] = b"PAR1";

/// Whether a file that starts with `head` is Parquet, and no text whose first column is called so.
pub(super) fn is_parquet(head: &[u8]) -> bool {
    let rest = head.strip_prefix(PARQUET);
    rest.is_some_and(|rest| rest.first().is_none_or(|byte| matches!(byte, 0..=8 | 14..=31 | 0x7f..)))
}

/// Which of the two is the outer one, the bytes do not tell.
const UNPACK_ONCE: &str = "decompress it once with `gzip -d` or `zstd -d`";
const UNZIP: &str = "unpack it with `unzip`";
const UTF_16: &str = "convert it with `iconv -f UTF-16 -t UTF-8`";

/// Where which bytes stand in files of other kinds, what these are, and the way on.
const BINARY: &[(usize, &[u8], &str, Way)] = &[
    (0, b"\x1f\x8b", "compressed by gzip within gzip or zstd", Any(UNPACK_ONCE)),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd within gzip or zstd", Any(UNPACK_ONCE)),
    (0, b"\xfd7zXZ\0", "compressed by xz", Any("decompress it with `xz -d`")),
    (0, b"BZh", "compressed by bzip2", Any("decompress it with `bzip2 -d`")),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4", Any("decompress it with `lz4 -d`")),
    (0, b"\xff\x06\0\0sNaPpY", "compressed by Snappy", Any("decompress it with `snzip -d`")),
    (0, b"\x1f\x9d", "compressed by compress", Any("decompress it with `gzip -d`")),
    (
        0,
        b"PK\x03\x04",
        "a zip archive, which a sheet of Excel is, too",
        Table("unpack it with `unzip`, or save the sheet as CSV"),
    ),
    (0, b"PK\x05\x06", "an empty zip archive", Any("look for the one with the files")),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", Any("unpack it with `7z x`")),
    (0, b"Rar!\x1a\x07", "a RAR archive", Any("unpack it with `unrar x`")),
    (257, b"ustar", "a tar archive", Any("unpack it with `tar -xf`")),
    (0, b"\xff\xfe", "UTF-16", Any(UTF_16)),
    (0, b"\xfe\xff", "UTF-16", Any(UTF_16)),
    (0, b"PARE", "Parquet whose footer is encrypted", Table("write it again without encryption")),
    (
        0,
        b"SQLite format 3\0",
        "an SQLite database",
        Table("write the table with `sqlite3 -csv -header FILE 'SELECT …'`"),
    ),
    (8, b"DUCK", "a DuckDB database", Table("write the table with `duckdb -csv FILE 'FROM …'`")),
    (
        0,
        b"PGDMP\x01",
        "a dump of pg_dump in its custom format",
        Table("restore it with `pg_restore -d DATABASE`, and write the table with `\\copy … TO 'x.csv' CSV HEADER`"),
    ),
    (
        0,
        b"PGCOPY\n\xff\r\n\0",
        "a table that COPY wrote in PostgreSQL's binary format",
        Table("write it with `\\copy … TO 'x.csv' CSV HEADER`"),
    ),
    (0, b"ARROW1\0\0", "Arrow (Feather)", Table("write it as Parquet, such as with `pyarrow.parquet.write_table`")),
    (0, b"ORC", "ORC", Table("write it as Parquet or CSV")),
    (0, b"Obj\x01", "Avro", Table("write it as Parquet or CSV")),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5", Table("write the table as Parquet or CSV")),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a sheet of an old Excel", Table("save it as CSV")),
    (0, b"%PDF-", "a PDF", Any("look for the file that it was made of")),
    (
        0,
        b"version https://git-lfs.github.com",
        "a pointer of Git LFS and not the file",
        Any("get it with `git lfs pull`"),
    ),
];

/// What a file that starts with `head` is, and what to do, if its bytes are those of no text.
pub(crate) fn binary(head: &[u8], wanted: Wanted) -> Option<ForeignFile> {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let starts = |at: usize, magic: &[u8]| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if starts(0, PARQUET) && wanted != Wanted::Table {
        let way = match wanted {
            Wanted::Spans => "there is no Parquet form of spans, so export them as OTLP JSON",
            _ => "export it as text",
        };
        return Some(ForeignFile::Known { what: "Parquet", way });
    }
    // A column may be called that, or stand there.
    let is_binary = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, 0..=31 | 0x7f..));
    let is_it = |at: usize, magic: &[u8]| match magic {
        b"ORC" | b"PARE" => is_binary(head.get(magic.len())),
        b"BZh" => head.get(3).is_some_and(u8::is_ascii_digit),
        b"DUCK" => head[..at].iter().any(|byte| is_binary(Some(byte))),
        _ => true,
    };
    let found = BINARY.iter().find(|(at, magic, ..)| starts(*at, magic) && is_it(*at, magic));
    if let Some((_, _, what, way)) = found {
        let way = match (way, wanted) {
            (Any(way), _) | (Table(way), Wanted::Table) => way,
            (Table(_), _) if what.contains("zip") => UNZIP,
            (Table(_), Wanted::Spans) => "export its spans as JSON",
            (Table(_), Wanted::Text) => "export it as text",
        };
        return Some(ForeignFile::Known { what, way });
    }
    let order = match head {
        [first, 0, second, 0, ..] if *first > 0 && *second > 0 => "LE",
        [0, first, 0, second, ..] if *first > 0 && *second > 0 => "BE",
        [b'{' | b'[', 0] => "LE",
        [0, b'{' | b'['] => "BE",
        _ => return None,
    };
    Some(ForeignFile::Utf16 { order })
}

/// What a text is that starts with `head` and is no JSON, and what to do.
pub(crate) fn markup(text: &[u8]) -> Option<ForeignFile> {
    text.starts_with(b"<").then_some(ForeignFile::Markup)
}

/// Keys that stand in every line of PostgreSQL's jsonlog, and in nothing else.
const LOG_KEYS: [&str; 2] = ["error_severity", "backend_type"];

/// Keys that only spans have: of OTLP in both spellings, of Jaeger and Zipkin, of our own form, and the old and new attributes of
/// statements.
const SPAN_KEYS: [&str; 19] = [
    "resourceSpans",
    "resource_spans",
    "scopeSpans",
    "scope_spans",
    "instrumentationLibrarySpans",
    "startTimeUnixNano",
    "start_time_unix_nano",
    "traceID",
    "traceId",
    "trace_id",
    "spanID",
    "spanId",
    "span_id",
    "t_start_ns",
    "statement_hash",
    "db.statement",
    "db.query.text",
    "db.query.summary",
    "db.system.name",
];

/// What a text is that starts with `head` and whose header has not the columns of a table, and what to do.
pub(super) fn text(head: &[u8]) -> Option<ForeignFile> {
    let text = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
    if let Some(markup) = markup(text) {
        return Some(markup);
    }
    if text.starts_with(b"#") {
        return Some(ForeignFile::Comment);
    }
    let starts = |with: &[&[u8]]| with.iter().any(|start| text.starts_with(start));
    if starts(&[b"--\n-- PostgreSQL database", b"CREATE ", b"INSERT INTO "]) {
        return Some(ForeignFile::Sql);
    }
    if starts(&[b"-[ RECORD ", b"*************************** 1. row"]) {
        return Some(ForeignFile::Expanded);
    }
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return None;
    }
    let (keys, _) = first_keys(text);
    let has = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
    // Of a text in another object, the keys of this one say nothing: `{"data":[{"traceID":`, `{"trace":{"resourceSpans":`.
    let has_key = |key: &&str| {
        let quoted = format!("\"{key}\"");
        let ends = memchr::memmem::find_iter(text, quoted.as_bytes()).map(|at| at + quoted.len());
        ends.map(|end| text[end..].trim_ascii_start()).any(|behind| behind.starts_with(b":"))
    };
    Some(if has(&LOG_KEYS) {
        ForeignFile::Log
    } else if SPAN_KEYS.iter().any(has_key) {
        ForeignFile::Spans
    } else if has(&["Plan"]) {
        ForeignFile::Plans
    } else {
        ForeignFile::Json
    })
}

/// The keys of the first object, which may stand in lists, as far as can be seen, and whether that is all of it.
pub(crate) fn first_keys(text: &[u8]) -> (Vec<String>, bool) {
    let mut keys = Vec::new();
    let (mut bytes, mut depth, mut key) = (text.iter(), 0_usize, Vec::new());
    let mut is_key = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                key.clear();
                skip_string(&mut bytes, &mut key);
                if is_key && depth == 1 {
                    keys.push(String::from_utf8_lossy(&key).into_owned());
                    is_key = false;
                }
            }
            b'{' => {
                depth += 1;
                is_key = depth == 1;
            }
            b'[' if depth > 0 => depth += 1,
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return (keys, true);
                }
            }
            b',' => is_key = depth == 1,
            _ => {}
        }
    }
    (keys, false)
}

/// Goes behind the closing quote of a string and keeps what is in it.
pub(crate) fn skip_string(bytes: &mut std::slice::Iter<'_, u8>, kept: &mut Vec<u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            byte => kept.push(*byte),
        }
    }
}
