//! Whom a capture talks to, in which way, and who gets to see the password.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::fake_server::{Asks, Authority, END, FakeServer};
use crate::support::{Folder, Ran, ran};

/// Runs `capture --check` in a folder that is its home, with these variables and none other of libpq.
fn check(folder: &Folder, url: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = folder.command();
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command.env("HOME", folder.path()).env("USER", "observer").envs(variables.iter().copied());
    ran(command.args(["capture", "--check", "--url", url]).output().unwrap())
}

fn private(folder: &Folder, name: &str, text: impl AsRef<[u8]>, mode: u32) {
    folder.write(name, text);
    std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn no_byte_goes_in_clear_text_over_tcp_unless_it_was_asked_for() {
    let folder = Folder::new();
    let server = FakeServer::start(Asks::Password, None);
    let port = server.port.to_string();
    private(&folder, ".pgpass", "*:*:*:*:hunter2\n", 0o600);
    folder.write(".pg_service.conf", format!("[addr]\nhostaddr=127.0.0.1\nport={port}\nsslmode=require\n"));
    let with_port = |text: &str| text.replace("PORT", &port);
    let none: &[(&str, &str)] = &[];
    for (url, variables) in [
        ("hostaddr=127.0.0.1 port=PORT", none),
        ("hostaddr=127.0.0.1 port=PORT sslmode=require", none),
        ("hostaddr=127.0.0.1 port=PORT sslmode=verify-ca sslrootcert=ca.pem", none),
        ("hostaddr=127.0.0.1 port=PORT sslmode=verify-full", none),
        ("host=/tmp hostaddr=127.0.0.1 port=PORT sslmode=verify-full", none),
        ("host=/nowhere,127.0.0.1 port=1,PORT sslmode=verify-full", none),
        ("host=localhost port=PORT", none),
        ("postgres:///app?hostaddr=127.0.0.1&port=PORT&sslmode=verify-full", none),
        ("postgres://127.0.0.1:PORT/app?sslmode=", none),
        ("", &[("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "PORT")]),
        ("", &[("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "PORT"), ("PGSSLMODE", "require")]),
        ("", &[("PGHOST", "/nowhere,127.0.0.1"), ("PGPORT", "PORT")]),
        ("host=/tmp", &[("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "PORT"), ("PGSSLMODE", "verify-full")]),
        ("service=addr", none),
        ("", &[("PGSERVICE", "addr")]),
    ] {
        folder.write("ca.pem", Authority::new("ours").pem());
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, with_port(value))).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (code, error) = check(&folder, &with_port(url), &variables).refusal();
        assert_eq!(code, 13, "{url} {variables:?}: {error}");
        assert_eq!(server.told(), Vec::<String>::new(), "{url} {variables:?}");
    }
    // The same server is told everything when somebody says so twice.
    let url = with_port("hostaddr=127.0.0.1 port=PORT sslmode=disable require_auth=password");
    assert!(check(&folder, &url, &[]).stderr.contains(END));
    assert_eq!(server.told(), ["clear startup", "password hunter2"]);
}

#[test]
fn certificates_are_verified_as_far_as_the_mode_says() {
    let folder = Folder::new();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    folder.write("ours.pem", ours.pem());
    folder.write("theirs.pem", theirs.pem());
    let right = FakeServer::start(Asks::Nothing, Some(ours.serve("db.example.test")));
    let address = FakeServer::start(Asks::Nothing, Some(ours.serve("127.0.0.1")));
    let try_it = |server: &FakeServer, host: &str, rest: &str| {
        let ran = check(&folder, &format!("{host} hostaddr=127.0.0.1 port={} {rest}", server.port), &[]);
        let reached = ran.stderr.contains(END);
        assert_eq!(server.told().contains(&"tls startup".to_owned()), reached, "{host} {rest}: {}", ran.stderr);
        reached
    };
    let named = "host=db.example.test";
    for (server, host, rest, reached) in [
        (&right, named, "sslrootcert=ours.pem", true),
        (&right, named, "sslmode=verify-full sslrootcert=ours.pem", true),
        (&right, "host=other.test", "sslmode=verify-full sslrootcert=ours.pem", false),
        (&right, "host=other.test", "sslmode=verify-ca sslrootcert=ours.pem", true),
        (&right, "", "sslmode=verify-full sslrootcert=ours.pem", false),
        (&address, "", "sslmode=verify-full sslrootcert=ours.pem", true),
        (&right, named, "sslmode=verify-full sslrootcert=theirs.pem", false),
        (&right, named, "sslmode=verify-ca sslrootcert=theirs.pem", false),
        (&right, named, "sslmode=require", true),
        (&right, named, "sslmode=require sslrootcert=ours.pem", true),
        (&right, named, "sslmode=require sslrootcert=theirs.pem", false),
        (&right, named, "sslmode=verify-full", false),
    ] {
        assert_eq!(try_it(server, host, rest), reached, "{host} {rest}");
    }
    // The file in its usual place counts as one that was given.
    folder.write(".postgresql/root.crt", theirs.pem());
    assert!(!try_it(&right, named, "sslmode=require"));
    folder.write(".postgresql/root.crt", ours.pem());
    assert!(try_it(&right, named, "sslmode=require"));
    assert!(try_it(&right, named, "sslmode=verify-full"));
}

#[test]
fn public_authorities_verify_nobody_without_the_name() {
    let folder = Folder::new();
    for rest in ["sslmode=verify-ca", "sslmode=verify-ca sslrootcert=system", "sslmode=require sslrootcert=system"] {
        let (code, error) = check(&folder, &format!("host=127.0.0.1 port=1 {rest}"), &[]).refusal();
        assert_eq!(code, 2, "{rest}: {error}");
        assert!(error.contains("anybody has a certificate of a public authority"), "{rest}: {error}");
    }
}

#[test]
fn a_password_is_shown_to_a_verified_server_only() {
    let folder = Folder::new();
    let ours = Authority::new("ours");
    folder.write("ca.pem", ours.pem());
    let clear = |asks| FakeServer::start(asks, None);
    let tls = |asks| FakeServer::start(asks, Some(ours.serve("127.0.0.1")));
    let verified = "sslmode=verify-full sslrootcert=ca.pem";
    for (server, rest, told) in [
        (clear(Asks::Password), "sslmode=disable", false),
        (clear(Asks::Md5), "sslmode=disable", false),
        (tls(Asks::Password), "sslmode=require", false),
        (tls(Asks::Md5), "sslmode=require", false),
        (tls(Asks::Password), verified, true),
        (tls(Asks::Md5), verified, true),
        (tls(Asks::Password), "sslmode=require sslrootcert=ca.pem", true),
        (clear(Asks::Password), "sslmode=disable require_auth=password", true),
        (clear(Asks::Md5), "sslmode=disable require_auth=md5,password", true),
        (clear(Asks::Password), "sslmode=disable require_auth=md5", false),
        // What is only left over by a negation was not asked for.
        (clear(Asks::Password), "sslmode=disable require_auth=!md5", false),
        (tls(Asks::Password), "sslmode=verify-full sslrootcert=ca.pem require_auth=scram-sha-256", false),
        (tls(Asks::Password), "sslmode=verify-full sslrootcert=ca.pem require_auth=!password", false),
        (tls(Asks::Password), "sslmode=verify-full sslrootcert=ca.pem require_auth=!password,!md5", false),
        (tls(Asks::Password), "sslmode=verify-full sslrootcert=ca.pem require_auth=!md5", true),
    ] {
        let url = format!("host=127.0.0.1 port={} {rest}", server.port);
        let ran = check(&folder, &url, &[("PGPASSWORD", "hunter2")]);
        let heard = server.told().iter().any(|told| told.starts_with("password "));
        assert_eq!(heard, told, "{rest}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains(END), told, "{rest}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
    let server = clear(Asks::Nothing);
    let url = format!("host=127.0.0.1 port={} sslmode=disable", server.port);
    for (value, says) in [
        ("scram-sha-256", "no password at all"),
        ("!none", "no password at all"),
        ("none", END),
        ("md5,!password", "with and without `!`"),
        ("kerberos", "unknown method `kerberos`"),
    ] {
        let ran = check(&folder, &url, &[("PGREQUIREAUTH", value)]);
        assert!(ran.stderr.contains(says), "{value}: {}", ran.stderr);
    }
}

#[test]
fn the_password_of_the_string_stands_before_that_of_a_service_and_of_the_environment() {
    let folder = Folder::new();
    let server = FakeServer::start(Asks::Password, None);
    let rest = "sslmode=disable require_auth=password";
    folder.write(
        ".pg_service.conf",
        format!("[s]\nhost=127.0.0.1\nport={}\npassword=of-service\nsslmode=disable\n", server.port),
    );
    private(&folder, ".pgpass", "*:*:*:*:of-file\n", 0o600);
    let host = format!("host=127.0.0.1 port={} {rest}", server.port);
    for (url, expected) in [
        (format!("service=s {rest} password=of-string"), "of-string"),
        (format!("service=s {rest}"), "of-service"),
        (format!("{host} password=of-string"), "of-string"),
        (
            format!("postgres://127.0.0.1:{}?service=s&%70assword=of-string&require_auth=password", server.port),
            "of-string",
        ),
        (host.clone(), "of-variable"),
    ] {
        check(&folder, &url, &[("PGPASSWORD", "of-variable")]);
        assert_eq!(server.told(), ["clear startup".to_owned(), format!("password {expected}")], "{url}");
    }
    check(&folder, &host, &[]);
    assert_eq!(server.told(), ["clear startup", "password of-file"]);
}

#[test]
fn a_passfile_gives_the_password_that_a_server_may_ask_for_in_clear_text() {
    let folder = Folder::new();
    let server = FakeServer::start(Asks::Password, None);
    let at = format!("host=127.0.0.1 port={} dbname=app user=me sslmode=disable", server.port);
    private(&folder, "mine", format!("127.0.0.1:{}:app:me:of\\:file\n*:*:*:*:of-another\n", server.port), 0o600);
    private(&folder, ".pgpass", "*:*:*:*:of-home\n", 0o600);
    let told = |rest: &str, variables: &[(&str, &str)]| {
        let ran = check(&folder, &format!("{at} {rest}"), variables);
        assert!(!ran.stderr.contains("of:file") && !ran.stderr.contains("of-"), "{rest}: {}", ran.stderr);
        (server.told(), ran)
    };
    let heard = |password: &str| vec!["clear startup".to_owned(), format!("password {password}")];
    for (rest, variables, password) in [
        ("passfile=mine require_auth=password", &[][..], "of:file"),
        ("passfile=mine require_auth=scram-sha-256,password", &[], "of:file"),
        ("require_auth=password", &[("PGPASSFILE", "mine")], "of:file"),
        ("passfile=mine", &[("PGREQUIREAUTH", "password"), ("PGPASSFILE", ".pgpass")], "of:file"),
        ("passfile='' require_auth=password", &[("PGPASSFILE", "mine")], "of-home"),
        ("require_auth=password", &[], "of-home"),
        ("passfile=mine require_auth=password", &[("PGPASSWORD", "variable")], "variable"),
    ] {
        let (told, ran) = told(rest, variables);
        assert_eq!(told, heard(password), "{rest} {variables:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(END), "{}", ran.stderr);
    }
    // It is not asked for by name: an unverified server does not get it.
    for rest in ["passfile=mine", "passfile=mine require_auth=md5", "passfile=mine require_auth=!md5"] {
        let (told, ran) = told(rest, &[]);
        assert_eq!((told, ran.code), (vec!["clear startup".to_owned()], 13), "{rest}: {}", ran.stderr);
    }
    // A file that is missing, of somebody else too, or of no use is named, and nothing is said.
    private(&folder, "open", "*:*:*:*:of-open\n", 0o644);
    private(&folder, "other", "elsewhere:*:*:*:of-other\n", 0o600);
    for (file, code, says) in
        [("missing", 13, "passfile `missing` cannot be read"), ("open", 2, "chmod 600 open"), ("other", 13, "password")]
    {
        let (told, ran) = told(&format!("passfile={file} require_auth=password"), &[]);
        assert!(!told.iter().any(|told| told.starts_with("password")), "{file}: {told:?}");
        assert_eq!(ran.code, code, "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{file}: {}", ran.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_password_leaves_the_arguments_and_the_program_starts_anew_once() {
    let telltape = env!("CARGO_BIN_EXE_telltape");
    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loaders.into_iter().find(|path| std::path::Path::new(path).is_file());
    let loader = loader.expect("the dynamic loader is where glibc has it");
    let ways: [&[&str]; 4] = [&[], &[loader], &[loader, "--library-path", "/nowhere"], &[loader, "--argv0", "--url"]];
    for url in [
        "postgres://observer:hunter2@127.0.0.1:PORT/app?sslmode=disable",
        "postgres://observer@127.0.0.1:PORT/app?password=hunter2&sslmode=disable",
        "postgres://observer@127.0.0.1:PORT/app?%70assword=hunter2&sslmode=disable",
        "postgres://observer:hunter2@127.0.0.1:PORT/app?%70%61ssword=hunter2&sslmode=disable",
        "postgres://ob%3Aserver:hunter2@x@127.0.0.1:PORT/app?sslmode=disable",
        "host=127.0.0.1 port=PORT user=observer password = 'hunter2' sslmode=disable",
        "password=a password=hunter2 host=127.0.0.1 port=PORT user='ob server' sslmode=disable",
    ] {
        for way in ways {
            let folder = Folder::new();
            let server = FakeServer::start(Asks::Silence, None);
            let url = url.replace("PORT", &server.port.to_string());
            let words = [way, &[telltape, "capture", "--check", "--url", &url]].concat();
            let mut command = std::process::Command::new(words[0]);
            command.args(&words[1..]).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            // It talks to the server only after the arguments are clean.
            let begun = Instant::now();
            while server.told().is_empty() {
                assert!(begun.elapsed() < Duration::from_secs(10), "{way:?} {url}: it never came");
                std::thread::sleep(Duration::from_millis(10));
            }
            let arguments = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            // What it was started by is what it is started by anew.
            let before = way.iter().map(|word| format!("{word}\0")).collect::<String>();
            assert!(arguments.starts_with(&before), "{way:?} {url}: {arguments}");
            assert!(arguments.contains("127.0.0.1"), "{way:?} {url}: {arguments}");
            assert!(!arguments.contains("hunter2"), "{way:?} {url}: {arguments}");
        }
    }
    // A program that was started anew does not do it again, whatever it reads.
    let again = [("TELLTAPE_CONCEALED_PASSWORD", "x")];
    let (code, error) = check(&Folder::new(), "host=127.0.0.1 port=1 user=me password=hunter2", &again).refusal();
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("set PGPASSWORD instead"), "{error}");
}

#[test]
fn no_message_repeats_what_may_be_a_part_of_a_password() {
    let folder = Folder::new();
    for url in [
        "postgres://observer:hunter2/x@127.0.0.1:1/app",
        "postgres://observer:hunter2/@127.0.0.1:1/app",
        "postgres://observer:hunter2?x@127.0.0.1:1/app",
        "postgres://observer:abc?hunter2=x@127.0.0.1:1/app",
        "postgres://observer:12/hunter2@127.0.0.1:1/app",
        "postgres://observer:a@b/hunter2@127.0.0.1:1/app",
        "postgres://observer:a@b?hunter2=c@127.0.0.1:1/app",
        "postgres://observer:hunter2",
        "host=127.0.0.1 port=1 password=abc hunter2=1",
        "host=127.0.0.1 port=1 password=abc hunter2",
        "host=127.0.0.1 port=1 password='hunter2",
        "jdbc:postgresql://127.0.0.1:1/app?user=observer&password=hunter2",
        // Inside the value of another option.
        "postgres://o@127.0.0.1:1/app;password=hunter2",
        "postgres://o@127.0.0.1:1/app&password=hunter2",
        "postgres://o@127.0.0.1:1/app#password=hunter2",
        "postgres://o@127.0.0.1:1/app%3Bpassword=hunter2",
        "postgres://o@127.0.0.1:1;password=hunter2/app",
        "postgres://o;password=hunter2@127.0.0.1:1/app",
        "postgres://o@127.0.0.1:1/app?sslmode=require;password=hunter2",
        "postgres://o@127.0.0.1:1/app?sslmode=disable#password=hunter2",
        "postgres://o@127.0.0.1:1/app?sslmode=disable#hunter2",
        "postgres://o@127.0.0.1:1/app?sslmode=disable?PassWord=hunter2",
        "postgres://o@127.0.0.1:1/app?sslmode=hunter2",
        "postgres://o@127.0.0.1:1/app?application_name=x,pwd=hunter2",
        "postgres://o@127.0.0.1:1/app?options=-c%20x%3Dy;password%20%3D%20hunter2",
        "postgres://o@127.0.0.1:1/app?;hunter2=x",
        "host=127.0.0.1 port=1 user=o sslmode=disable;password=hunter2",
        "host=127.0.0.1 port=1 user=o dbname=app;pwd=hunter2",
        "host=127.0.0.1 port=1 user=o dbname='app;pwd=hunter2'",
        "host=127.0.0.1 port=1 user=o dbname=app;hunter2",
        "host=127.0.0.1 port=1 user=o password:hunter2=x",
        "host=127.0.0.1;port=1;user=o;password=hunter2",
        "Host=127.0.0.1;Username=o;Database=app;Password=hunter2",
        "dbname=postgres://o:hunter2@127.0.0.1:1/app",
        "user=o dbname='postgres://o:hunter2@127.0.0.1:1/app'",
        "pgsql:host=127.0.0.1;dbname=app;password=hunter2",
    ] {
        let ran = check(&folder, url, &[]);
        assert_eq!(ran.code, 2, "{url}: {}", ran.stderr);
        ran.refusal();
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "{url}: {}", ran.stderr);
    }
    // A @ that cannot be meant so is nobody's business.
    let server = FakeServer::start(Asks::Nothing, None);
    let url = format!("postgres://127.0.0.1:{}/app?application_name=a@b&sslmode=disable", server.port);
    assert!(check(&folder, &url, &[]).stderr.contains(END));
}

#[test]
fn foreign_words_and_what_a_capture_cannot_do_are_named_with_what_helps() {
    let folder = Folder::new();
    let at = "postgres://observer@127.0.0.1:1/app";
    for (url, says) in [
        ("jdbc:postgresql://127.0.0.1/app".to_owned(), "leave out `jdbc:`"),
        ("postgresql+psycopg2://observer@127.0.0.1/app".to_owned(), "leave out the driver"),
        ("POSTGRES://observer@127.0.0.1/app".to_owned(), "lower case"),
        (format!("{at}?pgbouncer=true"), "Prisma"),
        (format!("{at}?schema=public"), "leave it out"),
        (format!("{at}?currentSchema=public"), "leave it out"),
        (format!("{at}?sslmode=no-verify"), "write require"),
        (format!("{at}?ssl=true"), "write sslmode=verify-full"),
        (format!("{at}?sslmod=require"), "did you mean `sslmode`"),
        (format!("{at}?statement_cache_size=0"), "it is a word of asyncpg"),
        (format!("{at}?search_path=app"), "a capture reads all schemas"),
        (format!("{at}?ApplicationName=x"), "write application_name"),
        (format!("{at};sslmode=require"), "options are separated by `&` behind one `?`"),
        ("Host=127.0.0.1;Username=o;Database=app".to_owned(), "Npgsql"),
        ("Server=127.0.0.1 Username=o".to_owned(), "write host"),
        ("HOST=127.0.0.1 user=o".to_owned(), "keys are written in lower case"),
        ("pgsql:host=127.0.0.1;dbname=app".to_owned(), "leave out `pgsql:`"),
        ("ecto://observer@127.0.0.1/app".to_owned(), "write `postgres://` in its place"),
        ("cockroachdb://observer@127.0.0.1/app".to_owned(), "write `postgres://` in its place"),
    ] {
        let (code, error) = check(&folder, &url, &[]).refusal();
        assert_eq!(code, 2, "{url}: {error}");
        assert!(error.contains(says), "{url}: {error}");
    }
    for (name, value, key) in [
        ("PGREQUIRESSL", "1", "PGREQUIRESSL"),
        ("PGSSLCRL", "x.crl", "PGSSLCRL"),
        ("PGSSLCRLDIR", "crls", "PGSSLCRLDIR"),
        ("PGREQUIREPEER", "postgres", "PGREQUIREPEER"),
        ("PGKRBSRVNAME", "postgres", "PGKRBSRVNAME"),
        ("PGGSSLIB", "gssapi", "PGGSSLIB"),
        ("PGGSSDELEGATION", "1", "PGGSSDELEGATION"),
        ("PGGSSENCMODE", "require", "PGGSSENCMODE"),
        ("PGTARGETSESSIONATTRS", "read-write", "PGTARGETSESSIONATTRS"),
        ("PGLOADBALANCEHOSTS", "random", "PGLOADBALANCEHOSTS"),
        ("PGCLIENTENCODING", "LATIN1", "PGCLIENTENCODING"),
        ("PGSSLNEGOTIATION", "direct", "PGSSLNEGOTIATION"),
        ("PGSSLCOMPRESSION", "1", "PGSSLCOMPRESSION"),
        ("PGSSLSNI", "0", "PGSSLSNI"),
        ("PGSSLCERTMODE", "require", "PGSSLCERTMODE"),
        ("PGSSLMINPROTOCOLVERSION", "TLSv1.3", "PGSSLMINPROTOCOLVERSION"),
        ("PGSSLMAXPROTOCOLVERSION", "TLSv1.2", "PGSSLMAXPROTOCOLVERSION"),
        ("PGMINPROTOCOLVERSION", "3.2", "PGMINPROTOCOLVERSION"),
        ("PGMAXPROTOCOLVERSION", "3.2", "PGMAXPROTOCOLVERSION"),
        ("PGSSLMODE", "prefer", "sslmode"),
        ("PGHOSTADDR", "not-an-address", "hostaddr"),
        ("PGPORT", "1,2,3", "3 ports"),
        ("PGCHANNELBINDING", "maybe", "PGCHANNELBINDING"),
        ("PGREQUIREAUTH", "maybe", "PGREQUIREAUTH"),
        ("PGCONNECT_TIMEOUT", "soon", "PGCONNECT_TIMEOUT"),
        ("PGSERVICE", "nowhere", "service `nowhere`"),
        ("PGSSLROOTCERT", "missing.pem", "sslrootcert"),
        ("PGSSLCERT", "missing.pem", "sslcert"),
    ] {
        let (code, error) = check(&folder, "host=127.0.0.1 user=observer", &[(name, value)]).refusal();
        assert_eq!(code, 2, "{name}: {error}");
        assert!(error.contains(key), "{name}: {error}");
    }
}

#[test]
fn poolers_are_recognised() {
    let folder = Folder::new();
    for (code, text) in [
        ("08P01", "unsupported startup parameter: options"),
        ("08P01", "unsupported startup parameter in options: default_transaction_read_only"),
        ("26000", "prepared statement \"s0\" does not exist"),
        ("42P05", "prepared statement \"s0\" already exists"),
    ] {
        let server = FakeServer::start(Asks::Error(code, text), None);
        let url = format!("host=127.0.0.1 port={} sslmode=disable", server.port);
        let (_, error) = check(&folder, &url, &[]).refusal();
        assert!(error.contains("PgBouncer"), "{code} {text}: {error}");
    }
}

#[test]
fn lists_of_hosts_and_ports_are_tried_in_turn() {
    let folder = Folder::new();
    let server = FakeServer::start(Asks::Nothing, None);
    let ports = format!("1,{}", server.port);
    for variables in [
        [("PGHOST", "127.0.0.1,127.0.0.1"), ("PGPORT", ports.as_str()), ("PGSSLMODE", "disable")],
        [("PGHOSTADDR", "127.0.0.1,127.0.0.1"), ("PGPORT", ports.as_str()), ("PGSSLMODE", "disable")],
    ] {
        let ran = check(&folder, "", &variables);
        assert!(ran.stderr.contains(END), "{variables:?}: {}", ran.stderr);
        assert_eq!(server.told(), ["clear startup"]);
    }
}

#[test]
fn a_pgpass_file_is_used_as_far_as_it_can_be_read() {
    let folder = Folder::new();
    let server = FakeServer::start(Asks::Password, None);
    let url = format!("host=127.0.0.1 port={} sslmode=disable require_auth=password", server.port);
    for (bytes, mode, heard, says) in [
        (b"*:*:*:*:hunter2\r\n".as_slice(), 0o600, true, END),
        (b"#\xe9\n*:*:*:*:hunter2\n", 0o600, true, ".pgpass:1` is not UTF-8"),
        (b"*:*:*:*:caf\xe9\n127.0.0.1:*:*:*:hunter2\n", 0o600, true, ".pgpass:1` is not UTF-8"),
        (b"*:*:*:*:hunter2\n", 0o640, false, "may be read by others"),
        (b"*:*:*:*:hunter2\n", 0o604, false, "may be read by others"),
    ] {
        private(&folder, ".pgpass", bytes, mode);
        let ran = check(&folder, &url, &[]);
        assert_eq!(server.told().contains(&"password hunter2".to_owned()), heard, "{mode:o}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{mode:o}: {}", ran.stderr);
    }
}
