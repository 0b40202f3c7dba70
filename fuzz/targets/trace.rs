//! Every trace adapter: the first byte says which, by which construction, and whether leniently.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::trace::{Dataset, Options, convert};
use telltape_fuzz::file;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    let dataset = Dataset::ALL[usize::from(*first) % (Dataset::ALL.len() - 1)];
    let path = file("trace", text);
    let mut options = Options::new(dataset);
    options.lenient = first & 0x80 != 0;
    if first & 0x40 != 0 {
        options.construction = dataset.construction("reference").unwrap();
    }
    if let Ok(conversion) = convert(&path, &options) {
        assert!(conversion.stream.samples().all(|sample| sample.t.is_finite() && sample.value.is_finite()));
        let rows = conversion.rows;
        assert!(rows.used + rows.rejected.values().sum::<u64>() <= rows.read.max(rows.used), "{rows:?}");
    }
});
