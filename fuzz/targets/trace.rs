//! Every trace adapter: the first byte says which, by which construction, and whether leniently. A zero byte ends a part, where a
//! trace has several: the files of a folder of plans, the estimates behind SQL, the prefix before a log.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telltape::trace::{Dataset, Options, convert, convert_reader};
use telltape_fuzz::{file, folder};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else { return };
    // Recordings have a target of their own.
    let datasets: Vec<Dataset> = Dataset::ALL.into_iter().filter(|dataset| !dataset.about().is_recording).collect();
    let dataset = datasets[usize::from(first & 0x3f) % datasets.len()];
    let mut options = Options::new(dataset);
    options.lenient = first & 0x80 != 0;
    if first & 0x40 != 0 {
        options.construction = *dataset.about().constructions.last().unwrap();
    }
    let parts: Vec<&[u8]> = text.split(|byte| *byte == 0).collect();
    let converted = match (dataset, &parts[..]) {
        (Dataset::Job, [_, _, ..]) => {
            let plans = folder().join("plans");
            let _ = std::fs::remove_dir_all(&plans);
            std::fs::create_dir(&plans).unwrap();
            for (number, part) in parts.iter().enumerate() {
                file(&format!("plans/{}a_{}.json", number % 2, number / 2), part);
            }
            options.digest = true;
            convert(&plans, &options)
        }
        (Dataset::Ceb, [sql, estimates, true_rows @ ..]) => {
            for (flag, part) in [("estimates", Some(estimates)), ("true-rows", true_rows.first())] {
                if let Some(part) = part {
                    options.set(flag, &file(flag, part).to_string_lossy()).unwrap();
                }
            }
            convert_reader(*sql, "trace", &options)
        }
        (Dataset::AutoExplain, [prefix, log]) => {
            let prefix = String::from_utf8_lossy(prefix);
            let _ = options.set("log-line-prefix", &prefix.chars().take(40).collect::<String>());
            convert_reader(*log, "trace", &options)
        }
        _ => convert_reader(text, "trace", &options),
    };
    if let Ok(conversion) = converted {
        assert!(conversion.stream.samples().all(|sample| sample.t.is_finite() && sample.value.is_finite()));
        let rows = conversion.rows;
        assert!(rows.used + rows.rejected.values().sum::<u64>() <= rows.read.max(rows.used), "{rows:?}");
    }
});
