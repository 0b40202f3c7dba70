//! TLS as far as the sslmode asks for it, by rustls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::CaptureError;
use super::conninfo::{Conninfo, Environment, SslMode};

/// What makes TLS connections by the mode of `info`.
pub(super) fn connector(info: &Conninfo, environment: Environment<'_>) -> Result<MakeRustlsConnect, CaptureError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match info.sslmode {
        SslMode::Disable | SslMode::Require => Arc::new(AnyHost { provider: Arc::clone(&provider), authority: None }),
        mode => {
            let roots = Arc::new(roots(info.sslrootcert.as_deref(), environment)?);
            let authority =
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().map_err(|error| {
                    CaptureError::usage(format!("the certificates of sslrootcert cannot be used: {error}"))
                })?;
            if mode == SslMode::VerifyFull {
                authority
            } else {
                Arc::new(AnyHost { provider: Arc::clone(&provider), authority: Some(authority) })
            }
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has all suites of the default versions")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The authorities of `sslrootcert`, or of `~/.postgresql/root.crt` as with libpq, or the public ones.
fn roots(file: Option<&Path>, environment: Environment<'_>) -> Result<RootCertStore, CaptureError> {
    let default = || {
        let path = PathBuf::from(environment("HOME")?).join(".postgresql/root.crt");
        path.is_file().then_some(path)
    };
    let mut roots = RootCertStore::empty();
    let file = match file {
        Some(name) if name == Path::new("system") => None,
        Some(path) => Some(path.to_path_buf()),
        None => default(),
    };
    let Some(file) = file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let bad = |problem: &dyn std::fmt::Display| {
        let file = file.display();
        CaptureError::usage(format!(
            "sslrootcert `{file}` cannot be used: {problem}; give a file of certificates in PEM"
        ))
    };
    for certificate in CertificateDer::pem_file_iter(&file).map_err(|error| bad(&error))? {
        roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
    }
    if roots.is_empty() { Err(bad(&"there is no certificate in it")) } else { Ok(roots) }
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
