//! `packages.config` (learn.microsoft.com, "packages.config reference"): one element `package` each.
//!
//! Those with `developmentDependency="true"` are left out. Other documents of the name say nothing.

use model::Ecosystem;

use crate::declared::Declared;
use crate::declared::document::read_text;
use crate::declared::markup::{Event, Markup, attribute};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

/// Keeps the packages.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let mut list = Declared::new(facts, Ecosystem::Nuget);
    for event in Markup::new(&text) {
        let Event::Open("package", attributes) = event else { continue };
        let for_development =
            attribute(attributes, "developmentDependency").is_some_and(|value| value == "true");
        let found = (attribute(attributes, "id"), attribute(attributes, "version"));
        if let ((Some(name), Some(version)), false) = (found, for_development) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn elements_tell_name_and_version() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<packages>\r\n  <package id=\"jQuery\" version=\"3.1.1\" targetFramework=\"net46\" />\r\n\
            <package id='NUnit' version='3.0.0' developmentDependency='true'/><!-- <package id=\"x\" version=\"1\"/> --></packages>";
        assert_eq!(packages("src/packages.config", text), ["jQuery 3.1.1"]);
        assert_eq!(notes("etc/packages.config", "a = b"), Vec::<String>::new());
    }
}
