//! Where telltape differs from the reference on purpose: that it does, and how (`docs/method.md`).

use dsfb_database::live::tape::{Tape, load_and_verify};
use dsfb_database::residual::{ResidualClass, ResidualSample, ResidualStream};
use telltape::residual::{Class, Sample};
use telltape::tape::{self, TapeError, TapeWriter, manifest_path};
use telltape::trace::{Conversion, Dataset};
use telltape_conformance::compare;
use telltape_conformance::oracle::{self, GenericColumns};

use crate::property::scratch;
use crate::traces::ours;

#[test]
fn a_residual_that_is_not_finite_is_refused_by_our_writer_and_unreadable_from_theirs() {
    let folder = scratch();
    let (ours, theirs) = (folder.path().join("ours.jsonl"), folder.path().join("theirs.jsonl"));
    let mut writer = TapeWriter::create(&ours, "x").unwrap();
    let sample = Sample { t: 0.0, class: Class::CacheIo, value: f64::NAN, channel: None };
    assert!(matches!(writer.append([sample]), Err(TapeError::BadSample { .. })));

    let mut tape = Tape::create(&theirs, "x").unwrap();
    tape.append(&[ResidualSample::new(0.0, ResidualClass::CacheIo, f64::NAN)]).unwrap();
    tape.finalize().unwrap();
    assert!(load_and_verify(&theirs).is_err());
    assert!(matches!(tape::read(&theirs), Err(TapeError::BadLine { .. })));
}

#[test]
fn a_manifest_with_wrong_times_or_of_a_newer_format_is_refused_by_ours_only() {
    let folder = scratch();
    let path = folder.path().join("tape.jsonl");
    let mut writer = TapeWriter::create(&path, "x").unwrap();
    writer.append([Sample { t: 1.5, class: Class::CacheIo, value: 0.0, channel: None }]).unwrap();
    writer.finalise(None).unwrap();
    let sealed = std::fs::read_to_string(manifest_path(&path)).unwrap();
    for (from, to) in [("\"last_t\": 1.5", "\"last_t\": 2.5"), ("\"format\": 1", "\"format\": 2")] {
        assert!(sealed.contains(from), "{sealed}");
        std::fs::write(manifest_path(&path), sealed.replace(from, to)).unwrap();
        assert!(load_and_verify(&path).is_ok(), "{to}");
        assert!(tape::read(&path).is_err(), "{to}");
    }
}

/// Our conversion of `text`, and what the reference makes of it; `None` if it panics.
fn convert_both(
    dataset: Dataset,
    text: &str,
    columns: &GenericColumns,
) -> (Result<Conversion, String>, Option<Result<ResidualStream, String>>) {
    let folder = scratch();
    let path = folder.path().join("trace.csv");
    std::fs::write(&path, text).unwrap();
    let theirs = std::panic::catch_unwind(|| oracle::convert(dataset, &path, columns)).ok();
    (ours(dataset, &path, false, columns), theirs)
}

#[test]
fn a_skeleton_with_a_character_across_its_64th_byte_is_cut_before_it_where_the_reference_panics() {
    let text = format!("user_id,runtime_seconds,submitted_at,query_text\nu,1,0,{}é tail\n", "x".repeat(63));
    let (ours, theirs) = convert_both(Dataset::Sqlshare, &text, &GenericColumns::default());
    assert!(theirs.is_none());
    assert_eq!(ours.unwrap().stream.sample(0).channel, Some(format!("u#{}", "x".repeat(63)).as_str()));
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_ours_and_taken_by_the_reference() {
    let header = "query_id,t_seconds,latency_ms,est_rows,actual_rows\n";
    for row in ["q,0,nan,1,1", "q,0,inf,1,1", "q,nan,1,1,1", "q,0,1,1,1e999"] {
        let (ours, theirs) = convert_both(Dataset::Tpcds, &format!("{header}{row}\n"), &GenericColumns::default());
        assert!(ours.is_err(), "{row}");
        assert_eq!(theirs.unwrap().unwrap().len(), 2, "{row}");
    }
    // A mean of what is finite may not be; then ours names the row, and theirs has a NaN that silences the channel for good.
    let text = format!("{header}q,0,1e308,1,1\nq,1,1e308,1,1\nq,2,1e308,1,1\n");
    let (ours, theirs) = convert_both(Dataset::Tpcds, &text, &GenericColumns::default());
    assert!(ours.unwrap_err().contains("trace.csv:4`: the residual is NaN, which is not finite"));
    assert!(theirs.unwrap().unwrap().samples.iter().any(|sample| sample.value.is_nan()));
}

#[test]
fn what_the_formulas_forgive_is_the_same_in_both_and_counted_by_ours() {
    let header = "query_id,t_seconds,latency_ms,est_rows,actual_rows\n";
    for (row, clamped) in [
        ("q,0,1,nan,1", 1),
        ("q,0,1,-1,1", 1),
        ("q,0,1,-NaN,-inf", 2),
        ("q,0,1e300,1,1", 0),
        ("q,0,1,1e300,1", 0),
        ("q,0,1,1,1.7976931348623157e308", 0),
    ] {
        let (ours, theirs) = convert_both(Dataset::Tpcds, &format!("{header}{row}\n"), &GenericColumns::default());
        let ours = ours.unwrap_or_else(|error| panic!("{row}: {error}"));
        compare::streams(&ours.stream, &theirs.unwrap().unwrap()).unwrap();
        assert_eq!(ours.rows.clamped.values().sum::<u64>(), clamped, "{row}");
    }
}

/// Sums of larger numbers overflow in the engine: the episodes of the reference then have NaN and inf in them.
#[test]
fn a_time_or_a_residual_beyond_1e100_is_refused_by_ours_and_taken_by_the_reference() {
    let header = "query_id,t_seconds,latency_ms,est_rows,actual_rows\n";
    for (row, problem) in [
        ("q,1,1e101,1,1", "trace.csv:3`: the residual is 1e101, which is beyond ±1e100"),
        ("q,1e101,1,1,1", "trace.csv:3`: the time is 1e101, which is beyond ±1e100"),
    ] {
        let text = format!("{header}q,0,1,1,1\n{row}\n");
        let (ours, theirs) = convert_both(Dataset::Tpcds, &text, &GenericColumns::default());
        let error = ours.unwrap_err();
        assert!(error.contains(problem), "{error}");
        assert!(compare::is_beyond(&theirs.unwrap().unwrap()));
    }
    let folder = scratch();
    let path = folder.path().join("theirs.jsonl");
    for (t, value, taken) in [(1e100, -1e100, true), (1.1e100, 0.0, false), (0.0, -1.1e100, false)] {
        let mut tape = Tape::create(&path, "x").unwrap();
        tape.append(&[ResidualSample::new(t, ResidualClass::CacheIo, value)]).unwrap();
        tape.finalize().unwrap();
        assert!(load_and_verify(&path).is_ok());
        match tape::read(&path) {
            Ok(_) => assert!(taken, "{t} {value}"),
            Err(error) => assert!(!taken && error.to_string().contains("beyond ±1e100"), "{error}"),
        }
    }
}

#[test]
fn a_named_column_is_exactly_that_column_where_the_reference_forgives_case_and_an_absent_channel() {
    let text = "t,Value,value\n0,1,2\n1,1,2\n";
    let columns = GenericColumns { pre_residualized: true, ..GenericColumns::default() };
    let value = GenericColumns { value: Some("value".to_owned()), ..columns.clone() };
    let (ours, theirs) = convert_both(Dataset::Generic, text, &value);
    assert_eq!(ours.unwrap().stream.values(), [2.0, 2.0]);
    assert_eq!(theirs.unwrap().unwrap().samples[0].value, 1.0);
    let absent = GenericColumns { channel: Some("host".to_owned()), ..columns };
    let (ours, theirs) = convert_both(Dataset::Generic, text, &absent);
    assert!(ours.is_err());
    assert_eq!(theirs.unwrap().unwrap().samples[0].channel.as_deref(), Some("generic"));
}
