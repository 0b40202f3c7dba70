//! Each adapter × what a file may be instead of its trace, by its first bytes: none takes it for one, with no flag, and the message
//! names it with the way on. An adapter that opens its file by itself fails here.

use super::*;
use crate::diagnostics::{Diagnose, Exit};

/// Files that are no text, and a part of the message.
fn binaries() -> Vec<(Vec<u8>, &'static str)> {
    let wide = |text: &str, low_first: bool| -> Vec<u8> {
        text.bytes().flat_map(|byte| if low_first { [byte, 0] } else { [0, byte] }).collect()
    };
    let mut tar = vec![b'a'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    let mut duckdb = vec![1; 64];
    duckdb[8..12].copy_from_slice(b"DUCK");
    vec![
        (b"\xfd7zXZ\0rest".to_vec(), "`xz -d`"),
        (b"BZh91AY&SY".to_vec(), "`bzip2 -d`"),
        (b"\x04\x22\x4d\x18rest".to_vec(), "`lz4 -d`"),
        (b"PK\x03\x04rest".to_vec(), "`unzip`"),
        (b"7z\xbc\xaf\x27\x1crest".to_vec(), "`7z x`"),
        (tar, "`tar -xf`"),
        (duckdb, "`duckdb -csv"),
        ([b"\xff\xfe".to_vec(), wide("a,b\n", true)].concat(), "`iconv -f UTF-16 -t UTF-8`"),
        ([b"\xfe\xff".to_vec(), wide("a,b\n", false)].concat(), "`iconv -f UTF-16 -t UTF-8`"),
        (wide("a,b\n1,2\n", true), "`iconv -f UTF-16LE -t UTF-8`"),
        (wide("a,b\n1,2\n", false), "`iconv -f UTF-16BE -t UTF-8`"),
        (b"SQLite format 3\0rest".to_vec(), "`sqlite3 -csv -header"),
        (b"PGDMP\x01rest".to_vec(), "`pg_restore -d DATABASE`"),
        (b"PGCOPY\n\xff\r\n\0".to_vec(), "CSV HEADER"),
        (b"ARROW1\0\0".to_vec(), "write it as Parquet"),
        (b"ORC\x0a\x0b".to_vec(), "this is ORC"),
        (b"Obj\x01\x04".to_vec(), "this is Avro"),
        (b"%PDF-1.7".to_vec(), "this is a PDF"),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "`git lfs pull`"),
        (b"PAR1\x15broken".to_vec(), "Parquet"),
        (b"PARE\x15broken".to_vec(), "encrypted"),
    ]
}

/// Texts in which no adapter finds a row that is of use.
const TEXTS: [&[u8]; 16] = [
    b"",
    b"\n",
    b" \r\n\r\n",
    b"\xef\xbb\xbf",
    b"t,value\n",
    b"a;b\n1;2\n",
    b"a\tb\n1\t2\n",
    b"a|b\n1|2\n",
    b"{}",
    b"{\"a\": 1}\n{\"a\": 2}\n",
    b"[]",
    b"[1, 2]",
    b"<!doctype html>\n<html></html>\n",
    b"(0 rows)\n",
    b"\0\0\0\0\0\0\0\0",
    b"\xe9t\xe9,valeur\n1,2\n",
];

/// The options of each construction of each data set, as strict and as lenient as they can be.
fn all_options() -> impl Iterator<Item = Options> {
    Dataset::ALL.into_iter().flat_map(|dataset| {
        dataset.about().constructions.iter().flat_map(move |construction| {
            [false, true].map(|lenient| {
                let options = Options { construction: *construction, ..Options::new(dataset) };
                Options { lenient, allow_empty: lenient, ..options }
            })
        })
    })
}

fn refusal(bytes: &[u8], options: &Options) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, bytes).unwrap();
    let case = format!("{} {} {:?}", options.dataset, options.construction, String::from_utf8_lossy(bytes));
    let error = convert(&path, options).err().unwrap_or_else(|| panic!("{case}"));
    assert_eq!(error.kind().exits()[0], Exit::Input, "{case}: {error}");
    let error = error.to_string();
    assert!(error.contains(&path.display().to_string()), "{case}: {error}");
    error
}

#[test]
fn what_is_no_text_is_named_with_the_way_on_by_every_adapter() {
    for options in all_options() {
        for (bytes, expected) in binaries() {
            let error = refusal(&bytes, &options);
            // Of a table, Parquet and Arrow are a form; of all else, the way on is another one.
            let is_named = error.contains(expected) || error.contains("this is ") && error.contains("export");
            assert!(is_named, "{} {expected}: {error}", options.dataset);
        }
    }
}

#[test]
fn a_text_without_a_row_of_use_is_refused_by_every_adapter_whatever_the_flags() {
    for options in all_options() {
        for text in TEXTS {
            refusal(text, &options);
        }
    }
}

#[test]
fn what_only_looks_like_something_else_is_a_table() {
    for header in ["ORC,t", "PARENT,t", "PAR1,t", "BZhash,t", "ARROW1,t", "PGDMP,t", "t,xxxxx,DUCK"] {
        let rows = if header.len() > 10 { "1,1,1\n" } else { "1,1\n" };
        let mut options = Options { construction: Construction::Own("plain"), ..Options::new(Dataset::Generic) };
        let (value, _) = header.split_once(',').filter(|(first, _)| *first != "t").unwrap_or(("DUCK", ""));
        options.set("value-col", value).unwrap();
        let error =
            convert_reader(format!("{header}\n{rows}{rows}").as_bytes(), "x", &options).unwrap_err().to_string();
        assert!(error.starts_with("`x:3`: two values at t = 1: line 2 and line 3; "), "{header}: {error}");
    }
}
