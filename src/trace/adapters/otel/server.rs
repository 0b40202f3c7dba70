//! Which server a span was of, from what its attributes say.

/// The port of a system where a span names none: instrumentations leave it out where it is the usual one.
const USUAL_PORTS: [(&str, &str); 14] = [
    ("aws.redshift", "5439"),
    ("cassandra", "9042"),
    ("clickhouse", "8123"),
    ("cockroachdb", "26257"),
    ("elasticsearch", "9200"),
    ("ibm.db2", "50000"),
    ("mariadb", "3306"),
    ("microsoft.sql_server", "1433"),
    ("mongodb", "27017"),
    ("mysql", "3306"),
    ("oracle.db", "1521"),
    ("postgresql", "5432"),
    ("redis", "6379"),
    ("trino", "8080"),
];

/// The server of an address and a port, as one name, without the port where it is the usual one of the system.
pub(super) fn name(address: &str, port: Option<&str>, system: Option<&str>) -> String {
    let (host, own_port) = split_port(address.trim());
    let port = own_port.or(port).filter(|port| !USUAL_PORTS.contains(&(system.unwrap_or_default(), port)));
    // Names of hosts have no case.
    let host = host.to_ascii_lowercase();
    match port {
        None => host,
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
    }
}

/// Takes a port off an address: `host:1`, `host,1` as SQL Server has it, `[::1]:1`.
fn split_port(address: &str) -> (&str, Option<&str>) {
    let bare = |host: &'_ str| -> bool { !host.is_empty() && (!host.contains(':') || host.ends_with(']')) };
    let unbracketed = |host| str::strip_prefix(host, '[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match address.rsplit_once([':', ',']) {
        Some((host, port)) if bare(host) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (unbracketed(host), Some(port))
        }
        _ => (unbracketed(address), None),
    }
}

/// The address in a connection string: a URL, or pairs of keys and values; the whole where it is neither.
pub(super) fn address_of_connection(text: &str) -> String {
    if let Some((_, behind)) = text.split_once("://") {
        let authority = behind.split(['/', '?', ';']).next().unwrap_or(behind);
        return authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned();
    }
    let separator = if text.contains(';') { ';' } else { ' ' };
    let value = |keys: &[&str]| {
        text.split(separator).find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            keys.iter().any(|name| key.trim().eq_ignore_ascii_case(name)).then(|| value.trim())
        })
    };
    let Some(host) = value(&["server", "host", "data source", "hostname", "addr", "address", "network address"]) else {
        return text.to_owned();
    };
    let host = host.strip_prefix("tcp:").unwrap_or(host);
    value(&["port"]).map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_its_host_and_an_unusual_port() {
        for (address, port, system, expected) in [
            ("db1", None, None, "db1"),
            ("DB1 ", Some("5432"), Some("postgresql"), "db1"),
            ("db1", Some("5432"), Some("mysql"), "db1:5432"),
            ("db1", Some("5433"), Some("postgresql"), "db1:5433"),
            ("db1:5433", None, Some("postgresql"), "db1:5433"),
            ("db1:5432", None, Some("postgresql"), "db1"),
            ("sql,1434", None, Some("microsoft.sql_server"), "sql:1434"),
            ("::1", Some("1"), None, "[::1]:1"),
            ("[::1]:1", None, None, "[::1]:1"),
            ("fe80::12", None, None, "fe80::12"),
            ("/var/run/postgresql", None, Some("postgresql"), "/var/run/postgresql"),
        ] {
            assert_eq!(name(address, port, system), expected, "{address}");
        }
    }

    #[test]
    fn a_connection_string_has_an_address() {
        for (text, expected) in [
            ("postgresql://localhost:5433", "localhost:5433"),
            ("jdbc:mysql://u:p@db1:3307/shop?useSSL=true", "db1:3307"),
            ("jdbc:sqlserver://db1:1433;databaseName=a", "db1:1433"),
            ("Server=tcp:db1,1434;Database=a;User Id=u", "db1,1434"),
            ("host=db1 port=5433 dbname=a", "db1:5433"),
            ("Data Source = db1 ; Port = 3307", "db1:3307"),
            ("h2:mem:", "h2:mem:"),
        ] {
            assert_eq!(address_of_connection(text), expected);
        }
    }
}
