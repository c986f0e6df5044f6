//! Layers of an image, history entry by history entry.

use model::{ImageFacts, LayerFacts};
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Millis, Null, Quoted, Sha};

/// One history entry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layer<'a> {
    /// Bytes of the uncompressed layer.
    size: Quoted,
    created_by: &'a str,
    created: Option<Millis>,
    comment: &'a str,
    #[schema(value_type = Option<String>)]
    id: Null,
    /// The diff-id; null for an entry without a layer.
    sha: Option<Sha>,
    #[schema(value_type = Option<Vec<String>>)]
    tags: Null,
    /// From 1, counting history entries from the lowest.
    layer_number: usize,
    /// Whether the base image brought it; null if no base image is known.
    is_base_layer: Option<bool>,
    is_empty_layer: bool,
}

/// The layers; `None` if the image was not read as layers, like a plain root file system. The first `base` entries are
/// those of the base image, if one is known.
pub(crate) fn layers(facts: &ImageFacts, base: Option<usize>) -> Option<Vec<Layer<'_>>> {
    let entries = facts.layers.iter().enumerate();
    let rows: Vec<Layer<'_>> = entries.map(|entry| layer(entry, base)).collect();
    (!rows.is_empty()).then_some(rows)
}

fn layer((index, facts): (usize, &LayerFacts), base: Option<usize>) -> Layer<'_> {
    Layer {
        size: Quoted(facts.size),
        created_by: &facts.created_by,
        created: facts.created.map(Millis::from),
        comment: &facts.comment,
        id: Null,
        sha: facts.diff_id.map(|diff_id| Sha(diff_id.0)),
        tags: Null,
        layer_number: index + 1,
        is_base_layer: base.map(|entries| index < entries),
        is_empty_layer: facts.diff_id.is_none(),
    }
}

/// The number of layers that hold files.
pub(crate) fn count(facts: &ImageFacts) -> Option<usize> {
    let count = facts.layers.iter().filter(|layer| layer.diff_id.is_some()).count();
    (!facts.layers.is_empty()).then_some(count)
}

/// The diff-id of the layer with this index among the layers that hold files.
pub(crate) fn sha_of(facts: &ImageFacts, index: u32) -> Option<Sha> {
    let mut held = facts.layers.iter().filter_map(|layer| layer.diff_id);
    held.nth(usize::try_from(index).ok()?).map(|diff_id| Sha(diff_id.0))
}
