use super::*;
use crate::motif::Motif;
use crate::residual::{Class, StreamBuilder};
use std::path::Path;
use std::time::Instant;

/// Two channels of one class, one of two, and samples without a channel.
fn stream(samples: u32) -> Stream {
    let mut builder = StreamBuilder::default();
    for second in 0..samples {
        let t = f64::from(second);
        builder.push(t, Class::CacheIo, 0.25, "a").unwrap();
        builder.push(t, Class::CacheIo, -0.25, "b").unwrap();
        builder.push(t, Class::CacheIo, 0.0, "both").unwrap();
        builder.push(t, Class::Contention, 0.0, "both").unwrap();
        builder.push_id(t, Class::WorkloadPhase, 0.0, None).unwrap();
    }
    builder.finish("test".to_owned())
}

fn detector(command: &[&str], timeout_ms: u64) -> CommandDetector {
    let command = command.iter().map(|part| (*part).to_owned()).collect();
    let timeout = Duration::from_millis(timeout_ms);
    CommandDetector { name: "mine".to_owned(), command, folder: PathBuf::new(), timeout }
}

fn ask(script: &str, timeout_ms: u64) -> Result<Answer, CommandError> {
    detector(&["sh", "-c", script], timeout_ms).ask(&stream(100))
}

fn read(output: &str) -> Result<Vec<Span>, (usize, AnswerProblem)> {
    answer::read(output.as_bytes(), &stream(100))
}

#[test]
fn a_command_gets_the_lines_of_a_tape_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = detector(&["sh", "-c", "cat > got; pwd > where"], 30_000);
    told.folder = folder.path().to_path_buf();
    assert_eq!(told.ask(&stream(100)).unwrap().spans, []);
    let got = std::fs::read(folder.path().join("got")).unwrap();
    assert_eq!(got, samples_jsonl(&stream(100)));
    assert!(got.starts_with(b"{\"t\":0.0,\"class\":\"CacheIo\",\"value\":0.25,\"channel\":\"a\"}\n"));
    let place = std::fs::read_to_string(folder.path().join("where")).unwrap();
    assert_eq!(PathBuf::from(place.trim()).canonicalize().unwrap(), folder.path().canonicalize().unwrap());
    // What a shell sets by itself is no environment of ours.
    let left = ask("/usr/bin/env -u PATH -u PWD -u SHLVL -u OLDPWD -u _ /usr/bin/env >&2; exit 3", 30_000).unwrap_err();
    assert_eq!(
        (left.problem.to_string().as_str(), left.stderr.len()),
        ("it ended with exit code 3, and not with 0", 0)
    );
}

#[test]
fn episodes_come_in_the_order_of_detectors_whatever_that_of_the_answer() {
    let answer = "{\"channel\": \"b\", \"start\": 5, \"end\": 7.5, \"detected\": 9}\n\n\
                  {\"channel\": null, \"start\": 0, \"end\": 0}\r\n\
                  {\"channel\": \"both\", \"class\": \"Contention\", \"start\": 50, \"end\": 60}\n\
                  {\"channel\": \"a\", \"start\": 7, \"end\": 8, \"motif\": \"cache_collapse\"}\n\
                  {\"channel\": \"a\", \"start\": 5, \"end\": 7}";
    let span = |motif, channel: &str, t_start, t_end, t_detected| Span {
        motif,
        channel: channel.to_owned(),
        t_start,
        t_end,
        t_detected,
    };
    let expected = [
        span(Motif::ContentionRamp, "both", 50.0, 60.0, None),
        span(Motif::CacheCollapse, "a", 5.0, 7.0, None),
        span(Motif::CacheCollapse, "b", 5.0, 7.5, Some(9.0)),
        span(Motif::CacheCollapse, "a", 7.0, 8.0, None),
        span(Motif::WorkloadPhaseTransition, "", 0.0, 0.0, None),
    ];
    assert_eq!(read(answer).unwrap(), expected);
    assert_eq!(read("").unwrap(), []);
    assert_eq!(ask("cat >&2", 30_000).unwrap().sha256, hex::encode(Sha256::digest(b"")));
}

#[test]
fn what_is_no_episode_of_the_tape_is_refused_with_its_line() {
    let episode = |rest: &str| format!("{{\"channel\": \"a\", \"start\": 10, \"end\": 20}}\n{{{rest}}}");
    for (rest, problem) in [
        (r#""channel": "c", "start": 1, "end": 2"#, "unknown channel `c`; did you mean `a`? known: a, b, both"),
        (r#""channel": "b", "start": 3, "end": 2"#, "the episode ends at 2, before its start at 3"),
        (
            r#""channel": "b", "start": 3, "end": 4, "detected": 2.5"#,
            "the episode is detected at 2.5, before its start at 3",
        ),
        (
            r#""channel": "b", "start": -1, "end": 4"#,
            "the start at -1 is outside of the tape, which is from 0 to 99 seconds",
        ),
        (
            r#""channel": "b", "start": 1, "end": 100"#,
            "the end at 100 is outside of the tape, which is from 0 to 99 seconds",
        ),
        (
            r#""channel": "b", "start": 1, "end": 2, "detected": 1e9"#,
            "the detection at 1000000000 is outside of the tape, which is from 0 to 99 seconds",
        ),
        (
            r#""channel": "b", "start": NaN, "end": 2"#,
            r#"NaN and Infinity are no times in `{"channel": "b", "start": NaN, "end": 2}`"#,
        ),
        (
            r#""channel": "b", "start": 1, "end": 1e999"#,
            r#"number out of range in `{"channel": "b", "start": 1, "end": 1e999}`"#,
        ),
        (
            r#""channel": "b", "strat": 1, "end": 2"#,
            "unknown key `strat`; did you mean `start`? known: channel, start, end, detected, motif, class in \
             `{\"channel\": \"b\", \"strat\": 1, \"end\": 2}`",
        ),
        (r#""start": 1, "end": 2"#, "missing field `channel` in `{\"start\": 1, \"end\": 2}`"),
        (
            r#""channel": "b", "start": 1, "end": 2, "motif": "cache_collaps""#,
            "unknown motif `cache_collaps`; did you mean `cache_collapse`? known: plan_regression_onset, \
             cardinality_mismatch_regime, contention_ramp, cache_collapse, workload_phase_transition",
        ),
        (
            r#""channel": "b", "start": 1, "end": 2, "class": "Contention""#,
            "`b` has no samples of contention_ramp, but of cache_collapse",
        ),
        (
            r#""channel": "both", "start": 1, "end": 2"#,
            "`both` has samples of contention_ramp and cache_collapse; say with `motif` which is meant",
        ),
        (
            r#""channel": "a", "start": 1, "end": 2, "motif": "cache_collapse", "class": "CacheIo""#,
            "an episode has `motif` or `class`, not both",
        ),
        (
            r#""channel": "a", "start": 1, "end": 10.5"#,
            "the episode overlaps the one in line 1, of the same motif and channel; join them",
        ),
        (
            r#""channel": "a", "start": 10, "end": 20"#,
            "the episode overlaps the one in line 1, of the same motif and channel; join them",
        ),
    ] {
        let (line, found) = read(&episode(rest)).unwrap_err();
        assert_eq!((line, found.to_string().as_str()), (2, problem), "{rest}");
    }
    let broken = read("[]\n").unwrap_err().1.to_string();
    assert!(broken.contains("in `[]`"), "{broken}");
    assert_eq!(answer::read(b"\n\n\xff", &stream(2)).unwrap_err(), (3, AnswerProblem::NotUtf8));
    let instant = r#"{"channel": "a", "start": 10, "end": 10}"#;
    assert_eq!(read(&format!("{instant}\n{instant}")).unwrap_err(), (2, AnswerProblem::Overlap { line: 1 }));
}

#[test]
fn a_command_that_fails_says_how_and_what_it_wrote_to_stderr() {
    let absent = detector(&["no-such-program"], 1000).ask(&stream(1)).unwrap_err().to_string();
    assert_eq!(absent, "the detector `mine`: there is no program `no-such-program`");
    let absent = detector(&["./no-such-program"], 1000).ask(&stream(1)).unwrap_err().to_string();
    assert_eq!(absent, "the detector `mine`: there is no program `./no-such-program`");
    let folder = detector(&["/"], 1000).ask(&stream(1)).unwrap_err().to_string();
    assert!(folder.starts_with("the detector `mine`: it cannot be started: "), "{folder}");
    let told = ask("seq 1 9 >&2; printf 'red \\033[31m\\n' >&2; exit 7", 30_000).unwrap_err().to_string();
    assert_eq!(
        told,
        "the detector `mine`: it ended with exit code 7, and not with 0; its stderr ends with `6`, `7`, `8`, `9`, `red \\u{1b}[31m`"
    );
    let killed = ask("kill -9 $$", 30_000).unwrap_err().to_string();
    assert_eq!(killed, "the detector `mine`: it was ended by signal 9");
    let answer = ask("echo oops >&2; echo '{}'", 30_000).unwrap_err().to_string();
    assert_eq!(
        answer,
        "the detector `mine`: line 1 of its output: missing field `channel` in `{}`; its stderr ends with `oops`"
    );
}

/// Whether a process is there, and more than what is left of it until somebody asks how it ended.
fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Whether the process whose id is in a file ends, which it does not at once when it is killed: it has to be scheduled first.
fn ends(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while is_alive(&pid) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    !is_alive(&pid)
}

#[test]
fn a_command_that_hangs_is_killed_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let mut hangs = detector(&["sh", "-c", "sleep 1000 & echo $! > pid; wait"], 5000);
    hangs.folder = folder.path().to_path_buf();
    let told = hangs.ask(&stream(1)).unwrap_err().to_string();
    assert!(told.contains("it did not end within 5 s, and was killed"), "{told}");
    assert!(ends(&folder.path().join("pid")));
    // One that ends leaves nothing behind either.
    let mut leaves = detector(&["sh", "-c", "sleep 1000 & echo $! > pid"], 30_000);
    leaves.folder = folder.path().to_path_buf();
    assert_eq!(leaves.ask(&stream(1)).unwrap().spans, []);
    assert!(ends(&folder.path().join("pid")));
    // What has left the group of processes before the command ends is not killed with it.
    let escapes = "setsid sh -c 'echo > escaped; exec sleep 20' & while [ ! -e escaped ]; do sleep 0.01; done";
    let mut escapes = detector(&["sh", "-c", escapes], 30_000);
    escapes.folder = folder.path().to_path_buf();
    let told = escapes.ask(&stream(1)).unwrap_err().to_string();
    assert_eq!(told, "the detector `mine`: it has ended, but what it started keeps its output open");
}

#[test]
fn pipes_never_block_each_other() {
    let tape = stream(20_000);
    let of = |script: &str| detector(&["sh", "-c", script], 30_000).ask(&tape);
    // More than pipes hold: a tape that nobody reads, answers and complaints before the tape is read.
    assert!(samples_jsonl(&tape).len() > 1 << 20);
    assert_eq!(of("true").unwrap().spans, []);
    assert_eq!(of("exec <&-; sleep 0.1").unwrap().spans, []);
    let blanks =
        of("head -c 1000000 /dev/zero | tr '\\0' '\\n'; head -c 1000000 /dev/zero >&2; cat > /dev/null").unwrap();
    assert_eq!((blanks.spans.len(), blanks.sha256), (0, hex::encode(Sha256::digest(vec![b'\n'; 1_000_000]))));
    let endless = of("yes").unwrap_err().to_string();
    assert_eq!(endless, "the detector `mine`: it wrote more than 16 MiB, and was killed");
}

#[test]
fn names_are_cells_and_keys() {
    for name in ["mine", "a.b-c_1", "9"] {
        assert!(CommandDetector::takes_name(name), "{name}");
    }
    for name in ["", "-a", "a b", "a,b", "é", "a\n", &"x".repeat(41)] {
        assert!(!CommandDetector::takes_name(name), "{name:?}");
    }
}
