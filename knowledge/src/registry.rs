//! The list of feeds: what each file looks like, who reads it, and on what terms it is published.

use crate::input::FeedFile;
use crate::record::FileHarvest;
use crate::{alpine, cvelist, debian, endoflife, epss, kev, nvd, osv};

/// In which round a feed is read. Advisories come first, so that facts about CVEs that no advisory speaks of
/// need not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Round {
    Advisories,
    CveFacts,
}

/// What a feed thinks of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// Not one of ours.
    No,
    /// To be read.
    Yes,
    /// One of ours, but not used, for this reason.
    NotUsed(String),
}

impl Recognised {
    /// `Yes` if `condition` holds.
    pub(crate) fn when(condition: bool) -> Self {
        if condition { Self::Yes } else { Self::No }
    }
}

/// A feed plug-in.
pub(crate) struct Feed {
    pub(crate) name: &'static str,
    pub(crate) licence: &'static str,
    pub(crate) round: Round,
    pub(crate) recognise: fn(&FeedFile) -> Recognised,
    /// Reads a file to its end. An error means that the file as a whole is unusable; a bad record is quarantined.
    pub(crate) read: fn(&FeedFile, &mut FileHarvest<'_>) -> Result<(), String>,
}

/// All feeds. A file belongs to the first that recognises it.
pub(crate) const FEEDS: [Feed; 8] = [
    Feed {
        name: debian::FEED,
        licence: "Debian security tracker; free to use, credit Debian",
        round: Round::Advisories,
        recognise: debian::recognise,
        read: debian::read,
    },
    Feed {
        name: alpine::FEED,
        licence: "CC-BY-SA-4.0, Alpine Linux security database",
        round: Round::Advisories,
        recognise: alpine::recognise,
        read: alpine::read,
    },
    Feed {
        name: osv::FEED,
        licence: "OSV.dev; CC-BY-4.0, CC0-1.0 or Apache-2.0 by database",
        round: Round::Advisories,
        recognise: osv::recognise,
        read: osv::read,
    },
    Feed {
        name: cvelist::FEED,
        licence: "CVE Program terms of use; CISA vulnrichment CC0-1.0",
        round: Round::CveFacts,
        recognise: cvelist::recognise,
        read: cvelist::read,
    },
    Feed {
        name: nvd::FEED,
        licence: "public domain; uses NVD data but is not endorsed or certified by the NVD",
        round: Round::CveFacts,
        recognise: nvd::recognise,
        read: nvd::read,
    },
    Feed {
        name: kev::FEED,
        licence: "CC0-1.0, CISA",
        round: Round::CveFacts,
        recognise: kev::recognise,
        read: kev::read,
    },
    Feed {
        name: epss::FEED,
        licence: "EPSS data by FIRST.org",
        round: Round::CveFacts,
        recognise: epss::recognise,
        read: epss::read,
    },
    Feed {
        name: endoflife::FEED,
        licence: "MIT, endoflife.date",
        round: Round::CveFacts,
        recognise: endoflife::recognise,
        read: endoflife::read,
    },
];

/// Folders of feeds that are known but not used yet; everything in them is passed over with this name.
pub(crate) const NOT_USED_YET: [&str; 11] = [
    "azurelinux",
    "exploitdb",
    "format-samples",
    "friendsofphp",
    "nodejs-security-wg",
    "oval",
    "redhat-csaf",
    "retirejs",
    "ruby-advisory-db",
    "suse-csaf",
    "wolfi",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feed_has_a_fuzz_target_of_its_name() {
        let targets = include_str!("../../fuzz/Cargo.toml");
        for Feed { name, .. } in &FEEDS {
            assert!(
                targets.contains(&format!("\nname = \"{name}\"\n")),
                "fuzz/Cargo.toml lists no target `{name}`"
            );
        }
    }
}
