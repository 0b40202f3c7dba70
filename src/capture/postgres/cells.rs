//! The cells of a row as a server sends them. Nothing about them is believed but their number.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::tape::recording::RecordedCell;

/// The bytes of a cell, whatever its type.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The cells of a row, by the types that the questions ask for.
///
/// # Errors
/// When a cell is not what its type says.
pub(super) fn cells(row: &Row) -> Result<Vec<RecordedCell>, String> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(index, column)| {
            let bytes: Option<Bytes<'_>> = row.try_get(index).map_err(|error| error.to_string())?;
            bytes
                .map_or(Ok(RecordedCell::Null), |Bytes(bytes)| cell(column.type_(), bytes))
                .map_err(|problem| format!("column {}: {problem}", index + 1))
        })
        .collect()
}

fn cell(kind: &Type, bytes: &[u8]) -> Result<RecordedCell, String> {
    Ok(match *kind {
        Type::BOOL => RecordedCell::Bool(u8::from_be_bytes(sized(kind, bytes)?) != 0),
        Type::INT2 => RecordedCell::Int(i16::from_be_bytes(sized(kind, bytes)?).into()),
        Type::INT4 => RecordedCell::Int(i32::from_be_bytes(sized(kind, bytes)?).into()),
        Type::INT8 => RecordedCell::Int(i64::from_be_bytes(sized(kind, bytes)?)),
        Type::FLOAT8 => RecordedCell::float(f64::from_be_bytes(sized(kind, bytes)?)),
        Type::TEXT | Type::NAME | Type::VARCHAR => RecordedCell::Text(escaped(bytes)),
        _ => RecordedCell::Null,
    })
}

fn sized<const N: usize>(kind: &Type, bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("{} bytes are not a value of type {}", bytes.len(), kind.name()))
}

/// A name. Names of other databases may be in any encoding, since a server does not convert what databases share: bytes that are
/// not UTF-8 are written as `\xE9`, so that two names stay two.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_what_its_type_says_or_an_error() {
        for (kind, bytes, expected) in [
            (Type::BOOL, &[1_u8][..], Ok(RecordedCell::Bool(true))),
            (Type::BOOL, &[1, 1], Err("2 bytes are not a value of type bool")),
            (Type::INT2, &[0, 1], Ok(RecordedCell::Int(1))),
            (Type::INT4, &[0xff; 4], Ok(RecordedCell::Int(-1))),
            (Type::INT8, &[0, 0, 0, 1], Err("4 bytes are not a value of type int8")),
            (Type::FLOAT8, &[1], Err("1 bytes are not a value of type float8")),
            (Type::FLOAT8, &[0x7f, 0xf8, 0, 0, 0, 0, 0, 0], Ok(RecordedCell::Null)),
            (Type::TEXT, b"b\xe9b\xe9", Ok(RecordedCell::Text("b\\xE9b\\xE9".to_owned()))),
            (Type::NAME, "é".as_bytes(), Ok(RecordedCell::Text("é".to_owned()))),
            (Type::JSON, b"{}", Ok(RecordedCell::Null)),
        ] {
            assert_eq!(cell(&kind, bytes), expected.map_err(str::to_owned), "{kind} {bytes:?}");
        }
    }
}
