//! Which records carry a tag: what scopes are made of.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::persist::{Persist, PersistError, Sink, Source};
use crate::table::{Bits, PagedBits};

/// Positions by the name of a tag that counts for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tagged(Arc<BTreeMap<Arc<str>, PagedBits>>);

impl Tagged {
    /// Puts a position under a tag or takes it away from there.
    pub(crate) fn set(&mut self, tag: &str, position: u32, is_tagged: bool) {
        if self.has(tag, position) == is_tagged {
            return;
        }
        let tags = Arc::make_mut(&mut self.0);
        if let Some(known) = tags.get_mut(tag) {
            known.set(position, is_tagged);
            if known.count() == 0 {
                tags.remove(tag);
            }
        } else {
            let mut new = PagedBits::default();
            new.set(position, is_tagged);
            tags.insert(tag.into(), new);
        }
    }

    /// Whether a position stands under a tag.
    pub(crate) fn has(&self, tag: &str, position: u32) -> bool {
        self.0.get(tag).is_some_and(|positions| positions.contains(position))
    }

    /// The positions below `len` under at least one of `tags`.
    pub(crate) fn union<'t>(&self, tags: impl IntoIterator<Item = &'t str>, len: u32) -> Bits {
        let mut all = Bits::none(len);
        for tag in tags {
            if let Some(positions) = self.0.get(tag) {
                positions.add_to(&mut all);
            }
        }
        all
    }
}

impl Persist for Tagged {
    fn form(form: &mut String) {
        form.push_str("by tag: ");
        PagedBits::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.0.len())?;
        self.0.iter().try_for_each(|(tag, positions)| {
            sink.bytes(tag.as_bytes())?;
            positions.save(sink)
        })
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(16)?;
        let one = |_| Ok((source.text()?.into(), PagedBits::load(source)?));
        Ok(Self(Arc::new((0..count).map(one).collect::<Result<_, PersistError>>()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_there_as_long_as_something_carries_it() {
        let mut tagged = Tagged::default();
        tagged.set("a", 1, true);
        tagged.set("b", 2, true);
        let before = tagged.clone();
        tagged.set("a", 1, false);
        tagged.set("never", 1, false);
        let union = |tagged: &Tagged| tagged.union(["a", "b", "c"], 9).iter().collect::<Vec<_>>();
        assert_eq!((union(&before), union(&tagged)), (vec![1, 2], vec![2]));
        assert!(tagged.has("b", 2) && !tagged.has("b", 1));
    }
}
