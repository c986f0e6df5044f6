//! The index as it stands at one value of the store's clock.
//!
//! It never changes: the next state is made of a clone, which shares all that stays the same, and then takes its place. So a
//! reader holds one state for as long as it likes, and nobody waits for anybody.
//!
//! A reader may doubt that a container is taken for changed whenever its image is. Software, findings and scope of
//! a container are those of its image, so the container as a client sees it did change; and only so does its
//! `updated` never go back when an image is scanned again and holds other packages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Digest, Timestamp};
use store::ChangeKind;
use uuid::Uuid;

use super::{
    Containers, Images, Inventories, Kept, Packages, Put, SavedTenant, StoredContainer, StoredImage, Tenant,
    TenantStep, Verdict,
};
use crate::persist::Persist as _;
use crate::table::Bits;

/// Packages that are put in together.
const RENEWED: usize = 8_192;

/// The index. A clone costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Everything up to this value of the clock is in the index and nothing after it.
    pub(crate) clock: Timestamp,
    /// The bundle that all judgements in it were made by; `None` if it was not one.
    pub(crate) judged_by: Option<Digest>,
    /// All packages with their judgements.
    pub(crate) packages: Packages,
    /// All inventories.
    pub(crate) inventories: Inventories,
    /// Answers that are asked for again.
    pub(crate) kept: Arc<Kept>,
    tenants: Arc<BTreeMap<Uuid, Arc<Tenant>>>,
    /// Why packages were judged anew, by the clock value of the change.
    rejudgements: Arc<BTreeMap<Timestamp, Arc<str>>>,
}

/// What takes the index from one value of the clock to a later one.
#[derive(Default)]
pub(crate) struct Step {
    /// All packages, and which of them were judged anew.
    pub(crate) judgements: Option<(Packages, Bits)>,
    /// Images that were stored; their inventories must be in the index.
    pub(crate) images: Vec<StoredImage>,
    /// Containers that were stored.
    pub(crate) containers: Vec<StoredContainer>,
    /// Images and containers that are gone, and the notes of judgements.
    pub(crate) changes: Vec<store::Change>,
}

impl Index {
    /// The facts of a customer; `None` if it has none.
    pub(crate) fn tenant(&self, customer: Uuid) -> Option<&Arc<Tenant>> {
        self.tenants.get(&customer)
    }

    /// All customers that have facts.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// Why packages were judged anew after a clock value, in its order.
    pub(crate) fn rejudgements_after(
        &self,
        clock: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &Arc<str>)> {
        let after = (std::ops::Bound::Excluded(clock), std::ops::Bound::Unbounded);
        self.rejudgements.range(after).map(|(clock, cause)| (*clock, cause))
    }

    /// Takes a step, which belongs to a clock value after all that is in the index. The clock is the caller's to set.
    pub(crate) fn apply(&mut self, step: Step) {
        let rejudged = step.judgements.map(|judgements| self.judge(judgements)).unwrap_or_default();
        let mut steps = self.by_customer(step.images, step.containers, step.changes);
        if !rejudged.is_empty() {
            for customer in self.tenants.keys() {
                steps.entry(*customer).or_default();
            }
        }
        for (customer, step) in steps {
            let tenants = Arc::make_mut(&mut self.tenants);
            let tenant = tenants.entry(customer).or_insert_with(|| Arc::new(Tenant::new(customer)));
            Arc::make_mut(tenant).apply(step, Some(&rejudged), &mut self.inventories);
        }
        self.inventories.settle();
    }

    /// Puts packages in that no image in the index holds yet, or whose judgement is of equal content.
    pub(crate) fn put_packages(&mut self, puts: impl IntoIterator<Item = Put>) {
        let puts: Vec<Put> = puts.into_iter().collect();
        let numbers = puts.iter().map(|put| put.row.id);
        let known: Bits = numbers.filter(|package| self.packages.entry(*package).is_some()).collect();
        self.packages.put(puts);
        // a score of risk may move within its band, which makes no other judgement of it
        if !known.is_empty() {
            self.inventories.judged_anew(&self.packages, &known);
        }
    }

    /// Takes judgements over that a client is shown no difference of; gives back the others. They are sorted by package.
    pub(crate) fn renew(&mut self, judged: Vec<(u32, Verdict)>) -> Vec<(u32, Verdict)> {
        let before = self.packages.clone();
        let (mut renewed, mut moved) = (Vec::new(), Bits::none(before.end()));
        let (mut changed, mut same_words) = (Vec::new(), HashMap::new());
        for (package, verdict) in judged {
            let Some(entry) = before.entry(package) else { continue };
            if verdict.fingerprint != entry.fingerprint {
                changed.push((package, verdict));
                continue;
            }
            let finds_the_same = before.finds_the_same(entry, &verdict);
            if finds_the_same && before.says_the_same(&verdict, &mut same_words) {
                continue;
            }
            // a score of risk may move within its band, which makes no other judgement of it
            if !finds_the_same {
                moved.insert(package);
            }
            renewed.push(before.renewed(entry, verdict));
            if renewed.len() == RENEWED {
                self.packages.put(std::mem::take(&mut renewed));
            }
        }
        if !renewed.is_empty() {
            self.packages.put(renewed);
        }
        self.packages.share_words(same_words);
        if !moved.is_empty() {
            self.inventories.judged_anew(&self.packages, &moved);
        }
        changed
    }

    /// Takes over packages some of which came out otherwise; gives the inventories that come to something else.
    pub(crate) fn judge(&mut self, (packages, judged): (Packages, Bits)) -> Bits {
        self.packages = packages;
        if judged.is_empty() {
            return Bits::default();
        }
        self.inventories.judged_anew(&self.packages, &judged)
    }

    /// Puts records in, page by page, whose derived values [`Self::finish_load`] makes. Images come before containers.
    pub(crate) fn load(&mut self, images: Vec<StoredImage>, containers: Vec<StoredContainer>) {
        for (customer, step) in self.by_customer(images, containers, Vec::new()) {
            let tenants = Arc::make_mut(&mut self.tenants);
            let tenant = tenants.entry(customer).or_insert_with(|| Arc::new(Tenant::new(customer)));
            Arc::make_mut(tenant).load(step, &mut self.inventories);
        }
    }

    /// Notes what the change log tells of records that were loaded, of ends and of judgements.
    pub(crate) fn load_changes(&mut self, mut changes: Vec<store::Change>) {
        let tenants = Arc::make_mut(&mut self.tenants);
        changes.retain(|change| {
            let is_living = change.kind != ChangeKind::Judgement && !change.deleted;
            if let Some(tenant) = tenants.get_mut(&change.customer).filter(|_| is_living) {
                Arc::make_mut(tenant).load_cause(change);
            }
            !is_living
        });
        for (customer, step) in self.by_customer(Vec::new(), Vec::new(), changes) {
            let tenants = Arc::make_mut(&mut self.tenants);
            let tenant = tenants.entry(customer).or_insert_with(|| Arc::new(Tenant::new(customer)));
            Arc::make_mut(tenant).load(step, &mut self.inventories);
        }
    }

    /// Derives what belongs to records that were loaded.
    pub(crate) fn finish_load(&mut self) {
        self.inventories.settle();
        for tenant in Arc::make_mut(&mut self.tenants).values_mut() {
            Arc::make_mut(tenant).finish_load(&self.inventories);
        }
    }

    /// Parts records and ends by customer and notes the judgements.
    fn by_customer(
        &mut self,
        images: Vec<StoredImage>,
        containers: Vec<StoredContainer>,
        changes: Vec<store::Change>,
    ) -> BTreeMap<Uuid, TenantStep> {
        let mut steps: BTreeMap<Uuid, TenantStep> = BTreeMap::new();
        for image in images {
            steps.entry(image.record.customer).or_default().images.push(image);
        }
        for container in containers {
            steps.entry(container.record.customer).or_default().containers.push(container);
        }
        for change in changes {
            if change.kind == ChangeKind::Judgement {
                Arc::make_mut(&mut self.rejudgements).insert(change.clock, change.cause.as_ref().into());
            } else {
                steps.entry(change.customer).or_default().deleted.push(change);
            }
        }
        steps
    }
}

/// What is to be saved of one customer.
pub(crate) type TenantParts = (Uuid, Images, Containers, SavedTenant);

impl Index {
    /// Why packages were judged anew, by the clock value of the change.
    pub(crate) fn rejudgements(&self) -> &BTreeMap<Timestamp, Arc<str>> {
        &self.rejudgements
    }

    /// What is to be saved, so that each part can be given up for itself.
    pub(crate) fn into_parts(self) -> (Packages, Inventories, Vec<TenantParts>) {
        let tenants = self.tenants.values().map(|tenant| {
            let (images, containers, rest) = tenant.parts();
            (tenant.customer, images.clone(), containers.clone(), rest)
        });
        let tenants = tenants.collect();
        (self.packages, self.inventories, tenants)
    }

    /// An index of what was saved.
    pub(crate) fn of_parts(
        (clock, judged_by): (Timestamp, Option<Digest>),
        packages: Packages,
        inventories: Inventories,
        tenants: impl IntoIterator<Item = Tenant>,
        rejudgements: BTreeMap<Timestamp, Arc<str>>,
    ) -> Self {
        let tenants = tenants.into_iter().map(|tenant| (tenant.customer, Arc::new(tenant))).collect();
        let (tenants, rejudgements) = (Arc::new(tenants), Arc::new(rejudgements));
        Self { clock, judged_by, packages, inventories, kept: Arc::default(), tenants, rejudgements }
    }

    /// Makes what was left for later when the index was read from a file.
    pub(crate) fn warm(&self) {
        self.packages.warm();
        self.inventories.items().warm();
        drop(self.inventories.items().known());
        for tenant in self.tenants() {
            tenant.warm();
        }
    }
}
