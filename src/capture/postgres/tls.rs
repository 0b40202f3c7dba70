//! TLS as far as the sslmode asks for it, by rustls.

use std::error::Error;
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
use crate::capture::UsageProblem;

/// TLS as it is wanted on TCP connections.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) connector: MakeRustlsConnect,
    /// Whether a connection that comes about has shown a certificate of an authority that is trusted.
    pub(super) verifies: bool,
}

/// What makes TLS connections by the mode of `info`; `None` where clear text was asked for.
pub(super) fn connector(info: &Conninfo, environment: Environment<'_>) -> Result<Option<Tls>, UsageProblem> {
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
            return Err(UsageProblem::NoAuthority);
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
            let key = key.ok_or(UsageProblem::NoKey)?;
            let (chain, key) = (certificates("sslcert", &certificate)?, private_key(&key)?);
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| UsageProblem::ClientCertificate { source: error.into() })?
        }
    };
    Ok(Some(Tls { connector: MakeRustlsConnect::new(config), verifies }))
}

/// What verifies certificates by the authorities of `file`, or by the public ones.
fn authority(file: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, UsageProblem> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) if file != Path::new("system") => {
            for certificate in certificates("sslrootcert", file)? {
                roots.add(certificate).map_err(|error| unusable("sslrootcert", file, error))?;
            }
        }
        _ => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| UsageProblem::Authorities { source: error.into() })
}

fn unusable(key: &'static str, file: &Path, error: impl Into<Box<dyn Error + Send + Sync>>) -> UsageProblem {
    UsageProblem::Certificates { key, path: file.to_path_buf(), source: error.into() }
}

/// The certificates of a file; there is at least one.
fn certificates(key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, UsageProblem> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(file).map_err(|error| unusable(key, file, error))?.collect();
    let found = found.map_err(|error| unusable(key, file, error))?;
    if found.is_empty() { Err(UsageProblem::NoCertificate { key, path: file.to_path_buf() }) } else { Ok(found) }
}

/// The key of a file that nobody else may read.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, UsageProblem> {
    if !is_private(file) {
        return Err(UsageProblem::Shared { key: "sslkey", path: file.to_path_buf() });
    }
    PrivateKeyDer::from_pem_file(file)
        .map_err(|error| UsageProblem::PrivateKey { path: file.to_path_buf(), source: error.into() })
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
