//! Conditions on one piece of software: a package at a place.

use qql::fields::{FieldId, FindingField, SoftwareField};
use qql::{Array, Condition, Test};

use super::finding::{FindingTest, Unsupported};
use super::{Content, Own};
use crate::eval::column::{lies_in, texts_passing, time};
use crate::eval::row::{Value, passes};
use crate::eval::shown;
use crate::facts::{FindingRow, PackageHead};
use crate::table::{Bits, NONE};

/// A package at a place; or, without one, a package wherever it is.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) package: u32,
    pub(crate) head: &'p PackageHead,
    pub(crate) rows: &'p [FindingRow],
    /// Number of the path among those of items; [`NONE`] if the place is not known.
    pub(crate) path: u32,
    /// Whether the findings count here.
    pub(crate) is_judged: bool,
}

impl Place<'_> {
    /// Whether the path is shown: a file of the package manager proves nothing of one package.
    pub(crate) fn shows_path(&self) -> bool {
        !self.head.ecosystem.is_os()
    }
}

/// A prepared condition on software.
#[derive(Debug)]
pub(crate) enum SoftwareTest {
    Constant(bool),
    /// By number of the name.
    Name(Bits),
    /// By number of the version.
    Version(Bits),
    /// By number of the version that fixes it.
    FixVersion(Bits),
    HasFix,
    /// By number of the path.
    Path(Bits),
    HasPath,
    /// Whether packages of the system and those of languages pass.
    Kind {
        system: bool,
        language: bool,
    },
    /// By number of the lifecycle, and only where the stage is known.
    Lifecycle(Bits),
    /// By the word for the stage.
    Stage(Test),
    HasLifecycle,
    /// One of its vulnerabilities here satisfies the condition.
    Vulnerable(Box<FindingTest>),
    And(Vec<SoftwareTest>),
    Or(Vec<SoftwareTest>),
    Not(Box<SoftwareTest>),
}

/// Prepares conditions for one state of the tables and records with certain times of their own.
#[derive(Clone, Copy)]
pub(crate) struct SoftwareCompiler<'i> {
    pub(crate) content: Content<'i>,
    pub(crate) own: Own,
    /// It is the software of a vulnerability, of which less is shown.
    pub(crate) is_affected: bool,
}

impl SoftwareCompiler<'_> {
    pub(crate) fn compile(&self, condition: &Condition) -> Result<SoftwareTest, Unsupported> {
        let all = |operands: &[Condition]| {
            operands.iter().map(|operand| self.compile(operand)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match condition {
            Condition::All => SoftwareTest::Constant(true),
            Condition::And(operands) => SoftwareTest::And(all(operands)?),
            Condition::Or(operands) => SoftwareTest::Or(all(operands)?),
            Condition::Not(inner) => SoftwareTest::Not(Box::new(self.compile(inner)?)),
            Condition::Test { field: FieldId::Software(field), test } => self.test(*field, test),
            Condition::IsNull(FieldId::Software(field)) => SoftwareTest::Not(Box::new(self.present(*field))),
            Condition::Any { array: Array::Vulnerabilities, inner } if !self.is_affected => {
                SoftwareTest::Vulnerable(Box::new(FindingTest::compile(self.content, self.own, inner)?))
            }
            Condition::Test { .. } | Condition::Any { .. } => SoftwareTest::Constant(false),
            Condition::IsNull(_) => SoftwareTest::Constant(true),
        })
    }

    fn test(&self, field: SoftwareField, test: &Test) -> SoftwareTest {
        let tables = self.content.packages.tables();
        let passes_word = |word: &str| passes(test, Value::Text(word));
        match field {
            SoftwareField::Name => SoftwareTest::Name(texts_passing(&tables.names, test)),
            SoftwareField::Version => SoftwareTest::Version(texts_passing(&tables.versions, test)),
            SoftwareField::FixVersion => SoftwareTest::FixVersion(texts_passing(&tables.versions, test)),
            SoftwareField::PackagePath => {
                SoftwareTest::Path(texts_passing(self.content.inventories.items().paths(), test))
            }
            SoftwareField::ScanType => SoftwareTest::Kind {
                system: passes_word(shown::OS_SCAN),
                language: passes_word(shown::LANGUAGE_SCAN),
            },
            _ if self.is_affected => SoftwareTest::Constant(false),
            SoftwareField::LifecycleStage => SoftwareTest::Stage(test.clone()),
            SoftwareField::LifecycleEol | SoftwareField::LifecycleEos | SoftwareField::LifecycleGa => {
                let Test::Date(dates) = test else { return SoftwareTest::Constant(false) };
                self.lifecycles(field, |millis| lies_in(millis, dates.ranges()))
            }
        }
    }

    fn present(&self, field: SoftwareField) -> SoftwareTest {
        match field {
            SoftwareField::Name | SoftwareField::Version | SoftwareField::ScanType => {
                SoftwareTest::Constant(true)
            }
            SoftwareField::FixVersion => SoftwareTest::HasFix,
            SoftwareField::PackagePath => SoftwareTest::HasPath,
            _ if self.is_affected => SoftwareTest::Constant(false),
            SoftwareField::LifecycleStage => SoftwareTest::HasLifecycle,
            SoftwareField::LifecycleEol | SoftwareField::LifecycleEos | SoftwareField::LifecycleGa => {
                self.lifecycles(field, |_| true)
            }
        }
    }

    fn lifecycles(&self, field: SoftwareField, holds: impl Fn(i64) -> bool) -> SoftwareTest {
        let passing = self.content.packages.tables().lifecycles.iter().filter(|(_, lifecycle)| {
            let date = lifecycle_date(lifecycle, field);
            date.and_then(|date| time(date.0)).is_some_and(&holds)
        });
        SoftwareTest::Lifecycle(passing.map(|(number, _)| number).collect())
    }
}

/// A date of a lifecycle.
pub(crate) fn lifecycle_date(lifecycle: &model::Lifecycle, field: SoftwareField) -> Option<model::Timestamp> {
    match field {
        SoftwareField::LifecycleEol => lifecycle.eol,
        SoftwareField::LifecycleEos => lifecycle.eos,
        SoftwareField::LifecycleGa => lifecycle.ga,
        _ => None,
    }
}

impl SoftwareTest {
    /// Whether it holds for a package at a place, of which `fix` is the version that helps.
    pub(crate) fn holds(&self, content: Content<'_>, place: &Place<'_>, fix: u32) -> bool {
        let head = place.head;
        match self {
            Self::Constant(holds) => *holds,
            Self::Name(set) => set.contains(head.name),
            Self::Version(set) => set.contains(head.version),
            Self::FixVersion(set) => set.contains(fix),
            Self::HasFix => fix != NONE,
            Self::Path(set) => place.shows_path() && set.contains(place.path) && has_path(content, place),
            Self::HasPath => place.shows_path() && has_path(content, place),
            Self::Kind { system, language } => {
                if head.ecosystem.is_os() {
                    *system
                } else {
                    *language
                }
            }
            Self::Lifecycle(set) => head.stage.is_some() && set.contains(head.lifecycle),
            Self::Stage(test) => {
                head.lifecycle != NONE
                    && head.stage.is_some_and(|stage| passes(test, Value::Text(shown::stage(stage))))
            }
            Self::HasLifecycle => head.lifecycle != NONE && head.stage.is_some(),
            Self::Vulnerable(test) => {
                place.is_judged && place.rows.iter().any(|row| test.holds_alone(content, row, place))
            }
            Self::And(operands) => operands.iter().all(|operand| operand.holds(content, place, fix)),
            Self::Or(operands) => operands.iter().any(|operand| operand.holds(content, place, fix)),
            Self::Not(inner) => !inner.holds(content, place, fix),
        }
    }

    /// Whether it holds for no place with this path, by number.
    pub(crate) fn excludes_path(&self, path: u32) -> bool {
        match self {
            Self::Path(set) => !set.contains(path),
            Self::And(operands) => operands.iter().any(|operand| operand.excludes_path(path)),
            Self::Or(operands) => operands.iter().all(|operand| operand.excludes_path(path)),
            Self::Constant(holds) => !holds,
            _ => false,
        }
    }

    /// Whether it asks for what depends on whether findings count at the place.
    pub(crate) fn asks_for_findings(&self) -> bool {
        match self {
            Self::FixVersion(_) | Self::HasFix | Self::Vulnerable(_) => true,
            Self::And(operands) | Self::Or(operands) => operands.iter().any(Self::asks_for_findings),
            Self::Not(inner) => inner.asks_for_findings(),
            _ => false,
        }
    }

    /// Whether it asks for paths, which belong to the place and not to the package.
    pub(crate) fn asks_for_places(&self) -> bool {
        match self {
            Self::Path(_) | Self::HasPath => true,
            Self::And(operands) | Self::Or(operands) => operands.iter().any(Self::asks_for_places),
            Self::Not(inner) => inner.asks_for_places(),
            Self::Vulnerable(test) => test.asks_for_places(),
            _ => false,
        }
    }
}

fn has_path(content: Content<'_>, place: &Place<'_>) -> bool {
    content.inventories.items().paths().get(place.path).is_some_and(|path| !path.is_empty())
}

/// Whether a condition on software or vulnerabilities asks for a field of findings.
pub(crate) fn asks_for(condition: &Condition, wanted: &dyn Fn(FindingField) -> bool) -> bool {
    match condition {
        Condition::All => false,
        Condition::And(operands) | Condition::Or(operands) => {
            operands.iter().any(|operand| asks_for(operand, wanted))
        }
        Condition::Not(inner) | Condition::Any { inner, .. } => asks_for(inner, wanted),
        Condition::Test { field, .. } | Condition::IsNull(field) => {
            matches!(field, FieldId::Finding(field) if wanted(*field))
        }
    }
}
