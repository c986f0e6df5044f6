//! Searches a text for credentials and gives them masked.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::allow::{entropy, is_made_up, is_placeholder};
use super::rule::{Kind, LOW, Rule};
use super::shape::Hit;
use super::table::{ENVIRONMENT, HTPASSWD, PG_PASS, rules};
use crate::facts::{Facts, SecretFact};
use crate::path::has_suffix;

/// Credentials kept of one file.
const MAX_SECRETS: usize = 100;
/// Anchors of one file that are looked at more closely.
const MAX_ANCHORS: usize = 100_000;
/// The key that Debian's `ssl-cert` makes for tests of one machine; in an image it is everybody's, and known as such.
const SNAKE_OIL: &[u8] = b"ssl-cert-snakeoil.key";

/// A credential that was found.
pub(super) struct Found {
    rule: &'static Rule,
    /// Its rank among the rules; the lower wins where two overlap.
    rank: usize,
    hit: Hit,
}

/// All anchors, and the rules of each.
struct Anchors {
    automaton: AhoCorasick,
    rules: Vec<(usize, &'static Rule)>,
}

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let rules: Vec<(usize, &Rule)> =
        rules().enumerate().flat_map(|(rank, rule)| rule.anchors.iter().map(move |_| (rank, rule))).collect();
    let texts = self::rules().flat_map(|rule| rule.anchors);
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(texts)
        .expect("the anchors are few and short");
    Anchors { automaton, rules }
});

/// Adds the credentials in a file.
pub(super) fn file(text: &[u8], kind: Kind, path: &[u8], facts: &mut Facts) {
    let mut found = search(text, kind);
    if found.len() > MAX_SECRETS {
        facts.note(format!(
            "{} credentials beyond the first {MAX_SECRETS} are left out",
            found.len() - MAX_SECRETS
        ));
        found.truncate(MAX_SECRETS);
    }
    let (mut line, mut counted) = (1, 0);
    for one in found {
        let begin = one.hit.whole.start;
        line += memchr::memchr_iter(b'\n', &text[counted..begin]).count() as u32;
        counted = begin;
        let mut fact = one.fact(text);
        fact.line = line;
        if has_suffix(path, SNAKE_OIL) {
            fact.severity = LOW;
        }
        facts.secrets.push(fact);
    }
}

/// The credentials of a text, in its order, none over another.
pub(super) fn search(text: &[u8], kind: Kind) -> Vec<Found> {
    let anchors = &*ANCHORS;
    let mut all = Vec::new();
    for anchor in anchors.automaton.find_iter(text).take(MAX_ANCHORS) {
        let (rank, rule) = anchors.rules[anchor.pattern().as_usize()];
        let is_fit = rule.only.is_none_or(|only| only == kind);
        let hit = rule.shape.read(text, anchor.range()).filter(|_| is_fit);
        if let Some(hit) = hit.filter(|hit| is_credible(text, rule, hit)) {
            all.push(Found { rule, rank, hit });
        }
    }
    let whole = match kind {
        Kind::Environment => Some((&ENVIRONMENT, assignments(text))),
        Kind::PgPass => Some((&PG_PASS, fields(text, 5))),
        Kind::Htpasswd => Some((&HTPASSWD, fields(text, 2))),
        _ => None,
    };
    if let Some((rule, places)) = whole {
        for place in places {
            // a hash is no word that somebody chose
            let is_password = kind != Kind::Htpasswd;
            let hit = Hit { whole: place.clone(), variable: place, is_password, is_locked: false };
            if is_credible(text, rule, &hit) {
                all.push(Found { rule, rank: usize::MAX, hit });
            }
        }
    }
    without_overlaps(all)
}

fn without_overlaps(mut all: Vec<Found>) -> Vec<Found> {
    all.sort_by_key(|found| (found.hit.whole.start, found.rank));
    let mut kept: Vec<Found> = Vec::new();
    for found in all {
        match kept.last_mut().filter(|last| last.hit.whole.end > found.hit.whole.start) {
            Some(last) if found.rank < last.rank => *last = found,
            Some(_) => {}
            None => kept.push(found),
        }
    }
    kept
}

fn is_credible(text: &[u8], rule: &Rule, hit: &Hit) -> bool {
    let variable = &text[hit.variable.clone()];
    let words = String::from_utf8_lossy(variable);
    let is_false = if hit.is_password { is_placeholder(&words) } else { is_made_up(&words) };
    !is_false && (rule.entropy == 0.0 || entropy(variable) >= rule.entropy)
}

impl Found {
    /// Where it lies in the text.
    pub(super) fn place(&self) -> Range<usize> {
        self.hit.whole.clone()
    }

    /// The fact, without a line.
    pub(super) fn fact(&self, text: &[u8]) -> SecretFact {
        let severity = if self.hit.is_locked { LOW } else { self.rule.severity };
        let title = match self.hit.is_locked {
            true => format!("{}, encrypted", self.rule.title),
            false => self.rule.title.to_owned(),
        };
        SecretFact { line: 0, rule: self.rule.id.to_owned(), title, severity, masked: self.masked(text) }
    }

    /// What is shown of it.
    pub(super) fn masked(&self, text: &[u8]) -> String {
        let whole = String::from_utf8_lossy(&text[self.hit.whole.clone()]);
        match self.rule.id {
            // the label of a key's armour is no part of the key
            "private-key" | "putty-private-key" => format!("{whole}****"),
            _ => mask(&whole, self.hit.is_password),
        }
    }
}

/// Hides a credential: of a token of sixteen letters at least the first four and the last two stay, of a shorter one
/// the first two, of a password, whose letters are worth more, the first. The asterisks do not tell the length.
pub(super) fn mask(secret: &str, is_password: bool) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let (first, last) = match letters.len() {
        0..8 => (0, 0),
        _ if is_password => (1, 0),
        8..16 => (2, 0),
        length => (4, length - 2),
    };
    let first: String = letters[..first].iter().collect();
    let last: String = if last > 0 { letters[last..].iter().collect() } else { String::new() };
    format!("{first}****{last}")
}

/// The values of `NAME=value` whose names say that they are secret.
fn assignments(text: &[u8]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for equals in memchr::memchr_iter(b'=', text).take(MAX_ANCHORS) {
        // a hyphen as in `--api-key=`
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-');
        let length = text[..equals].iter().rev().take(64).take_while(is_name).count();
        let name =
            String::from_utf8_lossy(&text[equals - length..equals]).to_ascii_uppercase().replace('-', "_");
        if !is_secret_name(&name) {
            continue;
        }
        let mut begin = equals + 1;
        let quote = text.get(begin).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        begin += usize::from(quote.is_some());
        let ends = |byte: &u8| Some(*byte) == quote || byte.is_ascii_whitespace() || byte.is_ascii_control();
        let rest = &text[begin..text.len().min(begin + 512)];
        let value = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
        let has_digit = value.iter().any(u8::is_ascii_digit);
        let is_word = value.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_.".contains(byte));
        let is_open = name.contains("PASSW") || name.contains("PASSPHRASE");
        if (8..=256).contains(&value.len()) && (is_open || has_digit || !is_word) {
            places.push(begin..begin + value.len());
        }
    }
    places
}

/// Whether an environment variable of that name, in capitals, holds a secret itself and not a place of it.
pub(super) fn is_secret_name(name: &str) -> bool {
    const SECRET: [&str; 10] = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "ENCRYPTION_KEY",
    ];
    const ELSEWHERE: [&str; 17] = [
        "_FILE",
        "_PATH",
        "_DIR",
        "_URL",
        "_URI",
        "_NAME",
        "_ID",
        "_TTL",
        "_TYPE",
        "_HOST",
        "_LENGTH",
        "_ENABLED",
        "_EXPIRY",
        "_EXPIRES",
        "_HEADER",
        "_ALGORITHM",
        "_VERSION",
    ];
    SECRET.iter().any(|word| name.contains(word)) && !ELSEWHERE.iter().any(|end| name.ends_with(end))
}

/// The last of `count` fields between colons of each line, where the line has so many.
fn fields(text: &[u8], count: usize) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    for line in text.split(|byte| *byte == b'\n').take(MAX_ANCHORS) {
        let trimmed = line.trim_ascii_end();
        let colon = memchr::memchr_iter(b':', trimmed).nth(count - 2);
        if let Some(colon) = colon.filter(|colon| !line.starts_with(b"#") && colon + 5 <= trimmed.len()) {
            places.push(at + colon + 1..at + trimmed.len());
        }
        at += line.len() + 1;
    }
    places
}
