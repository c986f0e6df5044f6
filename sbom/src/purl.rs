//! Package URLs taken apart (package-url specification, `PURL-SPECIFICATION.rst`, "How to parse a purl string").

use std::borrow::Cow;

/// A package URL; every part is decoded, and empty if it is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purl<'a> {
    /// The type, in lower case.
    pub(crate) kind: String,
    /// Without slashes at its ends.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) version: String,
    qualifiers: &'a str,
}

impl<'a> Purl<'a> {
    /// `None` if there is no scheme, no type or no name.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("pkg:")).map(|_| &text[4..])?;
        let rest = rest.trim_start_matches('/');
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path.split_once('/')?;
        let path = path.trim_matches('/');
        let (path, version) = split_version(path);
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let namespace: Vec<Cow<'_, str>> =
            namespace.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        let purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: namespace.join("/"),
            name: decode(name).into_owned(),
            version: decode(version).into_owned(),
            qualifiers,
        };
        (!purl.kind.is_empty() && !purl.name.is_empty()).then_some(purl)
    }

    /// The value of a qualifier, if it is there and not empty.
    pub(crate) fn qualifier(&self, key: &str) -> Option<String> {
        self.qualifiers()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.into_owned())
    }

    /// All qualifiers that have a value.
    pub(crate) fn qualifiers(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let pairs = self.qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, decode(value)))
    }
}

/// The version begins at the last `@` of the last segment. A name that begins with `@` and was not encoded, as some programs
/// write npm's scopes, is none.
fn split_version(path: &str) -> (&str, &str) {
    let last = path.rfind('/').map_or(0, |at| at + 1);
    match path[last..].rfind('@') {
        Some(at) if at > 0 => (&path[..last + at], &path[last + at + 1..]),
        _ => (path, ""),
    }
}

/// Undoes percent-encoding; what is not valid stays as it is.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Encodes a value as a qualifier.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_taken_apart_and_decoded() {
        let parts = |text: &str| {
            let purl = Purl::parse(text).unwrap();
            [purl.kind, purl.namespace, purl.name, purl.version]
        };
        let cases = [
            ("pkg:npm/%40babel/core@7.0.0", ["npm", "@babel", "core", "7.0.0"]),
            ("pkg:npm/@babel/core@7.0.0", ["npm", "@babel", "core", "7.0.0"]),
            ("pkg:npm/@babel/core", ["npm", "@babel", "core", ""]),
            (
                "PKG:Deb/debian/libstdc%2B%2B6@12-1%2Bb1?arch=amd64",
                ["deb", "debian", "libstdc++6", "12-1+b1"],
            ),
            ("pkg:golang/github.com/a/b@v1.0.0#cmd/x", ["golang", "github.com/a", "b", "v1.0.0"]),
            ("pkg://generic/openssl@1%zz", ["generic", "", "openssl", "1%zz"]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(text), expected.map(str::to_owned), "{text}");
        }
        for none in ["", "pkg:", "pkg:npm", "pkg:npm/", "npm/a@1", "pkg:/a", "päckg:npm/a"] {
            assert_eq!(Purl::parse(none), None, "{none}");
        }
    }

    #[test]
    fn qualifiers_are_found_by_name_and_empty_ones_are_absent() {
        let purl = Purl::parse("pkg:deb/debian/x@1?arch=&distro=debian-12&upstream=a%402%2B1").unwrap();
        assert_eq!(purl.qualifier("upstream").as_deref(), Some("a@2+1"));
        assert_eq!(purl.qualifier("distro").as_deref(), Some("debian-12"));
        assert_eq!(purl.qualifier("arch"), None);
        assert_eq!(encode("a@2+1"), "a%402%2B1");
    }
}
