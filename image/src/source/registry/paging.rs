//! From one page of a list to the next.
//!
//! Whoever is asked writes the way to the next page. So it is followed only on the host that was asked, as long as pages bring something new,
//! and up to [`MAX_NAMES`].

use reqwest::Url;

use super::error::RegistryError;
use super::wire::{Wire, host_of};

/// Names that are read of one list; a longer one is an error.
pub const MAX_NAMES: usize = 1_000_000;
/// Pages of one list.
const MAX_PAGES: usize = 50_000;
/// Pages in a row that bring nothing new.
const MAX_STALE_PAGES: usize = 3;

/// A list that is read page by page.
pub(super) struct Pages<'w> {
    wire: &'w Wire,
    first: String,
    path: String,
    turned: usize,
    stale: usize,
}

impl<'w> Pages<'w> {
    /// Begins at a path with its query.
    pub(super) fn new(wire: &'w Wire, first: &str) -> Self {
        Self { wire, first: first.to_owned(), path: first.to_owned(), turned: 0, stale: 0 }
    }

    /// Path and query of the page that is to be read.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A page that is none.
    pub(super) fn broken(&self, reason: &str) -> RegistryError {
        self.protocol(format!("`{}`: {reason}", self.path))
    }

    /// Goes on to where `link` leads from this page; `false` after the last one. `is_new` says whether this page brought anything, and
    /// `count` what all have brought so far.
    pub(super) fn turn(
        &mut self,
        is_new: bool,
        count: usize,
        link: Option<&str>,
    ) -> Result<bool, RegistryError> {
        if count > MAX_NAMES {
            return Err(self.protocol(format!("its list `{}` has more than {MAX_NAMES} names", self.first)));
        }
        let Some(link) = link else { return Ok(false) };
        self.stale = if is_new { 0 } else { self.stale + 1 };
        if self.stale == MAX_STALE_PAGES {
            return Err(self.protocol(format!("the pages of its list `{}` turn in circles", self.first)));
        }
        self.turned += 1;
        if self.turned == MAX_PAGES {
            return Err(self.protocol(format!("its list `{}` has more than {MAX_PAGES} pages", self.first)));
        }
        self.path = self.next_path(link)?;
        Ok(true)
    }

    fn next_path(&self, link: &str) -> Result<String, RegistryError> {
        let base = &self.wire.base;
        let here = base.join(&self.path);
        let here = here.map_err(|_| self.protocol("its list has no address".to_owned()))?;
        let next: Url = here
            .join(link)
            .map_err(|_| self.protocol("the next page of its list has no address".to_owned()))?;
        if next.origin() != base.origin() {
            let (host, target) = (self.wire.host(), host_of(&next));
            let reason = "the next page of a list is on another host";
            return Err(RegistryError::Refused { host, target, reason });
        }
        let query = next.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{query}", next.path()))
    }

    fn protocol(&self, reason: String) -> RegistryError {
        RegistryError::Protocol { host: self.wire.host(), reason }
    }
}
