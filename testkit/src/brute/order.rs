//! The order of versions, as plainly as the rules read. Nothing here is fast, and nothing is shared with the engine.

mod linux;
mod maven;
mod python;
mod semantic;

use std::cmp::Ordering;

/// Whose rules order a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Debian and Ubuntu.
    Dpkg,
    /// Alpine and Wolfi.
    Apk,
    /// Everything that installs RPMs.
    Rpm,
    /// Python, PEP 440.
    Python,
    /// Semantic versions, as they are written.
    Semantic,
    /// Semantic versions of which parts may be missing, as npm, Go and others take them.
    Loose,
    /// Semantic versions whose build counts, as Dart has them.
    Dart,
    /// Maven's `ComparableVersion`.
    Maven,
    /// `Gem::Version`.
    Gem,
    /// NuGet, with four numbers.
    Nuget,
    /// PHP's `version_compare` over what Composer makes of a version.
    Composer,
}

impl Order {
    /// Compares two versions; `None` if either is no version.
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Dpkg => linux::dpkg(a, b),
            Self::Apk => linux::apk(a, b),
            Self::Rpm => linux::rpm(a, b),
            Self::Python => python::compare(a, b),
            Self::Semantic => semantic::compare(a, b, semantic::Taste::Strict),
            Self::Loose => semantic::compare(a, b, semantic::Taste::Loose),
            Self::Dart => semantic::compare(a, b, semantic::Taste::Dart),
            Self::Maven => maven::compare(a, b),
            Self::Gem => semantic::gem(a, b),
            Self::Nuget => semantic::nuget(a, b),
            Self::Composer => semantic::composer(a, b),
        }
    }

    /// Whether a text is a version.
    pub fn reads(self, version: &str) -> bool {
        self.compare(version, version).is_some()
    }
}

/// Compares two runs of digits of any length by their value.
fn digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits at the start of a text, and the rest.
fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_their_programs_order_them() {
        let ascending: [(Order, &[&str]); 10] = [
            (
                Order::Dpkg,
                &["1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0a-1", "1.0+dfsg-1", "1.2-1", "1.10-1", "1:0.5-1"],
            ),
            (
                Order::Apk,
                &[
                    "1.0_alpha",
                    "1.0_rc2",
                    "1.0",
                    "1.0-r0",
                    "1.0-r2",
                    "1.0_p1",
                    "1.0a",
                    "1.0.1",
                    "1.2",
                    "1.10",
                ],
            ),
            (Order::Rpm, &["1.0~rc1-1", "1.0-1", "1.0-1.1", "1.0^git1-1", "1.0.1-1", "1:0.1-1"]),
            (
                Order::Python,
                &["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0+local", "1.0.post1", "1.1", "1!0.1"],
            ),
            (
                Order::Semantic,
                &["1.0.0-1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0"],
            ),
            (Order::Dart, &["1.0.0-a", "1.0.0", "1.0.0+1", "1.0.0+2"]),
            (
                Order::Maven,
                &[
                    "1-alpha-1",
                    "1-beta",
                    "1-m2",
                    "1-rc",
                    "1-SNAPSHOT",
                    "1",
                    "1-sp",
                    "1-foo",
                    "1-1",
                    "1.1",
                    "1.10",
                ],
            ),
            (Order::Gem, &["1.0.a", "1.0.rc1", "1.0", "1.0.1", "1.2", "1.10"]),
            (Order::Nuget, &["1.0.0-Alpha", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.0", "1.0.0.1", "1.0.1"]),
            (
                Order::Composer,
                &["1.0-dev", "1.0-alpha2", "1.0beta1", "v1.0-RC1", "1.0.0.0", "1.0.0-p1", "1.0.1", "1.10"],
            ),
        ];
        for (order, versions) in ascending {
            for (at, a) in versions.iter().enumerate() {
                for (other, b) in versions.iter().enumerate() {
                    assert_eq!(order.compare(a, b), Some(at.cmp(&other)), "{order:?} {a} {b}");
                }
            }
        }
    }

    #[test]
    fn different_spellings_of_one_version_are_equal() {
        for (order, a, b) in [
            (Order::Dpkg, "0:1.0-1", "1.0-1"),
            (Order::Dpkg, "1.0", "1.0-0"),
            (Order::Rpm, "0:1.0-1", "1.00-1"),
            (Order::Python, "v1.0.0", "1"),
            (Order::Python, "1.0-rc.1", "1.0c1"),
            (Order::Loose, "v1.2", "1.2.0+build"),
            (Order::Maven, "1.0.0.Final", "1"),
            (Order::Maven, "1.0a1", "1.0-alpha-1"),
            (Order::Gem, "1.0.0", "1"),
            (Order::Nuget, "1.0.0.0", "1.0"),
            (Order::Composer, "v1.0", "1.0.0.0"),
        ] {
            assert_eq!(order.compare(a, b), Some(Ordering::Equal), "{order:?} {a} {b}");
        }
    }
}
