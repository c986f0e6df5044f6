//! The ids in a value of a security database.

use crate::qid::parse_cve;
use crate::text::is_id;

/// Remarks behind an id which say that the package never had the flaw.
const NOT_AFFECTED: [&str; 3] = ["not affected", "not applicable", "not actually applicable"];

pub(super) struct Value {
    pub(super) ids: Vec<String>,
    pub(super) not_affected: bool,
}

/// Takes the ids out of a value; `CVE-2017-12893 (SMB/CIFS)` holds one.
pub(super) fn split_value(value: &str) -> Value {
    let mut ids: Vec<String> = Vec::new();
    let mut words = value.split_whitespace().peekable();
    while let Some(word) = words.next() {
        // `CVE 2018-16859`: a blank for a hyphen.
        let parted = (word == "CVE")
            .then(|| identifier(&format!("CVE-{}", words.peek().copied().unwrap_or_default())));
        if let Some(id) = parted.flatten().or_else(|| identifier(word)).filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
    }
    let remark = value.to_ascii_lowercase();
    Value { ids, not_affected: NOT_AFFECTED.iter().any(|words| remark.contains(words)) }
}

/// An id as its publisher would write it: `CVE_2019-2426`, `CVE-2021-35940.patch` and `CVE-2017-17434-1` are slips for
/// the CVE in them. A word without a letter first and a digit somewhere is no id, but for GitHub's, whose letters are
/// drawn by lot: `GHSA-rpmj-rpgj-qmpm`.
fn identifier(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '.'));
    if let Some(rest) = word.strip_prefix("CVE-").or_else(|| word.strip_prefix("CVE_")) {
        let (year, number) = rest.split_once(['-', '_'])?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let id = format!("CVE-{year}-{}", &number[..digits]);
        return parse_cve(&id).map(|_| id);
    }
    let plain =
        word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    let letter = word.starts_with(|first: char| first.is_ascii_alphabetic());
    let digit = word.starts_with("GHSA-") || word.bytes().any(|byte| byte.is_ascii_digit());
    (plain && letter && digit && word.len() >= 6 && is_id(word)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_out_of_values_with_slips_and_remarks() {
        let ids = |value: &str| split_value(value).ids;
        assert_eq!(ids("CVE-2020-11501 GNUTLS-SA-2020-03-31"), ["CVE-2020-11501", "GNUTLS-SA-2020-03-31"]);
        assert_eq!(ids("CVE_2019-2426"), ["CVE-2019-2426"]);
        assert_eq!(ids("CVE-2021-35940.patch"), ["CVE-2021-35940"]);
        assert_eq!(ids("CVE-2017-17434-1"), ["CVE-2017-17434"]);
        assert_eq!(ids("CVE-2017-12893 (SMB/CIFS)"), ["CVE-2017-12893"]);
        assert_eq!(ids("CVE-2022-????? XSA-398"), ["XSA-398"]);
        assert_eq!(ids("CVE N/A ZBX-11023"), ["ZBX-11023"]);
        assert_eq!(ids("CVE 2018-16859"), ["CVE-2018-16859"]);
        assert_eq!(ids("CVE-2022-45059 VSV00010"), ["CVE-2022-45059", "VSV00010"]);
        assert_eq!(ids("GHSA-rpmj-rpgj-qmpm"), ["GHSA-rpmj-rpgj-qmpm"]);
        assert!(ids("").is_empty());
        assert!(split_value("CVE-2020-14342 (Not affected, requires --with-systemd)").not_affected);
        assert!(split_value("CVE-2020-14342 (not actually applicable)").not_affected);
        assert!(!split_value("CVE-2018-16301 (was fixed in libpcap)").not_affected);
    }
}
