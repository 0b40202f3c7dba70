//! `data`: full corpora from a path and from a server that breaks off, with their digests.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use sha2::{Digest, Sha256};

use crate::support::Folder;

const CATALOGUE: &str = "[ceb]\nadapter = 'ceb'\ntitle = 't'\nfile = 'ceb.csv'\nsha256 = 'SHA'\nrows = 1\nlicence = 'MIT'\n\
                         citation = 'c'\norigin = 'o'\n";

fn corpus() -> Vec<u8> {
    (0..100_000_u32).flat_map(|row| format!("q{row},s,{row},{row}\n").into_bytes()).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("data/datasets.toml", CATALOGUE.replace("SHA", &hex::encode(Sha256::digest(b"a\n"))));
    folder.write("data/ceb.csv", "a\n");
    folder
}

/// Serves `body` to as many requests as there are in `breaks`, from where each asks, and breaks off after so many bytes of
/// the body. Returns the `Range` of each request.
fn serve(listener: TcpListener, body: Vec<u8>, breaks: Vec<usize>) -> std::thread::JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut ranges = Vec::new();
        for until in breaks {
            let (mut stream, _) = listener.accept().unwrap();
            let head = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = head.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let range =
                head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
            let start = range.as_ref().map_or(0, |range| range.trim_end_matches('-').parse::<usize>().unwrap());
            let length = body.len() - start;
            let status = match range {
                Some(_) => {
                    format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", body.len() - 1, body.len())
                }
                None => "200 OK".to_owned(),
            };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").unwrap();
            // A client that has seen enough may be gone.
            let _ = stream.write_all(&body[start..until.max(start)]);
            ranges.push(range.unwrap_or_default());
        }
        ranges
    })
}

#[test]
fn a_broken_transfer_goes_on_where_it_stopped() {
    let folder = folder();
    let body = corpus();
    let sha256 = hex::encode(Sha256::digest(&body));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/full.csv?token=x", listener.local_addr().unwrap());
    let server = serve(listener, body.clone(), vec![600_000, body.len()]);
    let arguments = ["data", "fetch", "ceb", "--from", &url, "--sha256", &sha256, "--json"];
    let broken = folder.run(&arguments);
    assert_eq!(broken.code, 12, "{}", broken.stderr);
    assert!(broken.stderr.contains("run the same command again to go on"), "{}", broken.stderr);
    assert!(!folder.join("data/cache/full/ceb/full.csv").exists());
    let fetched = folder.ok(&arguments).json();
    assert_eq!(fetched[0]["file"], "data/cache/full/ceb/full.csv");
    assert_eq!((&fetched[0]["sha256"], &fetched[0]["verified"]), (&sha256.clone().into(), &true.into()));
    assert!(std::fs::read(folder.join("data/cache/full/ceb/full.csv")).unwrap() == body);
    let ranges = server.join().unwrap();
    assert_eq!(ranges[0], "");
    let resumed_at: usize = ranges[1].trim_end_matches('-').parse().unwrap();
    assert!((1..=600_000).contains(&resumed_at), "{ranges:?}");
    // There already: no server is asked.
    assert_eq!(folder.ok(&arguments).json()[0]["new"], false);
}

#[test]
fn what_has_a_wrong_hash_is_set_aside() {
    let folder = folder();
    folder.write("in/full.csv", corpus());
    let wrong = "0".repeat(64);
    let (code, message) = folder.refusal(&["data", "fetch", "ceb", "--from", "in/full.csv", "--sha256", &wrong]);
    assert_eq!(code, 12);
    assert!(
        message.contains(&format!(
            "expected {wrong}; what was fetched is kept as `data/cache/full/ceb/full.csv.rejected`"
        )),
        "{message}"
    );
    assert_eq!(
        folder.files(),
        ["data/cache/full/ceb/full.csv.rejected", "data/ceb.csv", "data/datasets.toml", "in/full.csv"]
    );
    let said = folder.ok(&["data", "fetch", "ceb", "--from", "in/full.csv"]).stdout;
    assert!(said.contains("compared with nothing; pass --sha256 to verify it"), "{said}");
}

#[test]
fn what_cannot_be_fetched_or_verified_is_named() {
    let folder = folder();
    let known = "unknown data set `cbe` in the catalogue; did you mean `ceb`? known: ceb";
    assert_eq!(folder.refusal(&["data", "verify", "cbe"]), (2, known.to_owned()));
    assert_eq!(folder.refusal(&["data", "fetch", "--from", "x"]).0, 2);
    assert_eq!(folder.refusal(&["data", "fetch", "ceb", "--from", "missing.csv"]).0, 12);
    assert_eq!(folder.refusal(&["data", "fetch", "ceb", "--from", "in"]).0, 12);
    assert_eq!(folder.refusal(&["data", "fetch", "ceb", "--from", "http://127.0.0.1:1/x.csv"]).0, 12);
    assert_eq!(folder.files(), ["data/ceb.csv", "data/datasets.toml"]);
    folder.ok(&["data", "verify"]);
    assert_eq!(folder.ok(&["data", "list", "--json"]).json()[0]["present"], true);
    folder.write("data/ceb.csv", "b\n");
    let (code, message) = folder.refusal(&["data", "verify"]);
    assert_eq!(code, 12);
    assert!(message.starts_with("`data/ceb.csv`: its SHA-256 is "), "{message}");
    for (old, new, expected) in [
        ("file = 'ceb.csv'", "file = '../x'", "`data/datasets.toml`: data set `ceb` names a file outside its folder"),
        ("[ceb]", "['../x']", "`data/datasets.toml`: `../x` is no name of a data set"),
        ("rows = 1", "rows = 'many'", "`data/datasets.toml:6:8`: invalid type: string \"many\", expected u64"),
    ] {
        folder.write("data/datasets.toml", CATALOGUE.replace(old, new));
        let (code, message) = folder.refusal(&["data", "list"]);
        assert_eq!(code, 12);
        assert!(message.starts_with(expected), "{message}");
    }
}

/// Its windows come with it: that they are not there is no news, and would hide how to get both.
#[test]
fn an_experiment_without_its_trace_says_how_to_get_it_before_anything_else_is_missed() {
    let folder = folder();
    let catalogue = folder.read("data/datasets.toml");
    let entry = CATALOGUE.replace("[ceb]", "[others]").replace("ceb.csv", "cache/o/made.csv");
    let experiment = "title = 'o'\n[input]\ndata = 'others'\ndataset = 'ceb'\n\
                      [evaluate]\nwindows = 'data/cache/o/windows.csv'\n";
    folder.write("experiments/o.toml", experiment);
    let parts = "[others.parts]\nlist = 'o.sha256'\nfolder = 'cache/o'\n";
    for (parts, advice) in [
        ("", "`make data` (or `telltape data fetch others`)"),
        (parts, "`telltape data fetch others` and `python3 scripts/external.py others` (`make external` does both)"),
    ] {
        folder.write("data/datasets.toml", format!("{catalogue}{entry}{parts}"));
        let (code, message) = folder.refusal(&["run", "o"]);
        let expected = format!("o: the trace `data/cache/o/made.csv` is not there; get it with {advice}");
        assert_eq!((code, message), (12, expected));
    }
}

/// Other people's files: each by its SHA-256, from where they are published or from a folder, and only by name.
#[test]
fn what_a_data_set_is_made_from_is_fetched_by_name_and_verified() {
    let folder = folder();
    let [a, b] = [b"1\n", b"2\n"].map(|bytes| hex::encode(Sha256::digest(bytes)));
    let entry = CATALOGUE.replace("[ceb]", "[others]").replace("ceb.csv", "cache/o/made.csv").replace("SHA", &a);
    let catalogue = folder.read("data/datasets.toml");
    let with = |base: &str| {
        let parts = format!("[others.parts]\nlist = 'o.sha256'\nfolder = 'cache/o'\n{base}");
        folder.write("data/datasets.toml", format!("{catalogue}{entry}{parts}"));
    };
    with("");
    folder.write("data/o.sha256", format!("{a}  x/1.csv\n{b}  2.csv\n"));
    folder.write("mirror/x/1.csv", "1\n");
    folder.write("mirror/2.csv", "2\n");
    // All are those that are here, whatever else there is to fetch.
    for command in ["fetch", "verify"] {
        let all = folder.ok(&["data", command]).stdout;
        assert!(!all.contains("others"), "{all}");
    }
    let (code, message) = folder.refusal(&["data", "fetch", "others"]);
    assert_eq!(code, 12);
    assert!(message.ends_with("nobody publishes these files in this form; name a folder that has them with --from"));
    folder.ok(&["data", "fetch", "others", "--from", "mirror"]);
    assert_eq!((folder.read("data/cache/o/x/1.csv"), folder.read("data/cache/o/2.csv")), ("1\n".into(), "2\n".into()));
    assert_eq!(folder.ok(&["data", "fetch", "others", "--from", "mirror", "--json"]).json()[1]["new"], false);
    // Over the network, and another file than the list says.
    std::fs::remove_dir_all(folder.join("data/cache/o")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    with(&format!("base = 'http://{}/y/'\n", listener.local_addr().unwrap()));
    let server = serve(listener, b"1\n".to_vec(), vec![2, 2]);
    let (code, message) = folder.refusal(&["data", "fetch", "others"]);
    assert!(code == 12 && message.contains(&format!("its SHA-256 is {a}, expected {b}")), "{message}");
    server.join().unwrap();
    assert_eq!(folder.read("data/cache/o/x/1.csv"), "1\n");
    assert!(!folder.join("data/cache/o/2.csv").exists());
    let (code, message) = folder.refusal(&["data", "fetch", "others", "--from", "mirror", "--sha256", &a]);
    assert!(code == 2 && message.contains("leave out --sha256"), "{message}");
    folder.write("data/o.sha256", format!("{a}  ../1.csv\n"));
    let (code, message) = folder.refusal(&["data", "fetch", "others", "--from", "mirror"]);
    assert!(code == 12 && message.contains("`data/o.sha256:1`: a line is a SHA-256"), "{message}");
}
