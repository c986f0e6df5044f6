//! Which known image another one was built on.
//!
//! What it is for: the one rule that the command line and the server share. What it is not for: keeping the known
//! images; each of the two has its own place for them.
//!
//! The decision a reader may doubt: an image is a base if *all* its layers are the lowest ones of the other, not if the
//! two merely begin alike. Two images on one base begin alike, and neither is built on the other.

use serde::{Deserialize, Serialize};

use crate::digest::{DiffId, ImageId};
use crate::image::{BaseImage, ImageFacts, Reference};

/// What is remembered of an image so that it can be told as the base of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnownImage {
    /// Its id.
    pub id: ImageId,
    /// Its names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Its layers, lowest first.
    pub diff_ids: Vec<DiffId>,
}

impl KnownImage {
    /// What is to be remembered of `image`; `None` if it has no layers, as a root file system.
    pub fn of(image: &ImageFacts) -> Option<Self> {
        let diff_ids = image.diff_ids();
        let known = || Self { id: image.id, references: image.references.clone(), diff_ids };
        image.layers.iter().any(|layer| layer.diff_id.is_some()).then(known)
    }
}

impl ImageFacts {
    /// The layers that have a diff-id, lowest first; [`crate::PackageRecord::layer`] counts these.
    pub fn diff_ids(&self) -> Vec<DiffId> {
        self.layers.iter().filter_map(|layer| layer.diff_id).collect()
    }
}

/// The known image whose layers are the lowest of `image`'s, fewer than all, and as many as can be.
///
/// Of several with the same layers one that has a name is taken, and of those the one with the lowest id, so that the
/// outcome does not depend on the order of `known`. `None` if there is none.
pub fn longest_base<'a>(
    image: &ImageFacts,
    known: impl IntoIterator<Item = &'a KnownImage>,
) -> Option<BaseImage> {
    let own = image.diff_ids();
    let is_base = |known: &&KnownImage| {
        let layers = &known.diff_ids;
        !layers.is_empty() && layers.len() < own.len() && own.starts_with(layers) && known.id != image.id
    };
    let rank = |known: &&KnownImage| {
        (known.diff_ids.len(), !known.references.is_empty(), std::cmp::Reverse(known.id))
    };
    let base = known.into_iter().filter(is_base).max_by_key(rank)?;
    let layers = u32::try_from(base.diff_ids.len()).ok()?;
    Some(BaseImage { id: base.id, references: base.references.clone(), layers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::layer::LayerFacts;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    /// An image whose layers are the letters of `layers`; a space is a history entry without a layer.
    fn image(id: &str, layers: &str) -> ImageFacts {
        let mut facts = ImageFacts::new(ImageId(digest(id)));
        let layer = |letter: char| LayerFacts {
            diff_id: (letter != ' ').then(|| DiffId(digest(&letter.to_string()))),
            digest: None,
            size: 0,
            created_by: String::new(),
            created: None,
            comment: String::new(),
        };
        facts.layers = layers.chars().map(layer).collect();
        facts
    }

    fn named(id: &str, layers: &str) -> KnownImage {
        let references = Reference::parse(id).into_iter().collect();
        KnownImage { references, ..KnownImage::of(&image(id, layers)).unwrap() }
    }

    fn base_of(layers: &str, known: &[KnownImage]) -> Option<(String, u32)> {
        let base = longest_base(&image("own", layers), known)?;
        Some((base.references.first().map_or_else(String::new, |name| name.repository.clone()), base.layers))
    }

    #[test]
    fn the_longest_image_that_lies_wholly_below_is_the_base() {
        let known = [named("debian", "a"), named("python", "ab"), named("other", "abx"), named("late", "b")];
        assert_eq!(base_of("abc", &known), Some(("python".into(), 2)));
        assert_eq!(
            base_of("a c", &known),
            Some(("debian".into(), 1)),
            "entries without a layer do not count"
        );
        assert_eq!(
            base_of("ab", &known),
            Some(("debian".into(), 1)),
            "an image of the same layers is no base"
        );
        assert_eq!(base_of("x", &known), None);
        assert_eq!(base_of("", &known), None);
    }

    #[test]
    fn of_equal_ones_a_named_one_is_taken_whatever_the_order() {
        let unnamed = KnownImage { references: Vec::new(), ..named("nobody", "ab") };
        let mut known = vec![unnamed, named("one", "ab"), named("two", "ab")];
        let first = base_of("abc", &known);
        known.reverse();
        assert!(first.as_ref().is_some_and(|(name, _)| !name.is_empty()));
        assert_eq!(base_of("abc", &known), first);
    }

    #[test]
    fn an_image_is_not_its_own_base_and_a_root_file_system_is_nobodys() {
        let own = KnownImage { id: ImageId(digest("own")), ..named("x", "a") };
        assert_eq!(base_of("ab", &[own]), None);
        assert_eq!(KnownImage::of(&image("root", " ")), None);
    }
}
