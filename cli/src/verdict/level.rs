//! The words for severities. The API's scale of 1 to 5 has words of its own, which mean something else by "critical";
//! on the command line the words are those of CVSS and of the peers, and 5 is `critical`.

use model::Severity;

/// The words of 1 to 5.
const WORDS: [&str; 5] = ["negligible", "low", "medium", "high", "critical"];

/// The word for a severity.
pub(crate) fn word(severity: Severity) -> &'static str {
    WORDS[usize::from(severity.get()) - 1]
}

/// Reads a word, in any case, or a number of 1 to 5.
pub(crate) fn level(text: &str) -> Result<Severity, String> {
    let text = text.trim();
    if let Some(severity) = text.parse().ok().and_then(Severity::new) {
        return Ok(severity);
    }
    let at = WORDS.iter().position(|word| word.eq_ignore_ascii_case(text));
    at.and_then(|at| Severity::new(at as u8 + 1))
        .ok_or_else(|| format!("`{text}` is no severity; there are {} and 1 to 5", WORDS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_name_the_same_and_agree_with_the_vendors_words() {
        for number in 1..=5 {
            let severity = Severity::new(number).unwrap();
            assert_eq!(level(word(severity)), Ok(severity));
            assert_eq!(level(&number.to_string()), Ok(severity));
            assert_eq!(Severity::of_rating(word(severity)), Some(severity));
        }
        assert_eq!(level("HIGH"), level(" high "));
        for refused in ["", "0", "6", "unknown", "severe"] {
            assert!(level(refused).unwrap_err().contains("negligible, low"), "{refused}");
        }
    }
}
