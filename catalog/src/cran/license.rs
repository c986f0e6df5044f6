//! Licences as R packages state them ("Writing R Extensions", section 1.1.2, "Licensing"): alternatives between bars, each
//! a name with bounds in brackets, and `+ file LICENSE` where the file adds terms of its own.

use crate::license::{any_of, expression};

/// The SPDX expression of a `License` field, without the alternatives that are no more than a file: the user may choose
/// another.
pub(super) fn read(field: &str) -> Option<String> {
    let choices: Vec<String> = field.split('|').filter_map(alternative).collect();
    any_of(choices.iter().map(String::as_str))
}

fn alternative(text: &str) -> Option<String> {
    let name = text.split('+').next().unwrap_or_default().trim();
    let (name, bound) = match name.split_once('(') {
        Some((name, bound)) => (name.trim(), Some(bound.trim_end_matches(')').trim())),
        None => (name, None),
    };
    if name.starts_with("file ") || name.starts_with("Part of R") {
        return None;
    }
    let (family, number) = match bound {
        Some(bound) => (name, bound.strip_prefix(">=").or(bound.strip_prefix('>')).map(str::trim)?),
        None => match name.rsplit_once('-') {
            Some((family, number)) if matches!(family, "GPL" | "LGPL" | "AGPL") => (family, number),
            _ => return expression(name),
        },
    };
    let number = if number.contains('.') { number.to_owned() } else { format!("{number}.0") };
    let ending = if bound.is_some() { "or-later" } else { "only" };
    match family {
        "GPL" | "GNU General Public License" => expression(&format!("GPL-{number}-{ending}")),
        "LGPL" | "GNU Lesser General Public License" => expression(&format!("LGPL-{number}-{ending}")),
        "AGPL" => expression(&format!("AGPL-{number}-{ending}")),
        // every version from the first on: the licence has one
        _ => expression(&format!("{family}-{number}")),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn alternatives_and_bounds_become_an_expression() {
        let cases = [
            ("GPL-2", Some("GPL-2.0-only")),
            ("GPL-2 | GPL-3", Some("GPL-2.0-only OR GPL-3.0-only")),
            ("GPL (>= 2)", Some("GPL-2.0-or-later")),
            ("LGPL (>= 2.1)", Some("LGPL-2.1-or-later")),
            ("MIT + file LICENSE", Some("MIT")),
            ("Apache License (>= 2.0)", Some("Apache-2.0")),
            ("MPL-2.0", Some("MPL-2.0")),
            ("file LICENSE", None),
            ("MPL-2.0 | file LICENSE", Some("MPL-2.0")),
            ("Part of R 4.2.2", None),
            ("", None),
        ];
        for (field, expected) in cases {
            assert_eq!(read(field).as_deref(), expected, "{field}");
        }
    }
}
