//! Which image of a source is meant: by name first, then by platform.
//!
//! Nothing is guessed. Where the wish fits several images or none, the error lists what there is.

use std::collections::HashSet;
use std::path::Path;

use model::{Digest, Reference};

use crate::error::ImageError;
use crate::platform::Platform;

/// One image that a source offers.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// Images of one group are the same image for different platforms.
    pub(crate) group: usize,
    /// Names of its group.
    pub(crate) names: Vec<String>,
    /// Digests that it can be called by: its own (of the manifest or config), then those of the indexes
    /// above.
    pub(crate) digests: Vec<Digest>,
    /// Its platform, if known.
    pub(crate) platform: Option<Platform>,
}

/// Picks one of `choices`; gives its index.
pub(crate) fn select(
    path: &Path,
    choices: &[Choice],
    reference: Option<&str>,
    platform: Option<&Platform>,
) -> Result<usize, ImageError> {
    let mut left: Vec<usize> = (0..choices.len()).collect();
    if let Some(wanted) = reference {
        left.retain(|&index| is_called(&choices[index], wanted));
        if left.is_empty() {
            let (path, wanted) = (path.to_owned(), wanted.to_owned());
            return Err(ImageError::NoSuchReference { path, wanted, names: shown_names(choices.iter()) });
        }
    }
    if !is_one_image(choices, &left) {
        let names = shown_names(left.iter().map(|&index| &choices[index]));
        return Err(ImageError::Ambiguous { path: path.to_owned(), names });
    }
    by_platform(path, choices, &left, platform)
}

fn by_platform(
    path: &Path,
    choices: &[Choice],
    left: &[usize],
    wanted: Option<&Platform>,
) -> Result<usize, ImageError> {
    if let ([only, rest @ ..], None) = (left, wanted)
        && rest.iter().all(|&index| choices[index].digests.first() == choices[*only].digests.first())
    {
        return Ok(*only);
    }
    let host = Platform::host();
    let wish = wanted.unwrap_or(&host);
    let fits =
        |index: &&usize| choices[**index].platform.as_ref().is_some_and(|platform| wish.accepts(platform));
    let exact = |index: &&usize| choices[**index].platform.as_ref() == Some(wish);
    if let Some(index) = left.iter().find(exact).or_else(|| left.iter().find(fits)) {
        return Ok(*index);
    }
    let mut available: Vec<String> = left
        .iter()
        .map(|&index| {
            choices[index].platform.as_ref().map_or("an unknown platform".to_owned(), Platform::to_string)
        })
        .collect();
    available.sort();
    available.dedup();
    Err(ImageError::NoPlatform { path: path.to_owned(), wanted: wish.to_string(), available })
}

/// Whether the choices are one image: the same one on several ways, of one group, or unnamed or equally named
/// ones for different platforms.
fn is_one_image(choices: &[Choice], left: &[usize]) -> bool {
    let Some((&first, rest)) = left.split_first() else { return true };
    let first = &choices[first];
    let all_rest = |same: &dyn Fn(&Choice) -> bool| rest.iter().all(|&index| same(&choices[index]));
    if all_rest(&|choice| choice.group == first.group)
        || all_rest(&|choice| choice.digests.first() == first.digests.first())
    {
        return true;
    }
    let mut platforms: Vec<_> = left.iter().map(|&index| &choices[index].platform).collect();
    let count = platforms.len();
    platforms.sort();
    platforms.dedup();
    platforms.len() == count
        && platforms.iter().all(|platform| platform.is_some())
        && all_rest(&|choice| choice.names == first.names)
}

fn is_called(choice: &Choice, wanted: &str) -> bool {
    if let Ok(digest) = wanted.parse::<Digest>() {
        return choice.digests.contains(&digest);
    }
    let wanted_name = Reference::parse(wanted);
    choice.names.iter().any(|name| {
        name == wanted
            || match (Reference::parse(name), &wanted_name) {
                (Some(name), Some(wanted)) => same_name(&name, wanted, &choice.digests),
                _ => false,
            }
    })
}

fn same_name(name: &Reference, wanted: &Reference, digests: &[Digest]) -> bool {
    let tag = |reference: &Reference| reference.tag.clone().unwrap_or_else(|| "latest".to_owned());
    name.registry == wanted.registry
        && name.repository == wanted.repository
        && match wanted.digest {
            Some(digest) => digests.contains(&digest),
            None => tag(name) == tag(wanted),
        }
}

/// The names of the choices; of those without a name the digest.
fn shown_names<'c>(choices: impl Iterator<Item = &'c Choice>) -> Vec<String> {
    let mut names = Vec::new();
    for choice in choices {
        match (choice.names.as_slice(), choice.digests.first()) {
            ([], Some(digest)) => names.push(digest.to_string()),
            (own, _) => names.extend_from_slice(own),
        }
    }
    names.dedup();
    names.truncate(50);
    names
}

/// Names as references, without repeats. A bare tag, as OCI layouts often hold, names no repository and gives
/// none.
pub(crate) fn references(names: &[String], manifest: Option<Digest>) -> Vec<Reference> {
    let mut known = HashSet::new();
    let mut references = Vec::new();
    for name in names.iter().filter(|name| name.contains(['/', ':'])) {
        let Some(mut reference) = Reference::parse(name) else { continue };
        reference.digest = reference.digest.or(manifest);
        if known.insert(reference.clone()) {
            references.push(reference);
        }
    }
    references
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(group: usize, name: &str, platform: &str) -> Choice {
        Choice {
            group,
            names: if name.is_empty() { vec![] } else { vec![name.to_owned()] },
            digests: vec![Digest::of(format!("{name}{platform}").as_bytes())],
            platform: platform.parse().ok(),
        }
    }

    fn pick(choices: &[Choice], reference: Option<&str>, platform: Option<&str>) -> Result<usize, String> {
        let platform = platform.map(|platform| platform.parse().unwrap());
        select(Path::new("x"), choices, reference, platform.as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_compared_as_references() {
        let choices = [choice(0, "docker.io/library/alpine:latest", ""), choice(1, "team/web:2", "")];
        assert_eq!(pick(&choices, Some("alpine"), None), Ok(0));
        assert_eq!(pick(&choices, Some("docker.io/team/web:2"), None), Ok(1));
        assert_eq!(pick(&choices, Some(&choices[1].digests[0].to_string()), None), Ok(1));
        assert_eq!(
            pick(&choices, Some("team/web"), None).unwrap_err(),
            "`x` holds no image `team/web`, but docker.io/library/alpine:latest, team/web:2"
        );
        assert_eq!(
            pick(&choices, None, None).unwrap_err(),
            "`x` holds 2 images, choose one by its name: docker.io/library/alpine:latest, team/web:2"
        );
    }

    #[test]
    fn equally_named_images_for_different_platforms_are_one_image() {
        let choices = [choice(0, "a:1", "linux/s390x"), choice(1, "a:1", "linux/arm/v7")];
        assert_eq!(pick(&choices, None, Some("linux/arm")), Ok(1));
        assert_eq!(
            pick(&choices, None, Some("linux/arm64")).unwrap_err(),
            "`x` has no image for linux/arm64, but for linux/arm/v7, linux/s390x: choose one of them as platform"
        );
    }

    #[test]
    fn an_only_image_is_taken_whatever_its_platform_unless_one_is_asked_for() {
        let choices = [choice(0, "", "plan9/mips")];
        assert_eq!(pick(&choices, None, None), Ok(0));
        assert!(pick(&choices, None, Some("linux/amd64")).is_err());
    }

    #[test]
    fn a_bare_tag_is_no_reference() {
        assert_eq!(references(&["latest".to_owned()], None), []);
        assert_eq!(references(&["a:1".to_owned(), "docker.io/a:1".to_owned()], None).len(), 1);
    }

    #[test]
    fn a_manifest_that_gives_one_image_very_many_names_does_not_hang_the_reader() {
        let names: Vec<String> = (0..200_000).map(|number| format!("example.com/a:{}", number / 2)).collect();
        let started = std::time::Instant::now();
        let found = references(&names, None);
        assert_eq!(found.len(), 100_000);
        assert_eq!(found[7].tag.as_deref(), Some("7"), "in the order of the source");
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
