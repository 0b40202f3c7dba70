//! A server of the PostgreSQL protocol that never lets anybody in, and remembers what it was told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server says once somebody has logged in: a client that repeats it has gone all the way.
pub(crate) const END: &str = "the fake server ends here";

/// How the server answers a startup message.
#[derive(Clone, Copy)]
pub(crate) enum Asks {
    Nothing,
    Password,
    Md5,
    /// It refuses, with an SQLSTATE and a message.
    Error(&'static str, &'static str),
    /// It says nothing more.
    Silence,
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// TLS of a server with a certificate for `host`.
    pub(crate) fn serve(&self, host: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

pub(crate) struct FakeServer {
    pub(crate) port: u16,
    told: Arc<Mutex<Vec<String>>>,
}

impl FakeServer {
    pub(crate) fn start(asks: Asks, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, tls) = (Arc::clone(&log), tls.clone());
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    // A client that turns away in the middle is what many tests want.
                    drop(greet(stream, asks, tls, &log));
                });
            }
        });
        Self { port, told }
    }

    /// What it has been told since it was asked for the last time: `clear startup`, `tls startup`, `password …`.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

type Log = Mutex<Vec<String>>;

fn greet(mut stream: TcpStream, asks: Asks, tls: Option<Arc<ServerConfig>>, log: &Log) -> std::io::Result<()> {
    const SSL_REQUEST: i32 = 80_877_103;
    loop {
        let (code, _) = startup(&mut stream)?;
        if code != SSL_REQUEST {
            log.lock().unwrap().push("clear startup".to_owned());
            return log_in(&mut stream, asks, log);
        }
        let Some(tls) = &tls else {
            stream.write_all(b"N")?;
            continue;
        };
        stream.write_all(b"S")?;
        let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        startup(&mut stream)?;
        log.lock().unwrap().push("tls startup".to_owned());
        return log_in(&mut stream, asks, log);
    }
}

fn log_in(stream: &mut (impl Read + Write), asks: Asks, log: &Log) -> std::io::Result<()> {
    match asks {
        Asks::Nothing => stream.write_all(&message(b'R', &[0, 0, 0, 0]))?,
        Asks::Password | Asks::Md5 => {
            let body: &[u8] = if matches!(asks, Asks::Md5) { b"\0\0\0\x05salt" } else { b"\0\0\0\x03" };
            stream.write_all(&message(b'R', body))?;
            stream.flush()?;
            let mut kind = [0];
            stream.read_exact(&mut kind)?;
            let body = rest(stream, 0)?;
            let text = String::from_utf8_lossy(&body).trim_end_matches('\0').to_owned();
            log.lock().unwrap().push(format!("password {text}"));
        }
        Asks::Error(code, text) => return refuse(stream, code, text),
        Asks::Silence => {
            stream.read_exact(&mut [0])?;
        }
    }
    refuse(stream, "3D000", END)
}

fn refuse(stream: &mut impl Write, code: &str, text: &str) -> std::io::Result<()> {
    let body = format!("SFATAL\0VFATAL\0C{code}\0M{text}\0\0");
    stream.write_all(&message(b'E', body.as_bytes()))?;
    stream.flush()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap();
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

/// The code of a startup message or request for TLS, and what follows it.
fn startup(stream: &mut impl Read) -> std::io::Result<(i32, Vec<u8>)> {
    let body = rest(stream, 4)?;
    Ok((i32::from_be_bytes(body[..4].try_into().unwrap()), body[4..].to_vec()))
}

/// A length and as many bytes, of which there are at least `least`.
fn rest(stream: &mut impl Read, least: usize) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or_default().saturating_sub(4);
    assert!((least..100_000).contains(&length), "a message of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}
