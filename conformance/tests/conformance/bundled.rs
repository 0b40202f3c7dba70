//! The real samples that ship inside the reference package.

use telltape::motif::Grammar;
use telltape::trace::Dataset;
use telltape_conformance::oracle::GenericColumns;
use telltape_conformance::{bits, compare, oracle, samples};

use crate::property::scratch;
use crate::traces::ours;

#[test]
fn the_bundled_samples_give_equal_streams_and_episodes() {
    let (data, folder) = (samples::folder().unwrap(), scratch());
    let columns = GenericColumns::default();
    for (dataset, file) in samples::FILES {
        let path = data.join(file);
        let mut theirs = oracle::convert(dataset, &path, &columns).unwrap();
        if dataset == Dataset::Snowset {
            bits::order_flushes(&mut theirs);
        }
        let conversion = ours(dataset, &path, false, &columns).unwrap();
        compare::streams(&conversion.stream, &theirs).unwrap_or_else(|error| panic!("{file}: {error}"));
        let episodes = compare::episodes(&conversion.stream, &theirs, &Grammar::default(), folder.path());
        println!("{file}: {} samples, {:?} episodes", conversion.stream.len(), episodes);
        episodes.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}
