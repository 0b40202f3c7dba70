//! The real samples that `make data` gets, converted as the published implementation converts them.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use telltape::residual::{Class, Math, Stream};
use telltape::trace::{Construction, Conversion, Dataset, Options, convert};

/// A sample by name; none before `make data`, which `make test` runs first.
fn sample(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cache/dsfb-database-0.1.1").join(name);
    if !path.exists() {
        eprintln!("skipped: there is no `{}`; run `make data`", path.display());
        return None;
    }
    Some(path)
}

fn reference(dataset: Dataset, path: &Path) -> Conversion {
    let options = Options { construction: Construction::Reference, math: Math::System, ..Options::new(dataset) };
    convert(path, &options).unwrap()
}

fn per_class(conversion: &Conversion) -> [usize; 5] {
    Class::ALL.map(|class| conversion.stream.classes().iter().filter(|other| **other == class).count())
}

/// SHA-256 over the samples as fingerprints hash them, sorted: what is left of a stream without its order.
fn multiset(stream: &Stream) -> String {
    let mut samples: Vec<Vec<u8>> = stream
        .samples()
        .map(|sample| {
            let (t, value) = (sample.t.to_le_bytes(), sample.value.to_le_bytes());
            let channel = sample.channel.unwrap_or_default().as_bytes();
            [t.as_slice(), &[sample.class.code()], &value, channel, b"|"].concat()
        })
        .collect();
    samples.sort();
    hex::encode(Sha256::digest(samples.concat()))
}

#[test]
fn the_published_streams_are_reproduced() {
    for (dataset, name, counts, fingerprint) in [
        (
            Dataset::SqlshareText,
            "queries.txt",
            [0, 0, 0, 0, 54],
            "2d6f9506ae1ffdca08c4869f91e25be9c538740c6d8862c85c8bdc52c3626390",
        ),
        (
            Dataset::Ceb,
            "ceb_sample.csv",
            [0, 5000, 0, 0, 0],
            "72f5663e8c2d8b3ccf01f207b0efd84a23a622bdc06ec050912745a3823650cd",
        ),
        (
            Dataset::Job,
            "job_trace_sample.csv",
            [339, 339, 0, 0, 0],
            "c29302533e0f82524127150825f27210f2a12c65df516646c50995b2f937ccbe",
        ),
        (
            Dataset::Pgss,
            "pg_stat_statements_sample.csv",
            [30, 0, 0, 0, 10],
            "ca3630150f102c2d7f9cfcc7db58e9ed23d81dbc501c8bf5896336728e6853a2",
        ),
        (
            Dataset::Generic,
            "generic_sample.csv",
            [44, 0, 0, 0, 0],
            "1560b8ca06f27f68504b065bdd268186d02d16ef1e83682bdf6a99eb401aa25d",
        ),
    ] {
        let Some(path) = sample(name) else { continue };
        let conversion = reference(dataset, &path);
        assert_eq!(per_class(&conversion), counts, "{dataset}");
        assert_eq!(conversion.stream.fingerprint(), fingerprint, "{dataset}");
    }
}

/// The published stream changes from run to run, in the order of the warehouses of one bucket; its samples do not.
#[test]
fn the_snowset_sample_has_the_published_samples() {
    let Some(path) = sample("snowset_sample.csv") else { return };
    let conversion = reference(Dataset::Snowset, &path);
    assert_eq!(per_class(&conversion), [5000, 0, 0, 2790, 102]);
    assert_eq!(multiset(&conversion.stream), "b4d84295db702aa2314a13c996c0c922f3a35a05d931b9f540a3148c1ff74ce0");
    assert_eq!(conversion.stream.source(), "snowset@snowset_sample.csv");
    assert_eq!((conversion.rows.read, conversion.rows.used), (5000, 5000));
}
