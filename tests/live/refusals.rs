//! Servers and roles that are not ready: one clear line with its remedy, and the exit code of the contract.

use telltape::live::{DATABASE, OBSERVER};

use crate::support::{PASSWORD, Scene};

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn each_refusal_names_its_remedy() {
    let scene = Scene::new();
    scene.ask_for_password();
    scene.sql("CREATE ROLE bare LOGIN");
    scene.sql("CREATE DATABASE empty");
    let port = scene.server.port();
    let socket = scene.server.folder().display().to_string();
    let to = |role: &str, database: &str| format!("host={socket} port={port} user={role} dbname={database}");
    let cases: Vec<(String, i32, &str)> = vec![
        (scene.tcp(OBSERVER, "sslmode=disable"), 13, "set PGPASSWORD"),
        (scene.tcp(&format!("{OBSERVER}:wrong"), "sslmode=disable"), 13, "set PGPASSWORD"),
        (scene.tcp(OBSERVER, "sslmode=require"), 13, "turn `ssl` on in the server, or say sslmode=disable"),
        (to("nobody", DATABASE), 13, "does the role exist"),
        (to(OBSERVER, "none"), 13, "give a database that is there"),
        (to("bare", DATABASE), 13, "GRANT pg_read_all_stats TO \"bare\";"),
        (to(OBSERVER, "empty"), 13, "CREATE EXTENSION pg_stat_statements;"),
        (to("postgres", DATABASE), 13, "make a role with `telltape capture --print-role`"),
        (
            format!("postgres://{OBSERVER}@127.0.0.1:1/{DATABASE}?sslmode=disable"),
            13,
            "are host and port right, and does a firewall let it through?",
        ),
        (format!("host=/nowhere user={OBSERVER}"), 13, "is this the folder of its socket?"),
        ("postgres://me@db:port/x".to_owned(), 2, "a port is not a number from 1 to 65535"),
        ("postgres://me@db/x?sslmode=prefer".to_owned(), 2, "may fall back to clear text in silence"),
        ("postgres://me@db/x?sslrootcert=/nowhere.pem".to_owned(), 2, "give a file of certificates in PEM"),
    ];
    for (url, code, remedy) in &cases {
        let ran = scene.run(&["capture", "--url", url, "--recording", "run.jsonl"]);
        assert_eq!(ran.code, *code, "{url}: {}", ran.stderr);
        assert!(ran.stderr.contains(remedy), "{url}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", ran.stderr);
        assert!(std::fs::read_dir(scene.path("")).unwrap().next().is_none(), "nothing is left behind");
    }
    for arguments in [
        ["--interval", "0"],
        ["--interval", "soon"],
        ["--duration", "-1"],
        ["--max-bytes", "many"],
        ["--budget", "200%"],
        ["--rule", "pool=3"],
        ["--auto-explain", "/nowhere.json"],
    ] {
        let url = scene.url();
        let ran = scene.run(
            &[&["capture", "--url", &url, "--recording", "run.jsonl", "--tape", "t.jsonl"], arguments.as_slice()]
                .concat(),
        );
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(std::fs::read_dir(scene.path("")).unwrap().next().is_none(), "nothing is left behind");
    }
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn the_role_that_is_printed_is_ready_and_can_write_nothing() {
    let scene = Scene::new();
    let printed = scene.run(&[
        "capture",
        "--print-role",
        "--url",
        &format!("postgres://watcher@127.0.0.1/{DATABASE}?sslmode=disable"),
    ]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    scene.sql(&printed.stdout);
    let url = scene.server.conninfo("watcher", DATABASE);
    let check = scene.run(&["capture", "--url", &url, "--check", "--json"]).json();
    assert_eq!(
        (check["ready"].as_bool(), check["findings"].as_array().map(Vec::len)),
        (Some(true), Some(0)),
        "{check}"
    );
    let refused =
        scene.server.psql(DATABASE, "SET ROLE watcher; SET default_transaction_read_only = on; CREATE TABLE t (a int)");
    assert!(refused.is_err());
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_pgpass_file_is_used_if_it_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    scene.ask_for_password();
    let escaped = PASSWORD.replace(':', "\\:");
    let file = scene.path(".pgpass");
    std::fs::write(&file, format!("127.0.0.1:{}:*:{OBSERVER}:{escaped}\n", scene.server.port())).unwrap();
    let url = scene.tcp(OBSERVER, "sslmode=disable");
    for (mode, code) in [(0o600, 0), (0o644, 2)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let ran = scene.run(&["capture", "--url", &url, "--check"]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
    }
    // Elsewhere, for a server that asks for the password itself.
    let hba = scene.server.folder().join("data/pg_hba.conf");
    let rules = std::fs::read_to_string(&hba).unwrap().replacen("scram-sha-256", "password", 1);
    std::fs::write(&hba, rules).unwrap();
    scene.sql("SELECT pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(300));
    std::fs::rename(&file, scene.path("mine")).unwrap();
    std::fs::set_permissions(scene.path("mine"), std::fs::Permissions::from_mode(0o600)).unwrap();
    for (parameters, code) in [
        ("passfile=mine&require_auth=password", 0),
        ("passfile=mine", 13),
        ("passfile=mine&require_auth=scram-sha-256", 13),
        ("require_auth=password", 13),
    ] {
        let url = scene.tcp(OBSERVER, &format!("sslmode=disable&{parameters}"));
        let ran = scene.run(&["capture", "--url", &url, "--check"]);
        assert_eq!(ran.code, code, "{parameters}: {}", ran.stderr);
    }
}
