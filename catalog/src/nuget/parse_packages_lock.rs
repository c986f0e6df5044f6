//! `packages.lock.json` (learn.microsoft.com, "Enable repeatable package restore"): packages for each target framework.
//!
//! Entries of the type `Project` are the application's own.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    dependencies: Entries<&'a RawValue>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default, rename = "type")]
    kind: Word,
    resolved: Option<String>,
}

/// Keeps the packages of all target frameworks.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of NuGet")?;
    let mut list = Declared::new(facts, Ecosystem::Nuget);
    for (_, packages) in document.dependencies.0 {
        let packages: Entries<&RawValue> = serde_json::from_str(packages.get()).unwrap_or_default();
        for (name, package) in packages.0 {
            let Ok(package) = serde_json::from_str::<Package>(package.get()) else {
                list.note("a package cannot be read");
                continue;
            };
            if let Some(version) =
                package.resolved.filter(|_| !package.kind.0.eq_ignore_ascii_case("project"))
            {
                list.add(&name, &version)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn packages_of_all_frameworks_count_once_and_projects_do_not() {
        let text = "\u{feff}{\"version\":1,\"dependencies\":{
            \"net8.0\":{\"Newtonsoft.Json\":{\"type\":\"Direct\",\"requested\":\"[13.0.1, )\",\"resolved\":\"13.0.1\"},
                \"System.Memory\":{\"type\":\"Transitive\",\"resolved\":\"4.5.4\"},\"shop.core\":{\"type\":\"Project\",\"resolved\":\"1.0.0\"}},
            \"net8.0/linux-x64\":{\"System.Memory\":{\"type\":\"Transitive\",\"resolved\":\"4.5.4\"}}}}";
        assert_eq!(
            packages("src/packages.lock.json", text),
            ["Newtonsoft.Json 13.0.1", "System.Memory 4.5.4"]
        );
        assert!(notes("src/packages.lock.json", "[")[0].starts_with("no lock file of NuGet"));
    }
}
