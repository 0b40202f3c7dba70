//! What PostgreSQL's own programs export, read as it is.

use std::time::Duration;

use crate::support::Scene;

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn snapshots_that_psql_copies_convert_without_an_edit() {
    let scene = Scene::new();
    let load = scene.load();
    let mut text = String::new();
    for poll in 0..8 {
        let snapshot = scene.sql("COPY (SELECT now(), * FROM pg_stat_statements) TO STDOUT CSV HEADER");
        let rows = if poll == 0 { &snapshot } else { snapshot.split_once('\n').unwrap().1 };
        text += &format!("{}\n", rows.trim_end());
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(load);
    scene.folder.write("snapshots.csv", text);
    let ran = scene.run(&["convert", "--dataset", "pgss", "snapshots.csv", "--tape", "t.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let tape = std::fs::read_to_string(scene.path("t.jsonl")).unwrap();
    for class in ["PlanRegression", "WorkloadPhase"] {
        assert!(tape.lines().filter(|line| line.contains(class)).count() > 3, "{tape}");
    }
}
