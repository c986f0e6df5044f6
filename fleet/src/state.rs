//! One state of the index, with the answers that were worked out on it.
//!
//! Pages of one export and of one list ask the same question again and again. Its answer, as a set of positions, is kept as
//! long as the state stands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use qql::{Condition, Entity};
use uuid::Uuid;

use crate::aggregate::Summary;
use crate::ask::{GroupBy, GroupList};
use crate::eval::{ContainerTable, Content, ImageTable, evaluate};
use crate::facts::{Index, Rows, Tenant};
use crate::request::Scope;
use crate::table::Bits;

/// Words of the answers that are kept of those that were asked for once, and of those that were asked for again: 32 MiB each.
/// An answer takes one bit for each record of the customer. What depends on the time of a request is never asked for again, and
/// must not drive out what is.
const WORDS: usize = 4 << 20;
/// So many answers of each kind are kept at most: they are looked through one by one.
const ANSWERS: usize = 256;
/// Counts that are kept.
const KEPT: usize = 16;

/// A state of the index that does not change any more.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) index: Index,
    answers: Mutex<Answers>,
    totals: Mutex<VecDeque<(Sum, Total)>>,
}

/// Answers, those that were asked for last first.
#[derive(Debug, Default)]
struct Answers {
    once: VecDeque<(Question, Arc<Bits>)>,
    again: VecDeque<(Question, Arc<Bits>)>,
}

/// What was counted over all that a scope shows of a customer: by what and how many groups, or everything.
type Sum = (Uuid, Scope, Option<(GroupBy, usize)>);

/// What a count came to.
#[derive(Clone, Debug)]
pub(crate) enum Total {
    Groups(GroupList),
    Summary(Summary),
}

#[derive(Clone, Debug, PartialEq)]
struct Question {
    customer: Uuid,
    entity: Entity,
    scope: Scope,
    condition: Condition,
}

/// What a reader may see of one customer's records of one kind.
pub(crate) struct View<'s> {
    pub(crate) state: &'s State,
    pub(crate) tenant: &'s Tenant,
    pub(crate) entity: Entity,
    scope: &'s Scope,
    /// The records of this kind that the scope shows.
    pub(crate) visible: Arc<Bits>,
    /// The images that the scope shows.
    pub(crate) visible_images: Arc<Bits>,
}

impl State {
    pub(crate) fn new(index: Index) -> Self {
        Self { index, answers: Mutex::default(), totals: Mutex::default() }
    }

    /// What a scope shows of a customer; `None` if the customer has nothing.
    pub(crate) fn view<'s>(&'s self, customer: Uuid, scope: &'s Scope, entity: Entity) -> Option<View<'s>> {
        let tenant = self.index.tenant(customer)?;
        let shown = tenant.visible(scope);
        let visible = match entity {
            Entity::Container => shown.containers,
            _ => Arc::clone(&shown.images),
        };
        Some(View { state: self, tenant, entity, scope, visible, visible_images: shown.images })
    }

    fn known(&self, question: &Question) -> Option<Arc<Bits>> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let Answers { once, again } = &mut *answers;
        let place = |queue: &VecDeque<(Question, _)>| queue.iter().position(|(known, _)| known == question);
        let answer = match place(again) {
            Some(place) => again.remove(place)?,
            None => once.remove(place(once)?)?,
        };
        let found = Arc::clone(&answer.1);
        again.push_front(answer);
        shorten(again);
        Some(found)
    }

    fn keep(&self, question: Question, answer: &Arc<Bits>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.once.push_front((question, Arc::clone(answer)));
        shorten(&mut answers.once);
    }

    /// What `count` comes to over all that a scope shows; it is kept as long as the state stands.
    pub(crate) fn total<E>(&self, of: Sum, count: impl FnOnce() -> Result<Total, E>) -> Result<Total, E> {
        let totals = || self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = totals().iter().find(|(known, _)| *known == of) {
            return Ok(known.clone());
        }
        let total = count()?;
        let mut totals = totals();
        totals.truncate(KEPT - 1);
        totals.push_front((of, total.clone()));
        Ok(total)
    }
}

/// Forgets what was asked for the longest time ago and has no room any more.
fn shorten(answers: &mut VecDeque<(Question, Arc<Bits>)>) {
    let mut words = 0;
    let sizes = answers.iter().map(|(_, answer)| answer.words().len());
    let kept = sizes.take_while(|size| {
        words += size;
        words <= WORDS
    });
    let kept = kept.take(ANSWERS).count().max(1);
    answers.truncate(kept);
}

impl<'s> View<'s> {
    /// The columns that both kinds of records have.
    pub(crate) fn rows(&self) -> Rows<'s> {
        match self.entity {
            Entity::Container => self.tenant.containers.rows(),
            _ => self.tenant.images.rows(),
        }
    }

    /// The images as a table for conditions and orders.
    pub(crate) fn images<'v>(&'v self) -> ImageTable<'v> {
        let index = &self.state.index;
        let content = Content::new(index);
        ImageTable { tenant: self.tenant, content, visible: &self.visible_images }
    }

    /// The containers as a table for conditions and orders.
    pub(crate) fn containers<'v>(&'v self) -> ContainerTable<'v> {
        ContainerTable { images: self.images() }
    }

    /// The visible records for which a condition holds.
    pub(crate) fn listed(&self, condition: Condition) -> Arc<Bits> {
        if condition == Condition::All {
            return Arc::clone(&self.visible);
        }
        let (customer, scope) = (self.tenant.customer, self.scope.clone());
        let question = Question { customer, entity: self.entity, scope, condition };
        if let Some(known) = self.state.known(&question) {
            return known;
        }
        let found = Arc::new(match self.entity {
            Entity::Container => evaluate(&self.containers(), &question.condition, &self.visible),
            _ => evaluate(&self.images(), &question.condition, &self.visible),
        });
        self.state.keep(question, &found);
        found
    }
}
