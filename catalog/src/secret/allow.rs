//! What looks like a credential and is none: made-up examples, placeholders, references to variables.

/// Words in any case that nobody's own credential holds, or only by an accident of one in millions.
const WORDS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "change-this",
    "replace",
    "redacted",
    "dummy",
    "your_",
    "your-",
    "yourpass",
    "xxxx",
    "****",
    "....",
    "insert_",
    "todo",
    "fixme",
    "notasecret",
    "not-a-secret",
    "1234567890",
    "abcdefghij",
    "0123456789",
    "00000000",
    "deadbeef",
];

/// Whole words in any case that stand for a password in documentation.
const WHOLE: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "user",
    "username",
    "token",
    "key",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "test",
    "testing",
    "foo",
    "bar",
    "baz",
    "foobar",
    "string",
    "value",
    "empty",
    "default",
    "optional",
    "required",
    "disabled",
    "enabled",
    "unset",
    "mypassword",
    "mysecret",
    "hunter2",
    "p4ssw0rd",
    "my_password",
    "redis",
    "postgres",
    "mysql",
    "guest",
    "root",
    "admin",
];

/// Whether a token of an issuer's form is made up.
pub(super) fn is_made_up(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether what stands where a password stands is none: a word of documentation, or a reference to where it is.
pub(super) fn is_placeholder(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let bare = lower.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let is_reference = secret.starts_with(['$', '<', '{', '[', '%', '@', '/', '~', '#', '&'])
        || secret.contains("${")
        || secret.contains("$(")
        || secret.contains("{{")
        || secret.contains("%s")
        || secret.contains("%(")
        || secret.ends_with('>')
        || secret.contains("://");
    is_reference || bare.is_empty() || WHOLE.contains(&bare) || is_made_up(secret)
}

/// Bits of entropy a character, by the frequencies of its bytes (Shannon).
pub(super) fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = text.len().max(1) as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_documentation_and_references_are_no_credentials() {
        for text in [
            "${PASSWORD}",
            "<password>",
            "{{ secret }}",
            "password",
            "xxxxxxxx",
            "your-token",
            "/run/secrets/x",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("s3nf7kd0qlx"));
        assert!(is_made_up("AKIAIOSFODNN7EXAMPLE"));
    }

    #[test]
    fn entropy_is_that_of_the_letters_used() {
        assert_eq!(entropy(b""), 0.0);
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
    }
}
