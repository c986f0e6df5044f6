//! The programs that define the version schemes: how each is had, and what asks it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, project, setup};

/// A program that defines the order of a scheme.
pub(crate) struct Reference {
    pub(crate) scheme: &'static str,
    /// Programs and files that must be there, each with the Debian package that brings it.
    needs: &'static [(&'static str, &'static str)],
    runner: Runner,
    /// Whether a pair may differ.
    pub(crate) explains: fn(a: &str, b: &str, ours: &str, theirs: &str) -> bool,
    /// Why it may.
    pub(crate) explanation: &'static str,
}

/// What asks the program. A script reads pairs and prints signs; with the word `version` it prints name and version.
enum Runner {
    /// An interpreter and a script of this folder.
    Script(&'static str, &'static str),
    /// A script of this folder for a Python with a package of PyPI.
    Pip(&'static str, &'static str),
    /// A script of this folder for node with a package of npm, and its first argument.
    Npm(&'static str, &'static str, &'static str),
    /// A source of this folder for Go, with Debian's Go libraries.
    Go(&'static str),
    /// A source of this folder for Java with Maven's library.
    Java(&'static str),
    /// A source of this folder for mono with the program out of a package of npm.
    Mono(&'static str, &'static str),
}

const fn nothing(_: &str, _: &str, _: &str, _: &str) -> bool {
    false
}

/// The programs, in the order of the schemes. Of pub and Julia there is none in the registries, Cabal's is out of proportion, and
/// generic has none.
pub(crate) const REFERENCES: &[Reference] = &[
    Reference {
        scheme: "dpkg",
        needs: &[("dpkg", "dpkg")],
        runner: Runner::Script("sh", "dpkg.sh"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "apk",
        needs: &[("python3", "python3")],
        runner: Runner::Script("python3", "apk.py"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "rpm",
        needs: &[("rpm", "rpm")],
        runner: Runner::Script("sh", "rpm.sh"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "semver",
        needs: &[("npm", "npm")],
        runner: Runner::Npm("semver@7.8.6", "semver.js", "strict"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "npm",
        needs: &[("npm", "npm")],
        runner: Runner::Npm("semver@7.8.6", "semver.js", "loose"),
        explains: |a, b, ours, _| ours == "?" && [a, b].into_iter().any(is_read_by_accident),
        explanation: "loose mode reads four numbers by cutting the third in two, and a lone hyphen as a pre-release",
    },
    Reference {
        scheme: "pep440",
        needs: &[("python3", "python3")],
        runner: Runner::Pip("packaging==25.0", "pep440.py"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "maven",
        needs: &[
            ("java", "default-jre-headless"),
            ("javac", "default-jdk-headless"),
            ("/usr/share/java/maven-artifact-3.x.jar", "libmaven3-core-java"),
        ],
        runner: Runner::Java("Maven.java"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "gem",
        needs: &[("ruby", "ruby")],
        runner: Runner::Script("ruby", "gem.rb"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "nuget",
        needs: &[("mono", "mono-runtime"), ("mcs", "mono-mcs"), ("npm", "npm")],
        runner: Runner::Mono("nuget-exe@5.8.0", "nuget.cs"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "composer",
        needs: &[("php", "php-cli"), ("/usr/share/php/Composer/Semver/autoload.php", "php-composer-semver")],
        runner: Runner::Script("php", "composer.php"),
        explains: |_, _, _, theirs| theirs == "!",
        explanation: "two branches have no order there, and that of their names here",
    },
    Reference {
        scheme: "go",
        needs: &[
            ("go", "golang-go"),
            ("/usr/share/gocode/src/golang.org/x/mod/semver", "golang-golang-x-mod-dev"),
        ],
        runner: Runner::Go("go.go"),
        explains: |a, b, _, theirs| theirs == "?" && [a, b].into_iter().any(is_release_of_go),
        explanation: "releases of Go itself are no module versions",
    },
    Reference {
        scheme: "hex",
        needs: &[("elixir", "elixir")],
        runner: Runner::Script("elixir", "hex.exs"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "cran",
        needs: &[("Rscript", "r-base-core")],
        runner: Runner::Script("Rscript", "cran.R"),
        explains: nothing,
        explanation: "",
    },
    Reference {
        scheme: "alpm",
        needs: &[("python3", "python3"), ("pacman", "pacman-package-manager")],
        runner: Runner::Script("python3", "alpm.py"),
        explains: nothing,
        explanation: "",
    },
];

/// `1.2.10.5`, which loose mode takes for `1.2.1-0.5`, and `1.2.3-`.
fn is_read_by_accident(text: &str) -> bool {
    let numbers = text.split('.').take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit())).count();
    text.ends_with('-') || text.contains("-.") || (numbers >= 3 && text.split('.').count() > 3)
}

/// `1.20rc1`: the order of Go's own releases is that of the versions that the Go vulnerability database has for them.
fn is_release_of_go(text: &str) -> bool {
    text.starts_with("go1")
        || (text.matches('.').count() == 1 && (text.contains("rc") || text.contains("beta")))
}

impl Reference {
    /// Installs what is missing, and gives back the command that answers pairs.
    pub(crate) fn prepare(&self, folder: &Path) -> Result<Vec<String>> {
        let missing: Vec<&str> = self
            .needs
            .iter()
            .filter(|(file, _)| !process::is_installed(file))
            .map(|(_, package)| *package)
            .collect();
        if !missing.is_empty() {
            setup::apt_install(&missing)?;
        }
        self.runner.command(folder)
    }
}

impl Runner {
    fn command(&self, folder: &Path) -> Result<Vec<String>> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Ok(match self {
            Self::Script(interpreter, script) => words(&[interpreter, &source(script)]),
            Self::Pip(package, script) => {
                let python = setup::python_environment(&folder.join("python"))?;
                install_once(folder, package, || {
                    let mut command = process::command(&python);
                    process::run_quiet(command.args(["-m", "pip", "install", "--quiet", package]))
                })?;
                words(&[&python.to_string_lossy(), &source(script)])
            }
            Self::Npm(package, script, word) => {
                install_node_package(folder, package)?;
                // node looks for packages beside the script
                let copy = folder.join(script);
                fs::copy(source(script), &copy)?;
                words(&["node", &copy.to_string_lossy(), word])
            }
            Self::Go(script) => {
                let program = folder.join("go");
                let mut command = process::command("go");
                command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
                command.env("GOCACHE", folder.join("go-cache"));
                process::run_quiet(command.args(["build", "-o"]).arg(&program).arg(source(script)))?;
                words(&[&program.to_string_lossy()])
            }
            Self::Java(script) => {
                let jars = "/usr/share/java/maven-artifact-3.x.jar:/usr/share/java/commons-lang3.jar";
                let mut command = process::command("javac");
                process::run_quiet(command.args(["-cp", jars, "-d"]).arg(folder).arg(source(script)))?;
                let path = format!("{jars}:{}", folder.display());
                words(&["java", "-cp", &path, script.trim_end_matches(".java")])
            }
            Self::Mono(package, script) => {
                install_node_package(folder, package)?;
                let name = package.split('@').next().unwrap_or(package);
                let library = executable(&folder.join("node_modules").join(name))?;
                let program = folder.join("ask-nuget.exe");
                process::run_quiet(
                    process::command("mcs").arg(format!("-out:{}", program.display())).arg(source(script)),
                )?;
                words(&["mono", &program.to_string_lossy(), &library])
            }
        })
    }
}

/// A command of these words.
pub(crate) fn command(words: &[String]) -> Command {
    let mut command = process::command(&words[0]);
    command.args(&words[1..]);
    command
}

/// The path of a file of this folder.
fn source(name: &str) -> String {
    project::root().join("xtask/src/versions").join(name).to_string_lossy().into_owned()
}

fn install_node_package(folder: &Path, package: &str) -> Result<()> {
    install_once(folder, package, || {
        let mut command = process::command("npm");
        command.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        process::run_quiet(command.arg(folder).arg(package))
    })
}

/// Does what `install` does, unless it was done before.
fn install_once(folder: &Path, package: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = folder.join(format!("{package}.installed"));
    if !stamp.exists() {
        eprintln!("versions: installing {package}");
        install()?;
        fs::write(stamp, "")?;
    }
    Ok(())
}

/// The program for Windows in a folder.
fn executable(folder: &Path) -> Result<String> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let found = paths.find(|path| path.extension().is_some_and(|extension| extension == "exe"));
    Ok(found.with_context(|| format!("no program in {}", folder.display()))?.to_string_lossy().into_owned())
}
