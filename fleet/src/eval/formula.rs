//! Conditions on a vulnerability of an image, over what its affected places show.
//!
//! A vulnerability of an image is the group of all its places there: its severity is the highest among them, it has a patch
//! if one of them has, and so on. So every test on it comes down to properties of single places, joined by "some place
//! has this property", `and`, `or` and `not`. A place's properties are the bits of a number, a group's are the union of
//! those of its places, and a [`Formula`] is asked of the union.
//!
//! Which places come together in an image is not known before one looks into the image. But of most vulnerabilities all
//! places anywhere have the same properties; then each place answers for its group. [`decide`] finds out for which
//! vulnerabilities this is not so, and which places make it worth to look at the group itself.

use std::collections::BTreeSet;

/// Properties of a place or a group, by number.
pub(crate) type Mask = u64;

/// How many properties there can be.
pub(crate) const MAX_PROPERTIES: usize = 64;

/// Unions that are looked at before a vulnerability is taken for undecided.
const MAX_UNIONS: usize = 512;

/// A condition on a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Formula {
    Constant(bool),
    /// Some place has this property.
    Some(u8),
    /// The vulnerability has this property; all of its places do or none.
    Whole(u8),
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Not(Box<Formula>),
}

impl Formula {
    /// All of them, made simpler where one is constant.
    pub(crate) fn all(operands: Vec<Self>) -> Self {
        Self::join(operands, false, Self::And)
    }

    /// One of them, made simpler where one is constant.
    pub(crate) fn any(operands: Vec<Self>) -> Self {
        Self::join(operands, true, Self::Or)
    }

    fn join(operands: Vec<Self>, decides: bool, many: fn(Vec<Self>) -> Self) -> Self {
        if operands.contains(&Self::Constant(decides)) {
            return Self::Constant(decides);
        }
        let mut rest: Vec<Self> =
            operands.into_iter().filter(|operand| !matches!(operand, Self::Constant(_))).collect();
        match rest.len() {
            0 => Self::Constant(!decides),
            1 => rest.swap_remove(0),
            _ => many(rest),
        }
    }

    /// The opposite.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Constant(holds) => Self::Constant(!holds),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether it holds for a group with these properties.
    pub(crate) fn holds(&self, mask: Mask) -> bool {
        match self {
            Self::Constant(holds) => *holds,
            Self::Some(bit) | Self::Whole(bit) => mask >> bit & 1 != 0,
            Self::And(operands) => operands.iter().all(|operand| operand.holds(mask)),
            Self::Or(operands) => operands.iter().any(|operand| operand.holds(mask)),
            Self::Not(inner) => !inner.holds(mask),
        }
    }

    /// Whether it holds for a group exactly if it holds for one of its places alone.
    ///
    /// That is so where nothing that a single place shows is denied, or joined by `and` with something else of the kind:
    /// such a formula is a choice of terms, each of which one place fulfils.
    pub(crate) fn is_separable(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Some(_) | Self::Whole(_) => true,
            Self::Or(operands) => operands.iter().all(Self::is_separable),
            Self::And(operands) => {
                let mut of_places = operands.iter().filter(|operand| !operand.is_whole());
                of_places.next().is_none_or(Self::is_separable) && of_places.next().is_none()
            }
            Self::Not(inner) => inner.is_whole(),
        }
    }

    /// Whether it speaks of the vulnerability alone.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::Constant(_) | Self::Whole(_) => true,
            Self::Some(_) => false,
            Self::And(operands) | Self::Or(operands) => operands.iter().all(Self::is_whole),
            Self::Not(inner) => inner.is_whole(),
        }
    }
}

/// What a place with certain properties says about the groups that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing: the formula does not hold for any group of such places, unless another one decides.
    No,
    /// The formula holds for every group that it is in.
    Sure,
    /// The formula holds for a group of such places only.
    Alone,
    /// One must look at the group.
    Look,
}

/// Decides about all places of one vulnerability, given as the different properties that there are and how many places
/// have each; the answers are in their order.
pub(crate) fn decide(formula: &Formula, places: &[(Mask, u32)]) -> Vec<Decision> {
    let Some(unions) = unions(places.iter().map(|(mask, _)| *mask)) else {
        return vec![Decision::Look; places.len()];
    };
    let is_sure = |mask: Mask| unions.iter().all(|union| formula.holds(mask | union));
    let unsure: Vec<(Mask, u32)> = places.iter().copied().filter(|(mask, _)| !is_sure(*mask)).collect();
    let unions_of_unsure = self::unions(unsure.iter().map(|(mask, _)| *mask)).unwrap_or(unions);
    let is_open = unions_of_unsure.iter().any(|union| formula.holds(*union));
    let usual = unsure.iter().max_by_key(|(_, count)| *count).map(|(mask, _)| *mask);
    let one = |(mask, _): &(Mask, u32)| {
        if !unsure.iter().any(|(unsure, _)| unsure == mask) {
            Decision::Sure
        } else if !is_open {
            Decision::No
        } else if usual != Some(*mask) {
            Decision::Look
        } else if formula.holds(*mask) {
            Decision::Alone
        } else {
            Decision::No
        }
    };
    places.iter().map(one).collect()
}

/// All unions of one or more of the masks; `None` if they are too many.
fn unions(masks: impl Iterator<Item = Mask>) -> Option<BTreeSet<Mask>> {
    let mut all = BTreeSet::new();
    for mask in masks {
        let joined: Vec<Mask> = all.iter().map(|union| union | mask).collect();
        all.extend(joined);
        all.insert(mask);
        if all.len() > MAX_UNIONS {
            return None;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn formula() -> impl Strategy<Value = Formula> {
        let leaf = prop_oneof![
            (0_u8..3).prop_map(Formula::Some),
            (3_u8..5).prop_map(Formula::Whole),
            any::<bool>().prop_map(Formula::Constant),
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Formula::all),
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Formula::any),
                inner.prop_map(Formula::negated),
            ]
        })
    }

    /// Places of one vulnerability: all have the same properties of the whole.
    fn places() -> impl Strategy<Value = Vec<Mask>> {
        (0_u64..4, proptest::collection::btree_set(0_u64..8, 1..5))
            .prop_map(|(whole, places)| places.into_iter().map(|place| place | whole << 3).collect())
    }

    proptest! {
        #[test]
        fn decisions_agree_with_a_look_at_every_group(formula in formula(), places in places()) {
            let counted: Vec<(Mask, u32)> = places.iter().copied().zip([3, 9, 1, 4, 2]).collect();
            let decisions = decide(&formula, &counted);
            for group in 1_u32..1 << places.len() {
                let members: Vec<usize> = (0..places.len()).filter(|at| group >> at & 1 != 0).collect();
                let holds = formula.holds(members.iter().fold(0, |union, at| union | places[*at]));
                let has = |decision| members.iter().any(|at| decisions[*at] == decision);
                if has(Decision::Sure) {
                    prop_assert!(holds, "{:?} of {:?} by {:?}", members, places, decisions);
                } else if !has(Decision::Look) {
                    prop_assert_eq!(holds, has(Decision::Alone), "{:?} of {:?}", members, places);
                }
                if formula.is_separable() {
                    prop_assert_eq!(holds, members.iter().any(|at| formula.holds(places[*at])));
                }
            }
        }
    }

    #[test]
    fn what_is_equal_everywhere_needs_no_look() {
        let formula = Formula::all(vec![Formula::Some(0), Formula::Some(1).negated()]);
        assert_eq!(decide(&formula, &[(1, 5)]), [Decision::Sure]);
        assert_eq!(decide(&formula, &[(3, 5)]), [Decision::No]);
        assert_eq!(decide(&formula, &[(1, 5), (3, 1)]), [Decision::Alone, Decision::Look]);
        assert!(
            !formula.is_separable() && Formula::any(vec![Formula::Some(0), Formula::Some(1)]).is_separable()
        );
    }

    #[test]
    fn many_different_places_are_looked_at_instead_of_all_their_unions() {
        let places: Vec<(Mask, u32)> = (0..30).map(|bit| (1 << bit, 1)).collect();
        assert_eq!(decide(&Formula::Some(0), &places), vec![Decision::Look; 30]);
    }
}
