use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Folder, Ran, ran};

/// Bytes of address space that a hostile file may make the program take, in KiB as `ulimit -v` counts: threads' stacks and
/// the program itself included.
const BOUND_KIB: u64 = 1_500_000;

/// Runs the program within the bound. A hostile file is refused by one line, at once, and never by a panic.
fn refused(folder: &Folder, arguments: &str, names: &str) {
    let began = Instant::now();
    let ended = bounded(folder, arguments);
    let what = format!("{arguments}: {} {}", ended.code, ended.stderr);
    assert!(ended.code == 12 || ended.code == 2, "{what}");
    assert!(ended.stderr.contains(names), "{what}");
    assert_eq!(ended.stderr.matches("error:").count(), 1, "{what}");
    assert!(!ended.stderr.contains("panicked"), "{what}");
    assert!(ended.stderr.len() < 2000, "{what}");
    assert!(began.elapsed() < Duration::from_secs(60), "{what}: hangs");
}

fn bounded(folder: &Folder, arguments: &str) -> Ran {
    let script = format!("ulimit -v {BOUND_KIB}; exec \"$0\" {arguments}");
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_telltape")]).current_dir(folder.path()).env_remove("CI");
    ran(command.output().unwrap())
}

/// `count` times the same block, compressed.
fn gz(block: &[u8], count: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    (0..count).for_each(|_| encoder.write_all(block).unwrap());
    encoder.finish().unwrap()
}

fn zst(block: &[u8], count: usize) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    (0..count).for_each(|_| encoder.write_all(block).unwrap());
    encoder.finish().unwrap()
}

#[test]
#[ignore = "make torture and make test"]
fn bombs_are_refused_within_the_bound() {
    let folder = Folder::new();
    let zeros = vec![0_u8; 1 << 20];
    let row = "q1,0,100,100,10.5,p1\n".repeat(50_000);
    let header = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n";
    folder.write("zeros.csv.gz", gz(&zeros, 1500));
    folder.write("zeros.csv.zst", zst(&zeros, 20_000));
    folder.write("rows.csv.zst", [zst(header.as_bytes(), 1), zst(row.as_bytes(), 400)].concat());
    folder.write("text.txt.zst", zst(b"select 1 from t; ", 40_000_000));
    folder.write("spans.json.zst", zst(b"[[[[", 1 << 24));
    for (dataset, file, names) in [
        ("job", "zeros.csv.gz", "a line is longer than 64 MiB"),
        ("job", "zeros.csv.zst", "zeros.csv.zst"),
        ("generic", "zeros.csv.zst", "zeros.csv.zst"),
        ("job", "rows.csv.zst", "expands to more than 250 times its size"),
        ("sqlshare-text", "text.txt.zst", "expands to more than 250 times its size"),
        ("sqlshare-text", "zeros.csv.gz", "it has more than 512 MiB"),
        ("otel", "spans.json.zst", "spans.json.zst"),
        ("postgres", "zeros.csv.zst", "zeros.csv.zst"),
    ] {
        refused(&folder, &format!("convert --dataset {dataset} {file} --tape t.jsonl"), names);
        assert!(!folder.files().iter().any(|name| name.starts_with("t.jsonl") || name.starts_with('.')), "{file}");
    }
}

#[test]
#[ignore = "make torture and make test"]
fn lines_without_an_end_are_refused_within_the_bound() {
    let folder = Folder::new();
    let manifest = r#"{"sha256":"00","sample_count":18446744073709551615,"source":"x"}"#;
    // A gigabyte without a line feed, which takes no room on the disk.
    for name in ["t.jsonl", "t.csv", "t.txt"] {
        std::fs::File::create(folder.join(name)).unwrap().set_len(1 << 30).unwrap();
        folder.write(&format!("{name}.hash"), manifest);
    }
    for arguments in ["verify t.jsonl", "replay t.jsonl --out o", "detect --detector never t.jsonl --out o"] {
        refused(&folder, arguments, "t.jsonl");
    }
    for dataset in ["snowset", "sqlshare", "ceb", "job", "tpcds", "pgss", "generic"] {
        refused(&folder, &format!("convert --dataset {dataset} t.csv --tape x.jsonl"), "64 MiB");
    }
    refused(&folder, "convert --dataset sqlshare-text t.txt --tape x.jsonl", "512 MiB");
    refused(&folder, "salvage t.jsonl --out x.jsonl", "t.jsonl");
    std::fs::File::create(folder.join("big.toml")).unwrap().set_len(1 << 30).unwrap();
    refused(&folder, "run ./big.toml", "larger than 16 MiB");
    folder.write("data/datasets.toml", "");
    std::fs::File::create(folder.join("small.jsonl.hash")).unwrap().set_len(1 << 30).unwrap();
    folder.write("small.jsonl", "");
    refused(&folder, "verify small.jsonl", "larger than 16 MiB");
    refused(&folder, "replay small.jsonl --grammar big.toml --out o", "larger than 16 MiB");
}

#[test]
#[ignore = "make torture and make test"]
fn deep_nesting_and_paths_out_of_the_folder_are_refused() {
    let folder = Folder::new();
    let deep = "[".repeat(2_000_000);
    let sealed = |name: &str, text: &str, manifest: &str| {
        use sha2::{Digest, Sha256};
        folder.write(name, text);
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        folder.write(&format!("{name}.hash"), manifest.replace('%', &hash));
    };
    let manifest = r#"{"sha256":"%","sample_count":1,"source":"x"}"#;
    sealed("deep.jsonl", &deep, manifest);
    sealed("hash.jsonl", "", &format!(r#"{{"sha256":"%","sample_count":0,"source":"x","rows":{deep}}}"#));
    refused(&folder, "verify deep.jsonl", "deep.jsonl");
    refused(&folder, "verify hash.jsonl", "hash.jsonl.hash");
    folder.write("deep.json", &deep);
    refused(&folder, "convert --dataset otel deep.json --tape x.jsonl", "deep.json");
    folder.write("tape.jsonl", "");
    folder.write("tape.jsonl.hash", r#"{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","sample_count":0,"source":"x"}"#);
    for (name, text) in [
        ("g.json", deep.clone()),
        ("g.toml", format!("a = {deep}")),
        ("g.yaml", format!("a: {deep}")),
        ("bomb.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n".to_owned()),
        ("nan.toml", "[cache_collapse]\ndrift_threshold = nan\nslew_threshold = inf\nmin_dwell_seconds = -1\nrho = 2\nsigma0 = 0\n".to_owned()),
    ] {
        folder.write(name, text);
        refused(&folder, &format!("replay tape.jsonl --grammar {name} --out o"), name);
    }
    folder.write("data/datasets.toml", "");
    folder.write("experiments/x.toml", format!("title = 'x'\n[input]\ntrace = {deep}"));
    refused(&folder, "run x", "experiments/x.toml");
    folder.write("experiments/x.toml", "title = 'x'\n[generate]\nkind = 'perturbed'\nseed = 1\n");
    folder.write("results/x/expected.toml", "[stages]\n[options]\n[grammar]\n[tables]\n\"../../../secret\" = \"00\"\n[counts]\nsamples = 1\nchannels = 1\n[counts.episodes]\n");
    refused(&folder, "run x", "is not the name of a table");
    // A recording whose next part is somewhere else.
    let pinned = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/live");
    std::fs::copy(pinned.join("pg17-table-lock.jsonl.gz"), folder.join("run.jsonl.gz")).unwrap();
    let seal = std::fs::read_to_string(pinned.join("pg17-table-lock.jsonl.hash")).unwrap();
    let mut seal: serde_json::Value = serde_json::from_str(&seal).unwrap();
    for (next, names) in [("../../../etc/passwd", "is not the name of a part"), ("run.jsonl.gz", "part")] {
        seal["continued_in"] = next.into();
        folder.write("run.jsonl.hash", seal.to_string());
        refused(&folder, "verify run.jsonl.gz", names);
    }
}
