//! The numbers that stand for words in a row. They are part of the bundle's format: a change raises
//! [`super::format::FORMAT`].

use model::{FixState, Named, RaisedBy, SeverityRule, Standing};

pub(super) const IN_FORCE: u8 = 0;
pub(super) const NOT_AFFECTED: u8 = 6;

const STATES: [FixState; 8] = [
    FixState::Unknown,
    FixState::Fixed,
    FixState::Affected,
    FixState::WillNotFix,
    FixState::FixDeferred,
    FixState::EndOfLife,
    FixState::NotAffected,
    FixState::UnderInvestigation,
];
const STANDINGS: [Standing; 4] =
    [Standing::InForce, Standing::Withdrawn, Standing::Rejected, Standing::Outranked];
const RULES: [SeverityRule; 5] = [
    SeverityRule::Default,
    SeverityRule::VendorRating,
    SeverityRule::Cvss,
    SeverityRule::DatabaseRating,
    SeverityRule::DebianUrgency,
];
const RAISERS: [RaisedBy; 4] = [
    RaisedBy::KnownExploited,
    RaisedBy::ActiveExploitation,
    RaisedBy::WeaponisedExploit,
    RaisedBy::PredictedExploitation,
];

/// The place of a word in its list.
fn place<T: PartialEq>(list: &[T], word: &T) -> u8 {
    list.iter().position(|known| known == word).map_or(0, |place| place as u8)
}

/// The word at a place; the first of the list where a damaged file names a place that does not exist.
fn word<T: Copy>(list: &[T], place: u8) -> T {
    list.get(usize::from(place)).copied().unwrap_or(list[0])
}

pub(super) fn state(code: u8) -> FixState {
    word(&STATES, code)
}

pub(super) fn of_state(state: FixState) -> u8 {
    place(&STATES, &state)
}

pub(super) fn standing(code: u8) -> Standing {
    word(&STANDINGS, code)
}

pub(super) fn of_standing(standing: Standing) -> u8 {
    place(&STANDINGS, &standing)
}

pub(super) fn rule(code: u8) -> SeverityRule {
    word(&RULES, code)
}

pub(super) fn of_rule(rule: SeverityRule) -> u8 {
    place(&RULES, &rule)
}

/// Zero stands for nothing.
pub(super) fn raised_by(code: u8) -> Option<RaisedBy> {
    RAISERS.get(usize::from(code).checked_sub(1)?).copied()
}

pub(super) fn of_raised_by(raiser: Option<RaisedBy>) -> u8 {
    raiser.map_or(0, |raiser| place(&RAISERS, &raiser) + 1)
}

pub(super) fn named(code: u8) -> Named {
    if code == 0 { Named::Binary } else { Named::Source }
}

pub(super) fn of_named(named: Named) -> u8 {
    u8::from(named == Named::Source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_number_of_its_own() {
        for place in 0..8 {
            assert_eq!(of_state(state(place)), place);
        }
        for place in 0..4 {
            assert_eq!(of_standing(standing(place)), place);
            assert_eq!(of_raised_by(raised_by(place)), place);
        }
        for place in 0..5 {
            assert_eq!(of_rule(rule(place)), place);
        }
        assert_eq!(state(NOT_AFFECTED), FixState::NotAffected);
        assert_eq!(standing(IN_FORCE), Standing::InForce);
        assert_eq!(state(200), FixState::Unknown);
    }
}
