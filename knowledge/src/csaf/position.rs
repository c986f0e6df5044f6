//! What a document says about each product id of one vulnerability: state, reason, rating, advisory.

use std::collections::HashMap;

use model::{FixState, Severity};

use super::schema::{Text, Vulnerability};
use super::tree::Products;
use crate::text::one_line;

/// The longest reason that is kept, in characters.
const MAX_NOTE: usize = 120;

/// A product id and the publisher's position on it.
#[derive(Debug)]
pub(crate) struct Position<'v> {
    pub(crate) id: &'v str,
    pub(crate) state: FixState,
    /// The publisher's reason in a few words; for a fix, the id of the advisory that brings it.
    pub(crate) note: Option<String>,
    pub(crate) vendor: Option<Severity>,
}

/// The remarks of one vulnerability, by product id.
#[derive(Default)]
struct Remarks<'v> {
    unfixed: HashMap<&'v str, (FixState, Option<&'v str>)>,
    advisories: HashMap<&'v str, &'v str>,
    justifications: HashMap<&'v str, &'v str>,
    ratings: HashMap<&'v str, Severity>,
    /// The rating of every product that none is given for.
    rating: Option<Severity>,
}

/// All positions, in the order of the document. An id can be in several lists.
pub(crate) fn positions<'v>(
    vulnerability: &'v Vulnerability<'v>,
    products: &'v Products<'v>,
    aggregate: Option<Severity>,
) -> Vec<Position<'v>> {
    let mut remarks = Remarks::of(vulnerability, products);
    if remarks.rating.is_none() && remarks.ratings.is_empty() {
        remarks.rating = aggregate;
    }
    let status = &vulnerability.product_status;
    let lists: [(FixState, &'v [Text<'v>]); 8] = [
        (FixState::Fixed, &status.fixed),
        (FixState::Fixed, &status.first_fixed),
        (FixState::Fixed, &status.recommended),
        (FixState::Affected, &status.known_affected),
        (FixState::Affected, &status.first_affected),
        (FixState::Affected, &status.last_affected),
        (FixState::UnderInvestigation, &status.under_investigation),
        (FixState::NotAffected, &status.known_not_affected),
    ];
    lists
        .into_iter()
        .flat_map(|(state, ids)| ids.iter().map(move |id| (state, &**id)))
        .map(|(state, id)| remarks.position(state, id))
        .collect()
}

impl<'v> Remarks<'v> {
    fn of(vulnerability: &'v Vulnerability<'v>, products: &'v Products<'v>) -> Self {
        let mut remarks = Self::default();
        for remediation in &vulnerability.remediations {
            let ids = products.ids(&remediation.product_ids, &remediation.group_ids);
            match &*remediation.category {
                "vendor_fix" => {
                    if let Some(advisory) = remediation.url.as_deref().and_then(advisory_of) {
                        remarks.advisories.extend(ids.map(|id| (id, advisory)));
                    }
                }
                category => {
                    if let Some(found) = unfixed_state(category, &remediation.details) {
                        remarks.unfixed.extend(ids.map(|id| (id, found)));
                    }
                }
            }
        }
        for flag in &vulnerability.flags {
            let ids = products.ids(&flag.product_ids, &flag.group_ids);
            remarks.justifications.extend(ids.map(|id| (id, &*flag.label)));
        }
        for threat in vulnerability.threats.iter().filter(|threat| &*threat.category == "impact") {
            let Some(rating) = Severity::of_rating(&threat.details) else { continue };
            if threat.product_ids.is_empty() && threat.group_ids.is_empty() {
                remarks.rating = Some(rating);
            }
            let ids = products.ids(&threat.product_ids, &threat.group_ids);
            remarks.ratings.extend(ids.map(|id| (id, rating)));
        }
        remarks
    }

    fn position(&self, state: FixState, id: &'v str) -> Position<'v> {
        let (state, note) = match state {
            FixState::Affected => {
                let (state, reason) = self.unfixed.get(id).copied().unwrap_or((state, None));
                (state, reason.and_then(|reason| one_line(reason, MAX_NOTE)))
            }
            FixState::Fixed => (state, self.advisories.get(id).map(|advisory| (*advisory).to_owned())),
            FixState::NotAffected => (
                state,
                self.justifications.get(id).and_then(|label| one_line(&label.replace('_', " "), MAX_NOTE)),
            ),
            state => (state, None),
        };
        Position { id, state, note, vendor: self.ratings.get(id).copied().or(self.rating) }
    }
}

/// What a remediation without a fix tells. The words of the details are Red Hat's; others get the plain state.
fn unfixed_state<'v>(category: &str, details: &'v str) -> Option<(FixState, Option<&'v str>)> {
    let details = details.trim();
    let says =
        |words: &str| details.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words));
    let state = match category {
        "no_fix_planned" | "none_available" if says("out of support scope") => FixState::EndOfLife,
        "none_available" if says("fix deferred") => FixState::FixDeferred,
        "none_available" | "fix_planned" => FixState::Affected,
        "no_fix_planned" => FixState::WillNotFix,
        _ => return None,
    };
    let reason = (!details.is_empty() && !details.eq_ignore_ascii_case("affected")).then_some(details);
    Some((state, reason))
}

/// The advisory id at the end of a URL such as `https://access.redhat.com/errata/RHSA-2024:2447`.
fn advisory_of(url: &str) -> Option<&str> {
    let id = url.trim_end_matches('/').rsplit('/').next()?;
    let (kind, rest) = id.split_once('-')?;
    let is_kind = kind.len() == 4 && kind.bytes().all(|byte| byte.is_ascii_uppercase());
    (is_kind && rest.contains(':') && crate::text::is_id(id)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remediations_without_a_fix_tell_the_state() {
        let table = [
            ("no_fix_planned", "Will not fix", Some((FixState::WillNotFix, Some("Will not fix")))),
            (
                "no_fix_planned",
                "Out of support scope",
                Some((FixState::EndOfLife, Some("Out of support scope"))),
            ),
            ("none_available", "Affected", Some((FixState::Affected, None))),
            ("none_available", "Fix deferred", Some((FixState::FixDeferred, Some("Fix deferred")))),
            ("fix_planned", "", Some((FixState::Affected, None))),
            ("workaround", "Turn it off", None),
        ];
        for (category, details, expected) in table {
            assert_eq!(unfixed_state(category, details), expected, "{category} {details}");
        }
    }

    #[test]
    fn an_advisory_is_named_by_the_end_of_its_address() {
        assert_eq!(advisory_of("https://access.redhat.com/errata/RHSA-2024:2447"), Some("RHSA-2024:2447"));
        assert_eq!(advisory_of("https://access.redhat.com/errata/"), None);
        assert_eq!(advisory_of("https://example.org/some-page"), None);
    }
}
