//! TLS to the database: who is believed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use store::{DEFAULT_CUSTOMER, StoreError};
use tempfile::TempDir;
use testkit::postgres::{Cluster, is_there};

use super::open;
use crate::build::report;

/// Keys and certificates, made by openssl.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// An authority, a server's certificate of it for `localhost`, another authority, and a self-signed certificate
    /// for `localhost`. `None`, after saying so, if there is no openssl.
    fn make() -> Option<Self> {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var_os("PLIMSOLL_DEMAND_POSTGRES").is_none(), "openssl is missing");
            return None;
        }
        for name in ["ca", "other"] {
            made.openssl(&format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.crt -subj /CN={name} -days 30"));
        }
        made.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
        std::fs::write(made.path("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
            .unwrap();
        made.openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 7 -days 30 -extfile names -out server.crt");
        made.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.crt -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 30");
        Some(made)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(self.folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A server that shows `name.crt`.
    fn server(&self, name: &str) -> Cluster {
        let cluster = Cluster::start(&[]);
        for kind in ["crt", "key"] {
            cluster.give_file(&self.path(&format!("{name}.{kind}")), &format!("server.{kind}"));
        }
        let folder = cluster.folder().display().to_string();
        for (setting, file) in [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")] {
            cluster.run_sql("postgres", &format!("ALTER SYSTEM SET {setting} = '{folder}/{file}'"));
        }
        cluster.run_sql("postgres", "ALTER SYSTEM SET ssl = on");
        assert_eq!(cluster.run_sql("postgres", "SELECT pg_reload_conf()"), ["t"]);
        wait_for_tls(&cluster);
        cluster
    }
}

fn wait_for_tls(cluster: &Cluster) {
    for _ in 0..500 {
        if cluster.run_sql("postgres", "SHOW ssl") == ["on"] {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the server does not take TLS on");
}

/// The way to a database at `host` with some trust.
fn url(cluster: &Cluster, host: &str, mode: &str, roots: Option<&Path>) -> String {
    let roots = roots.map(|file| format!("&sslrootcert={}", file.display())).unwrap_or_default();
    format!("{}?sslmode={mode}{roots}", cluster.url("postgres").replace("127.0.0.1", host))
}

fn refused(url: &str, told: &str) {
    let refused = open(url).unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }), "{url}: {refused:?}");
    assert!(refused.to_string().contains(told), "{url}: {refused}");
}

#[tokio::test]
async fn who_shows_a_certificate_is_believed_as_far_as_was_asked_for() {
    let Some(made) = is_there().then(Certificates::make).flatten() else { return };
    let cluster = made.server("server");
    let (known, unknown) = (made.path("ca.crt"), made.path("other.crt"));
    for mode in ["prefer", "require"] {
        let store = open(&url(&cluster, "127.0.0.1", mode, None)).unwrap();
        store.put_report(DEFAULT_CUSTOMER, report(1, &["bash"])).await.unwrap();
        let used = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'plimsoll'";
        assert_eq!(cluster.run_sql("postgres", used), ["t"], "{mode}");
    }
    open(&url(&cluster, "127.0.0.1", "verify-ca", Some(&known))).unwrap();
    open(&url(&cluster, "localhost", "verify-full", Some(&known))).unwrap();
    refused(&url(&cluster, "127.0.0.1", "verify-full", Some(&known)), "not valid for name");
    for mode in ["require", "verify-ca", "verify-full"] {
        refused(&url(&cluster, "localhost", mode, Some(&unknown)), "invalid peer certificate");
    }
    refused(&url(&cluster, "localhost", "verify-full", Some(&made.path("none.crt"))), "none.crt");
    refused(&url(&cluster, "localhost", "verify-full", Some(&made.path("ca.key"))), "ca.key");
}

#[tokio::test]
async fn a_self_signed_certificate_is_believed_if_it_is_the_one_that_was_given() {
    let Some(made) = is_there().then(Certificates::make).flatten() else { return };
    let cluster = made.server("own");
    let own = made.path("own.crt");
    open(&url(&cluster, "localhost", "verify-full", Some(&own))).unwrap();
    open(&url(&cluster, "127.0.0.1", "verify-ca", Some(&own))).unwrap();
    refused(&url(&cluster, "127.0.0.1", "verify-full", Some(&own)), "not valid for name");
    refused(&url(&cluster, "localhost", "verify-ca", Some(&made.path("ca.crt"))), "invalid peer certificate");
}
