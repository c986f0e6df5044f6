//! Enums as numbers.

use matcher::Coverage;
use model::{Confidence, Ecosystem, FixState, LifecycleStage, RaisedBy, Severity, SeverityRule};

use super::PersistError;

/// What is written as a number of one byte.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// All values, in an order of their own.
    const ALL: &'static [Self];

    /// The number of a value.
    fn code(self) -> u8 {
        Self::ALL.iter().zip(0..).find(|(known, _)| **known == self).map_or(u8::MAX, |(_, code)| code)
    }

    /// The value of a number.
    fn of(code: u8) -> Result<Self, PersistError> {
        Self::ALL.get(usize::from(code)).copied().ok_or(PersistError::Damaged("a number stands for nothing"))
    }

    /// The number of a value or of none.
    fn optional_code(value: Option<Self>) -> u8 {
        value.map_or(u8::MAX, Self::code)
    }

    /// The value of a number, or none.
    fn optional(code: u8) -> Result<Option<Self>, PersistError> {
        if code == u8::MAX { Ok(None) } else { Self::of(code).map(Some) }
    }
}

macro_rules! words {
    ($($name:ident: $($value:ident)*;)*) => {$(
        impl Word for $name {
            const ALL: &'static [Self] = {
                // a variant that is missing in the list does not compile
                const fn _is_listed(value: $name) -> bool {
                    match value { $($name::$value => true,)* }
                }
                &[$($name::$value),*]
            };
        }
    )*};
}

words! {
    Confidence: Confirmed Potential;
    Coverage: Covered NotCovered;
    FixState: Fixed Affected WillNotFix FixDeferred EndOfLife UnderInvestigation NotAffected Unknown;
    LifecycleStage: Ga SecuritySupport Eol Eos Unknown;
    RaisedBy: KnownExploited ActiveExploitation WeaponisedExploit PredictedExploitation;
    SeverityRule: VendorRating Cvss DatabaseRating DebianUrgency Default;
}

impl Word for Ecosystem {
    const ALL: &'static [Self] = &Self::ALL;
}

impl Word for Severity {
    const ALL: &'static [Self] = &[];

    fn code(self) -> u8 {
        self.get()
    }

    fn of(code: u8) -> Result<Self, PersistError> {
        Self::new(code).ok_or(PersistError::Damaged("a severity is none"))
    }
}
