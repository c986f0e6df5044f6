//! Reads the credential at an anchor: where it lies, and which part of it varies.

use std::ops::Range;

use super::rule::{Letters, Part, Shape};

/// Bytes between the name of a credential and its value.
const MAX_GAP: usize = 12;
/// Longest password.
const MAX_PASSWORD: usize = 256;

/// A credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// What is masked.
    pub whole: Range<usize>,
    /// What must not be made up: the part without the issuer's text.
    pub variable: Range<usize>,
    /// Whether a person may have chosen it.
    pub is_password: bool,
    /// Whether it is of no use without a passphrase.
    pub is_locked: bool,
}

impl Hit {
    fn token(whole: Range<usize>, from: usize) -> Self {
        let variable = from..whole.end;
        Self { whole, variable, is_password: false, is_locked: false }
    }

    fn password(whole: Range<usize>) -> Self {
        Self { variable: whole.clone(), whole, is_password: true, is_locked: false }
    }
}

impl Shape {
    /// The credential whose anchor lies at `anchor`.
    pub(super) fn read(self, text: &[u8], anchor: Range<usize>) -> Option<Hit> {
        match self {
            Self::Token(parts) => {
                // what goes on before it is a longer word
                let is_begin = anchor.start == 0 || !is_word(text[anchor.start - 1]);
                let end = parts_end(text, anchor.end, parts).filter(|_| is_begin)?;
                Some(Hit::token(anchor.start..end, anchor.end))
            }
            Self::Around(begin, letters, least, most) => {
                let whole = word_around(text, anchor, letters, most)?;
                let is_it = text[whole.clone()].starts_with(begin.as_bytes()) && whole.len() >= least;
                let from = whole.start + begin.len();
                is_it.then(|| Hit::token(whole, from))
            }
            Self::Assigned(parts) => {
                let begin = value_begin(text, anchor.end)?;
                let end = parts_end(text, begin, parts)?;
                Some(Hit::token(begin..end, begin))
            }
            Self::PrivateKey => private_key(text, anchor),
            Self::PuttyKey => {
                let rest = text.get(anchor.end..)?;
                let locked = memchr::memmem::find(rest, b"Encryption: none").is_none();
                let is_key = memchr::memmem::find(rest, b"Private-Lines:").is_some();
                let whole = anchor.start..anchor.end;
                is_key.then(|| Hit { is_locked: locked, ..Hit::token(whole, anchor.end) })
            }
            Self::Url => url(text, anchor),
            Self::Telegram => {
                let digits =
                    text[..anchor.start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
                let begin = anchor.start - digits;
                let is_begin = (8..=10).contains(&digits) && (begin == 0 || !is_word(text[begin - 1]));
                let end =
                    parts_end(text, anchor.end, &[Part::Run(Letters::Word, 33, 33)]).filter(|_| is_begin)?;
                Some(Hit::token(begin..end, anchor.end))
            }
            Self::AzureSecret => {
                // three letters and a digit before the anchor
                let begin = anchor.start.checked_sub(4)?;
                let is_it = text[anchor.start - 1].is_ascii_digit()
                    && (begin == 0 || !is_word(text[begin - 1]))
                    && text[begin..anchor.start].iter().all(|byte| Letters::Dotted.has(*byte));
                let run = |byte: &&u8| Letters::Dotted.has(**byte) || **byte == b'~';
                let length = text[anchor.end..].iter().take(40).take_while(run).count();
                let is_it = is_it && (31..=34).contains(&length);
                is_it.then(|| Hit::token(begin..anchor.end + length, begin))
            }
            Self::NpmAuth => {
                let begin = value_begin(text, anchor.end)?;
                let value = |byte: &&u8| !byte.is_ascii_whitespace() && **byte != b'"';
                let length = text[begin..].iter().take(MAX_PASSWORD).take_while(value).count();
                (length >= 8).then(|| Hit::password(begin..begin + length))
            }
            Self::NetrcPassword => {
                let is_begin = anchor.start == 0 || text[anchor.start - 1].is_ascii_whitespace();
                let gap = text[anchor.end..]
                    .iter()
                    .take(MAX_GAP)
                    .take_while(|byte| byte.is_ascii_whitespace())
                    .count();
                let begin = anchor.end + gap;
                let value = |byte: &&u8| !byte.is_ascii_whitespace();
                let length = text[begin..].iter().take(MAX_PASSWORD).take_while(value).count();
                (is_begin && gap > 0 && length >= 4).then(|| Hit::password(begin..begin + length))
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the parts end that begin at `at`; no letter of the last part's may follow.
fn parts_end(text: &[u8], mut at: usize, parts: &[Part]) -> Option<usize> {
    for part in parts {
        at += match part {
            Part::Text(expected) => {
                text.get(at..)?.starts_with(expected.as_bytes()).then_some(expected.len())?
            }
            Part::Run(letters, least, most) => {
                let run =
                    text.get(at..)?.iter().take(most + 1).take_while(|byte| letters.has(**byte)).count();
                (*least..=*most).contains(&run).then_some(run)?
            }
        };
    }
    Some(at)
}

/// The word of these letters around a range, if it is not longer than `most`.
fn word_around(text: &[u8], anchor: Range<usize>, letters: Letters, most: usize) -> Option<Range<usize>> {
    let is_in = |byte: &&u8| letters.has(**byte);
    let before = text[..anchor.start].iter().rev().take(most).take_while(is_in).count();
    let behind = text[anchor.end..].iter().take(most).take_while(is_in).count();
    let whole = anchor.start - before..anchor.end + behind;
    (whole.len() <= most).then_some(whole)
}

/// Where the value of an assignment begins: behind `=`, `:`, `=>`, quotes and spaces, on the same line.
fn value_begin(text: &[u8], at: usize) -> Option<usize> {
    let gap = &text[at..text.len().min(at + MAX_GAP)];
    let is_gap = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'=' | b':' | b'>' | b'"' | b'\'' | b'\\');
    let length = gap.iter().take_while(is_gap).count();
    let is_assigned = gap[..length].iter().any(|byte| matches!(byte, b'=' | b':'));
    // an XML element or a flag's value
    let is_element = gap.first() == Some(&b'>') || gap.first() == Some(&b' ');
    (is_assigned || is_element).then_some(at + length)
}

/// `-----BEGIN RSA PRIVATE KEY-----` and what follows. Certificates and public keys begin alike.
fn private_key(text: &[u8], anchor: Range<usize>) -> Option<Hit> {
    let label_from = anchor.end;
    let head = &text[label_from..text.len().min(label_from + 64)];
    let label_end = memchr::memmem::find(head, b"-----")?;
    let label = &head[..label_end];
    let is_private = label.ends_with(b"PRIVATE KEY") || label == b"PGP PRIVATE KEY BLOCK";
    let end = label_from + label_end + 5;
    let body = &text[end..text.len().min(end + 400)];
    // code that speaks of keys has no lines of nothing but base64
    let longest = body.split(|byte| !Letters::Base64.has(*byte)).map(<[u8]>::len).max().unwrap_or_default();
    let has = |word: &[u8]| memchr::memmem::find(body, word).is_some();
    // OpenSSH's own form names the cipher in its head: `openssh-key-v1`, then `none`
    let is_open = has(b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");
    let is_locked =
        label.starts_with(b"ENCRYPTED") || has(b"ENCRYPTED") || (label.starts_with(b"OPENSSH") && !is_open);
    let is_key = is_private && longest >= 40;
    is_key.then(|| Hit { is_locked, ..Hit::token(anchor.start..end, label_from) })
}

/// `scheme://user:password@host`: the password.
fn url(text: &[u8], anchor: Range<usize>) -> Option<Hit> {
    let scheme = text[..anchor.start]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
        .count();
    let rest = &text[anchor.end..text.len().min(anchor.end + 2 * MAX_PASSWORD)];
    let stop = |byte: &u8| {
        byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'`/?#<>,;|\\()[]".contains(byte)
    };
    let authority = &rest[..rest.iter().position(stop).unwrap_or(rest.len())];
    let at = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', &authority[..at])?;
    let host = &authority[at + 1..];
    let is_host = host.len() >= 3
        && host[0].is_ascii_alphanumeric()
        && memchr::memmem::find(host, b"example").is_none();
    let begin = anchor.end + colon + 1;
    let password = begin..anchor.end + at;
    (scheme >= 2 && is_host && password.len() >= 4 && password.len() <= MAX_PASSWORD)
        .then(|| Hit::password(password))
}
