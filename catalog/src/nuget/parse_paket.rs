//! `paket.lock` (fsprojects.github.io/Paket, "The paket.lock file"): groups, sources, and packages indented by four spaces.
//!
//! Only packages below `NUGET` have a version; sources of other kinds are single files of repositories. A group for tests or for
//! the build is not marked as such.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Keeps the packages.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut list = Declared::new(facts, Ecosystem::Nuget);
    let mut counts = false;
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        if !line.starts_with(' ') {
            counts = line.trim() == "NUGET";
            continue;
        }
        // A package is indented by four spaces, what it needs by six.
        let package = line.strip_prefix("    ").filter(|package| counts && !package.starts_with(' '));
        let Some((name, rest)) = package.and_then(|package| package.split_once(" (")) else { continue };
        if let Some((version, _)) = rest.split_once(')') {
            list.add(name, version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn packages_of_all_groups_count_and_files_of_repositories_do_not() {
        let text = "RESTRICTION: == net6.0\nNUGET\n  remote: https://api.nuget.org/v3/index.json\n    Argu (6.1.1) - restriction: >= net45\n      \
            FSharp.Core (>= 4.3.2)\n    FSharp.Core (6.0.3)\r\nGITHUB\n  remote: fsharp/FAKE\n    modules/Octokit.fsx (a25c2f256a99242c1106b5a3478aae6bb68c7a93)\n\n\
            GROUP Build\nNUGET\n  remote: https://api.nuget.org/v3/index.json\n    FAKE (5.16)\n";
        assert_eq!(packages("src/paket.lock", text), ["Argu 6.1.1", "FSharp.Core 6.0.3", "FAKE 5.16"]);
    }
}
