//! Whatever happens to a capture, what it has recorded is sealed, or can be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use telltape::live::{DATABASE, OBSERVER, Shutdown};
use telltape::tape::recording::Body;

use crate::support::{Running, Scene, gaps, polls};

/// Kills at any moment, some in the middle of a line: whatever the operating system took is saved. `make torture` does fifty.
#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn kills_at_random_moments_lose_nothing() {
    let share: f64 = std::env::var("TORTURE_SHARE").map_or(0.06, |share| share.parse().unwrap());
    let scene = Scene::new();
    let _load = scene.load();
    let url = scene.url();
    let mut random = fastrand::Rng::with_seed(7);
    for kill in 0..(50.0 * share).ceil() as u32 {
        let name = format!("run{kill}.jsonl");
        let arguments = ["capture", "--url", &url, "--recording", &name, "--interval", "20ms", "--budget", "100%"];
        let running = Running::start(&mut scene.command(&arguments));
        let part = scene.path(&format!("{name}.part"));
        while std::fs::read_to_string(&part).unwrap_or_default().matches("\"poll\":").count() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_micros(random.u64(..400_000)));
        running.signal(Signal::KILL);
        running.end();
        let text = std::fs::read(&part).unwrap();
        let whole = text.iter().filter(|byte| **byte == b'\n').count();
        let saved = format!("saved{kill}.jsonl");
        let salvaged = scene.run(&["salvage", &format!("{name}.part"), "--out", &saved, "--json"]);
        assert_eq!(salvaged.code, 0, "{}", salvaged.stderr);
        assert!(salvaged.json()["lines"].as_u64().unwrap() >= whole as u64, "{}", salvaged.stdout);
        scene.records(&saved);
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn signals_seal_the_recording_at_once_and_nothing_recorded_is_lost() {
    let of_systems = [Signal::XCPU, Signal::USR1, Signal::USR2, Signal::ALARM];
    for signal in [Signal::TERM, Signal::INT, Signal::HUP].into_iter().chain(of_systems) {
        let scene = Scene::new();
        let _load = scene.load();
        // Between polls: the next one would be a minute away.
        let url = scene.url();
        let running = scene.begin_capture_of(&url, &["--interval", "60s", "--tape", "tape.jsonl", "--json"]);
        scene.until_polls(1);
        running.signal(signal);
        let ran = running.end();
        assert_eq!(ran.code, 130, "{signal:?}: {}", ran.stderr);
        assert_eq!(ran.json()["end"], "interrupted");
        let records = scene.records("run.jsonl");
        assert_eq!(polls(&records).len(), 1, "{signal:?}");
        assert!(matches!(&records.last().unwrap().body, Body::End { end } if end == "interrupted"));
        assert_eq!(scene.run(&["verify", "run.jsonl"]).code, 0);
        // One poll gives no sample; the tape is sealed all the same, and says so.
        let verified = scene.run(&["verify", "tape.jsonl"]);
        assert!(verified.code == 12 && verified.stderr.contains("holds no sample"), "{}", verified.stderr);
        assert!(!scene.path("run.jsonl.part").exists());
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_signal_seals_the_tape_with_the_samples_of_all_polls() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let scene = Scene::new();
        let _load = scene.load();
        let running = scene.capture(&["--tape", "tape.jsonl"]);
        scene.until_polls(FOR_SAMPLES);
        running.signal(signal);
        let ran = running.end();
        assert_eq!(ran.code, 130, "{signal:?}: {}", ran.stderr);
        let verified = scene.run(&["verify", "tape.jsonl"]);
        assert_eq!(verified.code, 0, "{signal:?}: {}", verified.stderr);
        let converted =
            scene.run(&["convert", "--dataset", "postgres", "run.jsonl", "--tape", "later.jsonl", "--json"]);
        assert_eq!(converted.code, 0, "{signal:?}: {}", converted.stderr);
        assert!(converted.json()["sample_count"].as_u64().unwrap() > 0);
        assert_eq!(std::fs::read(scene.path("tape.jsonl")).unwrap(), std::fs::read(scene.path("later.jsonl")).unwrap());
    }
}

/// Polls, five a second, after which a recording of the load gives samples: baselines need some eight seconds (`pool_s` and
/// `known_s` of the rules).
const FOR_SAMPLES: usize = 60;

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_killed_capture_is_salvaged_to_its_last_poll() {
    let scene = Scene::new();
    let _load = scene.load();
    let running = scene.capture(&[]);
    scene.until_polls(FOR_SAMPLES);
    // Nobody else may write it, or take it for dead, while it lives.
    let url = scene.url();
    let second = scene.run(&["capture", "--url", &url, "--recording", "run.jsonl"]);
    assert_eq!(second.code, 2, "{}", second.stderr);
    assert!(second.stderr.contains("another capture is writing it"), "{}", second.stderr);
    let early = scene.run(&["salvage", "run.jsonl.part", "--out", "saved.jsonl"]);
    assert!(early.stderr.contains("a capture is writing it"), "{}", early.stderr);
    running.signal(Signal::KILL);
    running.end();
    let text = std::fs::read_to_string(scene.path("run.jsonl.part")).unwrap();
    let written = text.lines().count();
    assert!(text.ends_with('\n') && written > FOR_SAMPLES, "{written}");
    let third = scene.run(&["capture", "--url", &url, "--recording", "run.jsonl"]);
    assert!(third.code == 2 && third.stderr.contains("telltape salvage run.jsonl.part"), "{}", third.stderr);
    let salvaged = scene.run(&["salvage", "run.jsonl.part", "--out", "saved.jsonl", "--json"]).json();
    assert_eq!((salvaged["lines"].as_u64(), salvaged["lost_bytes"].as_u64()), (Some(written as u64), Some(0)));
    // On a busy machine there are changes of pace among the lines.
    assert_eq!(polls(&scene.records("saved.jsonl")).len(), text.matches("\"poll\":").count());
    let verified = scene.run(&["verify", "saved.jsonl"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    let converted = scene.run(&["convert", "--dataset", "postgres", "saved.jsonl", "--tape", "tape.jsonl", "--json"]);
    assert_eq!(converted.code, 0, "{}", converted.stderr);
    assert!(converted.json()["sample_count"].as_u64().unwrap() > 0);
    assert_eq!(scene.run(&["verify", "tape.jsonl"]).code, 0);
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn an_ended_session_is_a_gap_with_its_reason() {
    let scene = Scene::new();
    let _load = scene.load();
    let running = scene.capture(&[]);
    scene.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'telltape'");
    scene.until(|text| text.contains("\"gap\":"));
    scene.until(|text| text.split("\"gap\":").nth(1).is_some_and(|behind| behind.matches("\"poll\":").count() >= 3));
    running.signal(Signal::TERM);
    running.end();
    let records = scene.records("run.jsonl");
    let gaps = gaps(&records);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].contains("administrator"), "{gaps:?}");
    // Behind it all rows are there again.
    let at = records.iter().position(|record| matches!(record.body, Body::Gap { .. })).unwrap();
    assert!(polls(&records[at..])[0].views["statements"].full);
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_restarted_server_is_come_back_to() {
    for how in [Shutdown::Fast, Shutdown::Immediate] {
        let mut scene = Scene::new();
        let running = scene.capture(&[]);
        scene.server.stop(how);
        scene.until(|text| text.contains("\"gap\":"));
        std::thread::sleep(Duration::from_millis(700));
        scene.server.launch().unwrap();
        scene.until(|text| {
            text.rsplit("\"gap\":").next().is_some_and(|behind| behind.matches("\"poll\":").count() >= 3)
        });
        running.signal(Signal::TERM);
        running.end();
        let records = scene.records("run.jsonl");
        assert!(!gaps(&records).is_empty());
        let starts: Vec<f64> = polls(&records).iter().map(|poll| poll.epoch.start).collect();
        assert!(starts.first() < starts.last(), "{how:?}: {starts:?}");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_server_that_stays_away_ends_the_capture_after_a_bound() {
    let mut scene = Scene::new();
    let running = scene.capture(&["--give-up", "2s", "--json"]);
    scene.server.stop(Shutdown::Fast);
    let ran = running.end();
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(ran.stderr.contains("is gone") && ran.stderr.contains("is sealed"), "{}", ran.stderr);
    let records = scene.records("run.jsonl");
    assert!(matches!(&records.last().unwrap().body, Body::End { end } if end.contains("the server is gone")));
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_view_that_cannot_be_read_is_left_out_and_the_others_go_on() {
    // One that may not be read any more, and one that somebody holds in a mode in which nobody else can read it.
    let revoke =
        ("REVOKE ALL ON FUNCTION pg_stat_statements FROM public", "GRANT ALL ON FUNCTION pg_stat_statements TO public");
    let lock = ("BEGIN; LOCK TABLE pg_index IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1); COMMIT;", "SELECT 1");
    for (view, (fault, mend), reason) in [("statements", revoke, "permission denied"), ("tables", lock, "lock timeout")]
    {
        let scene = Scene::new();
        let running = scene.capture(&[]);
        scene.sql(fault);
        scene.until(|text| text.contains("\"failed\":"));
        std::thread::sleep(Duration::from_millis(500));
        scene.sql(mend);
        let key = format!("\"{view}\":{{");
        scene.until(|text| text.rsplit("\"failed\":").next().is_some_and(|behind| behind.contains(&key)));
        running.signal(Signal::TERM);
        running.end();
        let records = scene.records("run.jsonl");
        assert_eq!(gaps(&records), Vec::<&str>::new());
        let polls = polls(&records);
        let failed: Vec<usize> =
            polls.iter().enumerate().filter(|(_, poll)| !poll.failed.is_empty()).map(|(at, _)| at).collect();
        assert!(polls[failed[0]].failed[view].contains(reason), "{:?}", polls[failed[0]].failed);
        assert!(polls[failed[0]].views.contains_key("databases"));
        // It is not asked for at every poll: each refusal is a line in the server's log.
        assert!(failed.windows(2).all(|pair| pair[1] - pair[0] >= 8), "{failed:?}");
        let back = polls.iter().skip(failed[0]).find_map(|poll| poll.views.get(view)).unwrap();
        assert!(back.full);
    }
}

/// Passes bytes on, until it is told to swallow them: a network that is cut says nothing.
struct Wire {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Wire {
    fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let swallow = Arc::clone(&cut);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = TcpStream::connect(("127.0.0.1", server)).unwrap();
                for (mut from, mut to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    let swallow = Arc::clone(&swallow);
                    std::thread::spawn(move || {
                        let mut bytes = [0; 4096];
                        while let Ok(count @ 1..) = from.read(&mut bytes) {
                            if !swallow.load(Ordering::SeqCst) && to.write_all(&bytes[..count]).is_err() {
                                return;
                            }
                        }
                    });
                }
            }
        });
        Self { port, cut }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_cut_network_is_a_gap_and_is_come_back_from() {
    let scene = Scene::new();
    let wire = Wire::to(scene.server.port());
    let url = format!("postgres://{OBSERVER}@127.0.0.1:{}/{DATABASE}?sslmode=disable", wire.port);
    let running = scene.begin_capture_of(&url, &["--interval", "200ms"]);
    scene.until_polls(5);
    wire.cut.store(true, Ordering::SeqCst);
    scene.until(|text| text.contains("\"gap\":\"no answer within"));
    wire.cut.store(false, Ordering::SeqCst);
    scene.until(|text| text.rsplit("\"gap\":").next().is_some_and(|behind| behind.matches("\"poll\":").count() >= 3));
    running.signal(Signal::INT);
    assert_eq!(running.end().code, 130);
    assert!(gaps(&scene.records("run.jsonl"))[0].starts_with("no answer within"));
}
