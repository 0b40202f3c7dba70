//! Where telltape differs from the reference on purpose: that it does, and how (`docs/method.md`).

use dsfb_database::live::tape::{Tape, load_and_verify};
use dsfb_database::residual::{ResidualClass, ResidualSample};
use telltape::residual::{Class, Sample};
use telltape::tape::{self, TapeError, TapeWriter, manifest_path};

use crate::property::scratch;

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
