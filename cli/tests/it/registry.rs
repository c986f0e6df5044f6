//! Images scanned straight from a registry: Debian's `docker-registry`, filled by `skopeo`.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{ImageBuilder, LayerBuilder, TinyRegistry};

use crate::harness::{failure_of, plimsoll};

/// `user` with the password `pass:word`, as `htpasswd -B` writes it.
const HTPASSWD: &str = "user:$2y$04$abcdefghijklmnopqrstuu7govE5p0NSk1WUEk5C2Qm3hpPC6VJ66\n";

/// A running `docker-registry` with its storage; both are gone when it is dropped.
pub(crate) struct Registry {
    child: Child,
    pub(crate) host: String,
    folder: tempfile::TempDir,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// Over TLS with a certificate of its own, and with a password.
    fn start_guarded() -> Self {
        Self::start_with(
            "  tls:\n    certificate: FOLDER/cert.pem\n    key: FOLDER/key.pem\nauth:\n  htpasswd:\n    realm: test\n    path: FOLDER/htpasswd\n",
        )
    }

    fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let path = folder.path().display().to_string();
        if !more.is_empty() {
            make_certificate(folder.path());
            std::fs::write(folder.path().join("htpasswd"), HTPASSWD).unwrap();
        }
        let settings = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: FOLDER/storage\nhttp:\n  addr: {host}\n{more}"
        );
        std::fs::write(folder.path().join("config.yml"), settings.replace("FOLDER", &path)).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.path().join("config.yml"))
            .env("REGISTRY_STORAGE_DELETE_ENABLED", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker-registry is installed by `cargo xtask setup`");
        let registry = Self { child, host, folder };
        let started = Instant::now();
        while TcpStream::connect(&registry.host).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "docker-registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    /// Pushes an OCI layout as `name`, and gives the name with the host.
    fn push(&self, layout: &Path, name: &str) -> String {
        let full = format!("{}/{name}", self.host);
        let output = Command::new("skopeo")
            .args(["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"])
            .args(["--dest-creds", "user:pass:word"])
            .args([format!("oci:{}", layout.display()), format!("docker://{full}")])
            .output()
            .expect("skopeo is installed by `cargo xtask setup`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        full
    }

    fn push_image(&self, image: &ImageBuilder, name: &str) -> String {
        let layout = tempfile::tempdir().unwrap();
        image.write_oci_dir(layout.path()).unwrap();
        self.push(layout.path(), name)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=CA:FALSE",
            "-keyout",
        ])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A scan command, cut off from the caller's logins and proxies.
fn scan(source: &str, cache: &Path) -> Command {
    let mut command = plimsoll();
    command.args(["scan", source, "--format", "json"]).env("PLIMSOLL_CACHE_DIR", cache).env("HOME", cache);
    for name in ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
        command.env_remove(name);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
}

/// The report, and what was said on standard error.
fn outcome(command: &mut Command) -> (Value, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{said}");
    (serde_json::from_slice(&stdout).unwrap(), said)
}

/// What a report says apart from where the image was found and when.
fn essence(mut report: Value) -> Value {
    report["scannedAt"].take();
    report["image"]["references"].take();
    report
}

fn fixture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures").join(name);
    assert!(path.exists(), "{} is missing: build the fixtures with `cargo xtask fixtures`", path.display());
    path
}

#[test]
fn a_real_image_in_a_real_registry_gives_the_report_of_its_archive_and_is_pulled_once() {
    let layout = fixture("debian-python.oci");
    let registry = Registry::start();
    let name = registry.push(&layout, "team/debian-python:1");
    let cache = tempfile::tempdir().unwrap();
    let (pulled, said) = outcome(&mut scan(&name, cache.path()));
    let apart = tempfile::tempdir().unwrap();
    let (local, _) = outcome(&mut scan(layout.to_str().unwrap(), apart.path()));
    let reference = &pulled["image"]["references"][0];
    assert_eq!(reference["registry"], registry.host.as_str());
    assert_eq!((&reference["repository"], &reference["tag"]), (&"team/debian-python".into(), &"1".into()));
    assert!(reference["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(essence(pulled.clone()), essence(local));
    assert!(said.contains(" MB, 0 of "), "{said}");
    let (again, said) = outcome(&mut scan(&name, cache.path()));
    assert_eq!(essence(again), essence(pulled));
    let layers = said.split(" of ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(said.contains(&format!(" kB, {layers} of {layers} layers known")), "{said}");
}

/// Five layers, of which the topmost holds one package in that version.
fn five_layers(version: &str) -> ImageBuilder {
    let status =
        format!("Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n");
    let mut image = ImageBuilder::new()
        .layer(LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"));
    for number in 1..4 {
        // what gzip cannot make smaller
        let noise = noise(number, 1 << 20);
        image = image.layer(LayerBuilder::new().file(format!("srv/{number}"), noise));
    }
    image.layer(LayerBuilder::new().file("var/lib/dpkg/status", status))
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn after_one_layer_has_changed_only_that_layer_is_pulled() {
    let registry = Registry::start();
    let (first, second) = (
        registry.push_image(&five_layers("1.0"), "app:1"),
        registry.push_image(&five_layers("2.0"), "app:2"),
    );
    let cache = tempfile::tempdir().unwrap();
    let (report, said) = outcome(&mut scan(&first, cache.path()));
    assert_eq!(report["packages"][0]["version"], "1.0");
    assert!(said.contains("pulled 3.") && said.contains(" MB, 0 of 5 layers known"), "{said}");
    let (report, said) = outcome(&mut scan(&second, cache.path()));
    assert_eq!(report["packages"][0]["version"], "2.0");
    assert!(said.contains(" kB, 4 of 5 layers known"), "{said}");
    let kilobytes: f64 = said.split("pulled ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(kilobytes < 5.0, "manifest, config and a small layer: {said}");
    let (_, said) = outcome(scan(&second, cache.path()).arg("--quiet"));
    assert_eq!(said, "");
}

#[test]
fn of_a_zstd_chunked_layer_what_nobody_asks_for_is_not_pulled_and_the_report_is_the_same() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let (plain, chunked) = (folder.path().join("plain"), folder.path().join("chunked"));
    let status = "Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n";
    let layer = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file("usr/lib/large-1", noise(1, 3 << 20))
        .file_with_mode("usr/bin/program", 0o755, noise(2, 1 << 20))
        .file("var/lib/dpkg/status", status)
        .file("usr/lib/large-2", noise(3, 3 << 20))
        .hardlink("usr/lib/large-3", "usr/lib/large-2");
    ImageBuilder::new().layer(layer).write_oci_dir(&plain).unwrap();
    let output = Command::new("skopeo")
        .args([
            "--insecure-policy",
            "copy",
            "--quiet",
            "--dest-compress",
            "--dest-compress-format",
            "zstd:chunked",
        ])
        .args([format!("oci:{}", plain.display()), format!("oci:{}", chunked.display())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let name = registry.push(&chunked, "app:1");
    let cache = tempfile::tempdir().unwrap();
    let (parts, said) = outcome(&mut scan(&name, cache.path()));
    let apart = tempfile::tempdir().unwrap();
    let (whole, _) = outcome(&mut scan(chunked.to_str().unwrap(), apart.path()));
    assert_eq!(essence(parts.clone()), essence(whole));
    assert_eq!(parts["packages"][0]["name"], "app");
    assert!(said.contains("pulled 1.") && said.contains(" MB, 0 of 1 layers known"), "of 7 MB: {said}");
    let (again, said) = outcome(&mut scan(&name, cache.path()));
    assert_eq!(essence(again), essence(parts));
    assert!(said.contains(" kB, 1 of 1 layers known"), "{said}");
}

#[test]
fn a_guarded_registry_is_entered_by_variable_standard_input_file_or_helper() {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let registry = Registry::start_guarded();
    let name = registry.push_image(&five_layers("1.0"), "team/app:1");
    let authority = registry.folder.path().join("cert.pem");
    let cache = tempfile::tempdir().unwrap();
    let trusting = || {
        let mut command = scan(&name, cache.path());
        command.arg("--registry-ca").arg(&authority);
        command
    };
    let said = |output: Output| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = said(trusting().output().unwrap());
    assert!(error.contains("refuses access to `team/app` without a login"), "{error}");
    let error = said(scan(&name, cache.path()).output().unwrap());
    assert!(error.contains(&registry.host), "plain HTTP to a TLS port: {error}");

    let by_variable = |password: &str| {
        let mut command = trusting();
        command.env("PLIMSOLL_REGISTRY_USERNAME", "user").env("PLIMSOLL_REGISTRY_PASSWORD", password);
        command
    };
    outcome(&mut by_variable("pass:word"));
    let error = said(by_variable("wrong").output().unwrap());
    assert!(error.contains("with the login it was given"), "{error}");

    let mut typed = trusting()
        .args(["--registry-username", "user", "--registry-password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    typed.stdin.take().unwrap().write_all(b"pass:word\n").unwrap();
    assert!(typed.wait().unwrap().success());

    let docker = cache.path().join("docker");
    std::fs::create_dir(&docker).unwrap();
    // user:pass:word
    let auths = format!(r#"{{"auths":{{"{}":{{"auth":"dXNlcjpwYXNzOndvcmQ="}}}}}}"#, registry.host);
    std::fs::write(docker.join("config.json"), auths).unwrap();
    outcome(trusting().env("DOCKER_CONFIG", &docker));

    std::fs::write(docker.join("config.json"), r#"{"credsStore":"test"}"#).unwrap();
    let program = docker.join("docker-credential-test");
    let script = "#!/bin/sh\nread server\necho '{\"Username\":\"user\",\"Secret\":\"pass:word\"}'\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let path =
        std::env::join_paths([docker.clone()].into_iter().chain(std::env::split_paths(&path))).unwrap();
    outcome(trusting().env("DOCKER_CONFIG", &docker).env("PATH", path));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let registry = Registry::start_guarded();
    let cache = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    make_certificate(other.path());
    let output = scan(&format!("{}/a", registry.host), cache.path())
        .arg("--registry-ca")
        .arg(other.path().join("cert.pem"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("certificate"), "{said}");
}

#[test]
fn a_proxy_of_the_environment_is_used_but_not_for_this_machine() {
    // what a proxy is asked for is a whole URL, which this registry takes for a path
    let proxy = TinyRegistry::start().unwrap();
    let image = five_layers("1.0").build();
    let base = "http://registry.example/v2/team/app";
    proxy.put(&format!("{base}/manifests/1"), "application/vnd.oci.image.manifest.v1+json", &image.manifest);
    proxy.put(&format!("{base}/blobs/{}", image.id), "x", &image.config);
    for layer in &image.layers {
        proxy.put(&format!("{base}/blobs/{}", layer.digest), "x", &layer.stored);
    }
    let cache = tempfile::tempdir().unwrap();
    let address = format!("http://{}", proxy.host());
    let mut through = scan("registry.example/team/app:1", cache.path());
    let (report, _) = outcome(through.arg("--registry-plain-http").env("HTTP_PROXY", &address));
    assert_eq!(report["packages"][0]["name"], "app");
    let own = TinyRegistry::start().unwrap();
    own.push("team/app", "1", &five_layers("1.0"));
    proxy.forget();
    outcome(scan(&format!("{}/team/app:1", own.host()), cache.path()).env("HTTP_PROXY", &address));
    assert_eq!(proxy.seen().len(), 0);
}

#[test]
fn a_slip_of_the_pen_is_told_without_a_request() {
    let said = failure_of(&["scan", "no-such-image.tar"]);
    assert!(said.contains("there is no file or directory `no-such-image.tar`"), "{said}");
    let said = failure_of(&["scan", "registry:Not A Name"]);
    assert!(said.contains("is not the name of an image in a registry"), "{said}");
}
