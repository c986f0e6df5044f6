//! What a rule says of a kind of credential.

use model::Severity;

/// Of a whole account or of money, or to publish as somebody.
pub(super) const CRITICAL: Severity = Severity::URGENT;
/// Of one service.
pub(super) const HIGH: Severity = severity(4);
/// Of little reach, or only probably a credential.
pub(super) const MEDIUM: Severity = severity(3);
/// Of no use by itself.
pub(super) const LOW: Severity = severity(2);

const fn severity(value: u8) -> Severity {
    match Severity::new(value) {
        Some(severity) => severity,
        None => Severity::DEFAULT,
    }
}

/// A kind of credential.
pub(super) struct Rule {
    /// The name in reports; never changed.
    pub id: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// How bad it is to lose it.
    pub severity: Severity,
    /// Texts, one of which stands in every credential of this kind or names it. None of them contains another's.
    pub anchors: &'static [&'static str],
    /// How the credential lies at the anchor.
    pub shape: Shape,
    /// Least entropy of its variable part, in bits a character; what people make up for examples has less.
    pub entropy: f64,
    /// The only kind of files it is looked for in, if it means nothing elsewhere.
    pub only: Option<Kind>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Assignments of environment variables.
    Environment,
    /// Docker's and Podman's settings with registry credentials.
    DockerConfig,
    /// `.netrc`.
    Netrc,
    /// `.pgpass`.
    PgPass,
    /// `.htpasswd`.
    Htpasswd,
    /// `.npmrc`.
    Npmrc,
    /// Anything else.
    Text,
}

/// How a credential lies at an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// It begins with the anchor, and these parts follow.
    Token(&'static [Part]),
    /// It is the word around the anchor: begins so, is of these letters, and has so many.
    Around(&'static str, Letters, usize, usize),
    /// The anchor is the end of its name; an assignment and a value of these parts follow.
    Assigned(&'static [Part]),
    /// A private key in an armour of dashes.
    PrivateKey,
    /// PuTTY's key file.
    PuttyKey,
    /// `scheme://user:password@host`.
    Url,
    /// `123456789:AA…`.
    Telegram,
    /// `abc8Q~…`.
    AzureSecret,
    /// `_authToken=…` of npm.
    NpmAuth,
    /// `password …` of a `.netrc`.
    NetrcPassword,
}

/// A part of a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// This text.
    Text(&'static str),
    /// As many of these letters as there are, at least and at most so many.
    Run(Letters, usize, usize),
}

/// A set of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// `0-9`.
    Digits,
    /// `0-9a-f` in either case.
    Hex,
    /// `0-9A-Z`.
    Upper,
    /// `0-9A-Za-z`.
    Alphanumeric,
    /// The same with `_` and `-`.
    Word,
    /// The same with `.`.
    Dotted,
    /// The same with `=`.
    Padded,
    /// `0-9A-Za-z+/`.
    Base64,
    /// Hexadecimal digits and `-`.
    Uuid,
}

impl Letters {
    /// Whether the letter is one of the set.
    pub(super) fn has(self, letter: u8) -> bool {
        match self {
            Self::Digits => letter.is_ascii_digit(),
            Self::Hex => letter.is_ascii_hexdigit(),
            Self::Upper => letter.is_ascii_digit() || letter.is_ascii_uppercase(),
            Self::Alphanumeric => letter.is_ascii_alphanumeric(),
            Self::Word => letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-'),
            Self::Dotted => letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.'),
            Self::Padded => letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'='),
            Self::Base64 => letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/'),
            Self::Uuid => letter.is_ascii_hexdigit() || letter == b'-',
        }
    }
}
