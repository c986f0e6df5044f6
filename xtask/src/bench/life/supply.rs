//! What the containers install: real packages of Debian, PyPI and npm, downloaded once and shown to every container at `/repo`.
//!
//! Three suites of Debian are mixed on purpose: packages that need nothing but an old C library come in three versions, so that they
//! can be upgraded and downgraded without a network.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fixtures::{KEYRING, apt_config, debian_mirror};
use crate::{process, project, setup};

/// By suite.
const DEBS: &[(&str, &[&str])] = &[
    (
        "bullseye",
        &["tree", "unzip", "zip", "ca-certificates", "debian-archive-keyring", "media-types", "python3-idna"],
    ),
    (
        "bookworm",
        &[
            "tree",
            "unzip",
            "zip",
            "jq",
            "libjq1",
            "libonig5",
            "less",
            "netcat-traditional",
            "dumb-init",
            "netbase",
            "hostname",
            "sed",
            "media-types",
            "ca-certificates",
            "curl",
            "python3-six",
            "python3-idna",
            "gcc-12-base:i386",
        ],
    ),
    (
        "trixie",
        &[
            "unzip",
            "less",
            "hostname",
            "media-types",
            "ca-certificates",
            "debian-archive-keyring",
            "tzdata",
            "python3-six",
        ],
    ),
];

const WHEELS: &[&str] = &[
    "toml==0.10.2",
    "typing-extensions==4.9.0",
    "zope.interface==6.1",
    "pyyaml==6.0.1",
    "attrs==19.3.0",
    "requests==2.20.0",
    "requests==2.19.1",
    "six==1.12.0",
    "six==1.16.0",
    "idna==2.8",
    "jinja2==2.10.1",
    "urllib3==1.24.3",
    "click==7.0",
    "click==7.1.2",
];

/// The last one is the program that installs the others.
const NPM: &[&str] = &[
    "lodash@4.17.11",
    "lodash@4.17.21",
    "left-pad@1.2.0",
    "left-pad@1.3.0",
    "@hapi/hoek@8.5.1",
    "npm@10.8.2",
];
const NPM_PROGRAM: &str = "npm-10.8.2.tgz";

/// The scripts that are run in containers.
const SCRIPTS: &[(&str, &str)] = &[
    ("lib.sh", include_str!("inside/lib.sh")),
    ("tell.sh", include_str!("inside/tell.sh")),
    ("walk.pl", include_str!("inside/walk.pl")),
    ("record.py", include_str!("inside/record.py")),
];

/// Downloads what is missing; gives the folder.
pub(super) fn prepare() -> Result<PathBuf> {
    let folder = project::target().join("bench/life/supply");
    let stamp = folder.join("stamp");
    let text = format!("{DEBS:#?}\n{WHEELS:#?}\n{NPM:#?}\n");
    if fs::read_to_string(&stamp).unwrap_or_default() != text {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        eprintln!("bench: downloading packages for containers to install");
        debs(&folder.join("debs"))?;
        wheels(&folder.join("wheels"))?;
        npm(&folder)?;
        fs::write(&stamp, text)?;
    }
    fs::create_dir_all(folder.join("inside"))?;
    for (name, text) in SCRIPTS {
        fs::write(folder.join("inside").join(name), text)?;
    }
    Ok(folder)
}

fn debs(folder: &Path) -> Result<()> {
    for (suite, packages) in DEBS {
        let into = folder.join(suite);
        fs::create_dir_all(&into)?;
        let root = project::target().join("bench/life/apt").join(suite);
        for part in ["etc/apt", "var/lib/dpkg", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"]
        {
            fs::create_dir_all(root.join(part))?;
        }
        fs::write(root.join("var/lib/dpkg/status"), "")?;
        let source = format!("deb [signed-by={KEYRING}] {} {suite} main\n", debian_mirror()?);
        fs::write(root.join("etc/apt/sources.list"), source)?;
        let config = root.join("apt.conf");
        let architectures = "APT::Architecture \"amd64\";\nAPT::Architectures { \"amd64\"; \"i386\"; };\n";
        fs::write(&config, apt_config(&root) + architectures)?;
        let apt = || {
            let mut command = process::command("apt-get");
            command.current_dir(&into).arg("-q").arg("-c").arg(&config);
            command
        };
        process::run_quiet(apt().arg("update"))?;
        process::run_quiet(apt().arg("download").args(*packages))?;
    }
    fs::write(folder.join("Packages"), index(folder)?)?;
    Ok(())
}

/// The index by which apt finds the packages of a folder.
fn index(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for path in project::files(folder, &["deb"])? {
        let fields = process::capture(process::command("dpkg-deb").arg("--field").arg(&path))?;
        let sum = process::capture(process::command("sha256sum").arg(&path))?;
        let sum = sum.split_whitespace().next().context("sha256sum said nothing")?;
        let place = path.strip_prefix(folder)?.display();
        let size = fs::metadata(&path)?.len();
        text.push_str(&format!(
            "{}\nFilename: ./{place}\nSize: {size}\nSHA256: {sum}\n\n",
            fields.trim_end()
        ));
    }
    Ok(text)
}

fn wheels(folder: &Path) -> Result<()> {
    let python = setup::python_environment(&project::target().join("python"))?;
    // of two versions of a package pip takes one at a time
    for wheel in WHEELS {
        let mut command = process::command(&python);
        command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
        command.args(["--python-version", "3.11", "--implementation", "cp"]);
        for platform in ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "any"] {
            command.args(["--platform", platform]);
        }
        process::run_quiet(command.arg("--dest").arg(folder).arg(wheel))?;
    }
    Ok(())
}

fn npm(folder: &Path) -> Result<()> {
    let into = folder.join("npm");
    fs::create_dir_all(&into)?;
    let mut command = process::command("npm");
    command.args(["pack", "--silent", "--pack-destination"]).arg(&into);
    process::run_quiet(command.args(NPM))?;
    let program = folder.join("npm-cli");
    fs::create_dir_all(&program)?;
    let mut unpack = process::command("tar");
    unpack.arg("-xzf").arg(into.join(NPM_PROGRAM)).arg("-C").arg(&program);
    process::run_quiet(unpack.args(["--strip-components", "1", "--no-same-owner"]))
}
