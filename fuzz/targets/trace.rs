//! Every trace adapter: the first byte says which, by which construction, and whether leniently.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::trace::{Dataset, Options, convert_reader};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    // Recordings have a target of their own.
    let datasets: Vec<Dataset> = Dataset::ALL.into_iter().filter(|dataset| !dataset.about().is_recording).collect();
    let dataset = datasets[usize::from(*first) % datasets.len()];
    let mut options = Options::new(dataset);
    options.lenient = first & 0x80 != 0;
    if first & 0x40 != 0 {
        options.construction = *dataset.about().constructions.last().unwrap();
    }
    if let Ok(conversion) = convert_reader(text, "trace", &options) {
        assert!(conversion.stream.samples().all(|sample| sample.t.is_finite() && sample.value.is_finite()));
        let rows = conversion.rows;
        assert!(rows.used + rows.rejected.values().sum::<u64>() <= rows.read.max(rows.used), "{rows:?}");
    }
});
