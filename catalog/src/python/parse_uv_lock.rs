//! `uv.lock` (docs.astral.sh/uv): TOML, one `[[package]]` each, the projects of the workspace among them.
//!
//! What is for development is marked only where a project asks for it, so what production and the projects' extras need is
//! followed from there. A file without projects, as a script has one, counts as a whole.

use std::collections::{BTreeMap, HashMap};

use model::Ecosystem;
use serde::Deserialize;

use crate::declared::document::{is_package, toml};
use crate::declared::{Declared, graph};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    manifest: Manifest,
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Only where the file has several packages of the name.
    version: Option<String>,
}

#[derive(Default, Deserialize)]
struct Source {
    path: Option<String>,
    directory: Option<String>,
    editable: Option<String>,
    r#virtual: Option<String>,
}

impl Source {
    fn is_project(&self) -> bool {
        self.editable.is_some() || self.r#virtual.is_some()
    }

    fn is_local(&self) -> bool {
        self.is_project() || self.path.is_some() || self.directory.is_some()
    }
}

/// Keeps what production needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let documents: Vec<Document> = toml(input, facts, "lock file of uv", is_package)?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    let members: Vec<String> =
        documents.iter().flat_map(|document| &document.manifest.members).cloned().collect();
    let packages: Vec<&Package> = documents.iter().flat_map(|document| &document.package).collect();
    let needed = needed(&packages, &members);
    for (package, _) in packages.iter().zip(needed).filter(|(_, needed)| *needed) {
        if let Some(version) = package.version.as_ref().filter(|_| !package.source.is_local()) {
            list.add(&package.name, version)?;
        }
    }
    Ok(())
}

fn needed(packages: &[&Package], members: &[String]) -> Vec<bool> {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, package) in packages.iter().enumerate() {
        by_name.entry(&package.name).or_default().push(index);
    }
    let is_root = |package: &Package| match members {
        [] => package.source.is_project(),
        members => members.contains(&package.name),
    };
    let roots: Vec<usize> = (0..packages.len()).filter(|index| is_root(packages[*index])).collect();
    if roots.is_empty() {
        return vec![true; packages.len()];
    }
    let edges: Vec<Vec<usize>> = packages
        .iter()
        .map(|package| {
            let wanted = package.dependencies.iter().chain(package.optional_dependencies.values().flatten());
            wanted
                .flat_map(|wanted| {
                    // A name with many versions, asked for many times, would be too much to follow.
                    let named = by_name.get(wanted.name.as_str()).into_iter().flatten().take(8);
                    named.copied().filter(|index| {
                        wanted.version.is_none() || wanted.version == packages[*index].version
                    })
                })
                .collect()
        })
        .collect();
    graph::reachable(roots, &edges)
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn what_the_projects_need_is_followed_and_what_only_their_development_needs_is_left_out() {
        let text = "version = 1\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n\
            dependencies = [\n    { name = \"flask\" },\n    { name = \"two\", version = \"2.0\", source = { registry = \"x\" } },\n]\n\n\
            [package.optional-dependencies]\nextra = [\n    { name = \"boto\" },\n]\n\n\
            [package.dev-dependencies]\ndev = [\n    { name = \"pytest\" },\n]\n\n\
            [[package]]\nname = \"flask\"\nversion = \"3.0.0\"\nsource = { registry = \"https://r.example/simple\" }\n\
            dependencies = [\n    { name = \"jinja2\" },\n]\n\n\
            [[package]]\nname = \"jinja2\"\nversion = \"3.1.0\"\nsource = { git = \"https://example.org/j?rev=x#abc\" }\n\n\
            [[package]]\nname = \"boto\"\nversion = \"1.0\"\nsource = { url = \"https://example.org/boto.whl\" }\n\n\
            [[package]]\nname = \"two\"\nversion = \"1.0\"\n\n[[package]]\nname = \"two\"\nversion = \"2.0\"\n\n\
            [[package]]\nname = \"own\"\nversion = \"2.0\"\nsource = { directory = \"own\" }\n\n\
            [[package]]\nname = \"pytest\"\nversion = \"8.0.0\"\nsource = { registry = \"x\" }\ndependencies = [{ name = \"pluggy\" }]\n\n\
            [[package]]\nname = \"pluggy\"\nversion = \"1.5.0\"\nsource = { registry = \"x\" }\n";
        assert_eq!(packages("app/uv.lock", text), ["flask 3.0.0", "jinja2 3.1.0", "boto 1.0", "two 2.0"]);
    }

    #[test]
    fn without_projects_everything_counts() {
        let text = "version = 1\n[manifest]\nrequirements = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1\"\n";
        assert_eq!(packages("app/uv.lock", text), ["a 1"]);
        assert!(notes("app/uv.lock", "package = \"x\"")[0].starts_with("no lock file of uv"));
    }
}
