//! Paths of entries in one normal form.

/// What [`clean`] made of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cleaned {
    /// A path below the root.
    Path,
    /// The same, but the path went up (`..`) on its way.
    Resolved,
    /// The root itself, or nothing at all.
    Root,
    /// It leads out of the root or holds a zero byte.
    Refused,
}

/// Writes `raw` to `out` without leading, trailing and doubled slashes and without `.` components; `..` takes
/// back the component before it, as runtimes do. What lies in `out` is meant only if the answer is `Path` or
/// `Resolved`.
pub(crate) fn clean(raw: &[u8], out: &mut Vec<u8>) -> Cleaned {
    out.clear();
    let mut answer = Cleaned::Path;
    for component in raw.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                if out.is_empty() {
                    return Cleaned::Refused;
                }
                out.truncate(memchr::memrchr(b'/', out).unwrap_or(0));
                answer = Cleaned::Resolved;
            }
            component => {
                if !out.is_empty() {
                    out.push(b'/');
                }
                out.extend_from_slice(component);
            }
        }
    }
    if memchr::memchr(0, out).is_some() {
        return Cleaned::Refused;
    }
    if out.is_empty() { Cleaned::Root } else { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(raw: &str) -> (Cleaned, String) {
        let mut out = b"left over".to_vec();
        let answer = clean(raw.as_bytes(), &mut out);
        (answer, String::from_utf8(out).unwrap())
    }

    #[test]
    fn slashes_and_dots_vanish() {
        for raw in ["etc/passwd", "/etc/passwd", "./etc/passwd", "//etc/.//./passwd/"] {
            assert_eq!(cleaned(raw), (Cleaned::Path, "etc/passwd".to_owned()), "{raw}");
        }
        for raw in ["", "/", ".", "./", "//././"] {
            assert_eq!(cleaned(raw).0, Cleaned::Root, "{raw}");
        }
    }

    #[test]
    fn going_up_is_resolved_within_the_root_and_refused_beyond() {
        assert_eq!(cleaned("a/../b/c/.."), (Cleaned::Resolved, "b".to_owned()));
        assert_eq!(cleaned("a/..").0, Cleaned::Root);
        for raw in ["..", "../etc/passwd", "/../x", "a/../../b"] {
            assert_eq!(cleaned(raw).0, Cleaned::Refused, "{raw}");
        }
        assert_eq!(cleaned("..a/b..").0, Cleaned::Path);
    }
}
