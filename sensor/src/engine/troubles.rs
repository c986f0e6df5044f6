//! What is wrong at the moment, in words for operators: each thing once, until it is mended.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Troubles that are told.
const TOLD: usize = 20;
/// Troubles that are remembered.
const KEPT: usize = 200;
/// Letters of one.
const LETTERS: usize = 500;

/// What is wrong, by what it is about.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    by_subject: Mutex<BTreeMap<String, String>>,
}

impl Troubles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.by_subject.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong with `subject`. Logged if that is news.
    pub(crate) fn set(&self, subject: &str, words: impl std::fmt::Display) {
        let words: String = words.to_string().chars().take(LETTERS).collect();
        let mut troubles = self.lock();
        if troubles.get(subject) == Some(&words) {
            return;
        }
        tracing::warn!(subject, "{words}");
        if troubles.len() < KEPT || troubles.contains_key(subject) {
            troubles.insert(subject.to_owned(), words);
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
        let troubles = self.lock();
        let mut told: Vec<String> = troubles.values().take(TOLD).cloned().collect();
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
