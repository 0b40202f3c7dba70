//! Tapes both ways: the same bytes from both writers, and each reader reads what the other wrote.

use std::path::Path;

use dsfb_database::live::tape::{Tape, TapeManifest, load_and_verify};
use dsfb_database::residual::ResidualSample;
use proptest::prelude::*;
use telltape::motif::Grammar;
use telltape::tape::{self, Manifest, TapeWriter, manifest_path};
use telltape_conformance::bits::Bits;
use telltape_conformance::compare::{self, same};
use telltape_conformance::oracle;

use crate::property::Property;
use crate::streams::{Rows, channel, class, number, shapeless};

/// Samples whose numbers and names are hard to spell.
fn hard_to_spell() -> impl Strategy<Value = Rows> {
    prop::collection::vec((number(), class(), number(), channel()), 0..60).prop_map(Rows)
}

/// Writes the samples in order of arrival with both writers, in batches, and returns both manifests.
fn write_both(
    rows: &Rows,
    source: &str,
    batch: usize,
    ours: &Path,
    theirs: &Path,
) -> Result<(Manifest, TapeManifest), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let samples: Vec<_> = rows.samples().collect();
    let mut writer = TapeWriter::create(ours, source).map_err(|error| text(&error))?;
    let mut tape = Tape::create(theirs, source).map_err(|error| text(&error))?;
    for batch in samples.chunks(batch) {
        writer.append(batch.iter().copied()).map_err(|error| text(&error))?;
        let batch: Vec<ResidualSample> = batch.iter().map(oracle::sample).collect();
        tape.append(&batch).map_err(|error| text(&error))?;
    }
    Ok((writer.finalise(None).map_err(|error| text(&error))?, tape.finalize().map_err(|error| text(&error))?))
}

fn exchange(rows: &Rows, source: &str, batch: usize, folder: &Path) -> Result<usize, String> {
    let (ours, theirs) = (folder.join("ours.jsonl"), folder.join("theirs.jsonl"));
    let (manifest, published) = write_both(rows, source, batch, &ours, &theirs)?;
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| error.to_string());
    same("the tape", &read(&ours)?, &read(&theirs)?)?;
    same("sha256", &manifest.sha256, &published.sha256)?;
    same("sample_count", &manifest.sample_count, &published.sample_count)?;
    // Zeros of different sign are one time; which of the two stands in the manifest is not part of the format.
    let bounds = |first: Option<f64>, last: Option<f64>| [first, last].map(|t| t.map(|t| Bits::from(t + 0.0)));
    same("the times", &bounds(manifest.first_t, manifest.last_t), &bounds(published.first_t, published.last_t))?;

    let expected = rows.stream(source);
    let ours_of_theirs = tape::read_even_empty(&theirs).map_err(|error| error.to_string())?;
    let (theirs_of_ours, _) = load_and_verify(&ours).map_err(|error| format!("{error:#}"))?;
    compare::streams(&ours_of_theirs.stream, &theirs_of_ours)?;
    compare::streams(&expected, &theirs_of_ours)?;
    same("the source in the manifest", &ours_of_theirs.manifest.source, &published.source)?;
    compare::episodes(&ours_of_theirs.stream, &theirs_of_ours, &Grammar::default(), folder)?;
    Ok(rows.0.len())
}

#[test]
fn tapes_have_the_same_bytes_and_are_read_by_both() {
    let property = Property { source: file!(), name: "tape exchange", cases: 2000 };
    let inputs = (prop_oneof![hard_to_spell(), shapeless(60)], any::<String>(), 1..80_usize);
    let found = property.holds(&inputs, |(rows, source, batch), folder| exchange(&rows, &source, batch, folder));
    assert!(found > 10_000, "{found} samples");
}

#[test]
fn a_tape_of_a_stream_has_the_same_bytes_however_it_is_appended() {
    let rows = Rows(
        (0..40_000)
            .map(|i| {
                (
                    f64::from(i) / 7.0,
                    telltape::residual::Class::ALL[i as usize % 5],
                    (f64::from(i) / 3.0) - 5e3,
                    Some(format!("q{}", i % 99)),
                )
            })
            .collect(),
    );
    let folder = crate::property::scratch();
    exchange(&rows, "long", 997, folder.path()).unwrap();
    let whole = folder.path().join("whole.jsonl");
    let mut writer = TapeWriter::create(&whole, "long").unwrap();
    writer.append_stream(&rows.stream("long")).unwrap();
    writer.finalise(None).unwrap();
    assert!(std::fs::read(&whole).unwrap() == std::fs::read(folder.path().join("theirs.jsonl")).unwrap());
}

/// What is done to a sealed tape or its manifest.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(u8),
    Count(i64),
    UppercaseHash,
    NoManifest,
    OtherManifest,
}

#[test]
fn damage_is_refused_by_both() {
    let damage = prop_oneof![
        4 => (any::<prop::sample::Index>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        2 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        1 => any::<u8>().prop_map(Damage::Append),
        2 => prop_oneof![Just(-1_i64), Just(1), Just(1000)].prop_map(Damage::Count),
        1 => Just(Damage::UppercaseHash),
        1 => Just(Damage::NoManifest),
        1 => Just(Damage::OtherManifest),
    ];
    let rows = hard_to_spell().prop_filter("an empty tape cannot be cut", |rows| !rows.0.is_empty());
    let property = Property { source: file!(), name: "damaged tapes", cases: 1000 };
    property.holds(&(rows, damage), |(rows, damage), folder| {
        let (ours, theirs) = (folder.join("ours.jsonl"), folder.join("theirs.jsonl"));
        // Ours replaces only its like, and a damaged tape or manifest may be none any more.
        for file in [&ours, &theirs, &manifest_path(&ours), &manifest_path(&theirs)] {
            let _ = std::fs::remove_file(file);
        }
        let (manifest, _) = write_both(&rows, "damaged", 100, &ours, &theirs)?;
        for tape in [&ours, &theirs] {
            hurt(tape, &manifest, damage).map_err(|error| error.to_string())?;
            if tape::read(tape).is_ok() || load_and_verify(tape).is_ok() {
                return Err(format!("{} was read", tape.display()));
            }
        }
        Ok(1)
    });
}

fn hurt(tape: &Path, manifest: &Manifest, damage: Damage) -> std::io::Result<()> {
    let sidecar = manifest_path(tape);
    let mut bytes = std::fs::read(tape)?;
    let seal = std::fs::read_to_string(&sidecar)?;
    match damage {
        Damage::Flip(at, bits) => {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
            std::fs::write(tape, bytes)
        }
        Damage::Cut(at) => {
            bytes.truncate(at.index(bytes.len()));
            std::fs::write(tape, bytes)
        }
        Damage::Append(byte) => {
            bytes.push(byte);
            std::fs::write(tape, bytes)
        }
        Damage::Count(more) => {
            let count = manifest.sample_count;
            let wrong = count.checked_add_signed(more).unwrap_or(7);
            let (old, new) = (format!("\"sample_count\": {count}"), format!("\"sample_count\": {wrong}"));
            assert!(seal.contains(&old), "{seal}");
            std::fs::write(sidecar, seal.replace(&old, &new))
        }
        Damage::UppercaseHash => {
            std::fs::write(sidecar, seal.replace(&manifest.sha256, &manifest.sha256.to_uppercase()))
        }
        Damage::NoManifest => std::fs::remove_file(sidecar),
        Damage::OtherManifest => std::fs::write(sidecar, "{}"),
    }
}
