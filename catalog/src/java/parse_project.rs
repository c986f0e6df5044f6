//! `pom.xml` of a project (maven.apache.org, "POM Reference"): the dependencies whose version this one file tells.
//!
//! A version is written out, comes from a property of the same file, or from its `dependencyManagement`. Parents and
//! imported lists are not looked for, so versions that only those know are left out, as are ranges. Dependencies of
//! tests and of the machine's own files are left out, too, and those of plug-ins and profiles are not read.

use std::collections::HashMap;

use model::Ecosystem;

use super::pom::is_token;
use crate::declared::Declared;
use crate::declared::document::read_text;
use crate::declared::markup::{Event, Markup, plain};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

/// Levels of elements; a project has some ten.
const MAX_DEPTH: usize = 100;
/// Properties that are kept.
const MAX_PROPERTIES: usize = 10_000;
/// Dependencies that are kept until the properties are known.
const MAX_DEPENDENCIES: usize = 100_000;
/// How many times a property may lead to another one.
const MAX_STEPS: usize = 8;

#[derive(Default)]
struct Dependency {
    group: String,
    artifact: String,
    version: String,
    scope: String,
}

/// What is collected of a project.
#[derive(Default)]
struct Project {
    properties: HashMap<String, String>,
    managed: Vec<Dependency>,
    dependencies: Vec<Dependency>,
}

/// Keeps the dependencies.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let project = collect(&text)?;
    let managed: HashMap<(String, String), String> = project
        .managed
        .iter()
        .map(|managed| {
            let resolved = |text: &str| project.resolved(text).unwrap_or_default();
            ((resolved(&managed.group), resolved(&managed.artifact)), managed.version.clone())
        })
        .collect();
    let mut list = Declared::new(facts, Ecosystem::Maven);
    for dependency in project.dependencies.iter().filter(|one| one.scope != "test" && one.scope != "system") {
        let (Some(group), Some(artifact)) =
            (project.resolved(&dependency.group), project.resolved(&dependency.artifact))
        else {
            continue;
        };
        let own = Some(&dependency.version).filter(|version| !version.is_empty());
        let version = own.or_else(|| managed.get(&(group.clone(), artifact.clone())));
        let Some(version) = version.and_then(|version| project.resolved(version)) else { continue };
        // `[1.0]` is one version; other brackets are ranges.
        let version = version.strip_prefix('[').and_then(|one| one.strip_suffix(']')).unwrap_or(&version);
        if [&group, &artifact, version].into_iter().all(is_token) {
            list.add(&format!("{group}:{artifact}"), version)?;
        }
    }
    Ok(())
}

impl Project {
    /// `text` with its properties replaced; none if one is not known.
    fn resolved(&self, text: &str) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..MAX_STEPS {
            let Some(start) = text.find("${") else { return Some(text) };
            let end = start + text[start..].find('}')?;
            let value = self.properties.get(text[start + 2..end].trim())?;
            text.replace_range(start..=end, value);
            if text.len() > 1_024 {
                return None;
            }
        }
        (!text.contains("${")).then_some(text)
    }

    fn set_property(&mut self, name: &str, value: &str) {
        if self.properties.len() < MAX_PROPERTIES {
            self.properties.insert(name.to_owned(), plain(value));
        }
    }

    /// Properties that a project has by itself; those of the parent stand in where the project has none.
    fn set_own(&mut self, name: &str, value: &str, is_parent: bool) {
        if is_parent {
            self.set_property(&format!("project.parent.{name}"), value);
            if name == "artifactId" || self.properties.contains_key(&format!("project.{name}")) {
                return;
            }
        }
        for prefix in ["project.", "pom.", ""] {
            self.set_property(&format!("{prefix}{name}"), value);
        }
    }
}

fn collect(text: &str) -> Result<Project, Problem> {
    let mut project = Project::default();
    let mut path: Vec<&str> = Vec::new();
    for event in Markup::new(text) {
        match event {
            Event::Open(name, _) => {
                if path.len() == MAX_DEPTH {
                    return Err(Problem::Malformed("elements are nested too deeply".to_owned()));
                }
                path.push(name);
                match path.as_slice() {
                    ["project", "dependencies", "dependency"] => begin(&mut project.dependencies)?,
                    ["project", "dependencyManagement", "dependencies", "dependency"] => {
                        begin(&mut project.managed)?;
                    }
                    _ => {}
                }
            }
            Event::Close => {
                path.pop();
            }
            Event::Text(text) => match path.as_slice() {
                ["project", name @ ("groupId" | "artifactId" | "version")] => {
                    project.set_own(name, text, false)
                }
                ["project", "parent", name @ ("groupId" | "artifactId" | "version")] => {
                    project.set_own(name, text, true);
                }
                ["project", "properties", name] => project.set_property(name, text),
                ["project", "dependencies", "dependency", name] => {
                    set(project.dependencies.last_mut(), name, text)
                }
                ["project", "dependencyManagement", "dependencies", "dependency", name] => {
                    set(project.managed.last_mut(), name, text);
                }
                _ => {}
            },
        }
    }
    Ok(project)
}

fn begin(list: &mut Vec<Dependency>) -> Result<(), Problem> {
    if list.len() == MAX_DEPENDENCIES {
        return Err(Problem::Malformed(format!("more than {MAX_DEPENDENCIES} dependencies")));
    }
    list.push(Dependency::default());
    Ok(())
}

fn set(dependency: Option<&mut Dependency>, name: &str, text: &str) {
    let Some(dependency) = dependency else { return };
    let field = match name {
        "groupId" => &mut dependency.group,
        "artifactId" => &mut dependency.artifact,
        "version" => &mut dependency.version,
        "scope" => &mut dependency.scope,
        _ => return,
    };
    *field = plain(text);
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn versions_come_from_the_file_itself_or_not_at_all() {
        let text = "<?xml version=\"1.0\"?><project xmlns=\"http://maven.apache.org/POM/4.0.0\">
            <parent><groupId>org.p</groupId><artifactId>parent</artifactId><version>7</version></parent>
            <artifactId>shop</artifactId>
            <properties><lib.version>1.2.3</lib.version><other>${lib.version}</other><loop>${loop}</loop></properties>
            <dependencyManagement><dependencies>
                <dependency><groupId>g</groupId><artifactId>managed</artifactId><version>${other}</version></dependency>
                <dependency><groupId>g</groupId><artifactId>unused</artifactId><version>1</version></dependency>
            </dependencies></dependencyManagement>
            <dependencies>
                <dependency><groupId>g</groupId><artifactId>a</artifactId><version> 1.0 </version>
                    <exclusions><exclusion><groupId>x</groupId><artifactId>y</artifactId></exclusion></exclusions></dependency>
                <dependency><groupId>g</groupId><artifactId>b</artifactId><version>${lib.version}</version></dependency>
                <dependency><groupId>g</groupId><artifactId>managed</artifactId></dependency>
                <dependency><groupId>${project.groupId}</groupId><artifactId>own</artifactId><version>${project.version}</version></dependency>
                <dependency><groupId>g</groupId><artifactId>exact</artifactId><version>[2.0]</version></dependency>
                <dependency><groupId>g</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>
                <dependency><groupId>g</groupId><artifactId>unknown</artifactId></dependency>
                <dependency><groupId>g</groupId><artifactId>elsewhere</artifactId><version>${nowhere}</version></dependency>
                <dependency><groupId>g</groupId><artifactId>circle</artifactId><version>${loop}</version></dependency>
                <dependency><groupId>g</groupId><artifactId>t</artifactId><version>1</version><scope>test</scope></dependency>
            </dependencies>
            <build><plugins><plugin><dependencies><dependency><groupId>g</groupId><artifactId>p</artifactId><version>1</version>
            </dependency></dependencies></plugin></plugins></build></project>";
        let expected = ["g:a 1.0", "g:b 1.2.3", "g:managed 1.2.3", "org.p:own 7", "g:exact 2.0"];
        assert_eq!(packages("app/pom.xml", text), expected);
    }

    #[test]
    fn other_documents_and_depth_without_end_are_no_danger() {
        assert_eq!(notes("app/pom.xml", "<html><p>dependency</p>"), Vec::<String>::new());
        assert_eq!(notes("app/pom.xml", "<project>".repeat(1_000)), ["elements are nested too deeply"]);
        assert_eq!(notes("app/pom.xml", b"\xff"), ["content is no UTF-8"]);
    }
}
