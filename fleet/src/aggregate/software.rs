//! The software of a fleet: each name and version once, with how many images and containers have it.
//!
//! A piece of software of the fleet is all of its places in what was counted that satisfy the condition, in whichever
//! package format: one name and version may be there as a package of a distribution and as one of a language.

use std::collections::HashMap;

use qql::Condition;

use super::Weights;
use super::content::{Count, Subject, count, used_items};
use crate::eval::Search;
use crate::table::{Bits, NONE};

/// A name and version.
#[derive(Clone, Debug)]
pub(crate) struct FleetSoftware {
    /// Images that have it.
    pub(crate) images: u64,
    /// Containers whose image has it.
    pub(crate) containers: u64,
    /// The items that are meant, ascending.
    pub(crate) items: Vec<u32>,
}

/// The software of some images and containers that satisfies a condition, in no certain order; `None` if the condition asks
/// for what belongs to single records.
pub(crate) fn software(
    search: &Search<'_>,
    condition: &Condition,
    images: &Bits,
    containers: &Bits,
) -> Option<Vec<FleetSoftware>> {
    let content = search.content;
    let weights = Weights::of(search, images, containers);
    let used = used_items(content, &weights);
    let passing = content.software_passing(condition, &used)?;
    let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
    let mut all: Vec<FleetSoftware> = Vec::new();
    let mut of_item = vec![NONE; used.len() as usize];
    for item in passing.iter() {
        let Some(name) = content.name_and_version(item) else { continue };
        let number = *numbers.entry(name).or_insert_with(|| {
            all.push(FleetSoftware { images: 0, containers: 0, items: Vec::new() });
            all.len() as u32 - 1
        });
        of_item[item as usize] = number;
        all[number as usize].items.push(item);
    }
    let counts = count(content, &weights, &Subject::One(of_item), all.len());
    for (software, Count { images, containers }) in all.iter_mut().zip(counts) {
        (software.images, software.containers) = (images, containers);
    }
    Some(all)
}
