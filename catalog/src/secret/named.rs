//! Masks what is called a secret, whatever it looks like: passwords are short words more often than not.
//!
//! What it is for: the environment, commands and labels of a container, where a value that is hidden for nothing costs a reader a look at
//! the host, and one that is shown costs a password. What it is not for: finding credentials. A finding is only as good as it is sure, so
//! the rules for that ([`super::search`]) leave out words and placeholders that a look at the name alone would take.

use std::ops::Range;

use super::search::mask;

/// What a word of a name ends with that says that the value is secret.
const SECRET: [&str; 16] = [
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
    "APIKEY",
    "ACCESSKEY",
    "PRIVATEKEY",
    "ACCOUNTKEY",
    "SECRETKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTHORIZATION",
];
/// Last words that do.
const LAST: [&str; 8] = ["PASS", "PWD", "PW", "PSW", "PIN", "OTP", "AUTH", "DBPASS"];
/// What makes a `KEY` a secret one.
const KEYS: [&str; 22] = [
    "API",
    "ACCESS",
    "PRIVATE",
    "ENCRYPTION",
    "ENCRYPT",
    "SIGNING",
    "SIGN",
    "MASTER",
    "ACCOUNT",
    "STORAGE",
    "SHARED",
    "HMAC",
    "APP",
    "CLIENT",
    "ADMIN",
    "AUTH",
    "SSH",
    "DEPLOY",
    "SESSION",
    "COOKIE",
    "LICENSE",
    "SERVICE",
];
/// Last words of names that say where a secret is, or something about it.
const ABOUT: [&str; 40] = [
    "FILE",
    "FILES",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "NAME",
    "NAMES",
    "ID",
    "IDS",
    "TTL",
    "TYPE",
    "HOST",
    "PORT",
    "LENGTH",
    "SIZE",
    "ENABLED",
    "REQUIRED",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "LIFETIME",
    "TIMEOUT",
    "AGE",
    "HEADER",
    "ALGORITHM",
    "VERSION",
    "POLICY",
    "ISSUER",
    "AUDIENCE",
    "ENDPOINT",
    "COUNT",
    "LIMIT",
    "USER",
    "USERNAME",
    "SOCK",
    "METHOD",
    "MODE",
    "ADDR",
    "PROTO",
];
/// Values that tell nothing.
const PLAIN: [&str; 14] = [
    "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null", "enabled", "disabled", "bearer",
    "basic",
];
/// Where files of secrets lie.
const ROOTS: [&str; 12] = [
    "/run/",
    "/var/",
    "/etc/",
    "/secrets/",
    "/home/",
    "/opt/",
    "/usr/",
    "/tmp/",
    "/mnt/",
    "/root/",
    "/app/",
    "/data/",
];
/// Letters of a name that count.
const MAX_NAME: usize = 64;
/// Bytes that a mask has at most: six letters and the asterisks.
const MASKED: usize = 28;
/// Separators of one text that are looked at.
const MAX_PAIRS: usize = 10_000;

/// Masks in `NAME=value`: all of the value if the name says so, and what it tells within.
pub(super) fn variable(text: &mut String) {
    match text.split_once('=') {
        Some((name, value)) if is_secret(name, value) => *text = format!("{name}={}", mask(value, true)),
        _ => within(text),
    }
}

/// Masks in the words of a command: `--name=value`, `--name value`, and what a word tells within.
pub(super) fn command(words: &mut [String]) {
    let mut flag = String::new();
    for word in words {
        let value = std::mem::take(&mut flag);
        if !value.is_empty() && !word.starts_with('-') && is_secret(&value, word) {
            *word = mask(word, true);
            continue;
        }
        within(word);
        let name = word.trim_start_matches('-');
        if name.len() < word.len() && !name.contains('=') {
            name.clone_into(&mut flag);
        }
    }
}

/// Masks the value of a label: all of it if the key says so, and what it tells within.
pub(super) fn label(key: &str, value: &mut String) {
    match is_secret(key, value) {
        true => *value = mask(value, true),
        false => within(value),
    }
}

/// Whether a value is to be hidden because of its name.
fn is_secret(name: &str, value: &str) -> bool {
    is_secret_name(name) && tells(name, value)
}

/// Whether a name says that the value is secret.
fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let is_key = |place: usize| place > 0 && KEYS.contains(&words[place - 1].as_str());
    let says = |(place, word): (usize, &String)| {
        SECRET.iter().any(|end| word.ends_with(end)) || (word == "KEY" && is_key(place))
    };
    !ABOUT.contains(&last.as_str()) && (LAST.contains(&last.as_str()) || words.iter().enumerate().any(says))
}

/// Whether the value of such a name tells anything that it should not.
fn tells(name: &str, value: &str) -> bool {
    let shown = value.trim().trim_matches(['"', '\'']);
    let lower = shown.to_ascii_lowercase();
    // `MAX_TOKENS=4096`, `PWD=/srv`
    let is_amount =
        name.to_ascii_uppercase().ends_with("TOKENS") && shown.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = matches!(name, "PWD" | "OLDPWD") && shown.starts_with('/');
    !(shown.is_empty()
        || is_amount
        || is_place
        || is_masked(shown)
        || is_path(shown)
        || PLAIN.contains(&lower.as_str()))
}

/// Whether a text is what [`mask`] leaves.
fn is_masked(text: &str) -> bool {
    text.len() <= MASKED && text.contains("****")
}

fn is_path(value: &str) -> bool {
    ROOTS.iter().any(|root| value.starts_with(root))
}

/// The words of a name, in capitals: `db.rootPassword` is `DB`, `ROOT` and `PASSWORD`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut was_small = false;
    // only the end of a long name counts
    let from = name.char_indices().rev().nth(MAX_NAME - 1).map_or(0, |(at, _)| at);
    for letter in name[from..].chars() {
        if !letter.is_ascii_alphanumeric() {
            (is_open, was_small) = (false, false);
            continue;
        }
        if was_small && letter.is_ascii_uppercase() {
            is_open = false;
        }
        was_small = letter.is_ascii_lowercase();
        match words.last_mut().filter(|_| is_open) {
            Some(word) => word.push(letter.to_ascii_uppercase()),
            None => words.push(letter.to_ascii_uppercase().to_string()),
        }
        is_open = true;
    }
    words
}

/// Masks what stands in a longer text: pairs as JSON, settings and connection strings have them, passwords in addresses, what follows
/// `Bearer` and `Basic`, and private keys.
fn within(text: &mut String) {
    let mut places = pairs(text);
    places.extend(addresses(text));
    places.extend(schemes(text));
    places.extend(keys(text));
    places.sort_by_key(|place| (place.start, place.end));
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for place in places {
        let Some(secret) = text.get(place.clone()).filter(|_| place.start >= copied) else { continue };
        if secret.is_empty() || is_masked(secret) {
            continue;
        }
        masked.push_str(&text[copied..place.start]);
        masked.push_str(&mask(secret, true));
        copied = place.end;
    }
    if copied > 0 {
        masked.push_str(&text[copied..]);
        *text = masked;
    }
}

/// Values of `name=value`, `"name": "value"` and `name: value`.
fn pairs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut places = Vec::new();
    // what belongs to a value is read once
    let mut done = 0;
    for separator in memchr::memchr2_iter(b'=', b':', bytes).take(MAX_PAIRS) {
        let before = text[..separator].trim_end_matches([' ', '"', '\'', '\\']);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let length = before.bytes().rev().take(MAX_NAME).take_while(is_name).count();
        let name = &before[before.len() - length..];
        if separator < done || !is_secret_name(name) {
            continue;
        }
        let Some(value) = value(bytes, separator) else { continue };
        done = value.end;
        if text.get(value.clone()).is_some_and(|told| tells(name, told)) {
            places.push(value);
        }
    }
    places
}

/// Where the value behind a separator lies.
fn value(bytes: &[u8], separator: usize) -> Option<Range<usize>> {
    let rest = &bytes[separator + 1..];
    let gap = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let slash = usize::from(rest.get(gap) == Some(&b'\\'));
    let quote = rest.get(gap + slash).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let Some(quote) = quote else {
        // `host:port` is no pair, nor is the next word the value of `PASSWORD= run`
        let has_gap = bytes[separator] == b':' || bytes[..separator].ends_with(b" ");
        if has_gap != (gap > 0) {
            return None;
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b";&,}\"'".contains(byte);
        let length = rest[gap..].iter().position(ends).unwrap_or(rest.len() - gap);
        return Some(separator + 1 + gap..separator + 1 + gap + length);
    };
    let begin = separator + 1 + gap + slash + 1;
    let mut end = begin;
    let mut is_escaped = false;
    while let Some(byte) = bytes.get(end) {
        let is_end = *byte == quote && (is_escaped == (slash == 1));
        if is_end {
            break;
        }
        is_escaped = *byte == b'\\' && !is_escaped;
        end += 1;
    }
    Some(begin..end.saturating_sub(usize::from(slash == 1 && end > begin && bytes.get(end).is_some())))
}

/// Passwords in `scheme://user:password@host`.
fn addresses(text: &str) -> Vec<Range<usize>> {
    let find = |at: usize| {
        let rest = &text[at + 3..];
        let ends =
            |letter: char| letter.is_whitespace() || matches!(letter, '/' | '"' | '\'' | '?' | '<' | '>');
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let login = &authority[..authority.rfind('@')?];
        let colon = login.find(':')?;
        Some(at + 3 + colon + 1..at + 3 + login.len())
    };
    memchr::memmem::find_iter(text.as_bytes(), b"://").take(MAX_PAIRS).filter_map(find).collect()
}

/// What follows `Bearer` and `Basic`.
fn schemes(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_.~".contains(byte);
    let mut places = Vec::new();
    for scheme in ["bearer ", "basic "] {
        for at in memchr::memmem::find_iter(lower.as_bytes(), scheme).take(MAX_PAIRS) {
            let begin = at + scheme.len();
            let length = text.as_bytes()[begin..].iter().take_while(|byte| is_letter(byte)).count();
            let secret = &text[begin..begin + length];
            // `basic authentication`
            let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
            if length >= 8 && !is_word {
                places.push(begin..begin + length);
            }
        }
    }
    places
}

/// What stands behind the head of a private key, to the end.
fn keys(text: &str) -> Option<Range<usize>> {
    const HEAD: &str = "PRIVATE KEY-----";
    let at = text.find(HEAD).filter(|at| text[..*at].contains("-----BEGIN"))?;
    Some(at + HEAD.len()..text.len())
}

#[cfg(test)]
mod tests;
