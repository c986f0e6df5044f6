//! Ubuntu's code names with the release numbers that advisories and os-release use.

/// From the first release whose flaws Canonical tracks (<https://wiki.ubuntu.com/Releases>).
const RELEASES: [(&str, &str); 43] = [
    ("warty", "4.10"),
    ("hoary", "5.04"),
    ("breezy", "5.10"),
    ("dapper", "6.06"),
    ("edgy", "6.10"),
    ("feisty", "7.04"),
    ("gutsy", "7.10"),
    ("hardy", "8.04"),
    ("intrepid", "8.10"),
    ("jaunty", "9.04"),
    ("karmic", "9.10"),
    ("lucid", "10.04"),
    ("maverick", "10.10"),
    ("natty", "11.04"),
    ("oneiric", "11.10"),
    ("precise", "12.04"),
    ("quantal", "12.10"),
    ("raring", "13.04"),
    ("saucy", "13.10"),
    ("trusty", "14.04"),
    ("utopic", "14.10"),
    ("vivid", "15.04"),
    ("wily", "15.10"),
    ("xenial", "16.04"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
    ("artful", "17.10"),
    ("bionic", "18.04"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
];

/// `jammy` → `22.04`; `None` for a name that this program does not know.
fn release_of_codename(codename: &str) -> Option<&'static str> {
    RELEASES.iter().find(|(name, _)| *name == codename).map(|(_, number)| *number)
}

/// The namespace of a series with its pocket, in both of Canonical's spellings: `jammy`, `esm-infra/bionic`, `trusty/esm`.
///
/// All of ESM is one stream: no release has one package in two of its pockets. `None` for what is no release of Ubuntu for
/// images (`upstream`, `devel`, snaps, phone overlays).
pub(crate) fn namespace_of_series(series: &str) -> Option<String> {
    let Some((first, second)) = series.split_once('/') else {
        return release_of_codename(series).map(|release| format!("ubuntu:{release}"));
    };
    let (stream, release) = match (release_of_codename(first), release_of_codename(second)) {
        (Some(release), None) => (second, release),
        (None, Some(release)) => (first, release),
        _ => return None,
    };
    match stream {
        esm if esm == "esm" || esm.starts_with("esm-") || esm.ends_with("-esm") => {
            Some(format!("ubuntu:{release}:esm"))
        }
        fips if fips.starts_with("fips") => Some(format!("ubuntu:{release}:{fips}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_pockets_become_releases_and_streams() {
        let of = |series| namespace_of_series(series).unwrap_or_default();
        assert_eq!(of("jammy"), "ubuntu:22.04");
        assert_eq!(of("esm-infra/bionic"), "ubuntu:18.04:esm");
        assert_eq!(of("esm-infra-legacy/trusty"), "ubuntu:14.04:esm");
        assert_eq!(of("trusty/esm"), "ubuntu:14.04:esm");
        assert_eq!(of("ros-esm/jammy"), "ubuntu:22.04:esm");
        assert_eq!(of("fips-updates/jammy"), "ubuntu:22.04:fips-updates");
        assert_eq!(of("vivid/stable-phone-overlay"), "");
        assert_eq!((of("upstream"), of("devel"), of("snap")), (String::new(), String::new(), String::new()));
    }
}
