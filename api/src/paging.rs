//! Query parameters, page windows and the `Link` header.
//!
//! The exact spelling of the link is part of the contract (`<URL>;rel=next`, `limit` before
//! `paginationQuery`, everything else that was asked repeated), because clients cut it by hand. The end of a
//! bulk list is marked by the absence of the header: header names leave in title case, and of all the forms
//! that clients meet, a title-case `Link: null` is the one that makes an export fail.

use axum::http::{HeaderMap, Uri, header};

use crate::error::ApiError;
use crate::settings::ApiSettings;

/// Records of a bulk page when `limit` is not given.
const DEFAULT_LIMIT: usize = 50;
/// The most records of one bulk page.
const MAX_LIMIT: usize = 250;
/// The parameter of a link that carries the end of the export, so that `paginationQuery` keeps its documented form.
/// A client that takes only `paginationQuery` out of the link goes on without an end, which is sound, too.
const END: &str = "until";
/// Records of a plain page when `pageSize` is not given.
const DEFAULT_PAGE_SIZE: usize = 50;
/// The most records of one plain page.
const MAX_PAGE_SIZE: usize = 1_000;
/// Records that plain pages can reach; a bulk list goes further.
const WINDOW: usize = 10_000;

/// The query parameters of a request, decoded, in their order. Unknown ones are ignored by whoever asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    all: Vec<(String, String)>,
    /// Names of those whose values are not UTF-8; what stands in `all` for them was repaired.
    broken: Vec<String>,
}

impl Parameters {
    /// Decodes the query of `uri`; `+` and `%20` are both a blank, a dangling `?` is nothing.
    pub(crate) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let all = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut broken = Vec::new();
        for pair in query.split('&').filter(|pair| !is_utf8(pair)) {
            broken.extend(form_urlencoded::parse(pair.as_bytes()).map(|(name, _)| name.into_owned()));
        }
        Self { all, broken }
    }

    /// Refuses a parameter that is not UTF-8. What would be read instead is not what the client meant.
    pub(crate) fn refuse_broken(&self, name: &str) -> Result<(), ApiError> {
        if self.broken.iter().any(|broken| broken == name) {
            return Err(ApiError::bad_request(format!("{name} is not UTF-8 text")));
        }
        Ok(())
    }

    /// The first parameter of that name that is not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.all.iter().find(|(key, value)| key == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim())
    }

    /// All parameters of that name.
    pub(crate) fn each(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Reads a whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(ApiError::bad_request(format!("{name} is not a whole number: {}", shorten(text)))),
        }
    }

    /// Parses a parameter that is QQL; `None` if it is absent or blank, which matches everything.
    pub(crate) fn query(&self, name: &str) -> Result<Option<qql::Query>, ApiError> {
        self.refuse_broken(name)?;
        let Some(text) = self.get(name) else { return Ok(None) };
        match qql::parse(text) {
            Ok(query) => Ok(Some(query)),
            Err(error) if name == "filter" => Err(ApiError::bad_request(error.to_string())),
            Err(error) => Err(ApiError::bad_request(format!("{name}: {error}"))),
        }
    }

    /// Whether a switch is on: `true`, `True` or `1`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|word| word == "1" || word.eq_ignore_ascii_case("true"))
    }

    /// The words of a comma-separated parameter, in lower case, blanks removed.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let words = self.get(name).unwrap_or_default().split(',');
        words.map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
    }
}

/// The parameters of a bulk list.
#[derive(Clone, Debug)]
pub(crate) struct BulkParameters {
    /// Records of the page, 1 to 250.
    pub(crate) limit: usize,
    /// What to list.
    pub(crate) filter: Option<qql::Query>,
    /// Where to go on.
    pub(crate) cursor: Option<qql::Query>,
    /// Where the export ends; a parameter of our own links.
    pub(crate) end: Option<model::Timestamp>,
    all: Parameters,
}

impl BulkParameters {
    pub(crate) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let all = Parameters::of(uri);
        let limit = all.number("limit")?.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ApiError::bad_request(format!(
                "limit must be between 1 and {MAX_LIMIT}, not {limit}"
            )));
        }
        let filter = all.query("filter")?;
        let cursor = all.query("paginationQuery")?;
        let end = match all.get(END).map(str::parse) {
            None => None,
            Some(Ok(millis)) => Some(model::Timestamp(millis)),
            Some(Err(_)) => {
                return Err(ApiError::bad_request(format!("{END} is not a time in milliseconds")));
            }
        };
        Ok(Self { limit, filter, cursor, end, all })
    }

    /// Every parameter as it was given.
    pub(crate) fn all(&self) -> &Parameters {
        &self.all
    }

    /// The value of the `Link` header that leads to the page behind `cursor` of an export that ends at `end`.
    pub(crate) fn next_link(
        &self,
        base: &str,
        path: &str,
        cursor: &str,
        end: Option<model::Timestamp>,
    ) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        for (key, value) in &self.all.all {
            if !matches!(key.as_str(), "limit" | "paginationQuery" | END) && !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if let Some(end) = end {
            query.append_pair(END, &end.0.to_string());
        }
        query.append_pair("paginationQuery", cursor);
        format!("<{base}{path}?{}>;rel=next", query.finish())
    }
}

/// The parameters of a plain list.
#[derive(Clone, Debug)]
pub(crate) struct PageParameters {
    /// The page, from 1.
    pub(crate) page: usize,
    /// Records of a page.
    pub(crate) page_size: usize,
    /// Records of this page at most: fewer than `page_size` where the window ends.
    pub(crate) room: usize,
    /// What to list.
    pub(crate) filter: Option<qql::Query>,
    /// The order.
    pub(crate) sort: fleet::Sort,
}

impl PageParameters {
    /// Reads them for a list of images or of containers.
    pub(crate) fn of(uri: &Uri, entity: fleet::Entity) -> Result<Self, ApiError> {
        let all = Parameters::of(uri);
        let PagePlace { page, page_size, room } = PagePlace::of(&all, "use the bulk list (…/list) instead")?;
        let filter = all.query("filter")?;
        let sort = resolve_sort(&all, all.get("sort").unwrap_or("created:desc"), entity)?;
        Ok(Self { page, page_size, room, filter, sort })
    }
}

/// Which page of a plain list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// The page, from 1.
    pub(crate) page: usize,
    /// Records of a page.
    pub(crate) page_size: usize,
    /// Records of this page at most: fewer than `page_size` where the window ends.
    pub(crate) room: usize,
}

impl PagePlace {
    /// Reads it; `instead` says what to do about pages beyond the window.
    pub(crate) fn of(all: &Parameters, instead: &str) -> Result<Self, ApiError> {
        let given = match all.number("pageNumber")? {
            Some(number) => Some(number),
            None => all.number("pageNo")?,
        };
        // some clients count pages from 0, so the first page answers to both numbers
        let page = given.unwrap_or(1).max(1);
        let page_size = all.number("pageSize")?.unwrap_or(DEFAULT_PAGE_SIZE);
        if !(1..=MAX_PAGE_SIZE).contains(&page_size) {
            let message = format!("pageSize must be between 1 and {MAX_PAGE_SIZE}, not {page_size}");
            return Err(ApiError::bad_request(message));
        }
        let start = (page - 1).saturating_mul(page_size);
        if start >= WINDOW {
            let message = format!("page {page} of {page_size} lies beyond record {WINDOW}; {instead}");
            return Err(ApiError::bad_request(message));
        }
        Ok(Self { page, page_size, room: page_size.min(WINDOW - start) })
    }

    /// Records in front of the page.
    pub(crate) fn start(self) -> usize {
        (self.page - 1) * self.page_size
    }
}

/// Reads `token:asc`, `token:desc` or `token`, which is ascending.
pub(crate) fn resolve_sort(
    parameters: &Parameters,
    text: &str,
    entity: fleet::Entity,
) -> Result<fleet::Sort, ApiError> {
    parameters.refuse_broken("sort")?;
    qql::resolve_sort(text, entity)
        .map_err(|error| ApiError::bad_request(error.to_string().replacen("filter token", "sort token", 1)))
}

/// Whether what a part of a query decodes to is UTF-8.
fn is_utf8(part: &str) -> bool {
    if !part.contains('%') {
        return true;
    }
    let bytes = part.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let value = escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    std::str::from_utf8(&decoded).is_ok()
}

/// The address that links start with: the public URL, else what the request says of itself. Empty if it says
/// nothing usable; the link is then relative to the server.
pub(crate) fn base_url(settings: &ApiSettings, headers: &HeaderMap) -> String {
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let read = |name: &str| headers.get(name)?.to_str().ok().map(|text| text.trim().to_owned());
    // each proxy of a chain appends what it was asked, so the first item is what the client asked
    let first = |text: String| text.split(',').next().unwrap_or_default().trim().to_owned();
    let forwarded = |name: &str| if settings.trust_forwarded { read(name).map(first) } else { None };
    let host = forwarded("x-forwarded-host").or_else(|| read(header::HOST.as_str()));
    let scheme = match forwarded("x-forwarded-proto").as_deref() {
        Some("https") => "https",
        _ => "http",
    };
    // the parser admits no character that could end the link early
    match host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok()) {
        Some(authority) if !authority.as_str().contains([';', '@', ',']) => format!("{scheme}://{authority}"),
        _ => String::new(),
    }
}

/// The start of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(query: &str) -> Parameters {
        Parameters::of(&format!("/x?{query}").parse().unwrap())
    }

    #[test]
    fn a_filter_that_is_not_utf8_is_refused_and_a_replacement_character_is_not() {
        for broken in ["filter=%ED%A0%80", "filter=author%3A%FF", "a=1&filter=%C3"] {
            let error = parameters(broken).query("filter").unwrap_err();
            assert_eq!(error.message(), "filter is not UTF-8 text", "{broken}");
        }
        for whole in [
            "filter=author%3A%EF%BF%BD",
            "filter=author%3A%C3%A9%",
            "filter=a%3Ab&other=%FF",
            "filter=a%3A%zz",
        ] {
            assert!(parameters(whole).query("filter").is_ok(), "{whole}");
        }
    }

    #[test]
    fn a_page_ends_where_the_window_ends_and_none_begins_behind_it() {
        let place = |query: &str| PagePlace::of(&parameters(query), "do something else");
        let of = |page, page_size, room| PagePlace { page, page_size, room };
        assert_eq!(place("").unwrap(), of(1, 50, 50));
        assert_eq!(place("pageNo=0&pageSize=7").unwrap(), of(1, 7, 7));
        assert_eq!(place("pageNumber=10&pageSize=1000").unwrap(), of(10, 1_000, 1_000));
        assert_eq!(place("pageNumber=11&pageSize=999").unwrap(), of(11, 999, 10));
        for beyond in
            ["pageNumber=11&pageSize=1000", "pageNumber=10001&pageSize=1", "pageNumber=18446744073709551615"]
        {
            assert!(place(beyond).unwrap_err().message().contains("beyond record 10000; do"), "{beyond}");
        }
    }
}
