//! `renv.lock` (rstudio.github.io/renv, "lockfile"): JSON with the packages of a project by name.
//!
//! Packages of the source `Local` are the project's own.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    packages: Entries<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    version: String,
    #[serde(default)]
    source: Word,
}

/// Keeps the packages.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of renv")?;
    let mut list = Declared::new(facts, Ecosystem::Cran);
    for (name, package) in document.packages.0 {
        match serde_json::from_str::<Package>(package.get()) {
            Ok(package) if package.source.0 == "Local" => {}
            Ok(package) => list.add(&name, &package.version)?,
            Err(_) => list.note("a package cannot be read"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn packages_of_repositories_count_and_local_ones_do_not() {
        let text = r#"{"R":{"Version":"4.2.0","Repositories":[]},"Packages":{
            "R6":{"Package":"R6","Version":"2.5.1","Source":"Repository","Repository":"CRAN","Hash":"x"},
            "git":{"Package":"git","Version":"0.1.0","Source":"GitHub"},"own":{"Package":"own","Version":"1.0","Source":"Local"}}}"#;
        assert_eq!(packages("app/renv.lock", text), ["R6 2.5.1", "git 0.1.0"]);
        assert!(notes("app/renv.lock", "{")[0].starts_with("no lock file of renv"));
    }
}
