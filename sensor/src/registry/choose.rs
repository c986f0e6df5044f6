//! Which tags of a repository are looked at, and which of their manifests are scanned. Pure.

use std::collections::{BTreeMap, BTreeSet};

use model::registry::{ManifestOutcome, ManifestState, RegistryFilter};
use model::{Digest, Timestamp};

use super::pattern::Pattern;

const DAY: i64 = 86_400_000;

/// The filters of a walk. Without any, everything is wanted.
#[derive(Debug)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Debug)]
struct Filter {
    days: Option<u32>,
    newest: Option<u32>,
    names: Vec<(Pattern, Pattern)>,
}

impl Filter {
    fn takes_tag(&self, repository: &str, tag: &str) -> bool {
        self.names.is_empty()
            || self.names.iter().any(|(repo, name)| repo.takes(repository) && name.takes(tag))
    }
}

/// A tag with what is known of its manifest.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) tag: String,
    pub(super) digest: Digest,
    /// When it was pushed, if the registry's list says so; otherwise when its image was built, once somebody has looked.
    pub(super) dated: Option<Timestamp>,
}

impl Filters {
    pub(super) fn new(filters: &[RegistryFilter]) -> Self {
        let read = |filter: &RegistryFilter| Filter {
            days: filter.days,
            newest: filter.newest,
            names: filter
                .repo_tags
                .iter()
                .map(|names| (Pattern::new(&names.repo), Pattern::new(&names.tag)))
                .collect(),
        };
        Self(filters.iter().map(read).collect())
    }

    /// The repositories, if the filters name each by its whole name, so that no list of all is needed.
    pub(super) fn named_repositories(&self) -> Option<Vec<String>> {
        let names = self.0.iter().map(|filter| match filter.names.is_empty() {
            true => None,
            false => filter.names.iter().map(|(repo, _)| repo.literal()).collect::<Option<Vec<String>>>(),
        });
        let names: BTreeSet<String> = names.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        (!names.is_empty()).then(|| names.into_iter().collect())
    }

    /// Whether any tag of a repository may be wanted.
    pub(super) fn takes_repository(&self, repository: &str) -> bool {
        let takes = |filter: &Filter| {
            filter.names.is_empty() || filter.names.iter().any(|(repo, _)| repo.takes(repository))
        };
        self.0.is_empty() || self.0.iter().any(takes)
    }

    /// Whether a tag may be wanted, by its name.
    pub(super) fn takes_tag(&self, repository: &str, tag: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|filter| filter.takes_tag(repository, tag))
    }

    /// Whether it must be known when images were built before it is known which are wanted.
    pub(super) fn asks_for_age(&self) -> bool {
        self.0.iter().any(|filter| filter.days.is_some() || filter.newest.is_some())
    }

    /// The manifests that are wanted of a repository's tags. One of which nothing says how old it is is as old as can be, and one with
    /// several tags as young as the youngest of them.
    pub(super) fn choose(&self, repository: &str, tags: &[Candidate], now: Timestamp) -> BTreeSet<Digest> {
        if self.0.is_empty() {
            return tags.iter().map(|candidate| candidate.digest).collect();
        }
        let mut wanted = BTreeSet::new();
        for filter in &self.0 {
            let oldest = filter.days.map(|days| now.0 - i64::from(days) * DAY);
            let mut taken: BTreeMap<Digest, i64> = BTreeMap::new();
            for candidate in tags.iter().filter(|candidate| filter.takes_tag(repository, &candidate.tag)) {
                let dated = candidate.dated.map_or(i64::MIN, |dated| dated.0);
                if oldest.is_none_or(|oldest| dated >= oldest) {
                    let known = taken.entry(candidate.digest).or_insert(dated);
                    *known = dated.max(*known);
                }
            }
            let mut newest: Vec<(i64, Digest)> =
                taken.into_iter().map(|(digest, dated)| (dated, digest)).collect();
            newest.sort_unstable_by(|a, b| b.cmp(a));
            let most = filter.newest.map_or(usize::MAX, |most| most as usize);
            wanted.extend(newest.into_iter().take(most).map(|(_, digest)| digest));
        }
        wanted
    }
}

/// Whether a manifest that is wanted is left alone, because of what was found in it before.
pub(super) fn is_done(known: Option<&ManifestOutcome>, force: bool) -> bool {
    match known.map(|known| known.state) {
        Some(ManifestState::Scanned | ManifestState::NoImage) => !force,
        Some(ManifestState::LeftOut) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use model::registry::RepoTag;

    use super::*;

    fn filter(days: Option<u32>, newest: Option<u32>, names: &[(&str, &str)]) -> RegistryFilter {
        let named = |(repo, tag): &(&str, &str)| RepoTag { repo: (*repo).into(), tag: (*tag).into() };
        RegistryFilter { days, newest, repo_tags: names.iter().map(named).collect() }
    }

    fn tag(tag: &str, day: i64) -> Candidate {
        let digest = Digest::of(tag.as_bytes());
        Candidate { tag: tag.to_owned(), digest, dated: Some(Timestamp(day * DAY)) }
    }

    fn chosen(filters: &[RegistryFilter], tags: &[Candidate]) -> Vec<String> {
        let wanted = Filters::new(filters).choose("team/app", tags, Timestamp(100 * DAY));
        tags.iter().filter(|tag| wanted.contains(&tag.digest)).map(|tag| tag.tag.clone()).collect()
    }

    #[test]
    fn one_filter_must_take_a_tag_and_age_and_number_count_within_it() {
        let tags = [tag("1", 10), tag("2", 94), tag("3", 99), tag("dev", 100)];
        assert_eq!(chosen(&[], &tags), ["1", "2", "3", "dev"]);
        assert_eq!(chosen(&[filter(Some(7), None, &[])], &tags), ["2", "3", "dev"]);
        assert_eq!(chosen(&[filter(None, Some(2), &[])], &tags), ["3", "dev"]);
        assert_eq!(chosen(&[filter(Some(2), Some(1), &[("team/*", "?")])], &tags), ["3"]);
        let two = [filter(None, Some(1), &[("", "?")]), filter(None, None, &[("", "1")])];
        assert_eq!(chosen(&two, &tags), ["1", "3"]);
        assert!(chosen(&[filter(None, None, &[("other", "")])], &tags).is_empty());
    }

    #[test]
    fn two_tags_of_one_manifest_count_once() {
        let mut latest = tag("3", 99);
        latest.tag = "latest".into();
        let tags = [tag("2", 94), tag("3", 99), latest];
        assert_eq!(chosen(&[filter(None, Some(2), &[])], &tags), ["2", "3", "latest"]);
    }

    #[test]
    fn a_manifest_is_as_young_as_the_youngest_of_its_tags() {
        let (old, other) = (tag("2", 50), tag("1", 90));
        let young = Candidate { tag: "latest".into(), dated: Some(Timestamp(99 * DAY)), ..old.clone() };
        for tags in [[old.clone(), young.clone(), other.clone()], [other, young, old]] {
            let mut taken = chosen(&[filter(None, Some(1), &[])], &tags);
            taken.sort();
            assert_eq!(taken, ["2", "latest"]);
        }
    }

    #[test]
    fn an_image_of_unknown_age_is_the_oldest() {
        let unknown = Candidate { dated: None, ..tag("x", 0) };
        let tags = [unknown, tag("1", 10)];
        assert_eq!(chosen(&[filter(None, Some(1), &[])], &tags), ["1"]);
        assert!(chosen(&[filter(Some(14), None, &[])], &tags).is_empty());
        assert_eq!(chosen(&[filter(None, None, &[])], &tags), ["x", "1"]);
    }

    #[test]
    fn a_list_of_repositories_is_needed_unless_all_are_named() {
        let named = |filters: &[RegistryFilter]| Filters::new(filters).named_repositories();
        assert_eq!(
            named(&[filter(None, None, &[("b", "*"), ("a", "")])]),
            Some(vec!["a".into(), "b".into()])
        );
        assert_eq!(named(&[filter(None, None, &[("b", "*"), ("a/*", "")])]), None);
        assert_eq!(named(&[filter(Some(7), None, &[])]), None);
        assert_eq!(named(&[]), None);
    }
}
