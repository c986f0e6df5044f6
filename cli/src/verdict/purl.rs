//! Package URLs as patterns: what the pattern leaves out, version or qualifiers, may be anything.

/// Whether `package`, a package URL, is one that `pattern` speaks of.
pub(super) fn matches(pattern: &str, package: &str) -> bool {
    let (pattern, package) = (Parts::of(pattern), Parts::of(package));
    pattern.name == package.name
        && (pattern.version.is_none() || pattern.version == package.version)
        && pattern.qualifiers.iter().all(|qualifier| package.qualifiers.contains(qualifier))
}

struct Parts {
    /// Type, namespace and name.
    name: String,
    version: Option<String>,
    qualifiers: Vec<String>,
}

impl Parts {
    fn of(text: &str) -> Self {
        let text = text.split('#').next().unwrap_or_default();
        let (path, qualifiers) = text.split_once('?').unwrap_or((text, ""));
        // A scope such as `@babel` is written bare by some; a version stands behind the last slash only.
        let name_from = path.rfind('/').map_or(0, |slash| slash + 1);
        let version_from = path[name_from..].find('@').map(|at| name_from + at);
        let (name, version) = match version_from {
            Some(at) => (&path[..at], Some(decoded(&path[at + 1..]))),
            None => (path, None),
        };
        let qualifiers = qualifiers.split('&').filter(|part| !part.is_empty()).map(decoded).collect();
        Self { name: decoded(name), version, qualifiers }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_leaves_out_may_be_anything() {
        let package = "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12";
        for pattern in [
            "pkg:deb/debian/libstdc%2B%2B6",
            "pkg:deb/debian/libstdc++6",
            "pkg:deb/debian/libstdc++6@12.2.0-14",
            "pkg:deb/debian/libstdc++6?distro=debian-12",
            package,
        ] {
            assert!(matches(pattern, package), "{pattern}");
        }
        for pattern in [
            "pkg:deb/debian/libstdc++",
            "pkg:deb/debian/libstdc++6@12.2.0-15",
            "pkg:deb/debian/libstdc++6?distro=debian-11",
            "pkg:deb/ubuntu/libstdc++6",
        ] {
            assert!(!matches(pattern, package), "{pattern}");
        }
        assert!(matches("pkg:npm/@babel/core", "pkg:npm/%40babel/core@7.0.0"));
        assert!(!matches("pkg:npm/%4", "pkg:npm/4"));
    }
}
