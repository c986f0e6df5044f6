//! `gradle.lockfile` and its relatives (docs.gradle.org, "Locking Dependency Versions"): `group:artifact:version=configurations`.
//!
//! A module that only configurations of tests use is left out. Older Gradle has one file for each configuration, named
//! after it. Lines of other shapes say nothing: programs of many kinds call a file `*.lockfile`.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::path;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Keeps the modules.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let file = String::from_utf8_lossy(path::name(input.path)).into_owned();
    let own = file.strip_suffix(".lockfile").filter(|name| !name.ends_with("gradle"));
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut list = Declared::new(facts, Ecosystem::Maven);
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let (module, configurations) = line.split_once('=').unwrap_or((line, own.unwrap_or_default()));
        let mut parts = module.split(':');
        let (Some(group), Some(artifact), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let is_module = [group, artifact, version].into_iter().all(is_part);
        if is_module && !configurations.split(',').all(is_for_tests) {
            list.add(&format!("{group}:{artifact}"), version)?;
        }
    }
    Ok(())
}

fn is_part(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    !part.is_empty() && part.bytes().all(allowed)
}

/// `testRuntimeClasspath`, `integrationTestCompileClasspath`, `debugUnitTestRuntimeClasspath`.
fn is_for_tests(configuration: &str) -> bool {
    configuration.starts_with("test") || configuration.contains("Test")
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn modules_that_only_tests_use_are_left_out() {
        let text = "# This is a Gradle generated file for dependency locking.\n\
            com.example:lib:1.2.3=compileClasspath,runtimeClasspath,testRuntimeClasspath\n\
            org.junit:junit:5.0=testCompileClasspath,testRuntimeClasspath\norg.x:plugin:1.0=classpath\n\
            ch.x:deb:1=debugUnitTestRuntimeClasspath\nempty=annotationProcessor\nhttps://x.example/a\n";
        assert_eq!(packages("app/gradle.lockfile", text), ["com.example:lib 1.2.3", "org.x:plugin 1.0"]);
        assert_eq!(packages("app/buildscript-gradle.lockfile", "g:a:1=classpath\n"), ["g:a 1"]);
    }

    #[test]
    fn one_file_for_each_configuration_is_named_after_it() {
        let folder = "app/gradle/dependency-locks";
        assert_eq!(
            packages(&format!("{folder}/runtimeClasspath.lockfile"), "g:a:1\r\ng:b:2\r\n"),
            ["g:a 1", "g:b 2"]
        );
        assert!(packages(&format!("{folder}/testRuntimeClasspath.lockfile"), "g:a:1\n").is_empty());
    }
}
