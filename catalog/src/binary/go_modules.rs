//! The list of modules in Go's build information (Go, package runtime/debug, `ParseBuildInfo`): lines of a word, a tab
//! and the word's own fields, parted by tabs.
//!
//! Versions are written with their `v`, as Go writes them, and Go's own library is the module `stdlib`, as Go's
//! vulnerability database calls it. The main module's version is often `(devel)`; what the build settings say instead is
//! taken: a release set by the linker's `-X`, else the time and revision of the commit in the form of a pseudo-version.
//! A program that was built without modules, as Debian's are, names the path of its main package; that stands for the
//! module then, cut down to the repository where the host's addresses show which part that is.

use model::Ecosystem;

use super::go_info::BuildInfo;
use crate::facts::{Facts, Found};

/// Modules kept of one program.
const MAX_PACKAGES: usize = 100_000;
/// Longest name or version.
const MAX_WORD: usize = 1_024;
const DEVEL: &str = "(devel)";

/// One module of the list.
struct Module<'a> {
    path: &'a str,
    version: &'a str,
}

/// Keeps the library of Go, the main module and the modules that it was built with.
pub(super) fn packages(info: &BuildInfo, facts: &mut Facts) {
    if let Some(version) = standard_library(&info.version) {
        facts.packages.push(Found::language(Ecosystem::Golang, "stdlib", version));
    }
    let mut main: Option<Module<'_>> = None;
    let mut settings = Settings::default();
    let mut modules: Vec<Module<'_>> = Vec::new();
    let mut last_is_main = false;
    for line in info.modules.lines() {
        let (word, rest) = line.split_once('\t').unwrap_or((line, ""));
        match word {
            "mod" => {
                main = module(rest).or(main);
                last_is_main = true;
            }
            "dep" => {
                if modules.len() == MAX_PACKAGES {
                    facts.note(format!("more than {MAX_PACKAGES} Go modules, the rest is left out"));
                    break;
                }
                modules.extend(module(rest));
                last_is_main = false;
            }
            "=>" => {
                let replaced = if last_is_main { main.as_mut() } else { modules.last_mut() };
                if let (Some(replaced), Some(by)) = (replaced, module(rest)) {
                    replace(replaced, by);
                }
            }
            "path" if main.is_none() => {
                let package = module(rest).filter(|main| is_import_path(main.path));
                main = package.map(|package| Module { path: repository(package.path), ..package });
            }
            "build" => settings.add(rest),
            _ => {}
        }
    }
    if let Some(main) = main {
        let version = match main.version {
            "" | DEVEL => settings.version(main.path).unwrap_or_else(|| DEVEL.to_owned()),
            version => version.to_owned(),
        };
        facts.packages.push(Found::language(Ecosystem::Golang, main.path, version));
    }
    for module in modules {
        let version = if module.version.is_empty() { DEVEL } else { module.version };
        facts.packages.push(Found::language(Ecosystem::Golang, module.path, version));
    }
}

/// `path`, `version` and a checksum that is not kept.
fn module(fields: &str) -> Option<Module<'_>> {
    let mut fields = fields.split('\t');
    let (path, version) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    (is_word(path) && (version.is_empty() || is_word(version))).then_some(Module { path, version })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_WORD && !text.contains(|c: char| c.is_control() || c == ' ')
}

/// Whether a path begins with the name of a host, which those of Go's own programs and of bare files do not.
fn is_import_path(path: &str) -> bool {
    path.split_once('/').is_some_and(|(host, _)| host.contains('.'))
}

/// The module that a package of a well-known host belongs to: `host/owner/repository`, with `/v2` and the like. A module may
/// lie deeper, which nothing tells.
fn repository(package: &str) -> &str {
    const HOSTS: [&str; 3] = ["github.com/", "gitlab.com/", "bitbucket.org/"];
    if !HOSTS.iter().any(|host| package.starts_with(host)) {
        return package;
    }
    let mut ends = package.match_indices('/').map(|(end, _)| end).chain([package.len()]).skip(2);
    let end = ends.next().unwrap_or(package.len());
    let is_major = |part: &str| {
        part.strip_prefix("/v").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match ends.next().filter(|next| is_major(&package[end..*next])) {
        Some(with_major) => &package[..with_major],
        None => &package[..end],
    }
}

/// The code in the program is that of the other module. A folder in its place is some state of the module itself, of
/// which no version is known.
fn replace<'a>(module: &mut Module<'a>, by: Module<'a>) {
    if by.path.starts_with(['.', '/']) || by.path.get(1..3) == Some(":\\") {
        module.version = DEVEL;
    } else {
        *module = by;
    }
}

/// `go1.22.3 X:boringcrypto` is `v1.22.3`; of an unreleased Go (`devel go1.23-4f1b0a Tue …`) the number is known at
/// best.
fn standard_library(version: &str) -> Option<String> {
    let word = version.split_ascii_whitespace().find(|word| word.starts_with("go1"));
    let number = word.and_then(|word| word.strip_prefix("go")).filter(|number| is_word(number));
    match number {
        Some(number) => Some(format!("v{number}")),
        None => version.starts_with("devel").then(|| DEVEL.to_owned()),
    }
}

/// The build settings that may tell the main module's version.
#[derive(Default)]
struct Settings<'a> {
    revision: &'a str,
    time: &'a str,
    modified: bool,
    linker: String,
}

impl<'a> Settings<'a> {
    fn add(&mut self, setting: &'a str) {
        let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
        match key {
            "vcs.revision" => self.revision = value,
            "vcs.time" => self.time = value,
            "vcs.modified" => self.modified = value == "true",
            "-ldflags" => {
                // Quoted as in Go, if there are spaces in it.
                let unquoted =
                    serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('`').to_owned());
                self.linker = unquoted;
            }
            _ => {}
        }
    }

    fn version(&self, main: &str) -> Option<String> {
        self.by_linker(main).or_else(|| self.by_commit())
    }

    /// `-X main.version=1.2.3`, of the program or of its own module.
    fn by_linker(&self, main: &str) -> Option<String> {
        let words = self.linker.split_ascii_whitespace().map(|word| word.trim_matches(['\'', '"']));
        let definitions = words.filter_map(|word| word.strip_prefix("-X=").unwrap_or(word).split_once('='));
        definitions.into_iter().find_map(|(name, value)| {
            let (package, variable) = name.rsplit_once('.')?;
            let variable = variable.to_ascii_lowercase();
            let is_version =
                matches!(variable.as_str(), "version" | "gitversion" | "buildversion" | "appversion");
            let is_own = package == "main"
                || package.strip_prefix(main).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let value = value.trim_matches(['\'', '"']);
            let number = value.strip_prefix('v').unwrap_or(value);
            let is_release = number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('.');
            (is_version && is_own && is_release && is_word(value)).then(|| format!("v{number}"))
        })
    }

    /// `v0.0.0-<time>-<revision>`, as `go install` names a commit (Go modules reference, "Pseudo-versions").
    fn by_commit(&self) -> Option<String> {
        let time: String = self.time.chars().filter(char::is_ascii_digit).take(14).collect();
        let revision = self.revision.get(..12)?;
        let is_commit = revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let dirty = if self.modified { "+dirty" } else { "" };
        (time.len() == 14 && is_commit).then(|| format!("v0.0.0-{time}-{revision}{dirty}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(version: &str, modules: &str) -> Vec<String> {
        let mut facts = Facts::default();
        packages(&BuildInfo { version: version.into(), modules: modules.into() }, &mut facts);
        facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
    }

    #[test]
    fn the_library_the_main_module_and_its_dependencies_are_packages() {
        let list = "path\texample.org/tool/cmd/tool\nmod\texample.org/tool\tv1.4.0\th1:x\n\
                    dep\tgolang.org/x/net\tv0.7.0\th1:y\ndep\tgopkg.in/yaml.v3\tv3.0.1\t\nbuild\tCGO_ENABLED=0\n";
        assert_eq!(
            found("go1.20.5", list),
            [
                "stdlib v1.20.5",
                "example.org/tool v1.4.0",
                "golang.org/x/net v0.7.0",
                "gopkg.in/yaml.v3 v3.0.1"
            ]
        );
    }

    #[test]
    fn a_replaced_module_is_what_replaced_it_and_a_folder_has_no_version() {
        let list = "mod\tm\tv1.0.0\t\ndep\ta\tv1.0.0\n=>\tb\tv2.0.0\th1:z\ndep\tc\tv0.0.0\n=>\t./staging/c\t(devel)\t\n\
                    dep\td\tv1.1.1\th1:\n";
        assert_eq!(found("", list), ["m v1.0.0", "b v2.0.0", "c (devel)", "d v1.1.1"]);
    }

    #[test]
    fn a_main_module_without_version_has_that_of_the_linker_flags_else_that_of_the_commit() {
        let main = "mod\texample.org/tool\t(devel)\t\n";
        let commit = "build\tvcs.revision=0123456789abcdef0123\nbuild\tvcs.time=2023-05-06T07:08:09Z\n";
        let with = |more: &str| found("", &format!("{main}{commit}{more}"))[0].clone();
        assert_eq!(with(""), "example.org/tool v0.0.0-20230506070809-0123456789ab");
        assert_eq!(
            with("build\tvcs.modified=true\n"),
            "example.org/tool v0.0.0-20230506070809-0123456789ab+dirty"
        );
        for flags in [
            r#""-s -w -X main.version=1.2.3""#,
            "`-X 'example.org/tool/internal.Version=v1.2.3'`",
            "-X=main.buildVersion=v1.2.3",
        ] {
            assert_eq!(with(&format!("build\t-ldflags={flags}\n")), "example.org/tool v1.2.3", "{flags}");
        }
        for flags in ["-X example.org/other.Version=1.2.3", "-X main.version=latest", "-X main.date=2023.1.1"]
        {
            assert!(with(&format!("build\t-ldflags=\"{flags}\"\n")).contains("v0.0.0-"), "{flags}");
        }
        assert_eq!(found("", main), ["example.org/tool (devel)"]);
    }

    #[test]
    fn experiments_and_unreleased_versions_of_go_are_told_apart() {
        assert_eq!(found("go1.22.3 X:boringcrypto", ""), ["stdlib v1.22.3"]);
        assert_eq!(found("go1.23rc1", ""), ["stdlib v1.23rc1"]);
        assert_eq!(found("devel go1.23-4f1b0a Tue Jan 2", ""), ["stdlib v1.23-4f1b0a"]);
        assert_eq!(found("devel +4f1b0a Tue Jan 2", ""), ["stdlib (devel)"]);
        assert!(found("unknown", "").is_empty());
    }

    #[test]
    fn a_program_without_modules_is_known_by_its_main_package() {
        let list = "path\texample.org/tool/cmd/tool\nbuild\t-ldflags=\"-X main.Version=1.1.1\"\n";
        assert_eq!(found("go1.19.8", list), ["stdlib v1.19.8", "example.org/tool/cmd/tool v1.1.1"]);
        let flags = "build\t-ldflags=\"-X github.com/cli/cli/v2/internal/build.Version=2.23.0\"\n";
        let cases = [
            ("github.com/cli/cli/v2/cmd/gh", "github.com/cli/cli/v2 v2.23.0"),
            ("github.com/docker/cli/cmd/docker", "github.com/docker/cli (devel)"),
            ("github.com/docker/cli", "github.com/docker/cli (devel)"),
            ("github.com/odd", "github.com/odd (devel)"),
        ];
        for (path, expected) in cases {
            assert_eq!(found("", &format!("path\t{path}\n{flags}")), [expected]);
        }
        assert_eq!(found("go1.19.8", "path\tcommand-line-arguments\n"), ["stdlib v1.19.8"]);
        assert_eq!(found("go1.19.8", "path\tcmd/gofmt\n"), ["stdlib v1.19.8"]);
    }

    #[test]
    fn lines_that_are_no_modules_are_passed_over() {
        let list = "dep\n=>\tx\tv1\ndep\t\tv1\ndep\ta b\tv1\nmod\ndep\tok\tv1\tx\ty\tz\n\u{0}\n";
        assert_eq!(found("", list), ["ok v1"]);
    }

    #[test]
    fn a_program_of_ten_thousand_modules_is_read() {
        let list: String = (0..10_000).map(|index| format!("dep\tm{index}\tv1.0.{index}\th1:\n")).collect();
        assert_eq!(found("", &list).len(), 10_000);
    }
}
