//! The transcript in the README is what the program really prints, on the real data.

use std::path::Path;
use std::process::Command;

use telltape::trace::ADAPTERS;

#[test]
fn the_transcript_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let transcript = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for part in ["experiments", "data", "results"] {
        let copied = Command::new("cp").arg("-r").arg(root.join(part)).arg(folder.path()).status().unwrap();
        assert!(copied.success());
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_telltape"));
    let path = format!("{}:{}", bin.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut commands = 0;
    let mut parts = transcript.split("$ ");
    assert_eq!(parts.next(), Some(""));
    for part in parts {
        let (command, expected) = part.split_once('\n').unwrap();
        let ran = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env_remove("CI")
            .output()
            .unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        // A transcript may stop early; `explain` goes on with digests.
        assert!(printed.starts_with(expected), "{command}:\n{printed}{}", String::from_utf8_lossy(&ran.stderr));
        commands += 1;
    }
    assert_eq!(commands, 4);
}

/// The table of data sets is what the adapters say of themselves.
#[test]
fn the_table_of_data_sets_follows_from_the_adapters() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut table =
        "| data set | of | format | constructions | options |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for adapter in ADAPTERS {
        let about = adapter.about();
        let list = |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let constructions = list(about.construction_names().map(str::to_owned).collect());
        let options = list(about.options.iter().map(|option| format!("--{}", option.flag)).collect());
        let (name, described, format) = (about.name, about.described(), about.format);
        table += &format!("| `{name}` | {described} | {format} | {constructions} | {options} |\n");
    }
    let start = readme.find("| data set |").expect("the README has the table");
    let found: String =
        readme[start..].lines().take_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    assert_eq!(found, table, "put this into README.md:\n{table}");
}

/// Every adapter has a page that says what it must, and the list of pages is that of the adapters.
#[test]
fn every_adapter_has_a_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adapters");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut table = "| data set | of |\n| --- | --- |\n".to_owned();
    let mut pages = vec!["index.md".to_owned()];
    for adapter in ADAPTERS {
        let about = adapter.about();
        let name = about.name;
        table += &format!("| [`{name}`]({name}.md) | {} |\n", about.described());
        let page = read(&format!("{name}.md"));
        assert!(page.starts_with(&format!("# `{name}`: ")), "{name}");
        for section in ["## Where to get ", "## What the residual means\n", "## What is refused\n"] {
            assert!(page.contains(&format!("\n{section}")), "{name} has no section `{section}`");
        }
        assert!(page.contains(&format!("convert --dataset {name} ")), "{name} has no command");
        for option in about.options {
            // What all tables share is said once, in the list of options.
            let is_general = ["time-unit", "time-zone", "delimiter"].contains(&option.flag);
            assert!(
                is_general || page.contains(&format!("--{}", option.flag)),
                "{name} says nothing of --{}",
                option.flag
            );
        }
        pages.push(format!("{name}.md"));
    }
    let list = read("index.md");
    assert!(list.ends_with(&table), "put this into docs/adapters/index.md:\n{table}");
    // A page of something else is linked in the list, too.
    let found = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let lost: Vec<String> =
        found.filter(|page| !pages.contains(page) && !list.contains(&format!("]({page})"))).collect();
    assert_eq!(lost, [""; 0]);
}

/// The table of scores has the numbers of the committed results.
#[test]
fn the_scores_in_the_readme_are_those_of_the_results() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let rows = |table: &str| -> Vec<std::collections::HashMap<String, String>> {
        let mut reader = csv::Reader::from_path(root.join("results/detectors").join(table)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let published = rows("scores-published.csv");
    let ours = rows("scores.csv");
    let mut found = 0;
    for row in ours.iter().filter(|row| row["detector"] == "reference") {
        let beside = published.iter().find(|other| other["motif"] == row["motif"]);
        let cell = |key: &str| beside.map_or("", |other| other[key].as_str());
        let mut line = format!("| {} | {} | {} |", row["motif"], cell("f1"), cell("ttd_median_s"));
        let excursion =
            ours.iter().find(|other| other["detector"] == "excursion" && other["motif"] == row["motif"]).unwrap();
        for engine in [row, excursion] {
            for key in ["f1", "range_f1", "detection_delay_s", "end_error_s"] {
                line += &format!(" {} |", engine[key]);
            }
        }
        assert!(readme.contains(&line), "{line}");
        found += 1;
    }
    assert_eq!(found, 6);
    for bound in ["always", "never"] {
        let row = ours.iter().find(|row| row["detector"] == bound && row["motif"] == "all").unwrap();
        let cells = ["f1", "range_f1", "detection_delay_s", "end_error_s"].map(|key| format!(" {} |", row[key]));
        let line = format!("| all, by `{bound}` |  |  |  |  |  |  |{}", cells.concat());
        assert!(readme.contains(&line), "{line}");
    }
}
