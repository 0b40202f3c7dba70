//! TLS as far as the sslmode asks for it, by rustls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::conninfo::{Conninfo, Environment, SslMode};
use super::password::is_private;
use crate::capture::CaptureError;

/// TLS as it is wanted on TCP connections.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) connector: MakeRustlsConnect,
    /// Whether a connection that comes about has shown a certificate of an authority that is trusted.
    pub(super) verifies: bool,
}

/// What makes TLS connections by the mode of `info`; `None` where clear text was asked for.
pub(super) fn connector(info: &Conninfo, environment: Environment<'_>) -> Result<Option<Tls>, CaptureError> {
    if info.sslmode == SslMode::Disable {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let default = |name: &str| {
        let path = PathBuf::from(environment("HOME")?).join(".postgresql").join(name);
        path.is_file().then_some(path)
    };
    let roots = info.sslrootcert.clone().or_else(|| default("root.crt"));
    // As libpq has it: with a certificate of an authority at hand, `require` is `verify-ca`.
    let authority = match (info.sslmode, roots) {
        (SslMode::Require, None) => None,
        (SslMode::VerifyCa, None) => {
            let problem = "sslmode=verify-ca needs sslrootcert, or use verify-full: anybody has a certificate of a \
                           public authority";
            return Err(CaptureError::usage(problem.to_owned()));
        }
        (_, roots) => Some(authority(roots.as_deref(), Arc::clone(&provider))?),
    };
    let verifies = authority.is_some();
    let verifier: Arc<dyn ServerCertVerifier> = match authority {
        Some(authority) if info.sslmode == SslMode::VerifyFull => authority,
        authority => Arc::new(AnyHost { provider: Arc::clone(&provider), authority }),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has all suites of the default versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let certificate = info.sslcert.clone().or_else(|| default("postgresql.crt"));
    let config = match certificate {
        None => config.with_no_client_auth(),
        Some(certificate) => {
            let key = info.sslkey.clone().or_else(|| default("postgresql.key"));
            let key = key.ok_or_else(|| CaptureError::usage("sslcert needs its key; give sslkey, too".to_owned()))?;
            let (chain, key) = (certificates("sslcert", &certificate)?, private_key(&key)?);
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| CaptureError::usage(format!("sslcert and sslkey cannot be used: {error}")))?
        }
    };
    Ok(Some(Tls { connector: MakeRustlsConnect::new(config), verifies }))
}

/// What verifies certificates by the authorities of `file`, or by the public ones.
fn authority(file: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, CaptureError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) if file != Path::new("system") => {
            for certificate in certificates("sslrootcert", file)? {
                roots.add(certificate).map_err(|error| unusable("sslrootcert", file, &error))?;
            }
        }
        _ => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| CaptureError::usage(format!("the certificates of sslrootcert cannot be used: {error}")))
}

fn unusable(key: &str, file: &Path, problem: &dyn std::fmt::Display) -> CaptureError {
    let file = file.display();
    CaptureError::usage(format!("{key} `{file}` cannot be used: {problem}; give a file of certificates in PEM"))
}

/// The certificates of a file; there is at least one.
fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, CaptureError> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(file).map_err(|error| unusable(key, file, &error))?.collect();
    let found = found.map_err(|error| unusable(key, file, &error))?;
    if found.is_empty() { Err(unusable(key, file, &"there is no certificate in it")) } else { Ok(found) }
}

/// The key of a file that nobody else may read.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, CaptureError> {
    if !is_private(file) {
        let file = file.display();
        let problem = format!("sslkey `{file}` may be read by others, so it is not used; `chmod 600 {file}`");
        return Err(CaptureError::usage(problem));
    }
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        CaptureError::usage(format!("sslkey `{}` cannot be used: {error}; give a key in PEM", file.display()))
    })
}

/// Takes a certificate of an authority, whatever host it is for, or without one the certificate of whoever answers. That it is
/// theirs is checked either way.
#[derive(Debug)]
struct AnyHost {
    provider: Arc<CryptoProvider>,
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, between, host, ocsp, now) {
            // The name is looked at last, when everything else is right.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
