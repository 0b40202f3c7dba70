//! The same bytes for any number of threads, in any folder, under any locale and time zone, every time.

use std::collections::BTreeMap;

use crate::support::{Folder, PERTURBED, ran};

const JOB: &str = "title = 'job'\n[generate]\nkind = 'exemplar'\nseed = 7\ndataset = 'job'\n";
const SNOWSET: &str = "title = 'snowset'\n[generate]\nkind = 'exemplar'\nseed = 7\ndataset = 'snowset'\n";

/// A converted trace: three queries, one of which gets slower, with decimals that a locale with commas would spell otherwise.
fn trace() -> String {
    let mut text = "query_id,t_seconds,latency_ms,est_rows,actual_rows\n".to_owned();
    for row in 0..600 {
        let latency_ms = 80.5 + f64::from(row % 7) + if row % 3 == 0 && row > 300 { 400.25 } else { 0.0 };
        text.push_str(&format!(
            "q{},{},{latency_ms},{},{}\n",
            row % 3,
            f64::from(row) * 0.75,
            100 + row % 11,
            90 + row % 13
        ));
    }
    text
}

const PLAIN: &str = "title = 'plain'\n[input]\ntrace = 'trace.csv'\ndataset = 'tpcds'\n";
const REFERENCE: &str =
    "title = 'r'\n[input]\ntrace = 'trace.csv'\ndataset = 'tpcds'\n[convert]\nchannel = 'reference'\n";

/// Every file that a run writes.
fn outputs(environment: &[(&str, &str)], arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let folder = Folder::project(&[
        ("perturbed", PERTURBED),
        ("job", JOB),
        ("snowset", SNOWSET),
        ("plain", PLAIN),
        ("reference", REFERENCE),
    ]);
    folder.write("trace.csv", trace());
    let mut command = folder.command();
    command.arg("run").args(arguments).envs(environment.iter().copied());
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    let files = folder.files().into_iter().filter(|file| file.starts_with("out/"));
    files.map(|file| (file.clone(), std::fs::read(folder.join(&file)).unwrap())).collect()
}

#[test]
fn threads_folders_locales_and_time_zones_change_no_byte() {
    let expected = outputs(&[], &[]);
    assert_eq!(expected.len(), 25);
    for (environment, arguments) in [
        (&[][..], &[][..]),
        (&[], &["--jobs", "1"]),
        (&[], &["--jobs", "2"]),
        (&[], &["--jobs", "7"]),
        (&[("LC_ALL", "de_DE.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("TZ", "Asia/Kolkata")], &[]),
    ] {
        assert!(outputs(environment, arguments) == expected, "{environment:?} {arguments:?}");
    }
}
