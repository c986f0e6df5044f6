//! The Ruby Advisory Database (<https://github.com/rubysec/ruby-advisory-db>): one YAML file per gem and flaw, in the
//! repository's folder or a tarball of it.
//!
//! `patched_versions` and `unaffected_versions` are requirements; a version is affected if it satisfies none of
//! them. Advisories about the interpreters (`rubies/`) are not used: no package here is named after an interpreter.
//!
//! The decision a reader may doubt: a record's id is the CVE where it has one, because the file has that name. The same
//! flaw in OSV's dump is then one vulnerability with it.

mod requirement;

use std::sync::Arc;

use model::{Bound, Digest, Ecosystem, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;
use version::Scheme;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::rating::rated;
use crate::record::{FileHarvest, Rated, Rater, Record, Statement};
use crate::registry::Recognised;
use crate::text::{TITLE, first_sentence, is_id, is_name, one_line};
use crate::yaml::{self, Scalar, Scalars};

pub(crate) const FEED: &str = "ruby-advisory-db";

const MAX_REFERENCES: usize = 16;

#[derive(Deserialize)]
struct Advisory {
    #[serde(default)]
    gem: Scalar,
    #[serde(default)]
    platform: Scalar,
    #[serde(default)]
    cve: Scalar,
    #[serde(default)]
    ghsa: Scalar,
    #[serde(default)]
    osvdb: Scalar,
    #[serde(default)]
    url: Scalar,
    #[serde(default)]
    title: Scalar,
    #[serde(default)]
    date: Scalar,
    #[serde(default)]
    description: Scalar,
    #[serde(default)]
    cvss_v2: Scalar,
    #[serde(default)]
    cvss_v3: Scalar,
    #[serde(default)]
    cvss_v4: Scalar,
    #[serde(default)]
    patched_versions: Scalars,
    #[serde(default)]
    unaffected_versions: Scalars,
    #[serde(default)]
    related: Option<Related>,
}

#[derive(Deserialize)]
struct Related {
    #[serde(default)]
    url: Scalars,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if file.name.starts_with(FEED) && (file.is("tar") || file.name.ends_with(".tgz")) {
        return Recognised::Yes;
    }
    match file.parents.as_slice() {
        [.., database, kind, _] if database.starts_with(FEED) && file.name.ends_with(".yml") => {
            match kind.as_str() {
                "gems" => Recognised::Yes,
                "rubies" => Recognised::NotUsed("advisories about interpreters of Ruby are not used".into()),
                _ => Recognised::No,
            }
        }
        _ => Recognised::No,
    }
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if file.name.ends_with(".yml") {
        return add(&read_document(&file.path, &LIMITS)?, out);
    }
    let mut interpreters = 0_u64;
    for_each_tar_member(&file.path, &LIMITS, out, is_advisory, |name, text, out| {
        if kind(name) == Some("rubies") {
            interpreters += 1;
        } else if let Err(reason) = add(text, out) {
            out.quarantine(name, reason);
        }
    })?;
    if interpreters > 0 {
        tracing::info!(
            file = %file.relative, interpreters,
            "{interpreters} advisories of {} about interpreters of Ruby are not used", file.relative
        );
    }
    Ok(())
}

fn is_advisory(path: &str) -> bool {
    path.ends_with(".yml") && matches!(kind(path), Some("gems" | "rubies"))
}

/// The folder above a package's folder: `gems` of `ruby-advisory-db/gems/rack/CVE-2022-44570.yml`.
fn kind(path: &str) -> Option<&str> {
    path.rsplit('/').nth(2)
}

/// Reads an advisory and adds it.
fn add(text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let advisory: Advisory = yaml::read(text)?;
    let mut ids = ids(&advisory);
    if ids.is_empty() {
        return Err("it has no usable id".into());
    }
    let gem = advisory.gem.text().filter(|name| is_name(name)).ok_or("it names no gem")?;
    let mut record = Record::new(NamespaceFamily::Gem, FEED, ids.remove(0));
    record.aliases = ids;
    record.summary = advisory.title.text().and_then(|title| one_line(title, TITLE));
    record.sentence = advisory.description.text().and_then(first_sentence);
    record.cvss = ratings(&advisory);
    record.published = advisory.date.text().and_then(Timestamp::parse);
    let related = advisory.related.iter().flat_map(|related| related.url.texts());
    let urls = advisory.url.text().into_iter().chain(related).filter(|url| url.len() <= 2048);
    record.references = urls.take(MAX_REFERENCES).map(str::to_owned).collect();
    record.references.dedup();
    record.digest = Some(Digest::of(text.as_bytes()));
    record.statements = vec![statement(gem, &advisory)?];
    out.records += 1;
    out.harvest.records.push(record);
    Ok(())
}

/// The ids of an advisory, the strongest first.
fn ids(advisory: &Advisory) -> Vec<String> {
    let cves = advisory.cve.text().map(|number| format!("CVE-{number}"));
    let ghsa = advisory.ghsa.text().map(|number| format!("GHSA-{number}"));
    let osvdb = advisory.osvdb.text().map(|number| format!("OSVDB-{number}"));
    [cves, ghsa, osvdb].into_iter().flatten().filter(|id| is_id(id)).collect()
}

fn ratings(advisory: &Advisory) -> Vec<Rated> {
    let scores = [(4, &advisory.cvss_v4), (3, &advisory.cvss_v3), (2, &advisory.cvss_v2)];
    let scores = scores.into_iter().filter_map(|(version, score)| {
        let mut rated = rated(version, score.text()?.parse().ok()?, "", Rater::Database)?;
        FEED.clone_into(&mut rated.cvss.source);
        Some(rated)
    });
    scores.collect()
}

/// The version that the only plain requirement of patched versions begins with.
fn first_patched(patched: &Scalars) -> Option<&str> {
    let mut texts = patched.texts();
    let version = texts.next()?.strip_prefix(">=")?.trim();
    (texts.next().is_none() && !version.contains(',')).then_some(version)
}

fn statement(gem: &str, advisory: &Advisory) -> Result<Statement, String> {
    let scheme = Scheme::of(Ecosystem::Gem).unwrap_or(Scheme::Generic);
    let safe = advisory.patched_versions.texts().chain(advisory.unaffected_versions.texts());
    let namespace = Arc::from(Ecosystem::Gem.as_str());
    let mut statement = Statement::new(namespace, gem.to_owned(), Named::Binary);
    statement.ranges = requirement::unsafe_ranges(safe, scheme)?;
    let ends = statement.ranges.iter().rev().find_map(|range| match &range.end {
        Bound::Fixed(version) => Some(version.clone()),
        _ => None,
    });
    // a range that ends with its last affected version has its fix further up
    statement.fix_version = ends.or_else(|| first_patched(&advisory.patched_versions).map(str::to_owned));
    statement.state = if statement.fix_version.is_some() { FixState::Fixed } else { FixState::Affected };
    statement.note =
        advisory.platform.text().and_then(|platform| one_line(&format!("only on {platform}"), 120));
    Ok(statement)
}
