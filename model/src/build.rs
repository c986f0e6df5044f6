//! The build that made an image, as the build service tells it.
//!
//! The decision a reader may doubt: a login in an address is cut out wherever a build is read or taken in, and not only by
//! the scanner. Build services put tokens into the addresses of repositories, and whoever may read an image is not who
//! may push to its source.

use serde::{Deserialize, Serialize};

use crate::report::limits;

/// What is known of a build: words for people, which no rule is built on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Build {
    /// The build service, such as `github-actions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The job or pipeline, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Which run of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Where a browser shows the run; `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit that was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its branch, else its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The address of the repository, without a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl Build {
    /// The words in their order, each with its name in JSON.
    pub fn words(&self) -> [(&'static str, Option<&str>); 7] {
        let Self { system, job, number, url, commit, branch, repository } = self;
        let names = ["system", "job", "number", "url", "commit", "branch", "repository"];
        let words = [system, job, number, url, commit, branch, repository];
        std::array::from_fn(|at| (names[at], words[at].as_deref()))
    }

    /// The word of a name in JSON, to be set; `None` if there is no such name.
    pub fn word_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "system" => &mut self.system,
            "job" => &mut self.job,
            "number" => &mut self.number,
            "url" => &mut self.url,
            "commit" => &mut self.commit,
            "branch" => &mut self.branch,
            "repository" => &mut self.repository,
            _ => return None,
        })
    }

    /// The build as it may be kept: without logins in addresses, control characters and empty words, without a `url` that
    /// is no address of a page; `None` if nothing is left. Idempotent.
    pub fn kept(mut self) -> Option<Self> {
        let mut is_empty = true;
        for name in Self::default().words().map(|(name, _)| name) {
            let Some(word) = self.word_mut(name) else { continue };
            *word = word.take().and_then(|text| kept(name, text));
            is_empty &= word.is_none();
        }
        (!is_empty).then_some(self)
    }
}

fn kept(name: &str, text: String) -> Option<String> {
    let mut text = if text.contains(char::is_control) { text.replace(char::is_control, "") } else { text };
    if text.trim().len() < text.len() {
        text = text.trim().to_owned();
    }
    while let Some(shorter) = without_login(&text) {
        text = shorter;
    }
    let is_page = || is_page(&text);
    (!text.is_empty() && (name != "url" || is_page())).then_some(text)
}

/// Whether a text is the address of a page.
pub fn is_page(text: &str) -> bool {
    let scheme = text.split_once("://").filter(|(_, rest)| !rest.is_empty());
    scheme.is_some_and(|(scheme, _)| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// The text without what stands before the `@` of its host; `None` if there is none.
///
/// The `git@` of `git@example.com:team/app.git` is no login but part of how that is written, and stays.
fn without_login(text: &str) -> Option<String> {
    let host = text.find("://")? + 3;
    let rest = &text[host..];
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let first = rest.find('/').unwrap_or(end).min(end);
    let at = rest[..first].rfind('@').or_else(|| {
        let at = rest[..end].find('@')?;
        // `user:pass/word@host`, a slash that should have been escaped: a colon that no port follows
        let colon = rest[..first].find(':')?;
        let port = &rest[colon + 1..first];
        (port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit())).then_some(at)
    })?;
    Some(format!("{}{}", &text[..host], &rest[at + 1..]))
}

/// Cuts what is too long for a server; gives whether anything was.
pub(crate) fn cut(build: &mut Build) -> bool {
    let mut is_cut = false;
    for name in build.words().map(|(name, _)| name) {
        if let Some(Some(text)) = build.word_mut(name)
            && text.len() > limits::WORD
        {
            text.truncate(text.floor_char_boundary(limits::WORD));
            is_cut = true;
        }
    }
    is_cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(text: &str) -> Option<String> {
        Build { repository: Some(text.into()), ..Build::default() }.kept().and_then(|build| build.repository)
    }

    #[test]
    fn logins_are_cut_out_of_addresses() {
        for (text, shown) in [
            ("https://example.com/team/app.git", "https://example.com/team/app.git"),
            ("https://gitlab-ci-token:s3cret@example.com/team/app.git", "https://example.com/team/app.git"),
            ("https://s3cret@example.com:8443/team/app.git", "https://example.com:8443/team/app.git"),
            ("https://user:s3cret@x@example.com/a@b", "https://example.com/a@b"),
            ("https://user:s3/cret@example.com/team", "https://example.com/team"),
            ("https://example.com:8443/team/@scope/app", "https://example.com:8443/team/@scope/app"),
            ("ssh://git:s3cret@example.com", "ssh://example.com"),
            ("git@example.com:team/app.git", "git@example.com:team/app.git"),
        ] {
            assert_eq!(repository(text).as_deref(), Some(shown));
        }
    }

    #[test]
    fn a_page_is_an_address_of_the_web_and_nothing_else() {
        let url = |text: &str| Build { url: Some(text.into()), ..Build::default() }.kept();
        assert_eq!(url("javascript:alert(1)"), None);
        assert_eq!(url("null/job/app/1"), None);
        assert_eq!(url(" https://u:p@ci.example.com/1\n").unwrap().url.unwrap(), "https://ci.example.com/1");
    }

    #[test]
    fn what_is_kept_is_kept_again() {
        let parts = ["https://", "http://", "u:p@", "@", "a", "/", " ", "\n", ":", "?", "#b@c"];
        for number in 0..parts.len().pow(4) {
            let part = |place: u32| parts[number / parts.len().pow(place) % parts.len()];
            let text: String = (0..4).map(part).collect();
            let build = Build { url: Some(text.clone()), repository: Some(text), ..Build::default() };
            let kept = build.kept();
            assert_eq!(kept.clone().and_then(Build::kept), kept);
        }
    }
}
