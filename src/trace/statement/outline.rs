//! Texts that differ in their literals alone, told without reading them token by token.

/// Stands for a number.
const NUMBER: u8 = 0;

/// Stands for a literal between apostrophes. It is not the same: a sign before a number belongs to it.
const QUOTED: u8 = 1;

/// Writes a text with one byte for each of its literals, and says whether it could: it gives up at whatever makes a digit or a
/// quote mean something else in any dialect. Two texts of one outline have one name.
pub(crate) fn outline(sql: &str, outline: &mut Vec<u8>) -> bool {
    let bytes = sql.as_bytes();
    outline.clear();
    outline.reserve(bytes.len());
    let (mut at, mut before) = (0, b' ');
    while let Some(byte) = bytes.get(at).copied() {
        let literal = match byte {
            b'0'..=b'9' if starts_literal(before) => number_length(&bytes[at..]).map(|length| (NUMBER, length)),
            b'\'' if starts_literal(before) => match quoted_length(&bytes[at..]) {
                None => return false,
                Some(length) => Some((QUOTED, length)),
            },
            b'-' if before == b'-' => return false,
            b'\'' | NUMBER | QUOTED | b'"' | b'`' | b'[' | b'$' | b'#' | b'%' | b'/' | b'\\' => return false,
            _ => None,
        };
        let (byte, length) = literal.unwrap_or((byte, 1));
        outline.push(byte);
        at += length;
        before = bytes[at - 1];
    }
    true
}

/// Whether a literal may stand behind a byte, and nothing that goes on from there.
fn starts_literal(before: u8) -> bool {
    matches!(before, b' ' | b'\t' | b'\n' | b'\r' | b'(' | b',' | b'=' | b'<' | b'>')
}

/// Whether a literal is over before what follows.
fn ends_literal(behind: &[u8]) -> bool {
    matches!(behind.first(), None | Some(b' ' | b'\t' | b'\n' | b'\r' | b')' | b',' | b'=' | b'<' | b'>' | b';'))
}

/// Bytes of a decimal number without an exponent.
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let end = if bytes.get(whole) == Some(&b'.') { digits(whole + 1) } else { whole };
    ends_literal(&bytes[end..]).then_some(end)
}

/// Bytes of a literal between apostrophes that has none in it, and nothing that could escape one.
fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr2(b'\'', b'\\', &bytes[1..])? + 2;
    (bytes[end - 1] == b'\'' && ends_literal(&bytes[end..])).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Dialect, name};
    use super::*;

    /// One of each dialect.
    const SYSTEMS: [&str; Dialect::COUNT] = [
        "?",
        "trino",
        "postgresql",
        "redshift",
        "microsoft.sql_server",
        "sqlite",
        "mysql",
        "hive",
        "spark",
        "gcp.bigquery",
        "clickhouse",
        "snowflake",
        "oracle.db",
        "h2database",
        "neo4j",
    ];

    fn of(sql: &str) -> Option<String> {
        let mut bytes = Vec::new();
        outline(sql, &mut bytes).then(|| String::from_utf8(bytes).expect("literals begin and end at characters"))
    }

    #[test]
    fn plain_literals_are_one_byte_each_and_anything_else_is_read_token_by_token() {
        for (sql, expected) in [
            ("select a from t where b = 12 and c='é,x' and d<1.5", Some("select a from t where b = 0 and c=' and d<0")),
            ("insert into t1 values (1,'',2.)", Some("insert into t1 values (0,',0)")),
            ("7", Some("0")),
            ("a -5, b1 c.5 1e5 0x1F 1_0 1..2", Some("a -5, b1 c.5 1e5 0x1F 1_0 1..2")),
            ("a = 'x''y'", None),
            ("a = 'x\\'y'", None),
            ("a = 'x", None),
            ("a = n'x'", None),
            ("a = 1 -- 2", None),
            ("a = 1 /* 2 */", None),
            ("a = $1", None),
            ("\"a 1\" = 1", None),
            ("\0", None),
            ("\u{1}", None),
        ] {
            assert_eq!(
                of(sql).map(|outline| outline.replace('\0', "0").replace('\u{1}', "'")).as_deref(),
                expected,
                "{sql}"
            );
        }
    }

    #[test]
    fn every_dialect_is_tested() {
        let mut dialects = SYSTEMS.map(|system| Dialect::of_system(system) as usize);
        dialects.sort_unstable();
        assert!(dialects.into_iter().eq(0..Dialect::COUNT));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn whatever_the_literals_are_the_name_is_one(
            sql in "( ?(in|values|from|é|x|q|12|0|3.5|'a'|''|' -- '|'1'|[-+()=<>,;.:@?*!&|e{}~^]| |\n)){0,12}"
        ) {
            if let Some(outline) = of(&sql) {
                for dialect in SYSTEMS.map(Dialect::of_system) {
                    let expected = name(&sql, dialect);
                    for (number, quoted) in [("7", "'z (1'"), ("8.25", "''"), ("12", "'--'")] {
                        let other = outline.replace('\0', number).replace('\u{1}', quoted);
                        prop_assert_eq!(&name(&other, dialect), &expected);
                    }
                }
            }
        }
    }
}
