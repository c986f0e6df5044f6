//! The list of feeds: what each file looks like, who reads it, and on what terms it is published.

use crate::error::KnowledgeError;
use crate::input::FeedFile;
use crate::record::FileHarvest;
use crate::{
    alpine, calendar, csaf, cvelist, debian, endoflife, epss, exploitdb, friendsofphp, kev, metasploit,
    nodejs_security_wg, nuclei, nvd, osv, oval, pocs, redhat, ruby_advisory_db, suse, ubuntu, updateinfo,
    wolfi,
};

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
    /// Of the feeds that speak of one package and vulnerability of a distribution, those of the lowest rank decide.
    pub(crate) rank: u8,
    pub(crate) recognise: fn(&FeedFile) -> Recognised,
    /// Reads a file to its end. An error means that the file as a whole is unusable; a bad record is quarantined.
    pub(crate) read: fn(&FeedFile, &mut FileHarvest<'_>) -> Result<(), String>,
}

/// All feeds. A file belongs to the first that recognises it.
pub(crate) const FEEDS: [Feed; 36] = [
    Feed {
        name: debian::FEED,
        licence: "Debian security tracker; free to use, credit Debian",
        round: Round::Advisories,
        rank: 0,
        recognise: debian::recognise,
        read: debian::read,
    },
    Feed {
        name: debian::lists::FEED,
        licence: "Debian security tracker; free to use, credit Debian",
        round: Round::Advisories,
        rank: 1,
        recognise: debian::lists::recognise,
        read: debian::lists::read,
    },
    Feed {
        name: alpine::FEED,
        licence: "CC-BY-SA-4.0, Alpine Linux security database",
        round: Round::Advisories,
        rank: 0,
        recognise: alpine::recognise,
        read: alpine::read,
    },
    Feed {
        name: alpine::YAML_FEED,
        licence: "CC-BY-SA-4.0, Alpine Linux security database",
        round: Round::Advisories,
        rank: 3,
        recognise: alpine::recognise_yaml,
        read: alpine::read_yaml,
    },
    // Not to be fetched unless somebody who has the right to it asks for it.
    Feed {
        name: wolfi::FEED,
        licence: "Wolfi and Chainguard security data, (c) Chainguard, Inc.; CC-BY-NC-ND-4.0, no use in commercial \
                  scanners without Chainguard's consent; data up to 2025-05-07: Apache-2.0",
        round: Round::Advisories,
        rank: 0,
        recognise: wolfi::recognise,
        read: wolfi::read,
    },
    Feed {
        name: wolfi::ADVISORIES_FEED,
        licence: "Wolfi advisories, (c) Chainguard, Inc.; Apache-2.0 up to 2025-05-07, later CC-BY-NC-ND-4.0 with no \
                  use in commercial scanners without Chainguard's consent",
        round: Round::Advisories,
        rank: 1,
        recognise: wolfi::recognise_advisories,
        read: wolfi::read_advisories,
    },
    Feed {
        name: updateinfo::FEED,
        licence: "update notices of Amazon Linux, Fedora, Rocky Linux and AlmaLinux; free to use, credit the publisher",
        round: Round::Advisories,
        rank: 0,
        recognise: updateinfo::recognise,
        read: updateinfo::read,
    },
    Feed {
        name: redhat::VEX,
        licence: "CC-BY-4.0, Red Hat Product Security",
        round: Round::Advisories,
        rank: 0,
        recognise: redhat::recognise_vex,
        read: csaf::read,
    },
    Feed {
        name: redhat::ADVISORIES,
        licence: "CC-BY-4.0, Red Hat Product Security",
        round: Round::Advisories,
        rank: 1,
        recognise: redhat::recognise_advisories,
        read: csaf::read,
    },
    Feed {
        name: suse::VEX,
        licence: "CC-BY-4.0, SUSE",
        round: Round::Advisories,
        rank: 0,
        recognise: suse::recognise_vex,
        read: csaf::read,
    },
    Feed {
        name: suse::ADVISORIES,
        licence: "CC-BY-4.0, SUSE",
        round: Round::Advisories,
        rank: 1,
        recognise: suse::recognise_advisories,
        read: csaf::read,
    },
    Feed {
        name: osv::FEED,
        licence: "OSV.dev; CC-BY-4.0, CC0-1.0 or Apache-2.0 by database",
        round: Round::Advisories,
        rank: 5,
        recognise: osv::recognise,
        read: osv::read,
    },
    Feed {
        name: ruby_advisory_db::FEED,
        licence: "public domain, rubysec/ruby-advisory-db",
        round: Round::Advisories,
        rank: 5,
        recognise: ruby_advisory_db::recognise,
        read: ruby_advisory_db::read,
    },
    Feed {
        name: friendsofphp::FEED,
        licence: "Unlicense, FriendsOfPHP/security-advisories",
        round: Round::Advisories,
        rank: 5,
        recognise: friendsofphp::recognise,
        read: friendsofphp::read,
    },
    Feed {
        name: nodejs_security_wg::FEED,
        licence: "MIT, nodejs/security-wg",
        round: Round::Advisories,
        rank: 5,
        recognise: nodejs_security_wg::recognise,
        read: nodejs_security_wg::read,
    },
    Feed {
        name: oval::ORACLE,
        licence: "published by Oracle for free use by scanners",
        round: Round::Advisories,
        rank: 0,
        recognise: oval::recognise_oracle,
        read: oval::read,
    },
    Feed {
        name: oval::SUSE,
        licence: "CC-BY-4.0, SUSE",
        round: Round::Advisories,
        rank: 4,
        recognise: oval::recognise_suse,
        read: oval::read,
    },
    Feed {
        name: oval::AZURE,
        licence: "MIT, Microsoft",
        round: Round::Advisories,
        rank: 0,
        recognise: oval::recognise_azure,
        read: oval::read,
    },
    Feed {
        name: oval::UBUNTU,
        licence: "published by Canonical for free use by scanners",
        round: Round::Advisories,
        rank: 6,
        recognise: oval::recognise_ubuntu,
        read: oval::read,
    },
    Feed {
        name: oval::REDHAT,
        licence: "CC-BY-4.0, Red Hat",
        round: Round::Advisories,
        rank: 6,
        recognise: oval::recognise_redhat,
        read: oval::read,
    },
    Feed {
        name: oval::ALMALINUX,
        licence: "published by the AlmaLinux OS Foundation for free use by scanners",
        round: Round::Advisories,
        rank: 6,
        recognise: oval::recognise_almalinux,
        read: oval::read,
    },
    Feed {
        name: oval::PHOTON,
        licence: "published by VMware for free use by scanners",
        round: Round::Advisories,
        rank: 0,
        recognise: oval::recognise_photon,
        read: oval::read,
    },
    Feed {
        name: oval::DEBIAN,
        licence: "published by Debian for free use by scanners",
        round: Round::Advisories,
        rank: 7,
        recognise: oval::recognise_debian,
        read: oval::read,
    },
    Feed {
        name: ubuntu::tracker::FEED,
        licence: "published by Canonical for free use by scanners",
        round: Round::Advisories,
        rank: 1,
        recognise: ubuntu::tracker::recognise,
        read: ubuntu::tracker::read,
    },
    Feed {
        name: ubuntu::vex::FEED,
        licence: "published by Canonical for free use by scanners",
        round: Round::Advisories,
        rank: 3,
        recognise: ubuntu::vex::recognise,
        read: ubuntu::vex::read,
    },
    Feed {
        name: ubuntu::vex::NOTICES,
        licence: "published by Canonical for free use by scanners",
        round: Round::Advisories,
        rank: 8,
        recognise: ubuntu::vex::recognise_notice,
        read: ubuntu::vex::read,
    },
    Feed {
        name: cvelist::FEED,
        licence: "CVE Program terms of use; CISA vulnrichment CC0-1.0",
        round: Round::CveFacts,
        rank: 5,
        recognise: cvelist::recognise,
        read: cvelist::read,
    },
    Feed {
        name: nvd::FEED,
        licence: "public domain; uses NVD data but is not endorsed or certified by the NVD",
        round: Round::CveFacts,
        rank: 5,
        recognise: nvd::recognise,
        read: nvd::read,
    },
    Feed {
        name: kev::FEED,
        licence: "CC0-1.0, CISA",
        round: Round::CveFacts,
        rank: 5,
        recognise: kev::recognise,
        read: kev::read,
    },
    Feed {
        name: epss::FEED,
        licence: "EPSS data by FIRST.org",
        round: Round::CveFacts,
        rank: 5,
        recognise: epss::recognise,
        read: epss::read,
    },
    Feed {
        name: exploitdb::FEED,
        licence: "GPL-2.0-or-later, Exploit-DB; only numbers are taken",
        round: Round::CveFacts,
        rank: 0,
        recognise: exploitdb::recognise,
        read: exploitdb::read,
    },
    Feed {
        name: metasploit::FEED,
        licence: "BSD-3-Clause, Rapid7 Metasploit",
        round: Round::CveFacts,
        rank: 0,
        recognise: metasploit::recognise,
        read: metasploit::read,
    },
    Feed {
        name: nuclei::FEED,
        licence: "MIT, ProjectDiscovery nuclei-templates",
        round: Round::CveFacts,
        rank: 0,
        recognise: nuclei::recognise,
        read: nuclei::read,
    },
    Feed {
        name: pocs::FEED,
        licence: "nomi-sec/PoC-in-GitHub; links only",
        round: Round::CveFacts,
        rank: 0,
        recognise: pocs::recognise,
        read: pocs::read,
    },
    Feed {
        name: calendar::FEED,
        licence: "ISC (distro-info-data), GPL-2.0-or-later (debian-security-support)",
        round: Round::CveFacts,
        rank: 5,
        recognise: calendar::recognise,
        read: calendar::read,
    },
    Feed {
        name: endoflife::FEED,
        licence: "MIT, endoflife.date",
        round: Round::CveFacts,
        rank: 5,
        recognise: endoflife::recognise,
        read: endoflife::read,
    },
];

/// The rank of a feed; the weakest for a name that is none.
pub(crate) fn rank(feed: &str) -> u8 {
    FEEDS.iter().find(|known| known.name == feed).map_or(u8::MAX, |known| known.rank)
}

/// Checks names of feeds that somebody gave.
pub(crate) fn known(names: &[String]) -> Result<(), KnowledgeError> {
    let is_known = |name: &&String| FEEDS.iter().any(|feed| feed.name == **name);
    match names.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<&str> = FEEDS.iter().map(|feed| feed.name).collect();
            Err(KnowledgeError::UnknownFeed { name: name.clone(), known: known.join(", ") })
        }
    }
}

/// Folders of feeds that are known but not used yet; everything in them is passed over with this name.
pub(crate) const NOT_USED_YET: [&str; 2] = ["format-samples", "retirejs"];

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
