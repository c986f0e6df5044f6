//! Elastic Container Registry: `DescribeRepositories` and `DescribeImages`, a thousand at a time.

use std::collections::HashSet;

use serde_json::json;

use super::rows::{self, Rest};
use crate::source::registry::RegistryOptions;
use crate::source::registry::cloud::CloudPlaces;
use crate::source::registry::cloud::aws::{Access, Ecr, place_of};
use crate::source::registry::error::RegistryError;
use crate::source::registry::listing::RemoteTag;
use crate::source::registry::paging::Pages;
use crate::source::registry::wire::Wire;

/// The most that one answer holds.
const PAGE: u32 = 1_000;

/// The lists of one account's registry.
#[derive(Debug)]
pub(in crate::source::registry) struct EcrLists {
    service: Ecr,
    /// The account, which need not be that of the key.
    account: Option<String>,
}

impl EcrLists {
    pub(super) fn new(
        host: &str,
        access: Access,
        places: &CloudPlaces,
        options: &RegistryOptions,
    ) -> Result<Self, RegistryError> {
        let place = match &places.aws {
            Some(place) => place.clone(),
            None => place_of("api.ecr", &access.region)?,
        };
        let account = host.split_once(".dkr.ecr.").map(|(account, _)| account.to_owned());
        Ok(Self { service: Ecr::new(&place, access, options)?, account })
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.service.wire
    }

    /// The tags of a repository.
    pub(super) fn tags(&self, repository: &str) -> Result<Vec<RemoteTag>, RegistryError> {
        let question = json!({ "repositoryName": repository, "filter": { "tagStatus": "TAGGED" } });
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        self.pages("DescribeImages", question, |bytes| {
            let mut fresh = Vec::new();
            let rest = rows::ecr_tags(bytes, &mut fresh)?;
            all.extend(fresh.into_iter().filter(|tag: &RemoteTag| seen.insert(tag.name.clone())));
            Ok((rest, all.len()))
        })?;
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// All repositories.
    pub(super) fn repositories(&self) -> Result<Vec<String>, RegistryError> {
        let mut all = HashSet::new();
        self.pages("DescribeRepositories", json!({}), |bytes| {
            let mut fresh = Vec::new();
            let rest = rows::ecr_repositories(bytes, &mut fresh)?;
            all.extend(fresh);
            Ok((rest, all.len()))
        })?;
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_unstable();
        Ok(all)
    }

    /// Asks as long as an answer holds the word for the next one; `read` gives how many there are so far.
    fn pages(
        &self,
        action: &str,
        mut question: serde_json::Value,
        mut read: impl FnMut(&[u8]) -> Result<(Rest, usize), String>,
    ) -> Result<(), RegistryError> {
        question["maxResults"] = PAGE.into();
        if let Some(account) = &self.account {
            question["registryId"] = account.as_str().into();
        }
        let (mut pages, mut known) = (Pages::new(&self.service.wire, "/"), 0);
        loop {
            let answer = self.service.call(action, question.to_string())?;
            let (rest, count) =
                read(&answer).map_err(|reason| pages.broken(&format!("{action}: {reason}")))?;
            let next = rest.next.filter(|next| !next.is_empty());
            if !pages.turn(count > known, count, next.as_ref().map(|_| "/"))? {
                return Ok(());
            }
            known = count;
            question["nextToken"] = next.into();
        }
    }
}
