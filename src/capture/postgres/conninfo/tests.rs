use super::*;

fn read(text: &str) -> Result<Conninfo, String> {
    Conninfo::new(text, &|_| None).map_err(|error| error.to_string())
}

#[test]
fn urls_and_pairs_say_the_same() {
    for text in [
        "postgres://observer:se%40cret@db.example:6432/app?sslmode=verify-ca&sslrootcert=/etc/ca%20x.pem",
        "host=db.example port=6432 user=observer password='se@cret' dbname=app sslmode = verify-ca sslrootcert='/etc/ca x.pem'",
        "postgres://observer@db.example:6432/app?sslmode=verify-ca&%70assword=se%40cret&sslrootcert=/etc/ca%20x.pem",
        "postgres://observer:other@db.example:6432/app?password=se@cret&sslmode=verify-ca&sslrootcert=/etc/ca%20x.pem",
        "postgres:///app?host=db.example&port=6432&user=observer&password=se@cret&sslmode=verify-ca&sslrootcert=/etc/ca x.pem",
        "password=x password=se@cret host=db.example port=6432 user=observer dbname=app sslmode=verify-ca sslrootcert='/etc/ca x.pem'",
    ] {
        let info = read(text).unwrap();
        assert_eq!(info.place(), "observer@db.example:6432/app", "{text}");
        assert_eq!(info.sslmode, SslMode::VerifyCa);
        assert_eq!(info.sslrootcert, Some(PathBuf::from("/etc/ca x.pem")));
        assert_eq!(info.password.as_deref(), Some("se@cret"));
        assert!(!format!("{info:?}").contains("cret"));
        let (concealed, password) = Conninfo::without_password(text).unwrap();
        assert_eq!(password, "se@cret");
        assert!(!concealed.contains("cret"), "{concealed}");
        let again = read(&concealed).unwrap();
        assert_eq!((again.place(), again.sslmode, again.sslrootcert), (info.place(), info.sslmode, info.sslrootcert));
        assert_eq!(again.password, None);
        assert_eq!(Conninfo::without_password(&concealed), None);
    }
}

#[test]
fn what_is_left_out_comes_from_the_environment_and_certificates_are_verified() {
    let environment = |name: &str| {
        let value = match name {
            "PGHOST" => "db,db2",
            "PGPORT" => "7000,7001",
            "PGUSER" => "me",
            "PGPASSWORD" => "secret",
            "PGTZ" => "Europe/Paris x",
            "PGREQUIREAUTH" => "scram-sha-256",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let info = Conninfo::new("", &environment).unwrap();
    assert_eq!((info.place(), info.sslmode), ("me@db:7000,db2:7001/me".to_owned(), SslMode::VerifyFull));
    assert_eq!(info.options, "-c TimeZone=Europe/Paris\\ x ");
    let socket = read("postgres://me@%2Frun%2Fpostgresql/app").unwrap();
    assert_eq!(socket.place(), "me@/run/postgresql:5432/app");
    assert_eq!(socket.servers[0].transport, Transport::Socket(PathBuf::from("/run/postgresql")));
}

#[test]
fn an_address_without_a_name_is_tcp() {
    for text in [
        "hostaddr=127.0.0.1 user=me",
        "host=/tmp hostaddr=127.0.0.1 user=me",
        "postgres:///a?hostaddr=127.0.0.1&user=me",
    ] {
        let info = read(text).unwrap();
        assert_eq!(info.servers[0].transport, Transport::Address("127.0.0.1".parse().unwrap(), None), "{text}");
        assert_eq!(info.sslmode, SslMode::VerifyFull);
    }
}

#[test]
fn a_service_stands_between_the_string_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(&file, "[prod]\nhost=db\nport=7\nuser=of_service\n").unwrap();
    let environment = |name: &str| match name {
        "PGSERVICEFILE" => Some(file.display().to_string()),
        "PGPORT" => Some("8".to_owned()),
        "PGSERVICE" => Some("prod".to_owned()),
        _ => None,
    };
    for text in ["user=me", "service=prod user=me", "postgres://me@/?service=prod"] {
        assert_eq!(Conninfo::new(text, &environment).unwrap().place(), "me@db:7/me", "{text}");
    }
    assert!(Conninfo::new("service=test", &environment).unwrap_err().to_string().contains("no service `test`"));
}

#[test]
fn no_keyword_is_ignored() {
    for keyword in &KEYWORDS {
        let text = |value: &str| format!("host=db user=me {}={value}", keyword.key);
        match keyword.handling {
            Handling::Used => {}
            Handling::Only(values) => {
                for value in values {
                    assert!(read(&text(value)).is_ok(), "{} {value}", keyword.key);
                }
                assert!(read(&text("zzz")).unwrap_err().contains("may only be"), "{}", keyword.key);
            }
            Handling::Refused(_) => {
                assert!(read(&text("1")).unwrap_err().contains("is not taken"), "{}", keyword.key);
            }
        }
        if let Some(variable) = keyword.variable
            && keyword.handling != Handling::Used
        {
            let environment = |name: &str| (name == variable).then(|| "zzz".to_owned());
            let error = Conninfo::new("host=db user=me", &environment).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
    }
}

#[test]
fn what_is_none_is_refused_and_not_repeated() {
    for (text, problem) in [
        ("postgres://me:hunter2@db:port/app", "a port is not a number"),
        ("postgres://me:hunter2@db/app?sslmode=prefer", "may fall back to clear text"),
        ("postgres://me:hunter2@db/app?sslmode=no-verify", "write require"),
        ("postgres://me:hunter2@db/app?sslmode=verify", "known: disable, require"),
        ("postgres://me:hunter2@db/app?sslrootcert=%zz", "percent escape"),
        ("postgres://me:hunter2@db/app?nonsense=1", "unknown option `nonsense`"),
        ("postgres://me:hunter2@db/app?sslmod=require", "did you mean `sslmode`?"),
        ("postgres://me:hunter2@db/app?pgbouncer=true", "leave it out"),
        ("postgres://me:hunter2@db/app?schema=public", "a capture reads all schemas"),
        ("postgres://me:hunter2@db/app?require_auth=kerberos", "unknown method `kerberos`"),
        ("postgres://me:hunter2@db/app?sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
        ("postgresql+psycopg2://me:hunter2@db/app", "leave out the driver"),
        ("jdbc:postgresql://db/app?user=me&password=hunter2", "leave out `jdbc:`"),
        ("user=me password=hunter2 host", "a key has no `=`"),
        ("user=me password='hunter2", "a quote is not closed"),
        ("user=me password=hunter2 port=x", "a port is not a number"),
        ("user=me password=hunter2 connect_timeout=x", "not a number of seconds"),
        ("hunter2", "a key has no `=`"),
        ("host=db", "no role is given"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
