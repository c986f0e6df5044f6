//! Ids of containers.
//!
//! containerd lets whoever makes a container choose its id, and only promises that it is unique within a namespace. Reports have
//! ids of 64 hex digits. So an id of that form is kept, for Kubernetes and nerdctl choose such ids and show them, and any other becomes the
//! SHA-256 of `NAMESPACE/ID`; the id itself is then the container's name.

use std::collections::{HashMap, HashSet};

use model::Digest;

/// Containers that are remembered; more would be a storm that the next listing clears up.
const MOST: usize = 100_000;

/// The id that reports have for a container.
pub(crate) fn report_id(namespace: &str, id: &str) -> Digest {
    let is_digest = id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match Digest::from_hex(id) {
        Ok(digest) if is_digest => digest,
        _ => Digest::of(format!("{namespace}/{id}").as_bytes()),
    }
}

/// A container as containerd knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) namespace: String,
    pub(crate) id: String,
}

/// The way back from ids of reports to containerd's own.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<Digest, Address>,
    /// Made since the sensor listens, and never started.
    unstarted: HashSet<Digest>,
    /// The empty containers that hold the namespaces of a pod together.
    sandboxes: HashSet<Digest>,
}

impl Names {
    /// Remembers a container; gives its id in reports.
    pub(crate) fn learn(&mut self, namespace: &str, id: &str) -> Digest {
        let digest = report_id(namespace, id);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known
            .entry(digest)
            .or_insert_with(|| Address { namespace: namespace.to_owned(), id: id.to_owned() });
        digest
    }

    /// All that is known.
    pub(crate) fn all(&self) -> HashSet<Digest> {
        self.known.keys().copied().collect()
    }

    /// Forgets what a listing does not have, of what was known `before` it began; what was made meanwhile may be too new for it.
    pub(crate) fn keep(&mut self, before: &HashSet<Digest>, listed: &HashSet<Digest>) {
        for digest in before.difference(listed) {
            self.forget(digest);
        }
    }

    pub(crate) fn find(&self, digest: &Digest) -> Option<Address> {
        self.known.get(digest).cloned()
    }

    /// Notes that it was just made, and so waits for its first start.
    pub(crate) fn made(&mut self, digest: Digest) {
        if self.unstarted.len() < MOST {
            self.unstarted.insert(digest);
        }
    }

    /// Notes that it was started.
    pub(crate) fn started(&mut self, digest: &Digest) {
        self.unstarted.remove(digest);
    }

    /// Whether it is known to have never been started.
    pub(crate) fn is_unstarted(&self, digest: &Digest) -> bool {
        self.unstarted.contains(digest)
    }

    /// Notes that it is a sandbox.
    pub(crate) fn sandbox(&mut self, digest: Digest) {
        if self.sandboxes.len() < MOST {
            self.sandboxes.insert(digest);
        }
    }

    /// Whether it is a sandbox.
    pub(crate) fn is_sandbox(&self, digest: &Digest) -> bool {
        self.sandboxes.contains(digest)
    }

    /// Forgets a container that is gone; gives back whether it was a sandbox.
    pub(crate) fn forget(&mut self, digest: &Digest) -> bool {
        self.known.remove(digest);
        self.unstarted.remove(digest);
        self.sandboxes.remove(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_64_hex_digits_is_kept_and_any_other_is_hashed_with_its_namespace() {
        let hex = "0a".repeat(32);
        assert_eq!(report_id("k8s.io", &hex).to_hex(), hex);
        assert_eq!(report_id("default", "web1"), Digest::of(b"default/web1"));
        assert_ne!(report_id("default", "web1"), report_id("other", "web1"));
        // another container may be called the same in capitals
        assert_ne!(report_id("default", &hex.to_uppercase()).to_hex(), hex);
    }

    #[test]
    fn a_container_is_found_by_its_id_in_reports_until_a_listing_is_without_it() {
        let mut names = Names::default();
        let [one, two] = ["one", "two"].map(|id| names.learn("default", id));
        names.made(one);
        assert_eq!(names.find(&one), Some(Address { namespace: "default".into(), id: "one".into() }));
        assert!(names.is_unstarted(&one) && !names.is_unstarted(&two));
        let before = names.all();
        let three = names.learn("default", "three");
        names.keep(&before, &HashSet::from([two]));
        assert_eq!(names.find(&one), None);
        assert!(!names.is_unstarted(&one) && names.find(&two).is_some());
        assert!(names.find(&three).is_some(), "it was made after the listing began");
    }
}
