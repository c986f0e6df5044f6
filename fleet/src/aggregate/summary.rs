//! What a fleet comes to: the numbers of the dashboard and of the daily series.

use model::ContainerState;

use qql::fields::FindingField;
use qql::{Array, Condition, FieldId, NumberTest, Test};

use super::Weights;
use super::content::used_items;
use crate::eval::{Search, evaluate};
use crate::table::{Bits, NONE};

/// Numbers by severity 1 to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityTotals(pub [u64; 5]);

/// Containers by what they are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTotals {
    /// Made, never started.
    pub created: u64,
    /// Running.
    pub running: u64,
    /// Ended.
    pub stopped: u64,
    /// Frozen.
    pub paused: u64,
    /// Gone.
    pub deleted: u64,
    /// Not known.
    pub unknown: u64,
}

/// The state of a fleet, or of the part of it that was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Images.
    pub images: u64,
    /// Containers.
    pub containers: u64,
    /// Containers by state.
    pub states: StateTotals,
    /// Vulnerabilities, each once however many images have it, with the highest severity that it has in one of them.
    pub vulnerabilities: SeverityTotals,
    /// Vulnerabilities, counted for each image that has them.
    pub occurrences: SeverityTotals,
    /// Images with a vulnerability of severity 5.
    pub critical_images: u64,
    /// Images with a vulnerability of severity 5 that is known to be exploited and has a fix.
    pub exploited_fixable_images: u64,
    /// Containers of such images.
    pub exploited_fixable_containers: u64,
    /// Images whose operating system is past the end of its life.
    pub ended_images: u64,
    /// Distinct packages in images.
    pub packages: u64,
}

/// Counts some images and containers.
pub(crate) fn summary(search: &Search<'_>, images: &Bits, containers: &Bits) -> Summary {
    let weights = Weights::of(search, images, &Bits::none(containers.len()));
    let mut summary =
        Summary { images: images.count(), containers: containers.count(), ..Summary::default() };
    for inventory in weights.used() {
        let derived = search.content.inventories.derived(inventory);
        let images = u64::from(weights.images[inventory as usize]);
        for (total, severity) in summary.occurrences.0.iter_mut().zip(1..) {
            *total += u64::from(derived.counts.get(severity)) * images;
        }
        summary.critical_images += if derived.counts.get(5) > 0 { images } else { 0 };
        summary.ended_images += if derived.is_os_ended { images } else { 0 };
    }
    for container in containers.iter() {
        *summary.states.of(search.tenant.containers.state(container)) += 1;
    }
    let urgent = Condition::And(vec![
        test(FindingField::Severity, Test::Number(NumberTest::new(vec![(5, 5)]))),
        test(FindingField::ActiveAttacks, Test::Bool(true)),
        test(FindingField::PatchAvailable, Test::Bool(true)),
    ]);
    let with = Condition::Any { array: Array::Vulnerabilities, inner: Box::new(urgent) };
    summary.exploited_fixable_images = evaluate(&search.image_table(), &with, images).count();
    summary.exploited_fixable_containers = evaluate(&search.container_table(), &with, containers).count();
    let items = used_items(search.content, &weights);
    summary.vulnerabilities = distinct(search, &items);
    summary.packages = packages(search, &items);
    summary
}

/// Distinct packages of items, without the releases of systems.
fn packages(search: &Search<'_>, items: &Bits) -> u64 {
    let mut packages = Bits::none(search.content.packages.end());
    let all = search.content.inventories.items();
    for package in items.iter().map(|item| all.package(item)) {
        if search.content.packages.head(package).is_some_and(|head| head.ecosystem != model::Ecosystem::Os) {
            packages.insert(package);
        }
    }
    packages.count()
}

fn test(field: FindingField, test: Test) -> Condition {
    Condition::Test { field: FieldId::Finding(field), test }
}

/// Vulnerabilities by the highest severity that they have in one of some items.
fn distinct(search: &Search<'_>, items: &Bits) -> SeverityTotals {
    let vulnerabilities = search.content.packages.vulnerabilities();
    let groups: Vec<u32> = vulnerabilities.rows().map(|row| row.group).collect();
    let mut highest = vec![0_u8; groups.len()];
    let all = search.content.inventories.items();
    for item in items.iter().filter(|item| all.is_judged(*item)) {
        for row in search.content.packages.findings(all.package(item)) {
            let group = groups.get(row.vulnerability as usize).copied().unwrap_or(NONE);
            if let Some(highest) = highest.get_mut(group as usize) {
                *highest = row.severity.get().max(*highest);
            }
        }
    }
    let mut totals = SeverityTotals::default();
    for severity in highest {
        if let Some(total) = usize::from(severity).checked_sub(1).and_then(|at| totals.0.get_mut(at)) {
            *total += 1;
        }
    }
    totals
}

impl StateTotals {
    pub(crate) fn of(&mut self, state: ContainerState) -> &mut u64 {
        match state {
            ContainerState::Created => &mut self.created,
            ContainerState::Running => &mut self.running,
            ContainerState::Stopped => &mut self.stopped,
            ContainerState::Paused => &mut self.paused,
            ContainerState::Deleted => &mut self.deleted,
            ContainerState::Unknown => &mut self.unknown,
        }
    }
}
