//! The listing phase: from the registry's repositories to the manifests that nobody knows yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use image::RemoteTag;
use model::registry::{
    LISTED_TAGS, ListedTag, ManifestOutcome, RegistryEvent, RunError, Span, TagListing, TagState,
};
use model::{Digest, Timestamp};

use super::choose::{Candidate, is_done};
use super::parallel;
use super::scan::look_at;
use super::state::{registry_error, run_error};
use super::walk::{Stop, Walk};

/// Manifests to be scanned, each with its repositories and their tags.
pub(super) type Work = BTreeMap<Digest, BTreeMap<String, Vec<String>>>;

/// Tags that one walk looks at; beyond them repositories are left to a narrower filter.
const MAX_TAGS: u64 = 2_000_000;

/// Lists what the job is about, and tells the server.
pub(super) fn list(walk: &Walk<'_>) -> Result<Work, Stop> {
    let mut work = Work::new();
    if !walk.job.only.is_empty() {
        list_events(walk, &mut work)?;
        return Ok(work);
    }
    let repositories = repositories(walk)?;
    for group in repositories.chunks(walk.parallel()) {
        let listed = parallel::map(group, walk.parallel(), |repository| {
            walk.door.catalogue().and_then(|catalogue| catalogue.tags(repository))
        });
        tell_trouble(walk);
        for (repository, tags) in group.iter().zip(listed) {
            if walk.state.is_over() {
                return Err(Stop::Over);
            }
            match tags {
                Ok(tags) => list_repository(walk, repository, tags.unwrap_or_default(), &mut work)?,
                Err(error) => walk.state.note(registry_error(repository, &error)),
            }
        }
        if walk.state.progress().tags > MAX_TAGS {
            let message =
                format!("more than {MAX_TAGS} tags: the rest is left out, use filters by repository");
            walk.state.note(run_error("TOO_LARGE", walk.job.settings.host(), &message));
            break;
        }
    }
    Ok(work)
}

/// The repositories that are wanted. Those of a whole list are told to the server, which forgets the others.
fn repositories(walk: &Walk<'_>) -> Result<Vec<String>, Stop> {
    if let Some(named) = walk.filters.named_repositories() {
        return Ok(named);
    }
    let host = walk.job.settings.host();
    let all = walk.door.catalogue().and_then(|catalogue| catalogue.repositories());
    let mut all = all.map_err(|error| {
        let mut error = registry_error(host, &error);
        error
            .message
            .push_str("; a registry without a list of its repositories needs filters that name them");
        Stop::Failed(error)
    })?;
    tell_trouble(walk);
    walk.told(walk.desk.repositories(&all))?;
    all.retain(|repository| walk.filters.takes_repository(repository));
    Ok(all)
}

/// Says once that a registry's better lists were not to be had: its owner may give the login a right that it lacks.
fn tell_trouble(walk: &Walk<'_>) {
    let Some(error) = walk.door.take_trouble() else { return };
    let RunError { message, place, .. } = registry_error(walk.job.settings.host(), &error);
    let message = format!("it is listed in the plain way, with a request for each tag: {message}");
    walk.state.remark(run_error("LISTED_PLAINLY", &place, &message));
}

/// Looks at the tags of one repository, part by part.
fn list_repository(
    walk: &Walk<'_>,
    repository: &str,
    tags: Vec<RemoteTag>,
    work: &mut Work,
) -> Result<(), Stop> {
    let mut candidates = Vec::new();
    let mut known = HashMap::new();
    let parts: Vec<&[RemoteTag]> = match tags.is_empty() {
        true => vec![&[]],
        false => tags.chunks(LISTED_TAGS).collect(),
    };
    let mut after = None;
    for (number, part) in parts.iter().enumerate() {
        let is_last = number + 1 == parts.len();
        let until = part.last().filter(|_| !is_last).map(|tag| tag.name.clone());
        let listed = ask_digests(walk, repository, part);
        if walk.state.is_over() {
            return Err(Stop::Over);
        }
        let span = Span::Between { after: after.take(), until: until.clone() };
        after = until;
        let listing = TagListing { repository: repository.to_owned(), span, tags: listed };
        take(walk, listing, part, &mut candidates, &mut known)?;
    }
    walk.state.update(|progress| {
        progress.repositories += 1;
        progress.tags += tags.len() as u64;
    });
    decide(walk, repository, candidates, &known, work)
}

/// Tells the server of a part, and keeps what is wanted of it with what the server knows. `part` is what the listing was made of.
fn take(
    walk: &Walk<'_>,
    listing: TagListing,
    part: &[RemoteTag],
    candidates: &mut Vec<Candidate>,
    known: &mut HashMap<Digest, ManifestOutcome>,
) -> Result<(), Stop> {
    let answer = walk.told(walk.desk.tags(&listing))?;
    known.extend(answer.into_iter().map(|outcome| (outcome.digest, outcome)));
    for (listed, remote) in listing.tags.into_iter().zip(part) {
        if let TagState::Names(digest) = listed.state {
            let dated = remote.pushed.or_else(|| known.get(&digest)?.built);
            // without ages to compare, what is done need not be remembered
            if walk.filters.asks_for_age() || !is_done(known.get(&digest), walk.job.force) {
                candidates.push(Candidate { tag: listed.tag, digest, dated });
            }
        }
    }
    if !walk.filters.asks_for_age() {
        known.clear();
    }
    Ok(())
}

/// Which manifests the tags of a part name. A tag that could not be asked for counts as there.
fn ask_digests(walk: &Walk<'_>, repository: &str, tags: &[RemoteTag]) -> Vec<ListedTag> {
    let states = parallel::map(tags, walk.parallel(), |tag| {
        if !walk.filters.takes_tag(repository, &tag.name) || walk.state.is_over() {
            return TagState::There;
        }
        if let Some(digest) = tag.digest {
            return TagState::Names(digest);
        }
        match walk.door.catalogue().and_then(|catalogue| catalogue.digest_of(repository, &tag.name)) {
            Ok(Some(digest)) => TagState::Names(digest),
            Ok(None) => TagState::Gone,
            Err(error) => {
                walk.state.note(registry_error(&walk.place(repository, &tag.name), &error));
                TagState::There
            }
        }
    });
    tags.iter().zip(states).map(|(tag, state)| ListedTag { tag: tag.name.clone(), state }).collect()
}

/// Adds to the work what the filters want of a repository and nobody has scanned.
fn decide(
    walk: &Walk<'_>,
    repository: &str,
    mut candidates: Vec<Candidate>,
    known: &HashMap<Digest, ManifestOutcome>,
    work: &mut Work,
) -> Result<(), Stop> {
    let by_age = walk.filters.asks_for_age();
    let mut looked: HashMap<Digest, ManifestOutcome> = HashMap::new();
    if by_age {
        looked = look_at_unknown(walk, repository, &candidates, known)?;
        for candidate in candidates.iter_mut().filter(|candidate| candidate.dated.is_none()) {
            candidate.dated = looked.get(&candidate.digest).and_then(|found| found.built);
        }
    }
    let wanted = walk.filters.choose(repository, &candidates, Timestamp::now());
    let mut left_out: BTreeSet<Digest> = BTreeSet::new();
    for Candidate { tag, digest, .. } in candidates {
        let before = looked.get(&digest).or_else(|| known.get(&digest));
        if is_done(before, walk.job.force) {
            continue;
        }
        match wanted.contains(&digest) {
            true => work.entry(digest).or_default().entry(repository.to_owned()).or_default().push(tag),
            false => drop(left_out.insert(digest)),
        }
    }
    walk.state.update(|progress| progress.left_out += left_out.len() as u64);
    Ok(())
}

/// Reads the documents of manifests that nobody knows and no list dates, for the times at which their images were built.
fn look_at_unknown(
    walk: &Walk<'_>,
    repository: &str,
    candidates: &[Candidate],
    known: &HashMap<Digest, ManifestOutcome>,
) -> Result<HashMap<Digest, ManifestOutcome>, Stop> {
    let mut unknown: BTreeMap<Digest, &str> = BTreeMap::new();
    let is_unknown =
        |candidate: &&Candidate| candidate.dated.is_none() && !known.contains_key(&candidate.digest);
    for candidate in candidates.iter().filter(is_unknown) {
        unknown.entry(candidate.digest).or_insert(&candidate.tag);
    }
    let unknown: Vec<(Digest, &str)> = unknown.into_iter().collect();
    let mut looked = HashMap::new();
    for part in unknown.chunks(1_000) {
        let found =
            parallel::map(part, walk.parallel(), |(digest, tag)| look_at(walk, repository, tag, *digest));
        if walk.state.is_over() {
            return Err(Stop::Over);
        }
        let found: Vec<ManifestOutcome> = found.into_iter().flatten().collect();
        walk.told(walk.desk.manifests(&found))?;
        looked.extend(found.into_iter().map(|outcome| (outcome.digest, outcome)));
    }
    Ok(looked)
}

/// Looks at what the registry told of itself, and nothing else.
fn list_events(walk: &Walk<'_>, work: &mut Work) -> Result<(), Stop> {
    let mut of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for RegistryEvent { repository, tag, .. } in &walk.job.only {
        let tags = of.entry(repository).or_default();
        tags.extend(tag.as_deref());
    }
    for (repository, tags) in of {
        // an event without a tag may be about any of them
        if tags.is_empty() {
            let listed = walk.door.catalogue().and_then(|catalogue| catalogue.tags(repository));
            tell_trouble(walk);
            match listed {
                Ok(tags) => list_repository(walk, repository, tags.unwrap_or_default(), work)?,
                Err(error) => walk.state.note(registry_error(repository, &error)),
            }
            continue;
        }
        let named = |tag: &str| RemoteTag { name: tag.to_owned(), digest: None, pushed: None };
        let tags: Vec<RemoteTag> = tags.into_iter().map(named).collect();
        let (mut candidates, mut known) = (Vec::new(), HashMap::new());
        for part in tags.chunks(LISTED_TAGS) {
            let tags = ask_digests(walk, repository, part);
            let listing = TagListing { repository: repository.to_owned(), span: Span::Listed, tags };
            take(walk, listing, part, &mut candidates, &mut known)?;
        }
        walk.state.update(|progress| {
            progress.repositories += 1;
            progress.tags += tags.len() as u64;
        });
        decide(walk, repository, candidates, &known, work)?;
    }
    Ok(())
}
