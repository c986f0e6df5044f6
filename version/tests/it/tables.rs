//! `tests/<scheme>.txt`: one line `A op B` per case; `<`, `=`, `>`, or `?` where one of the two cannot be read.

use std::cmp::Ordering;

use version::{Scheme, compare};

fn table(scheme: Scheme) -> String {
    let path = format!("{}/tests/{scheme}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sign(scheme: Scheme, a: &str, b: &str) -> char {
    match compare(scheme, a, b) {
        Ok(Ordering::Less) => '<',
        Ok(Ordering::Equal) => '=',
        Ok(Ordering::Greater) => '>',
        Err(_) => '?',
    }
}

#[test]
fn every_scheme_agrees_with_its_table_in_both_directions() {
    let mut wrong = Vec::new();
    for scheme in Scheme::ALL {
        let table = table(scheme);
        let cases = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in cases {
            let (op, at) = ["<", "=", ">", "?"]
                .into_iter()
                .find_map(|op| Some((op.chars().next()?, line.find(&format!(" {op} "))?)))
                .unwrap_or_else(|| panic!("{scheme}: no operator in `{line}`"));
            let (a, b) = (&line[..at], &line[at + 3..]);
            let mirrored = match op {
                '<' => '>',
                '>' => '<',
                other => other,
            };
            let found = (sign(scheme, a, b), sign(scheme, b, a));
            if found != (op, mirrored) {
                wrong.push(format!("{scheme}: {line}: got {} and mirrored {}", found.0, found.1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
