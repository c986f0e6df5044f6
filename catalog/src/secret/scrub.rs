//! Takes credentials out of texts that go into layer results and reports: the notes of readers, which may quote what they
//! could not read, and what files say of packages, whose versions may be addresses with a login in them.
//!
//! What it is not for: reporting them. A file that another reader takes is not searched for credentials.

use super::rule::Kind;
use super::search::search;
use crate::facts::{Facts, SecretFact};

/// Shorter texts cannot hold a token; most names and versions are.
const SHORTEST: usize = 16;

/// Masks the credentials in the texts of `facts`, whether credentials are looked for or not.
pub(crate) fn scrub(facts: &mut Facts) {
    facts.notes.iter_mut().for_each(conceal);
    for found in &mut facts.packages {
        [&mut found.name, &mut found.version, &mut found.inside].into_iter().for_each(conceal);
        [&mut found.license, &mut found.vendor].into_iter().flatten().for_each(conceal);
        if let Some((name, version)) = &mut found.source {
            conceal(name);
            conceal(version);
        }
    }
}

fn conceal(text: &mut String) {
    if text.len() >= SHORTEST {
        mask_in(text, Kind::Text, drop);
    }
}

/// Masks the credentials in `text` where they stand, and tells each.
pub(super) fn mask_in(text: &mut String, kind: Kind, mut tell: impl FnMut(SecretFact)) {
    let found = search(text.as_bytes(), kind);
    if found.is_empty() {
        return;
    }
    let mut masked: Vec<u8> = Vec::with_capacity(text.len());
    let mut copied = 0;
    for one in found {
        let fact = one.fact(text.as_bytes());
        masked.extend_from_slice(&text.as_bytes()[copied..one.place().start]);
        masked.extend_from_slice(fact.masked.as_bytes());
        copied = one.place().end;
        // of a key, what follows its label is the secret
        if matches!(fact.rule.as_str(), "private-key" | "putty-private-key") {
            copied = text.len();
        }
        tell(fact);
        if copied == text.len() {
            break;
        }
    }
    masked.extend_from_slice(&text.as_bytes()[copied..]);
    *text = String::from_utf8_lossy(&masked).into_owned();
}

#[cfg(test)]
mod tests {
    use model::Ecosystem;

    use super::*;
    use crate::facts::Found;

    #[test]
    fn a_token_in_a_version_or_a_note_is_masked() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let mut facts = Facts::default();
        let version = format!("git+https://{token}@example.org/shop.git#0123");
        facts.packages.push(Found::language(Ecosystem::Npm, "shop", version));
        facts.packages.push(Found::language(
            Ecosystem::Golang,
            "example.org/x",
            "v0.0.0-20240102030405-0123456789ab",
        ));
        facts.note(format!("no lock file of npm: invalid type: string \"{token}\", expected a map"));
        scrub(&mut facts);
        assert_eq!(facts.packages[0].version, "git+https://ghp_****R8@example.org/shop.git#0123");
        assert_eq!(facts.packages[1].version, "v0.0.0-20240102030405-0123456789ab");
        assert_eq!(facts.notes, ["no lock file of npm: invalid type: string \"ghp_****R8\", expected a map"]);
    }
}
