//! `data fetch --from URL` against a server that misbehaves: what is kept is what was published, whole, once.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::support::{Folder, ran};

const CATALOGUE: &str = "[ceb]\nadapter = 'ceb'\ntitle = 't'\nfile = 'ceb.csv'\nsha256 = 'x'\nrows = 1\nlicence = 'MIT'\n\
                         citation = 'c'\norigin = 'o'\n";
const FOLDER: &str = "data/cache/full/ceb";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("data/datasets.toml", CATALOGUE);
    folder
}

fn text(word: &str) -> Vec<u8> {
    (0..5000).flat_map(|row| format!("{word}{row:04}\n").into_bytes()).collect()
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A request: its path, and its headers in lower case.
#[derive(Clone)]
struct Request {
    path: String,
    headers: Vec<String>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Where a range begins that was asked for.
    fn start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.trim_end_matches('-').parse().ok()
    }
}

/// A server on loopback. Every request gets what `answer` writes for it, each in a thread.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn new(answer: impl Fn(&Request, usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (requests, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    let mut lines = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
                    let Some(first) = lines.next() else { return };
                    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                    let headers = lines.map(|line| {
                        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
                        format!("{}: {value}", name.to_lowercase())
                    });
                    let request = Request { path, headers: headers.collect() };
                    let count = {
                        let mut requests = requests.lock().unwrap();
                        requests.push(request.clone());
                        requests.len() - 1
                    };
                    answer(&request, count, &mut stream);
                });
            }
        });
        Self { url, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// Of each request: its `Range` and its `If-Range`.
    fn ranges(&self) -> Vec<(Option<String>, Option<String>)> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .map(|one| (one.header("range").map(str::to_owned), one.header("if-range").map(str::to_owned)))
            .collect()
    }
}

/// Writes a head and a body; a client that has seen enough may be gone.
fn send(stream: &mut TcpStream, head: &str, length: usize, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn fetch<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["data", "fetch", "ceb", "--from", url], more].concat()
}

fn fetched(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.join(&format!("{FOLDER}/{name}"))).unwrap()
}

fn parts(folder: &Folder, ending: &str) -> Vec<String> {
    folder.files().into_iter().filter(|name| name.ends_with(ending)).collect()
}

#[test]
fn a_file_that_has_changed_between_two_tries_is_not_spliced() {
    // Whether the server minds `If-Range`, and what it says instead of the rest of the old file.
    for honest in [true, false] {
        for validator in ["ETag: \"old\"", "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"] {
            let (old, new) = (text("old"), text("NEW"));
            let whole = new.clone();
            let server = Server::new(move |request, count, stream| match (count, request.start()) {
                (0, _) => send(stream, &format!("200 OK\r\n{validator}"), old.len(), &old[..20_000]),
                (_, Some(start)) if !honest => {
                    let range = format!("Content-Range: bytes {start}-{}/{}", new.len() - 1, new.len());
                    let changed = validator.replace("old", "new").replace("2024", "2025");
                    send(
                        stream,
                        &format!("206 Partial Content\r\n{changed}\r\n{range}"),
                        new.len() - start,
                        &new[start..],
                    );
                }
                _ => {
                    let changed = validator.replace("old", "new").replace("2024", "2025");
                    send(stream, &format!("200 OK\r\n{changed}"), new.len(), &new);
                }
            });
            let folder = folder();
            let url = server.url("x.csv");
            assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
            assert_eq!(parts(&folder, ".part").len(), 1);
            let second = folder.ok(&fetch(&url, &["--json"]));
            assert!(fetched(&folder, "x.csv") == whole, "{honest} {validator}");
            let ranges = server.ranges();
            assert!(ranges[1].0.is_some(), "{ranges:?}");
            assert_eq!(ranges[1].1.as_deref(), validator.split_once(": ").map(|(_, value)| value));
            // What was fetched of the old one is kept, and named.
            let kept = format!("{FOLDER}/x.csv.rejected");
            assert_eq!(second.json()[0]["set_aside"], kept);
            assert!(second.stderr.contains(&kept), "{}", second.stderr);
            assert!(!fetched(&folder, "x.csv.rejected").is_empty());
            assert_eq!(parts(&folder, ".part"), Vec::<String>::new());
            assert_eq!(parts(&folder, ".part.json"), Vec::<String>::new());
        }
    }
}

#[test]
fn the_rest_is_taken_only_if_it_is_the_range_that_was_asked_for() {
    let ranges =
        ["bytes 0-19999/40000", "bytes 20001-39999/40000", "bytes 20000-39999/50000", "bytes */40000", "x", ""];
    for range in ranges {
        let whole = text("old");
        let body = whole.clone();
        let server = Server::new(move |request, count, stream| match request.start() {
            None if count == 0 => send(stream, "200 OK\r\nETag: \"a\"", body.len(), &body[..20_000]),
            None => send(stream, "200 OK\r\nETag: \"a\"", body.len(), &body),
            Some(_) => send(stream, &format!("206 Partial Content\r\nContent-Range: {range}"), 20_000, &body[..20_000]),
        });
        let folder = folder();
        let url = server.url("x.csv");
        assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
        folder.ok(&fetch(&url, &[]));
        assert!(fetched(&folder, "x.csv") == whole, "{range}");
    }
}

#[test]
fn without_a_proof_that_it_is_the_same_file_it_is_fetched_from_the_beginning() {
    let whole = text("old");
    let body = whole.clone();
    let server = Server::new(move |request, count, stream| {
        let start = request.start().unwrap_or(0);
        let until = if count == 0 { 20_000 } else { body.len() };
        let head = match request.start() {
            Some(start) => {
                format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", body.len() - 1, body.len())
            }
            None => "200 OK".to_owned(),
        };
        send(stream, &head, body.len() - start, &body[start..until]);
    });
    let folder = folder();
    let url = server.url("x.csv");
    assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
    folder.ok(&fetch(&url, &[]));
    assert!(fetched(&folder, "x.csv") == whole);
    assert!(server.ranges().iter().all(|(range, _)| range.is_none()));
}

#[test]
fn two_fetches_of_one_file_do_not_write_it_both() {
    let whole = text("old");
    let body = whole.clone();
    let server = Server::new(move |_, _, stream| {
        send(stream, "200 OK", body.len(), &[]);
        for block in body.chunks(4000) {
            let _ = stream.write_all(block);
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let folder = folder();
    let url = server.url("x.csv");
    let child = folder.command().args(fetch(&url, &[])).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id();
    while !folder.join(&format!("{FOLDER}/.x.csv.lock")).exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // One that is in no hurry waits, and finds the file.
    let patient =
        folder.command().args(fetch(&url, &["--json"])).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (code, message) = folder.refusal(&fetch(&url, &["--silence-timeout", "300ms"]));
    assert_eq!(code, 1);
    assert!(message.contains(&format!("`{FOLDER}/x.csv` is being written by process {process};")), "{message}");
    assert_eq!(ran(child.wait_with_output().unwrap()).code, 0);
    let patient = ran(patient.wait_with_output().unwrap());
    assert_eq!((patient.code, &patient.json()[0]["new"]), (0, &false.into()), "{}", patient.stderr);
    assert!(patient.stderr.contains(&format!("process {process} is fetching this file")), "{}", patient.stderr);
    assert!(fetched(&folder, "x.csv") == whole);
    assert_eq!(server.ranges().len(), 1);
    assert_eq!(parts(&folder, ".lock"), Vec::<String>::new());
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Server::new(|request, _, stream| {
        if request.path == "/head.csv" {
            send(stream, "200 OK", 100, b"abc");
        }
        std::thread::sleep(Duration::from_secs(60));
    });
    for path in ["silent.csv", "head.csv"] {
        let folder = folder();
        let begin = Instant::now();
        let (code, message) = folder.refusal(&fetch(&server.url(path), &["--silence-timeout", "1s"]));
        assert_eq!(code, 12, "{message}");
        assert!(message.contains("cannot be fetched (") && message.contains("timeout"), "{message}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{path}");
    }
}

#[test]
fn digests_are_compared_without_case_and_refused_before_anything_is_fetched() {
    let whole = text("old");
    let body = whole.clone();
    let server = Server::new(move |_, _, stream| send(stream, "200 OK", body.len(), &body));
    let folder = folder();
    let url = server.url("x.csv");
    for bad in ["0abc", "", &"g".repeat(64)] {
        let (code, message) = folder.refusal(&fetch(&url, &["--sha256", bad]));
        assert_eq!(code, 2);
        assert!(message.contains("--sha256"), "{message}");
    }
    assert_eq!(server.ranges(), []);
    // A wrong one throws nothing away.
    let wrong = digest(b"other");
    for kept in ["x.csv.rejected", "x.csv.2.rejected"] {
        let (code, message) = folder.refusal(&fetch(&url, &["--sha256", &wrong]));
        assert_eq!(code, 12);
        assert!(message.contains(&format!("what was fetched is kept as `{FOLDER}/{kept}`")), "{message}");
        assert!(fetched(&folder, kept) == whole);
    }
    folder.ok(&fetch(&url, &["--sha256", &digest(&whole).to_uppercase()]));
    assert!(fetched(&folder, "x.csv") == whole);
}

#[test]
fn another_file_of_the_same_name_is_not_there_already() {
    let server = Server::new(|request, _, stream| send(stream, "200 OK", request.path.len(), request.path.as_bytes()));
    let folder = folder();
    folder.ok(&fetch(&server.url("a/x.csv"), &[]));
    assert_eq!(folder.ok(&fetch(&server.url("a/x.csv"), &["--json"])).json()[0]["new"], false);
    for other in ["b/x.csv", "a/x.csv?v=2"] {
        let (code, message) = folder.refusal(&fetch(&server.url(other), &[]));
        assert_eq!(code, 12);
        assert!(message.contains("it was fetched from another URL or path"), "{message}");
        assert!(!message.contains("v=2"), "{message}");
    }
    // What somebody has changed, or put there, is not what was fetched.
    folder.write(&format!("{FOLDER}/x.csv"), "changed");
    let (code, message) = folder.refusal(&fetch(&server.url("a/x.csv"), &[]));
    assert!(code == 12 && message.contains("it has changed since it was fetched"), "{message}");
    folder.write(&format!("{FOLDER}/y.csv"), "mine");
    let (code, message) = folder.refusal(&fetch(&server.url("y.csv"), &[]));
    assert!(code == 12 && message.contains("nothing says where it is from"), "{message}");
    let (code, message) = folder.refusal(&fetch(&server.url("y.csv"), &["--sha256", &digest(b"/y.csv")]));
    assert!(code == 12 && message.contains("move it away to fetch it anew"), "{message}");
    assert_eq!(fetched(&folder, "y.csv"), b"mine");
    assert_eq!(
        folder.ok(&fetch(&server.url("y.csv"), &["--sha256", &digest(b"mine"), "--json"])).json()[0]["verified"],
        true
    );
}

#[test]
fn nothing_larger_than_allowed_or_said_is_written() {
    let server = Server::new(|request, _, stream| {
        let block = vec![b'x'; 100_000];
        if request.path == "/said.csv" {
            return send(stream, "200 OK", 50 << 20, &block);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&block).is_ok() {}
    });
    for path in ["said.csv", "endless.csv"] {
        let folder = folder();
        let (code, message) = folder.refusal(&fetch(&server.url(path), &["--max-bytes", "1M"]));
        assert_eq!(code, 12);
        assert!(message.contains("--max-bytes"), "{message}");
        let size: u64 = parts(&folder, ".part").iter().map(|part| fs::metadata(folder.join(part)).unwrap().len()).sum();
        assert!(size <= 1 << 20, "{size}");
    }
    let folder = folder();
    for from in ["/dev/zero", "/dev/null"] {
        let (code, message) = folder.refusal(&fetch(from, &[]));
        assert_eq!((code, message), (12, format!("`{from}`: it is not a regular file; copy it to one first")));
    }
}

#[test]
fn no_user_password_or_query_is_repeated() {
    let folder = folder();
    let server = Server::new(|_, _, stream| send(stream, "200 OK", 4, b"ok!\n"));
    let host = server.url.trim_start_matches("http://").to_owned();
    let secret = |text: &str| ["user", "hunter2", "t0psecret"].iter().any(|secret| text.contains(secret));
    for (url, code) in [
        ("http://user:hunter2@127.0.0.1:1/x.csv?token=t0psecret".to_owned(), 12),
        ("http://user:hunter2@127.0.0.1:99999/x.csv?token=t0psecret".to_owned(), 12),
        ("http://user:hunter2@/x.csv?token=t0psecret".to_owned(), 12),
        ("ftp://user:hunter2@h/x.csv?token=t0psecret".to_owned(), 12),
        ("http://user:hunter2@h/?token=t0psecret".to_owned(), 12),
        (format!("http://user:hunter2@{host}/x.csv?token=t0psecret#hunter2"), 0),
    ] {
        for more in [&[][..], &["--json"]] {
            let ran = folder.run(&fetch(&url, more));
            assert_eq!(ran.code, code, "{url}: {}{}", ran.stdout, ran.stderr);
            assert!(!secret(&ran.stdout) && !secret(&ran.stderr), "{}{}", ran.stdout, ran.stderr);
        }
    }
    for file in folder.files().iter().filter(|name| name.starts_with("data/cache")) {
        assert!(!secret(file) && !secret(&folder.read(file)), "{file}");
    }
}

#[test]
fn a_link_or_a_stranger_in_the_place_of_the_part_is_refused() {
    let server = Server::new(|_, _, stream| send(stream, "200 OK", 4, b"ok!\n"));
    let url = server.url("x.csv");
    let part = format!("{FOLDER}/x.csv.{}.part", &digest(url.as_bytes())[..8]);
    for kind in ["soft", "dangling", "hard", "file", "folder"] {
        let folder = folder();
        folder.write("victim", "precious");
        fs::create_dir_all(folder.join(FOLDER)).unwrap();
        match kind {
            "soft" => symlink(folder.join("victim"), folder.join(&part)).unwrap(),
            "dangling" => symlink(folder.join("nowhere"), folder.join(&part)).unwrap(),
            "hard" => fs::hard_link(folder.join("victim"), folder.join(&part)).unwrap(),
            "file" => folder.write(&part, "precious"),
            _ => fs::create_dir(folder.join(&part)).unwrap(),
        }
        let (code, message) = folder.refusal(&fetch(&url, &[]));
        assert_eq!(code, 2, "{kind}: {message}");
        assert!(message.contains(&part), "{kind}: {message}");
        assert_eq!(folder.read("victim"), "precious");
        assert!(!folder.join("nowhere").exists());
        assert!(kind != "file" || folder.read(&part) == "precious");
    }
}

#[test]
fn a_range_that_does_not_repeat_the_validator_proves_nothing() {
    for validator in ["ETag: \"a\"", "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"] {
        let (old, new) = (text("old"), text("NEW"));
        let whole = new.clone();
        let server = Server::new(move |request, count, stream| match (count, request.start()) {
            (0, _) => send(stream, &format!("200 OK\r\n{validator}"), old.len(), &old[..20_000]),
            (_, Some(start)) => {
                let range =
                    format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", new.len() - 1, new.len());
                send(stream, &range, new.len() - start, &new[start..]);
            }
            (_, None) => send(stream, "200 OK", new.len(), &new),
        });
        let folder = folder();
        let url = server.url("x.csv");
        assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
        let second = folder.ok(&fetch(&url, &["--json"])).json();
        assert!(fetched(&folder, "x.csv") == whole, "{validator}");
        let asked: Vec<bool> = server.ranges().iter().map(|(range, _)| range.is_some()).collect();
        assert_eq!(asked, [false, true, false]);
        assert_eq!(second[0]["set_aside"], format!("{FOLDER}/x.csv.rejected"));
    }
}

#[test]
fn with_a_digest_the_rest_is_taken_from_a_server_that_repeats_no_validator() {
    let whole = text("old");
    let body = whole.clone();
    let server = Server::new(move |request, _, stream| match request.start() {
        None => send(stream, "200 OK\r\nETag: \"a\"", body.len(), &body[..20_000]),
        Some(start) => {
            let range =
                format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", body.len() - 1, body.len());
            send(stream, &range, body.len() - start, &body[start..]);
        }
    });
    let folder = folder();
    let url = server.url("x.csv");
    assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
    folder.ok(&fetch(&url, &["--sha256", &digest(&whole)]));
    assert!(fetched(&folder, "x.csv") == whole);
    assert_eq!(server.ranges().len(), 2);
}

#[test]
fn a_part_that_only_a_digest_could_prove_is_not_gone_on_with_by_its_validator() {
    let whole = text("old");
    let (body, other) = (whole.clone(), text("NEW"));
    let server = Server::new(move |request, count, stream| {
        let start = request.start().unwrap_or(0);
        let range = format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", body.len() - 1, body.len());
        match (count, request.start()) {
            (0, _) => send(stream, "200 OK\r\nETag: \"a\"", body.len(), &body[..20_000]),
            (1, Some(start)) => send(stream, &range, body.len() - start, &other[start..30_000]),
            (_, Some(start)) => send(stream, &format!("{range}\r\nETag: \"a\""), body.len() - start, &body[start..]),
            (_, None) => send(stream, "200 OK\r\nETag: \"a\"", body.len(), &body),
        }
    });
    let folder = folder();
    let url = server.url("x.csv");
    assert_eq!(folder.run(&fetch(&url, &[])).code, 12);
    assert_eq!(folder.run(&fetch(&url, &["--sha256", &digest(&whole)])).code, 12);
    folder.ok(&fetch(&url, &[]));
    assert!(fetched(&folder, "x.csv") == whole);
    let asked: Vec<bool> = server.ranges().iter().map(|(range, _)| range.is_some()).collect();
    assert_eq!(asked, [false, true, false]);
}

#[test]
fn no_message_repeats_a_secret_of_what_is_misread_or_of_where_a_server_leads() {
    let server = Server::new(|request, _, stream| {
        let location = match request.path.as_str() {
            "/a.csv" => "http://user:hunter2 @x/?t0psecret",
            "/b.csv" => "ftp://user:hunter2@127.0.0.1/x.csv?token=t0psecret",
            "/c.csv" => "http://user:hunter2@127.0.0.1:1/x.csv?token=t0psecret",
            "/d.csv" => "http://user:hunter2@127.0.0.1:99999/x?token=t0psecret",
            "/e.csv" => "//user:hunter2@127.0.0.1:1/?t0psecret",
            "/f.csv" => "file:///etc/passwd?t0psecret",
            "/g.csv" => "javascript:t0psecret",
            _ => "/e.csv?t0psecret",
        };
        send(stream, &format!("302 Found\r\nLocation: {location}"), 0, b"");
    });
    let folder = folder();
    let secret = |text: &str| ["user", "hunter2", "t0psecret"].iter().any(|secret| text.contains(secret));
    let leads = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| server.url(&format!("{name}.csv")));
    let misread = [
        "http://user:hunter2/x@127.0.0.1:1/x.csv",
        "http://user:12/hunter2@127.0.0.1:1/x.csv",
        "http://user:hunter2#@127.0.0.1:1/x.csv",
        "http://user:hunter2?@127.0.0.1:1/x.csv",
        "http:/user:hunter2@127.0.0.1:1/x.csv",
        "http:user:hunter2@127.0.0.1:1/x.csv",
        "http:\\\\user:hunter2@127.0.0.1:1\\x.csv",
        "http//user:hunter2@127.0.0.1:1/x.csv",
        "user:hunter2@127.0.0.1:1/x.csv",
        "http://127.0.0.1:1/x.csv http://user:hunter2@127.0.0.1:1/y.csv",
        "http://127.0.0.1:1/x.csv,http://user:hunter2@127.0.0.1:1/y.csv",
    ];
    for url in leads.iter().map(String::as_str).chain(misread) {
        for more in [&[][..], &["--json"]] {
            let ran = folder.run(&fetch(url, more));
            assert_eq!(ran.code, 12, "{url}: {}{}", ran.stdout, ran.stderr);
            ran.refusal();
            assert!(!secret(&ran.stdout) && !secret(&ran.stderr), "{url}: {}{}", ran.stdout, ran.stderr);
        }
    }
    let (code, message) = folder.refusal(&["data", "fetch", "http://user:hunter2@127.0.0.1:1/x.csv"]);
    assert!(code == 2 && !secret(&message) && message.contains("--from"), "{code} {message}");
    assert!(folder.files().iter().all(|file| !secret(file)), "{:?}", folder.files());
}
