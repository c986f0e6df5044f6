//! What is wrong at the moment, in words for operators: each thing once, until it is mended.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Troubles that are told.
const TOLD: usize = 20;
/// Troubles that are remembered.
const KEPT: usize = 200;
/// Letters of one.
const LETTERS: usize = 500;
/// What happened once is told for so long.
const ONCE: Duration = Duration::from_secs(3_600);

/// What is wrong, by what it is about.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    by_subject: Mutex<BTreeMap<String, Trouble>>,
}

#[derive(Debug)]
struct Trouble {
    words: String,
    /// When it has been told for long enough; `None` until it is cleared.
    until: Option<Instant>,
}

impl Troubles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Trouble>> {
        self.by_subject.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong with `subject`. Logged if that is news.
    pub(crate) fn set(&self, subject: &str, words: impl std::fmt::Display) {
        self.put(subject, words, None);
    }

    /// Something went wrong with `subject` that nothing will mend.
    pub(crate) fn happened(&self, subject: &str, words: impl std::fmt::Display) {
        self.put(subject, words, Some(Instant::now() + ONCE));
    }

    fn put(&self, subject: &str, words: impl std::fmt::Display, until: Option<Instant>) {
        let words: String = words.to_string().chars().take(LETTERS).collect();
        let mut troubles = self.lock();
        if troubles.get(subject).is_some_and(|known| known.words == words) {
            return;
        }
        tracing::warn!(subject, "{words}");
        if troubles.len() < KEPT || troubles.contains_key(subject) {
            troubles.insert(subject.to_owned(), Trouble { words, until });
        }
    }

    /// Nothing is wrong with `subject` any more.
    pub(crate) fn clear(&self, subject: &str) {
        if self.lock().remove(subject).is_some() {
            tracing::info!(subject, "{subject}: well again");
        }
    }

    /// Sets or clears.
    pub(crate) fn tell(&self, subject: &str, words: Option<String>) {
        match words {
            Some(words) => self.set(subject, words),
            None => self.clear(subject),
        }
    }

    /// All troubles, as far as anybody would read them.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut troubles = self.lock();
        let now = Instant::now();
        troubles.retain(|_, trouble| trouble.until.is_none_or(|until| until > now));
        let mut told: Vec<String> =
            troubles.values().take(TOLD).map(|trouble| trouble.words.clone()).collect();
        if troubles.len() > TOLD {
            told.push(format!("and {} more", troubles.len() - TOLD));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_stands_until_it_is_cleared_and_there_are_never_too_many() {
        let troubles = Troubles::default();
        troubles.set("docker", "away");
        troubles.set("docker", "still away");
        assert_eq!(troubles.all(), ["still away"]);
        troubles.clear("docker");
        assert!(troubles.all().is_empty());
        for number in 0..10_000 {
            troubles.set(&number.to_string(), "x".repeat(10_000));
        }
        let all = troubles.all();
        assert_eq!(all.len(), TOLD + 1);
        assert!(all.iter().all(|words| words.len() <= LETTERS));
    }
}
