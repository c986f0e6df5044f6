//! Counts over sets of records: by values, by packages, by vulnerabilities, and of the fleet as a whole.
//!
//! What is counted is what a filter found inside a scope; nothing else has an influence on any number.

mod content;
mod gather;
mod groups;
mod software;
mod summary;
mod vulnerabilities;

pub(crate) use groups::{By, Group, group};
pub(crate) use software::{FleetSoftware, software};
pub(crate) use summary::summary;
pub use summary::{SeverityTotals, StateTotals, Summary};
pub(crate) use vulnerabilities::vulnerabilities;
pub use vulnerabilities::{FleetVulnerabilities, FleetVulnerability};

use crate::eval::Search;
use crate::table::{Bits, Chunked, NONE};

/// How many records have each inventory, and how many containers each image.
pub(crate) struct Weights {
    /// Images by inventory.
    pub(crate) images: Vec<u32>,
    /// Containers by inventory: their image's or their own.
    pub(crate) containers: Vec<u32>,
    /// Containers by image.
    pub(crate) of_image: Vec<u32>,
}

impl Weights {
    /// Counts some images and some containers.
    pub(crate) fn of(search: &Search<'_>, images: &Bits, containers: &Bits) -> Self {
        let tenant = search.tenant;
        let inventories = search.content.inventories.end() as usize;
        let counted = |of: &Chunked<u32>| {
            let mut counts = vec![0_u32; tenant.images.live.len() as usize];
            for container in containers.iter() {
                let at = of.get(container).copied().unwrap_or(NONE);
                if let Some(count) = counts.get_mut(at as usize) {
                    *count += 1;
                }
            }
            counts
        };
        let of_image = counted(&tenant.containers.image);
        let shadowed = (!tenant.images.shadows.is_empty()).then(|| counted(&tenant.containers.inside));
        let of_inside = shadowed.as_ref().unwrap_or(&of_image);
        let (mut by_images, mut by_containers) = (vec![0_u32; inventories], vec![0_u32; inventories]);
        for (image, inventory) in (0..).zip(tenant.images.inventory.iter()) {
            let inventory = *inventory as usize;
            if images.contains(image)
                && let Some(count) = by_images.get_mut(inventory)
            {
                *count += 1;
            }
            let running = of_inside.get(image as usize).copied().unwrap_or(0);
            if running > 0
                && let Some(count) = by_containers.get_mut(inventory)
            {
                *count += running;
            }
        }
        Self { images: by_images, containers: by_containers, of_image }
    }

    /// The inventories that some record has.
    pub(crate) fn used(&self) -> Vec<u32> {
        let counts = self.images.iter().zip(&self.containers);
        (0..)
            .zip(counts)
            .filter(|(_, (images, containers))| **images + **containers > 0)
            .map(|(at, _)| at)
            .collect()
    }
}
