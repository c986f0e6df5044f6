//! Containers that something happened to: each once, however often it is told, in the order of the first time.
//!
//! The decision a reader may doubt: whoever brings an event waits when the queue is full, and so in the end does the runtime. It
//! remembers events or says that some are lost, and then everything is listed; a queue that throws them away could say
//! neither.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::Timestamp;
use tokio::sync::Notify;

use crate::runtime::Told;

/// All that was told of a container since it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// What the events said, together; only the id if nothing was told but that it is to be looked at.
    pub(crate) told: Told,
    /// When the first event was.
    pub(crate) first: Option<Timestamp>,
    /// When the last one was.
    pub(crate) last: Option<Timestamp>,
    /// Whether the container is gone.
    pub(crate) gone: bool,
    /// How often looking at it has failed.
    pub(crate) tries: u32,
}

impl Pending {
    /// A container to be looked at.
    pub(crate) fn look(id: &str) -> Self {
        Self { told: Told { id: id.to_owned(), ..Told::default() }, ..Self::default() }
    }

    /// A container of which an event told.
    pub(crate) fn event(told: Told, at: Timestamp, gone: bool) -> Self {
        Self { told, first: Some(at), last: Some(at), gone, tries: 0 }
    }

    /// Adds what was told later.
    fn merge(&mut self, later: Self) {
        let told = &mut self.told;
        told.name = later.told.name.or(told.name.take());
        told.image = later.told.image.or(told.image.take());
        told.state = later.told.state.or(told.state.take());
        if !later.told.labels.is_empty() {
            told.labels = later.told.labels;
        }
        self.first = [self.first, later.first].into_iter().flatten().min();
        self.last = self.last.max(later.last);
        self.gone |= later.gone;
        self.tries = self.tries.max(later.tries);
    }
}

/// The queue.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    /// Something can be taken.
    ready: Notify,
    /// There is room.
    room: Notify,
    /// Somebody is done with a container.
    done: Notify,
    most: usize,
}

#[derive(Default)]
struct Inner {
    waiting: HashMap<String, Pending>,
    order: VecDeque<String>,
    /// Those that somebody is looking at. What is told of them meanwhile waits until that is done.
    taken: HashSet<String>,
}

impl Queue {
    /// For at most `most` containers.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            inner: Mutex::default(),
            ready: Notify::new(),
            room: Notify::new(),
            done: Notify::new(),
            most: most.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a container, or adds to what is known of it. Waits for room.
    pub(crate) async fn push(&self, pending: Pending) {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let mut inner = self.lock();
                if inner.waiting.len() < self.most || inner.waiting.contains_key(&pending.told.id) {
                    inner.add(pending);
                    break;
                }
            }
            room.await;
        }
        self.ready.notify_one();
    }

    /// Puts a container back that could not be looked at.
    pub(crate) fn put_back(&self, pending: Pending) {
        self.lock().add_before(pending);
        self.ready.notify_one();
    }

    /// Takes the next container that nobody is looking at; give its id to [`Queue::finish`] afterwards.
    pub(crate) async fn next(&self) -> Pending {
        loop {
            if let Some(pending) = self.take() {
                return pending;
            }
            self.ready.notified().await;
        }
    }

    fn take(&self) -> Option<Pending> {
        let mut inner = self.lock();
        let at = inner.order.iter().position(|id| !inner.taken.contains(id))?;
        let id = inner.order.remove(at)?;
        let pending = inner.waiting.remove(&id)?;
        inner.taken.insert(id);
        let more = !inner.order.is_empty();
        drop(inner);
        if more {
            self.ready.notify_one();
        }
        self.room.notify_one();
        Some(pending)
    }

    /// Says that a container that was taken has been looked at.
    pub(crate) fn finish(&self, id: &str) {
        self.lock().taken.remove(id);
        self.ready.notify_one();
        self.done.notify_waiters();
    }

    /// Whether nothing waits and nobody is at work.
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.lock();
        inner.waiting.is_empty() && inner.taken.is_empty()
    }

    /// Waits until nothing waits and nobody is at work.
    pub(crate) async fn idle(&self) {
        loop {
            let done = self.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            if self.is_idle() {
                return;
            }
            done.await;
        }
    }
}

impl Inner {
    fn add(&mut self, pending: Pending) {
        match self.waiting.get_mut(&pending.told.id) {
            Some(known) => known.merge(pending),
            None => {
                self.order.push_back(pending.told.id.clone());
                self.waiting.insert(pending.told.id.clone(), pending);
            }
        }
    }

    /// Adds what was told before everything that is known now.
    fn add_before(&mut self, mut pending: Pending) {
        if let Some(later) = self.waiting.get_mut(&pending.told.id) {
            pending.merge(std::mem::take(later));
            *later = pending;
        } else {
            self.add(pending);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::ContainerState;
    use proptest::prelude::*;

    use super::*;

    fn event(id: &str, at: i64, state: ContainerState) -> Pending {
        let gone = state == ContainerState::Deleted;
        let told = Told { id: id.to_owned(), state: Some(state).filter(|_| !gone), ..Told::default() };
        Pending::event(told, Timestamp(at), gone)
    }

    #[tokio::test]
    async fn what_is_told_of_a_container_comes_out_once_and_together() {
        let queue = Queue::new(10);
        queue.push(event("a", 1, ContainerState::Created)).await;
        queue.push(event("b", 2, ContainerState::Running)).await;
        queue.push(event("a", 3, ContainerState::Running)).await;
        queue.push(event("a", 4, ContainerState::Deleted)).await;
        let first = queue.next().await;
        assert_eq!(first.told.id, "a");
        assert_eq!((first.first, first.last, first.gone), (Some(Timestamp(1)), Some(Timestamp(4)), true));
        assert_eq!(first.told.state, Some(ContainerState::Running));
        assert_eq!(queue.next().await.told.id, "b");
        assert!(queue.take().is_none());
    }

    #[tokio::test]
    async fn nobody_looks_at_a_container_that_another_looks_at() {
        let queue = Queue::new(10);
        queue.push(event("a", 1, ContainerState::Created)).await;
        assert_eq!(queue.next().await.told.id, "a");
        queue.push(event("a", 2, ContainerState::Deleted)).await;
        assert!(queue.take().is_none(), "it is looked at");
        queue.finish("a");
        assert!(queue.next().await.gone);
        assert!(!queue.is_idle());
        queue.finish("a");
        queue.idle().await;
    }

    #[tokio::test]
    async fn whoever_brings_more_than_there_is_room_for_waits() {
        let queue = Queue::new(2);
        queue.push(event("a", 1, ContainerState::Created)).await;
        queue.push(event("b", 1, ContainerState::Created)).await;
        queue.push(event("a", 2, ContainerState::Running)).await;
        let third = queue.push(event("c", 1, ContainerState::Created));
        tokio::pin!(third);
        let brief = Duration::from_millis(20);
        assert!(tokio::time::timeout(brief, &mut third).await.is_err());
        queue.next().await;
        tokio::time::timeout(Duration::from_secs(5), third).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_put_back_is_older_than_what_came_meanwhile() {
        let queue = Queue::new(2);
        queue.push(event("a", 1, ContainerState::Created)).await;
        let taken = queue.next().await;
        queue.push(event("a", 5, ContainerState::Running)).await;
        queue.put_back(Pending { tries: 1, ..taken });
        queue.finish("a");
        let again = queue.next().await;
        assert_eq!((again.told.state, again.tries), (Some(ContainerState::Running), 1));
        assert_eq!((again.first, again.last), (Some(Timestamp(1)), Some(Timestamp(5))));
    }

    proptest! {
        /// Whatever order workers work in: the last thing told of a container is the last thing that comes out of it.
        #[test]
        fn nothing_that_was_told_last_is_lost(events in prop::collection::vec((0_u8..5, any::<bool>()), 1..80)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let queue = Queue::new(3);
                let mut latest = HashMap::new();
                let mut seen: HashMap<String, i64> = HashMap::new();
                let mut see = |pending: &Pending| {
                    seen.insert(pending.told.id.clone(), pending.last.unwrap().0);
                };
                for (at, (container, work)) in (1_i64..).zip(events) {
                    let id = container.to_string();
                    while queue.lock().waiting.len() >= 3 {
                        let pending = queue.next().await;
                        see(&pending);
                        queue.finish(&pending.told.id);
                    }
                    queue.push(event(&id, at, ContainerState::Running)).await;
                    latest.insert(id, at);
                    if work && let Some(pending) = queue.take() {
                        see(&pending);
                        queue.finish(&pending.told.id);
                    }
                }
                while let Some(pending) = queue.take() {
                    see(&pending);
                    queue.finish(&pending.told.id);
                }
                assert!(queue.is_idle());
                assert_eq!(seen, latest);
            });
        }
    }
}
