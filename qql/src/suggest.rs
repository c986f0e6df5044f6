//! What an unknown token may have meant.

use crate::fields::{Entity, Field, Level};
use crate::scope::{Home, Scope};

/// Names longer than this are not compared: no token is half as long.
const LONGEST: usize = 80;

/// A clause for the end of an error message, empty if nothing is near.
pub(crate) fn hint(scope: &Scope, name: &str) -> String {
    if name.len() > LONGEST {
        return String::new();
    }
    if let Some(near) = same_letters(scope, name).or_else(|| same_end(scope, name)) {
        return format!("; did you mean `{near}`?");
    }
    if let Some(place) = elsewhere(scope, name) {
        return place;
    }
    nearest(scope, name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// A token that can be written in a place.
pub(crate) struct Reach {
    /// Relative to the place.
    pub(crate) name: String,
    /// The field, or the array of objects.
    pub(crate) what: Named,
    /// Arrays on the way.
    pub(crate) depth: usize,
}

/// What a token names.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    Field(&'static Field),
    Array,
}

/// All tokens that can be written in a place, with those of arrays after those of the place itself.
pub(crate) fn reachable(scope: &Scope) -> Vec<Reach> {
    let mut found = Vec::new();
    collect(scope.level, scope.base(), "", 0, &mut found);
    found.sort_by_key(|reach| (reach.depth, if reach.depth > 0 { preference(&reach.name) } else { 0 }));
    found
}

fn collect(level: Level, base: &str, prefix: &str, depth: usize, found: &mut Vec<Reach>) {
    for field in level.fields() {
        if let Some(rest) = field.name.strip_prefix(base) {
            found.push(Reach { name: format!("{prefix}{rest}"), what: Named::Field(field), depth });
        }
    }
    for (name, _, array) in level.arrays() {
        if let Some(rest) = name.strip_prefix(base) {
            found.push(Reach { name: format!("{prefix}{rest}"), what: Named::Array, depth });
            collect(array.level(), "", &format!("{prefix}{rest}."), depth + 1, found);
        }
    }
}

/// Written with other capitals.
fn same_letters(scope: &Scope, name: &str) -> Option<String> {
    reachable(scope).into_iter().map(|reach| reach.name).find(|known| known.eq_ignore_ascii_case(name))
}

/// The same below an array or in an object: `severity` for `vulnerabilities.severity`.
fn same_end(scope: &Scope, name: &str) -> Option<String> {
    let ends = |known: &String| known.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    let found = reachable(scope).into_iter().filter(|reach| ends(&reach.name));
    found.min_by_key(|reach| (reach.depth, preference(&reach.name))).map(|reach| reach.name)
}

/// What people mean most often comes first.
fn preference(name: &str) -> usize {
    ["vulnerabilities.", "softwares.", "repo.", "host."]
        .iter()
        .position(|prefix| name.starts_with(prefix))
        .unwrap_or(usize::MAX)
}

/// Known, but in another place.
fn elsewhere(scope: &Scope, name: &str) -> Option<String> {
    let outermost = Scope::of(scope.home);
    if outermost.knows(name) && !scope.is_at(outermost.level, "") {
        return Some(format!("; `{name}` cannot stand inside this group"));
    }
    let others = Entity::ALL.into_iter().filter(|entity| scope.home != Home::from(*entity));
    let known: Vec<_> = others.filter(|entity| Scope::of(*entity).knows(name)).map(Entity::plural).collect();
    (!known.is_empty()).then(|| format!("; `{name}` is a token of {}", known.join(" and ")))
}

/// The token with the fewest differences, if there are few.
fn nearest(scope: &Scope, name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let limit = (name.len() / 4).clamp(1, 4);
    let distances = reachable(scope).into_iter().filter_map(|reach| {
        let distance = distance(&name, &reach.name.to_ascii_lowercase());
        (distance <= limit).then_some((distance, reach.depth, reach.name))
    });
    distances.min().map(|(_, _, name)| name)
}

/// How many letters have to be changed, added, taken away or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let mut best =
                (last[column] + usize::from(a != b)).min(last[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut last, line);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_token_that_was_probably_meant() {
        let hint = |entity, name| hint(&Scope::of(entity), name);
        for (entity, name, expected) in [
            (Entity::Image, "lastscanned", "; did you mean `lastScanned`?"),
            (Entity::Image, "severity", "; did you mean `vulnerabilities.severity`?"),
            (Entity::Image, "qid", "; did you mean `vulnerabilities.qid`?"),
            (Entity::Container, "hostname", "; did you mean `host.hostname`?"),
            (Entity::Image, "repository", "; did you mean `repo.repository`?"),
            (Entity::Image, "operatingSytem", "; did you mean `operatingSystem`?"),
            (Entity::Image, "udpated", "; did you mean `updated`?"),
            (Entity::Image, "vulnerabilities.sevrity", "; did you mean `vulnerabilities.severity`?"),
            (Entity::Image, "state", "; `state` is a token of containers"),
            (Entity::Container, "imagesInUse", "; `imagesInUse` is a token of images"),
            (Entity::Software, "packagepath", "; did you mean `packagePath`?"),
            (Entity::Image, "foo", ""),
            (Entity::Image, "openPorts.port", ""),
            (Entity::Image, "", ""),
        ] {
            assert_eq!(hint(entity, name), expected, "{name}");
        }
    }

    #[test]
    fn distances_count_letters() {
        for (left, right, expected) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("abc", "abd", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }
}
