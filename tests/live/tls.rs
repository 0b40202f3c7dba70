//! TLS by the four modes, with certificates that are right, expired, of another host, and of another authority.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use telltape::live::OBSERVER;

use crate::support::Scene;

/// A certificate authority.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// Has the server use a certificate for `host` that ends in the year `until`.
fn serve(scene: &Scene, issuer: &CertifiedIssuer<'static, KeyPair>, host: &str, until: i32) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
    let certificate = parameters.signed_by(&key, issuer).unwrap();
    let folder = scene.server.folder();
    for (name, text) in [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())] {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        scene.server.adopt(&path).unwrap();
    }
    for (setting, value) in [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")] {
        scene.sql(&format!("ALTER SYSTEM SET {setting} = '{}'", folder.join(value).display()));
    }
    scene.sql("ALTER SYSTEM SET ssl = on");
    scene.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(500));
}

#[test]
#[ignore = "needs a PostgreSQL server; make test-live"]
fn a_server_is_trusted_as_far_as_the_mode_says() {
    let scene = Scene::new();
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    std::fs::write(scene.path("ours.pem"), ours.pem()).unwrap();
    std::fs::write(scene.path("theirs.pem"), theirs.pem()).unwrap();
    let check = |parameters: &str, code: i32, says: &str| {
        let ran = scene.run(&["capture", "--url", &scene.tcp(OBSERVER, parameters), "--check"]);
        assert_eq!(ran.code, code, "{parameters}: {}{}", ran.stdout, ran.stderr);
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(says), "{parameters}: {}{}", ran.stdout, ran.stderr);
    };
    serve(&scene, &ours, "127.0.0.1", 2100);
    check("sslmode=verify-full&sslrootcert=ours.pem", 0, "ready");
    check("sslrootcert=ours.pem", 0, "ready");
    check("sslmode=verify-ca&sslrootcert=ours.pem", 0, "ready");
    check("sslmode=require", 0, "ready");
    check("sslmode=verify-full&sslrootcert=theirs.pem", 13, "give the certificate of the authority that signed it");
    check("sslmode=verify-ca&sslrootcert=theirs.pem", 13, "give the certificate of the authority that signed it");
    // The public authorities did not sign it.
    check("", 13, "give the certificate of the authority that signed it");
    assert_eq!(scene.sql("SELECT count(*) FROM pg_stat_ssl WHERE ssl"), "0", "no session is left behind");
    serve(&scene, &ours, "db.example", 2100);
    check("sslmode=verify-full&sslrootcert=ours.pem", 13, "connect by the name that the certificate is for");
    check("sslmode=verify-ca&sslrootcert=ours.pem", 0, "ready");
    serve(&scene, &ours, "127.0.0.1", 2021);
    check("sslmode=verify-full&sslrootcert=ours.pem", 13, "renew the server's certificate");
    check("sslmode=verify-ca&sslrootcert=ours.pem", 13, "renew the server's certificate");
    check("sslmode=require", 0, "ready");
}
