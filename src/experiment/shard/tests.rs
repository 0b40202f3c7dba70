//! Any tapes, any number of shards, any order: the merge is the single run. And plans and markers of people who mean harm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::experiment::Project;
use crate::motif::{self, Engine, EngineKind};
use crate::residual::{Class, StreamBuilder};
use crate::tape::{self, TapeWriter};

/// Whose residuals leave their envelope, and when.
type Step = (Option<String>, Class, u8);

/// Writes a tape in which each step is an excursion of its channel.
fn write_tape(path: &Path, steps: &[Step]) {
    let mut stream = StreamBuilder::default();
    for t in 0..60 {
        for (channel, class, from) in steps {
            let is_out = (*from..from.saturating_add(20)).contains(&t);
            let channel = channel.as_ref().map(|name| stream.channel(name));
            stream.push_id(f64::from(t), *class, if is_out { 5.0 } else { 0.01 }, channel).unwrap();
        }
    }
    let mut writer = TapeWriter::create(path, "test").unwrap();
    writer.append_stream(&stream.finish("test")).unwrap();
    writer.finalise(None).unwrap();
}

/// Names of channels as strangers have them: every letter that means something to CSV, and any text.
fn channel() -> impl Strategy<Value = Option<String>> {
    let nasty = proptest::collection::vec(
        prop_oneof![
            Just("\n".to_owned()),
            Just("\r".to_owned()),
            Just("\r\n".to_owned()),
            Just("\"".to_owned()),
            Just(",".to_owned()),
            Just("\0".to_owned()),
            Just("\u{feff}".to_owned()),
            Just(" ".to_owned()),
            Just("0,".to_owned()),
            Just("unit".to_owned()),
            Just("#".to_owned()),
            "\\PC",
        ],
        0..6,
    );
    proptest::option::weighted(0.9, nasty.prop_map(|parts| parts.concat()))
}

fn class() -> impl Strategy<Value = Class> {
    (0..Class::ALL.len()).prop_map(|index| Class::ALL[index])
}

fn tapes() -> impl Strategy<Value = Vec<Vec<Step>>> {
    proptest::collection::vec(proptest::collection::vec((channel(), class(), 0_u8..50), 1..5), 1..5)
}

/// Writes tapes below `root`, and gives the table of each as a single replay writes it.
fn single(root: &Path, tapes: &[Vec<Step>], engine: &Engine) -> (Vec<PathBuf>, BTreeMap<String, Vec<u8>>) {
    let (mut paths, mut tables) = (Vec::new(), BTreeMap::new());
    for (number, steps) in tapes.iter().enumerate() {
        let name = format!("t{number}");
        let path = PathBuf::from(format!("{name}.jsonl"));
        write_tape(&root.join(&path), steps);
        let episodes = engine.replay(&tape::read(&root.join(&path)).unwrap().stream);
        tables.insert(name, motif::csv(engine.kind(), &episodes));
        paths.push(path);
    }
    (paths, tables)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn plan_run_and_merge_give_the_bytes_of_the_single_run(
        tapes in tapes(), shards in 1_usize..9, by_class: bool, excursion: bool, order in any::<u64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (root, done, out) = (folder.path().join("tapes"), folder.path().join("done"), folder.path().join("out"));
        let engine = Engine::new(if excursion { EngineKind::EXCURSION } else { EngineKind::REFERENCE });
        let (paths, expected) = single(&root, &tapes, &engine);
        let split = if by_class { Split::Class { from_bytes: 0 } } else { Split::Tape };
        plan_tapes(&root, &paths, Some(engine), split, Some(shards)).unwrap().write(&folder.path().join("plan.json")).unwrap();
        let plan = ShardPlan::read(&folder.path().join("plan.json")).unwrap();
        let mut ids: Vec<&str> = plan.shards.iter().map(|shard| shard.id.as_str()).collect();
        fastrand::Rng::with_seed(order).shuffle(&mut ids);
        for (ran, id) in ids.iter().enumerate() {
            prop_assert_eq!(missing_shards(&plan, &done).unwrap().len(), ids.len() - ran);
            prop_assert!(run_shard(&plan, id, &root, &done).unwrap());
            prop_assert!(!run_shard(&plan, id, &root, &done).unwrap());
        }
        let elsewhere = Project::in_folder(folder.path(), folder.path().join("out"));
        let whole = ready(&plan, &done, &elsewhere).unwrap();
        let MergedShards::Tapes(merged) = whole.merge(&Project::in_folder(&root, &out)).unwrap() else {
            panic!("tapes were planned");
        };
        let tables: BTreeMap<String, Vec<u8>> =
            merged.iter().map(|tape| (tape.name.clone(), std::fs::read(&tape.csv).unwrap())).collect();
        prop_assert_eq!(tables, expected);
    }
}

#[test]
fn a_channel_with_a_line_feed_survives_a_merge() {
    let folder = tempfile::tempdir().unwrap();
    let steps = vec![(Some("two\nlines".to_owned()), Class::Contention, 10)];
    let engine = Engine::new(EngineKind::REFERENCE);
    let (paths, expected) = single(folder.path(), &[steps], &engine);
    assert!(String::from_utf8_lossy(&expected["t0"]).contains("\"two\nlines\""), "there is an episode");
    let plan = plan_tapes(folder.path(), &paths, Some(engine), Split::Tape, None).unwrap();
    run_shard(&plan, &plan.shards[0].id, folder.path(), &folder.path().join("done")).unwrap();
    let rows = std::fs::read_to_string(folder.path().join("done").join(&plan.shards[0].gives[0])).unwrap();
    assert!(rows.contains("\n0,contention_ramp,\"two\nlines\","), "{rows}");
}

/// A plan of two tapes, one of them by class, as JSON.
fn planned(folder: &Path) -> Value {
    let step = |channel: &str| vec![(Some(channel.to_owned()), Class::Contention, 10)];
    let (paths, _) = single(folder, &[step("a"), step("b")], &Engine::default());
    let plan = plan_tapes(folder, &paths, Some(Engine::default()), Split::Tape, Some(2)).unwrap();
    serde_json::to_value(&plan).unwrap()
}

/// Seals a plan as a forger would, if it can be read at all: the digest is that of its text.
fn forge(path: &Path, mut plan: Value) {
    if let Ok(mut forged) = serde_json::from_value::<ShardPlan>(plan.clone()) {
        forged.digest = String::new();
        plan["digest"] = json!(hex::encode(Sha256::digest(serde_json::to_vec(&forged).unwrap())));
    }
    std::fs::write(path, plan.to_string()).unwrap();
}

/// Every place in a JSON value, as a pointer.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in children {
        let pointer = format!("{at}/{key}");
        found.push(pointer.clone());
        pointers(value, &pointer, found);
    }
}

/// What hostile people put in the place of anything.
fn hostile() -> Vec<Value> {
    let deep = (0..60).fold(json!(0), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("."),
        json!("../stolen"),
        json!("/etc/passwd"),
        json!("a\\b"),
        json!("a\0b"),
        json!("a\nb\u{1b}[2J"),
        json!("é".repeat(200)),
        json!("x".repeat(5000)),
        json!("0".repeat(64)),
        json!([]),
        json!([[]]),
        json!(["../stolen.csv"]),
        json!({}),
        json!({ "x": 1 }),
        deep,
    ]
}

fn is_plan_error(error: &ShardError) -> bool {
    matches!(error, ShardError::Plan { .. } | ShardError::OtherProgram { .. })
}

#[test]
fn every_wrong_plan_is_a_typed_error_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let whole = planned(folder.path());
    let path = folder.path().join("plan.json");
    forge(&path, whole.clone());
    ShardPlan::read(&path).unwrap();
    let mut places = Vec::new();
    pointers(&whole, "", &mut places);
    let mut wrong: Vec<(String, Value)> = Vec::new();
    for place in &places {
        // Parameters of the engine have ranges of their own; another one in range is another plan.
        if place.split('/').take(3).eq(["", "work", "replay"]) && place.matches('/').count() > 3 {
            continue;
        }
        let (parent, key) = place.rsplit_once('/').unwrap();
        let mut without = whole.clone();
        match without.pointer_mut(parent).unwrap() {
            Value::Object(fields) => drop(fields.remove(key)),
            Value::Array(items) => drop(items.remove(key.parse().unwrap())),
            _ => unreachable!("it has children"),
        }
        // Fewer shards are another plan, if the last ones are left out.
        if place != "/shards/1" {
            wrong.push((format!("without {place}"), without));
        }
        if let Value::Array(items) = whole.pointer(parent).unwrap() {
            let mut twice = whole.clone();
            *twice.pointer_mut(parent).unwrap() = json!([&items[..], &[items[0].clone()]].concat());
            wrong.push((format!("{parent} with one twice"), twice));
        }
        for value in hostile() {
            let mut other = whole.clone();
            *other.pointer_mut(place).unwrap() = value.clone();
            wrong.push((format!("{place} is {}", &value.to_string().chars().take(30).collect::<String>()), other));
        }
    }
    let mut more = whole.clone();
    more["surplus"] = json!(1);
    wrong.push(("a key more".to_owned(), more));
    let mut swapped = whole.clone();
    swapped["shards"].as_array_mut().unwrap().swap(0, 1);
    wrong.push(("shards in another order".to_owned(), swapped));
    assert!(wrong.len() > 500, "{}", wrong.len());
    for (what, plan) in wrong {
        if what.contains("/digest is") {
            std::fs::write(&path, plan.to_string()).unwrap();
        } else {
            forge(&path, plan);
        }
        match ShardPlan::read(&path) {
            Err(error) => assert!(is_plan_error(&error), "{what}: {error}"),
            Ok(_) => panic!("{what}: was taken"),
        }
    }
}

/// A plan whose derived keys are made again, as a careful forger would.
fn rederive(work: &Work, units: Vec<ShardUnit>) -> ShardPlan {
    let shards = vec![Shard::new(work, 0, units)];
    let (program, build) = (env!("CARGO_PKG_VERSION").to_owned(), super::plan::build().unwrap());
    let mut plan = ShardPlan { contract: CONTRACT, program, build, work: work.clone(), digest: String::new(), shards };
    plan.digest = plan.own_digest();
    plan
}

#[test]
fn a_plan_that_is_consistent_in_itself_is_still_held_against_what_can_be() {
    let work = Work::Replay(Box::default());
    let good = ShardUnit {
        name: "t".to_owned(),
        input: Some("deep/t.jsonl".into()),
        sha256: "0".repeat(64),
        bytes: 1,
        class: None,
        file: None,
        experiment: None,
        digests: BTreeMap::new(),
    };
    let changed = |change: fn(&mut ShardUnit)| {
        let mut unit = good.clone();
        change(&mut unit);
        unit
    };
    let of_class = |class| ShardUnit { class: Some(class), ..good.clone() };
    let classes: Vec<ShardUnit> = Class::ALL.into_iter().map(of_class).collect();
    rederive(&work, vec![good.clone()]).check().unwrap();
    rederive(&work, classes.clone()).check().unwrap();
    let mut other_tape = classes.clone();
    other_tape[2].sha256 = "1".repeat(64);
    let cases: Vec<(&str, Vec<ShardUnit>)> = vec![
        ("no units", vec![]),
        ("a unit twice", vec![good.clone(), good.clone()]),
        ("not in order", vec![changed(|unit| unit.name = "u".to_owned()), good.clone()]),
        ("a class is missing", classes[1..].to_vec()),
        ("a class twice", [&classes[..], &classes[4..]].concat()),
        ("one class alone", vec![classes[0].clone()]),
        ("a class and a whole", vec![good.clone(), classes[0].clone()]),
        ("classes of two tapes", other_tape),
        ("empty name", vec![changed(|unit| unit.name = String::new())]),
        ("name with a path", vec![changed(|unit| unit.name = "../t".to_owned())]),
        ("hidden name", vec![changed(|unit| unit.name = ".t".to_owned())]),
        ("name with NUL", vec![changed(|unit| unit.name = "a\0b".to_owned())]),
        ("long name", vec![changed(|unit| unit.name = "x".repeat(256))]),
        ("not a digest", vec![changed(|unit| unit.sha256 = "z".repeat(64))]),
        ("a short digest", vec![changed(|unit| unit.sha256 = "0".repeat(63))]),
        ("no input", vec![changed(|unit| unit.input = None)]),
        ("empty input", vec![changed(|unit| unit.input = Some("".into()))]),
        ("absolute input", vec![changed(|unit| unit.input = Some("/etc/passwd".into()))]),
        ("input above", vec![changed(|unit| unit.input = Some("a/../../t.jsonl".into()))]),
        ("input with NUL", vec![changed(|unit| unit.input = Some("a\0b".into()))]),
        ("an experiment", vec![changed(|unit| unit.experiment = Some("title = 't'".to_owned()))]),
        ("digests", vec![changed(|unit| drop(unit.digests.insert("options".to_owned(), "0".to_owned())))]),
    ];
    for (what, units) in cases {
        rederive(&work, units).check().expect_err(what);
    }
    rederive(&Work::Run, vec![good.clone()]).check().expect_err("tapes called experiments");
    rederive(&work, vec![changed(|unit| unit.bytes = u64::MAX)]).check().unwrap();
    let mut none = rederive(&work, vec![good]);
    none.shards.clear();
    none.check().expect_err("no shards");
}

#[test]
fn every_wrong_marker_is_not_done_and_the_shard_runs_again() {
    let folder = tempfile::tempdir().unwrap();
    let plan: ShardPlan = serde_json::from_value(planned(folder.path())).unwrap();
    let done = folder.path().join("done");
    for shard in &plan.shards {
        run_shard(&plan, &shard.id, folder.path(), &done).unwrap();
    }
    let id = &plan.shards[0].id;
    let (path, table) = (done.join(format!("{id}.done.json")), done.join(&plan.shards[0].gives[0]));
    let (marker, rows) = (std::fs::read_to_string(&path).unwrap(), std::fs::read(&table).unwrap());
    let whole: Value = serde_json::from_str(&marker).unwrap();
    let mut places = Vec::new();
    pointers(&whole, "", &mut places);
    let mut cases = 0;
    for place in &places {
        for value in hostile().into_iter().map(Some).chain([None]) {
            let mut other = whole.clone();
            match value {
                Some(value) => *other.pointer_mut(place).unwrap() = value,
                None => {
                    let (parent, key) = place.rsplit_once('/').unwrap();
                    match other.pointer_mut(parent).unwrap() {
                        Value::Object(fields) => drop(fields.remove(key)),
                        Value::Array(items) => items.clear(),
                        _ => unreachable!("it has children"),
                    }
                }
            }
            // Counts of samples and channels are the shard's word; all else is known.
            if other == whole || ["samples", "channels", "episodes"].iter().any(|count| place.ends_with(count)) {
                continue;
            }
            cases += 1;
            std::fs::write(&path, other.to_string()).unwrap();
            let what = format!("{place}: {}", other.to_string().chars().take(2000).collect::<String>());
            assert_eq!(missing_shards(&plan, &done).unwrap(), std::slice::from_ref(id), "{what}");
            assert!(
                matches!(
                    ready(&plan, &done, &Project::in_folder(folder.path(), folder.path().join("out"))),
                    Err(ShardError::Refused { .. })
                ),
                "{what}"
            );
            match run_shard(&plan, id, folder.path(), &done) {
                Ok(new) => assert!(new && std::fs::read_to_string(&path).unwrap() == marker, "{what}"),
                // It names another digest of an output: that is what nondeterminism looks like.
                Err(ShardError::Nondeterminism { .. }) => assert!(place.starts_with("/outputs/"), "{what}"),
                Err(error) => panic!("{what}: {error}"),
            }
            assert!(std::fs::read(&table).unwrap() == rows, "{what}");
        }
    }
    assert!(cases > 100, "{cases}");
    std::fs::write(&path, &marker).unwrap();
    assert!(missing_shards(&plan, &done).unwrap().is_empty());
}

#[test]
fn rows_that_are_not_those_of_the_shard_are_refused() {
    let shard = Shard::new(
        &Work::Replay(Box::default()),
        0,
        vec![ShardUnit {
            name: "t".to_owned(),
            input: Some("t.jsonl".into()),
            sha256: "0".repeat(64),
            bytes: 1,
            class: Some(Class::Contention),
            file: None,
            experiment: None,
            digests: BTreeMap::new(),
        }],
    );
    let header = "unit,motif,channel,t_start,t_end,peak,ema_at_boundary,trust_sum\n";
    let read = |text: &str| rows::read(&shard, EngineKind::REFERENCE, Path::new("rows.csv"), text.as_bytes());
    assert_eq!(read(header).unwrap(), [vec![]]);
    assert_eq!(read(&format!("{header}0,contention_ramp,a,0,1,5,1,1\n")).unwrap()[0].len(), 1);
    for text in [
        "",
        "unit,motif,channel,t_start,t_end\n",
        &header.replace("unit", "\u{feff}unit"),
        &format!("{header}1,contention_ramp,a,0,1,5,1,1\n"),
        &format!("{header}-1,contention_ramp,a,0,1,5,1,1\n"),
        &format!("{header}99999999999999999999,contention_ramp,a,0,1,5,1,1\n"),
        &format!("{header}0,cache_collapse,a,0,1,5,1,1\n"),
        &format!("{header}0,contention_ramp,a,NaN,1,5,1,1\n"),
        &format!("{header}0,contention_ramp,a,0,inf,5,1,1\n"),
        &format!("{header}0,contention_ramp,a,1,0,5,1,1\n"),
        &format!("{header}0,contention_ramp,a,0,1,x,1,1\n"),
        &format!("{header}0,contention_ramp,a,0,1,5,1\n"),
        &format!("{header}0,contention_ramp,\"a,0,1,5,1,1\n"),
    ] {
        assert!(matches!(read(text), Err(ShardError::Rows(_))), "{text}");
    }
}
