//! `environment.yml` (docs.conda.io, "Managing environments"): packages as `name=version=build`, and those of pip in a list of their own.
//!
//! Only what is pinned to one version counts. One `=` pins, too: that is how an exported environment is written.

use model::Ecosystem;
use serde::Deserialize;

use crate::declared::Declared;
use crate::declared::document::{Entries, Items, Word, read_text, yaml};
use crate::facts::Facts;
use crate::python::parse_requirements::pinned;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    dependencies: Items<Dependency>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Package(String),
    Others(Entries<Items<Word>>),
}

/// Keeps the pinned packages.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document = yaml(&text, "environment of conda")?;
    let mut list = Declared::new(facts, Ecosystem::Conda);
    for dependency in &document.dependencies.0 {
        match dependency {
            Dependency::Package(package) => {
                if let Some((name, version)) = exact(package) {
                    list.add(name, version)?;
                }
            }
            Dependency::Others(others) => {
                for (_, requirements) in others.0.iter().filter(|(manager, _)| manager == "pip") {
                    for (name, version) in requirements.0.iter().filter_map(|one| pinned(&one.0)) {
                        list.add_other(Ecosystem::Pypi, name, version)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Name and version of `channel::name=1.2=build` and `name ==1.2`.
fn exact(package: &str) -> Option<(&str, &str)> {
    let package = package.rsplit_once("::").map_or(package, |(_, package)| package).trim();
    let (name, rest) = package.split_at(package.find(|one: char| " =<>!~[".contains(one))?);
    let version = rest.trim_start_matches([' ', '=']).split([' ', '=']).next()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+!".contains(&byte);
    let is_plain = version.starts_with(|first: char| first.is_ascii_digit()) && version.bytes().all(allowed);
    (is_plain && !rest.starts_with('!')).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes};

    #[test]
    fn pinned_packages_of_conda_and_of_pip_count() {
        let text = "name: shop\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.10.4=h12debd9_0\n  - conda-forge::numpy==1.21.2\n  - scipy=1.8\n  \
            - pandas>=1.0\n  - requests\n  - wild=1.*\n  - pip\n  - pip:\n      - flask==2.0.1\n      - own @ file:///own\nprefix: /opt/shop\n";
        let found = facts("app/environment.yml", text).packages;
        let found: Vec<_> = found
            .iter()
            .map(|found| format!("{} {} {}", found.ecosystem, found.name, found.version))
            .collect();
        assert_eq!(
            found,
            ["conda python 3.10.4", "conda numpy 1.21.2", "conda scipy 1.8", "pypi flask 2.0.1"]
        );
    }

    #[test]
    fn other_documents_of_the_name_say_nothing() {
        assert_eq!(notes("etc/environment.yml", "a: 1\n"), Vec::<String>::new());
        assert!(notes("etc/environment.yaml", "a: [")[0].starts_with("no environment of conda"));
    }
}
