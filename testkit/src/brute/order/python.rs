//! PEP 440.

use std::cmp::Ordering;

use super::{digits, is_number, split_digits};

#[derive(Debug)]
struct Version {
    epoch: String,
    release: Vec<String>,
    /// `a`, `b`, `rc` and a number.
    pre: Option<(String, String)>,
    post: Option<String>,
    dev: Option<String>,
    local: Option<Vec<String>>,
}

fn read(text: &str) -> Option<Version> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix('v').unwrap_or(&text);
    let (public, local) = text.split_once('+').map_or((text, None), |(public, local)| (public, Some(local)));
    let (epoch, public) = public.split_once('!').unwrap_or(("0", public));
    if !is_number(epoch) {
        return None;
    }
    let mut release = Vec::new();
    let mut rest = public;
    loop {
        let (number, after) = split_digits(rest);
        if number.is_empty() {
            return None;
        }
        release.push(number.to_owned());
        rest = after;
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => break,
        }
    }
    let mut version =
        Version { epoch: epoch.to_owned(), release, pre: None, post: None, dev: None, local: None };
    const PRE: [(&str, &str); 8] = [
        ("alpha", "a"),
        ("beta", "b"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("rc", "rc"),
        ("a", "a"),
        ("b", "b"),
        ("c", "rc"),
    ];
    if let Some((name, number, after)) = segment(rest, &PRE) {
        version.pre = Some((name.to_owned(), number));
        rest = after;
    }
    if let Some((_, number, after)) = segment(rest, &[("post", ""), ("rev", ""), ("r", "")]) {
        version.post = Some(number);
        rest = after;
    } else if let Some(number) =
        rest.strip_prefix('-').map(split_digits).filter(|(number, _)| !number.is_empty())
    {
        version.post = Some(number.0.to_owned());
        rest = number.1;
    }
    if let Some((_, number, after)) = segment(rest, &[("dev", "")]) {
        version.dev = Some(number);
        rest = after;
    }
    if let Some(local) = local {
        let parts: Vec<String> = local.split(['.', '-', '_']).map(str::to_owned).collect();
        let fine = |part: &String| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !parts.iter().all(fine) {
            return None;
        }
        version.local = Some(parts);
    }
    rest.is_empty().then_some(version)
}

/// `.rc-1`: a separator, one of the names, a separator, a number or none.
fn segment<'a>(text: &'a str, names: &[(&str, &'static str)]) -> Option<(&'static str, String, &'a str)> {
    let bare = text.strip_prefix(['.', '-', '_']).unwrap_or(text);
    let (name, rest) = names.iter().find_map(|(name, means)| Some((*means, bare.strip_prefix(name)?)))?;
    let (number, after) = split_digits(rest.strip_prefix(['.', '-', '_']).unwrap_or(rest));
    if number.is_empty() {
        return Some((name, "0".to_owned(), rest));
    }
    Some((name, number.to_owned(), after))
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (read(a)?, read(b)?);
    let order = digits(&a.epoch, &b.epoch).then_with(|| release(&a.release, &b.release));
    let order = order.then_with(|| {
        // a development release of no pre-release comes before all pre-releases, no pre-release after all
        let key = |version: &Version| match &version.pre {
            None if version.post.is_none() && version.dev.is_some() => (0, String::new()),
            Some((name, _)) => (1, name.clone()),
            None => (2, String::new()),
        };
        let number =
            |version: &Version| version.pre.as_ref().map_or(String::new(), |(_, number)| number.clone());
        key(&a).cmp(&key(&b)).then_with(|| digits(&number(&a), &number(&b)))
    });
    let order = order.then_with(|| match (&a.post, &b.post) {
        (Some(a), Some(b)) => digits(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    let order = order.then_with(|| match (&a.dev, &b.dev) {
        (Some(a), Some(b)) => digits(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    Some(order.then_with(|| local(a.local.as_deref(), b.local.as_deref())))
}

fn release(a: &[String], b: &[String]) -> Ordering {
    let part = |parts: &[String], at: usize| parts.get(at).cloned().unwrap_or_default();
    let longest = a.len().max(b.len());
    (0..longest)
        .map(|at| digits(&part(a, at), &part(b, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn local(a: Option<&[String]>, b: Option<&[String]>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
    for (a, b) in a.iter().zip(b) {
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits(a, b),
            (a_number, b_number) if a_number != b_number => a_number.cmp(&b_number),
            _ => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}
