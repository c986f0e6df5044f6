//! Containers that are to be looked into before the next round, because somebody ran something in them.
//!
//! What it is for: `docker exec web apt-get install curl` shows within seconds. What it is not for: looking; and no promise, because
//! the next round looks into every container anyway.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Digest;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A process that was started has done something by then, and one that has ended has written it.
const SETTLE: Duration = Duration::from_secs(1);
/// The shortest time between two looks into one container.
const GAP: Duration = Duration::from_secs(5);
/// Containers that may wait. Further ones wait for the next round.
const WAITING: usize = 10_000;

/// What waits.
#[derive(Default)]
pub(crate) struct Soon {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    due: HashMap<Digest, Instant>,
    /// When containers were looked into for this reason, as far as that still matters.
    looked: HashMap<Digest, Instant>,
}

impl Soon {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a container looked into soon. One that waits already is looked into after this, so once is enough.
    pub(crate) fn ask(&self, id: Digest) {
        let mut inner = self.lock();
        if inner.due.contains_key(&id) || inner.due.len() >= WAITING {
            return;
        }
        let after_last = inner.looked.get(&id).map(|last| *last + GAP);
        let due = after_last.into_iter().fold(Instant::now() + SETTLE, Instant::max);
        inner.due.insert(id, due);
        drop(inner);
        self.changed.notify_one();
    }

    /// Waits until there are containers to be looked into, and takes them. What was not taken is still there when the wait is broken off.
    pub(crate) async fn next(&self) -> HashSet<Digest> {
        loop {
            let (ready, next) = self.take(Instant::now());
            if !ready.is_empty() {
                return ready;
            }
            match next {
                Some(next) => tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
        }
    }

    /// Those that are due, and when the next one is.
    fn take(&self, now: Instant) -> (HashSet<Digest>, Option<Instant>) {
        let mut inner = self.lock();
        inner.looked.retain(|_, last| *last + GAP > now);
        let ready: HashSet<Digest> =
            inner.due.iter().filter(|(_, due)| **due <= now).map(|(id, _)| *id).collect();
        inner.due.retain(|id, _| !ready.contains(id));
        inner.looked.extend(ready.iter().map(|id| (*id, now)));
        (ready, inner.due.values().min().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Digest {
        Digest::of(&[number])
    }

    #[tokio::test]
    async fn a_container_is_looked_into_once_however_often_something_runs_and_not_again_at_once() {
        let soon = Soon::default();
        let begun = Instant::now();
        (0..100).for_each(|_| soon.ask(id(1)));
        soon.ask(id(2));
        let at = |millis: u64| begun + Duration::from_millis(millis);
        assert_eq!(soon.take(at(0)).0.len(), 0);
        assert_eq!(soon.take(at(1_500)).0, [id(1), id(2)].into());
        soon.ask(id(1));
        soon.ask(id(3));
        let (ready, next) = soon.take(at(2_500));
        assert_eq!(ready, [id(3)].into(), "the first one was looked into just now");
        assert!(next.is_some_and(|next| (at(6_499)..=at(6_600)).contains(&next)));
        assert_eq!(soon.take(at(6_600)).0, [id(1)].into());
    }

    #[tokio::test]
    async fn a_wait_that_is_broken_off_takes_nothing() {
        let soon = Soon::default();
        soon.ask(id(1));
        let broken = tokio::time::timeout(Duration::from_millis(50), soon.next()).await;
        assert!(broken.is_err());
        let ready = tokio::time::timeout(Duration::from_secs(20), soon.next()).await.unwrap();
        assert_eq!(ready, [id(1)].into());
    }

    #[tokio::test]
    async fn there_are_never_too_many() {
        let soon = Soon::default();
        (0..WAITING as u32 + 500).for_each(|number| soon.ask(Digest::of(&number.to_le_bytes())));
        assert_eq!(soon.lock().due.len(), WAITING);
    }
}
