//! One state of the index, with the answers that were worked out on it.
//!
//! Pages of one export and of one list ask the same question again and again. Its answer, as a set of positions, is kept as
//! long as the state stands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use qql::{Condition, Entity};
use uuid::Uuid;

use crate::eval::{ContainerTable, Content, ImageTable, evaluate};
use crate::facts::{Index, Rows, Tenant};
use crate::request::Scope;
use crate::table::Bits;

/// Answers that are kept. Each takes one bit for each record of the customer.
const KEPT: usize = 32;

/// A state of the index that does not change any more.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) index: Index,
    answers: Mutex<VecDeque<(Question, Arc<Bits>)>>,
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
        Self { index, answers: Mutex::default() }
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
        let place = answers.iter().position(|(known, _)| known == question)?;
        let answer = answers.remove(place)?;
        let found = Arc::clone(&answer.1);
        answers.push_front(answer);
        Some(found)
    }

    fn keep(&self, question: Question, answer: &Arc<Bits>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.truncate(KEPT - 1);
        answers.push_front((question, Arc::clone(answer)));
    }
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
        let content = Content { packages: &index.packages, inventories: &index.inventories };
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
