//! A fleet of any size that looks like a real one: images, and the containers that run them.
//!
//! What it is for: benches and tests that need many records with the sharing that real fleets have. Names and versions of packages are
//! those of the shared feeds, so that they have the findings that they have in the world. What it is not for: tests of one
//! rule; a [`ReportBuilder`](crate::ReportBuilder) says more about those.
//!
//! The decision a reader may doubt: everything is a function of (seed, number) without any state in between. So a fleet can be made by
//! any number of threads, one record of it can be made alone, and a part of a large fleet is not the same as a small one only where
//! containers pick among all images.
//!
//! ```no_run
//! use testkit::fleet_builder::{Fleet, Sizes};
//!
//! let fleet = Fleet::new(7, Sizes { images: 1_000, containers: 5_000 }).unwrap();
//! println!("{} runs as {}", fleet.image(3).image.id, fleet.container(0).name);
//! ```

mod app;
mod base;
mod container;
mod dice;
mod image;
mod names;
#[cfg(test)]
mod tests;
mod words;

use std::sync::{Arc, OnceLock};

use model::{ContainerReport, ScanReport};

use base::Base;

pub use names::Names;

/// How many records a fleet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Images, numbered from 0.
    pub images: u64,
    /// Containers, numbered from 0.
    pub containers: u64,
}

/// A fleet. Clones share what has been prepared.
#[derive(Clone, Debug)]
pub struct Fleet {
    seed: u64,
    sizes: Sizes,
    names: Arc<Names>,
    bases: Arc<Vec<OnceLock<Arc<Base>>>>,
}

impl Fleet {
    /// The fleet of a seed, with names out of the shared feeds. They are read once in a process, which takes seconds.
    ///
    /// # Errors
    /// If the shared feeds cannot be read.
    pub fn new(seed: u64, sizes: Sizes) -> Result<Self, String> {
        static SHARED: OnceLock<Result<Arc<Names>, String>> = OnceLock::new();
        let names = SHARED.get_or_init(|| Names::read(&Names::shared_folder()).map(Arc::new));
        Ok(Self::with_names(seed, sizes, names.clone()?))
    }

    /// The fleet of a seed, with these names.
    pub fn with_names(seed: u64, sizes: Sizes, names: Arc<Names>) -> Self {
        let bases = Arc::new((0..base::BASES).map(|_| OnceLock::new()).collect());
        Self { seed, sizes, names, bases }
    }

    /// How many records it has.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The report of an image. Numbers from [`Sizes::images`] on are further images of the same kind, which
    /// no container runs.
    pub fn image(&self, index: u64) -> ScanReport {
        image::report(self, index)
    }

    /// The report of a container.
    pub fn container(&self, index: u64) -> ContainerReport {
        container::report(self, index)
    }

    fn base(&self, number: u64) -> Arc<Base> {
        let place = &self.bases[(number % base::BASES) as usize];
        Arc::clone(place.get_or_init(|| Arc::new(Base::new(&self.names, self.seed, number))))
    }
}

/// Sixteen digits.
fn hexadecimal(number: u64) -> String {
    format!("{number:016x}")
}
