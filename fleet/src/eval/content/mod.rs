//! Filters on software and vulnerabilities: from packages and findings to inventories, to images, to containers.
//!
//! A condition on an element is answered once over all packages, or over all items where it asks for paths. That gives
//! inventories by their postings, and records by the column that names their inventory. What depends on a record's own times is
//! the same for all records whose times lie between the same ends of the query's ranges; there are few such classes.
//!
//! What cannot be answered so (layers, and phrases in evidence) is asked of each record, after the rest of the condition
//! has narrowed them down.

mod classes;
mod finding;
mod groups;
mod look;
mod passing;
mod plain;
mod software;
mod whole;

use std::sync::Arc;

use qql::fields::{FindingField, ImageField, SoftwareField};
use qql::{Array, Condition};

use classes::Classes;
use finding::{ByTime, FindingTest, Moments, Unsupported};
pub(crate) use plain::PlainRecord;
use software::{Place, SoftwareCompiler, SoftwareTest};

use super::column::{Column, flags, numbers, words};
use super::pass::through;
use super::row::Value;
use crate::RiskBand;
use crate::facts::{Derived, Index, Inventories, Kept, Packages, Tenant};
use crate::table::{Bits, Chunked, NONE};

/// Packages with their findings, and inventories of them.
#[derive(Clone, Copy)]
pub(crate) struct Content<'i> {
    pub(crate) packages: &'i Packages,
    pub(crate) inventories: &'i Inventories,
    kept: &'i Kept,
}

/// Where a record's own times are: when it was first stored, by its position; when it was last scanned, by that of its image.
pub(crate) struct Times<'t> {
    pub(crate) first_stored: &'t Chunked<i64>,
    pub(crate) last_scanned: &'t Chunked<i64>,
}

/// A record's own times, which bound those of its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) first_stored: i64,
    /// The later of that and the last scan.
    pub(crate) latest: i64,
}

impl Own {
    /// Where nothing depends on it.
    pub(crate) const NONE: Self = Self { first_stored: i64::MIN, latest: i64::MIN };
}

impl<'i> Content<'i> {
    /// Those of a state of the index.
    pub(crate) fn new(index: &'i Index) -> Self {
        Self { packages: &index.packages, inventories: &index.inventories, kept: &index.kept }
    }

    /// The groups of vulnerabilities that satisfy a condition where all of their places in some inventories are taken
    /// together. Evidence and layers belong to single records; nothing has them here.
    pub(crate) fn groups_passing(
        self,
        condition: &Condition,
        by_time: ByTime<'_>,
        inventories: &[u32],
    ) -> Bits {
        let none = || Bits::none(self.packages.vulnerabilities().len());
        match FindingTest::compile_with(self, Moments::Known(by_time), condition) {
            Ok(test) => groups::passing(self, &test, inventories),
            Err(Unsupported) => none(),
        }
    }

    /// A field of images that follows from their inventories.
    pub(crate) fn of_inventory(self, inventory: &'i Chunked<u32>, field: ImageField) -> Column<'i> {
        let derived = self.inventories.all_derived();
        let worst = |derived: Derived| (derived.worst > 0).then_some(derived.worst);
        let column = match field {
            ImageField::RiskScore => numbers(derived, |derived: Derived| Some(i64::from(derived.risk))),
            ImageField::MaxQdsScore => numbers(derived, move |derived| worst(derived).map(i64::from)),
            ImageField::QdsSeverity => words(derived, worst, |risk| Some(RiskBand::of(risk).as_str())),
            ImageField::IsEol => flags(derived, |derived: Derived| Some(derived.is_os_ended)),
            _ => Column::Missing,
        };
        Column::Through(inventory, self.inventories.end(), Box::new(column))
    }

    /// The candidates among images with a piece of software or a vulnerability that satisfies a condition.
    pub(crate) fn images_with(
        self,
        tenant: &Tenant,
        array: Array,
        condition: &Condition,
        times: &Times<'_>,
        candidates: &Bits,
    ) -> Bits {
        let records = Records { tenant, times, is_container: false };
        self.records_with(&records, array, condition, candidates)
    }

    /// The candidates among containers whose image has a piece of software or a vulnerability that satisfies a condition.
    pub(crate) fn containers_with(
        self,
        tenant: &Tenant,
        array: Array,
        condition: &Condition,
        times: &Times<'_>,
        candidates: &Bits,
    ) -> Bits {
        let records = Records { tenant, times, is_container: true };
        self.records_with(&records, array, condition, candidates)
    }

    fn records_with(
        self,
        records: &Records<'_>,
        array: Array,
        condition: &Condition,
        candidates: &Bits,
    ) -> Bits {
        let mut found = Bits::none(candidates.len());
        let classes = Classes::of(condition);
        let late = records.late(&classes, candidates);
        let mut others = candidates.clone();
        if !late.is_empty() {
            others.subtract(&late);
            found = self.one_by_one(records, None, array, condition, &late);
        }
        for (own, members) in classes.split(records, &others) {
            // for a part of the records it is not worth to look into the inventories of all
            let used = || records.inventories(&members);
            let is_part = members.count() * 2 < u64::from(members.len());
            match self.inventories_with(own, array, condition, is_part.then_some(&used)) {
                Ok(inventories) => found.or(&records.having(&inventories, &members)),
                Err(Unsupported) => {
                    found.or(&self.one_by_one(records, Some(own), array, condition, &members))
                }
            }
        }
        found
    }

    /// The inventories with an element that satisfies a condition, for records with such times. Of those that must be
    /// looked at one by one only what is `used` matters; without it all do.
    fn inventories_with(
        self,
        own: Own,
        array: Array,
        condition: &Condition,
        used: Option<&dyn Fn() -> Bits>,
    ) -> Result<Bits, Unsupported> {
        let editions = (self.packages.edition(), self.inventories.edition());
        if own == Own::NONE
            && let Some(known) = self.kept.get(editions, array, condition)
        {
            return Ok(Bits::clone(&known));
        }
        let found = if array == Array::Softwares {
            let compiler = SoftwareCompiler { content: self, own, is_affected: false };
            self.inventories_with_software(&compiler.compile(condition)?)
        } else {
            let test = FindingTest::compile(self, own, condition)?;
            if own != Own::NONE && test.is_always() {
                return self.inventories_with(Own::NONE, array, &Condition::All, used);
            }
            groups::inventories_with(self, &test, used)
        };
        if own == Own::NONE && (used.is_none() || array == Array::Softwares) {
            self.kept.keep(editions, array, condition, Arc::new(found.clone()));
        }
        Ok(found)
    }

    fn inventories_with_software(self, test: &SoftwareTest) -> Bits {
        if let SoftwareTest::Constant(false) = test {
            return Bits::none(self.inventories.end());
        }
        let items = self.inventories.items();
        if test.asks_for_places() {
            // the path alone turns most away, and it is at hand
            let found =
                items.where_path(|item, path| !test.excludes_path(path) && self.is_software(item, test));
            return self.inventories.holding(&found);
        }
        // whether the findings count is the only thing that tells places of a package apart here
        let passing = |is_judged: bool| {
            self.packages.rows_where(|package, head, rows| {
                let fix = if is_judged { head.fix_version } else { NONE };
                let place = Place { package, head, rows, path: NONE, is_judged };
                super::shown::is_software(head.ecosystem) && test.holds(self, &place, fix)
            })
        };
        let judged = passing(true);
        let unjudged = if test.asks_for_findings() { passing(false) } else { judged.clone() };
        let mut either = judged.clone();
        either.or(&unjudged);
        let mut found = items.of_packages(&either);
        if judged != unjudged {
            found.retain(|item| {
                let holds = if items.is_judged(item) { &judged } else { &unjudged };
                holds.contains(items.package(item))
            });
        }
        self.inventories.holding(&found)
    }

    /// Whether an item is software that satisfies a condition.
    fn is_software(self, item: u32, test: &SoftwareTest) -> bool {
        self.place(item).is_some_and(|place| {
            let fix = if place.is_judged { place.head.fix_version } else { NONE };
            super::shown::is_software(place.head.ecosystem) && test.holds(self, &place, fix)
        })
    }

    /// The items among some that are software which satisfies a condition on software, whatever record has them; `None` if
    /// it asks for what belongs to single records: times of findings, layers, and phrases in evidence.
    pub(crate) fn software_passing(self, condition: &Condition, items: &Bits) -> Option<Bits> {
        let of_records = |field| {
            matches!(field, FindingField::FirstFound | FindingField::LastFound | FindingField::LayerSha)
        };
        if software::asks_for(condition, &of_records) {
            return None;
        }
        let compiler = SoftwareCompiler { content: self, own: Own::NONE, is_affected: false };
        let test = compiler.compile(condition).ok()?;
        let mut passing = items.clone();
        passing.retain(|item| self.is_software(item, &test));
        Some(passing)
    }

    /// The value of a field of an item.
    pub(crate) fn software_value(self, item: u32, field: SoftwareField) -> Option<Value<'i>> {
        let place = self.place(item)?;
        let fix = if place.is_judged { place.head.fix_version } else { NONE };
        plain::software_value(self, &place, item, fix, field)
    }

    /// The numbers of the name and of the version of an item.
    pub(crate) fn name_and_version(self, item: u32) -> Option<(u32, u32)> {
        let head = self.packages.head(self.inventories.items().package(item))?;
        Some((head.name, head.version))
    }

    /// An item with its package.
    fn place(self, item: u32) -> Option<Place<'i>> {
        let items = self.inventories.items();
        let package = items.package(item);
        Some(Place {
            package,
            head: self.packages.head(package)?,
            rows: self.packages.findings(package),
            path: items.path_number(item),
            is_judged: items.is_judged(item),
        })
    }

    /// Asks each record for its elements. `own` are times that stand for all of them, if there are such.
    fn one_by_one(
        self,
        records: &Records<'_>,
        own: Option<Own>,
        array: Array,
        condition: &Condition,
        members: &Bits,
    ) -> Bits {
        let mut found = members.clone();
        // what a part of the condition rules out need not be looked at
        if let Condition::And(operands) = condition {
            for operand in operands {
                let own = own.or_else(|| Classes::of(operand).is_single().then_some(Own::NONE));
                if let Some(own) = own
                    && let Ok(inventories) =
                        self.inventories_with(own, array, operand, Some(&|| records.inventories(&found)))
                {
                    found = records.having(&inventories, &found);
                }
            }
        }
        found.retain(|position| {
            let image = records.image(position);
            image != NONE && records.plain(self, position, image).any(array, condition)
        });
        found
    }
}

/// Images, or containers with their images.
struct Records<'t> {
    tenant: &'t Tenant,
    times: &'t Times<'t>,
    is_container: bool,
}

impl Records<'_> {
    fn image(&self, position: u32) -> u32 {
        if self.is_container {
            self.tenant.containers.inside.get(position).copied().unwrap_or(NONE)
        } else {
            position
        }
    }

    fn own(&self, position: u32) -> Own {
        let image = self.image(position);
        let stored = self.times.first_stored.get(position).copied().unwrap_or(i64::MIN);
        // a container has nothing of its image before that was known
        let first_stored =
            stored.max(self.tenant.images.first_stored.get(image).copied().unwrap_or(i64::MIN));
        let last_scanned = self.times.last_scanned.get(image).copied().unwrap_or(i64::MIN);
        Own { first_stored, latest: first_stored.max(last_scanned) }
    }

    /// The candidates to which packages came so late that it may change the answer.
    fn late(&self, classes: &Classes, candidates: &Bits) -> Bits {
        let images = &self.tenant.images;
        if classes.is_single() || images.has_since.is_empty() {
            return Bits::none(candidates.len());
        }
        let mut late = match self.is_container {
            true => through(&self.tenant.containers.inside, candidates, &images.has_since),
            false => {
                let mut late = candidates.clone();
                late.and(&images.has_since);
                late
            }
        };
        late.retain(|position| {
            let last = images.since(self.image(position)).last();
            last.is_some_and(|last| classes.tell(self.own(position), last))
        });
        late
    }

    /// The members whose inventory is in a set.
    fn having(&self, inventories: &Bits, members: &Bits) -> Bits {
        let images = &self.tenant.images;
        if !self.is_container {
            return through(&images.inventory, members, inventories);
        }
        through(
            &self.tenant.containers.inside,
            members,
            &through(&images.inventory, &images.held(), inventories),
        )
    }

    /// The inventories of the members.
    fn inventories(&self, members: &Bits) -> Bits {
        let inventory = |position| self.tenant.images.inventory.get(self.image(position)).copied();
        members.iter().filter_map(inventory).filter(|inventory| *inventory != NONE).collect()
    }

    fn plain<'c>(&self, content: Content<'c>, position: u32, image: u32) -> PlainRecord<'c>
    where
        Self: 'c,
    {
        let own = self.own(position);
        PlainRecord::of_image(content, self.tenant, image, own)
    }
}
