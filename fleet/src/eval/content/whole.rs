//! Tests on what belongs to a vulnerability itself, wherever it is found.

use qql::Test;
use qql::fields::FindingField;

use crate::eval::column::{lies_in, texts_passing, time};
use crate::eval::row::{Value, passes};
use crate::eval::shown;
use crate::facts::{Vulnerabilities, VulnerabilityRow};
use crate::table::{Bits, Dictionary, Lists, Need};

/// What is known of a test without looking at records.
pub(crate) enum Whole {
    /// It holds for these vulnerabilities, wherever they are found.
    Set(Bits),
    Never,
    Always,
    /// It depends on the record.
    OfGroup,
}

/// The vulnerabilities of which a value of a field passes; without a test, those that have one.
pub(crate) fn whole(vulnerabilities: &Vulnerabilities, field: FindingField, test: Option<&Test>) -> Whole {
    let by = |holds: &dyn Fn(&VulnerabilityRow) -> bool| {
        let mut rows = vulnerabilities.rows();
        Whole::Set(Bits::from_fn(vulnerabilities.len(), |_| rows.next().is_some_and(holds)))
    };
    let flag = |holds: &dyn Fn(&VulnerabilityRow) -> bool| match test {
        None | Some(Test::Bool(true)) => by(holds),
        Some(_) => Whole::Never,
    };
    let number = |value: &dyn Fn(&VulnerabilityRow) -> Option<i64>| {
        let ranges = test.map_or(&[(i64::MIN, i64::MAX)][..], ranges_of);
        by(&|row| value(row).is_some_and(|number| lies_in(number, ranges)))
    };
    let listed = |texts: &Dictionary, list: fn(&VulnerabilityRow) -> u32| {
        let Some(test) = test else { return by(&|row| list(row) != Lists::EMPTY) };
        let passing = texts_passing(texts, test);
        if passing.is_empty() {
            return Whole::Never;
        }
        let lists = vulnerabilities.lists().search(1, Need::Member(0, &passing), |_| true);
        by(&|row| lists.contains(list(row)))
    };
    match field {
        FindingField::Qid => number(&|row| Some(i64::from(row.qid))),
        FindingField::Title => match test {
            None => Whole::Always,
            Some(test) => {
                let titles = texts_passing(vulnerabilities.titles(), test);
                by(&|row| titles.contains(row.title))
            }
        },
        FindingField::Cveids => listed(vulnerabilities.cves(), |row| row.cves),
        FindingField::PublicExploitNames => listed(vulnerabilities.exploits(), |row| row.exploits),
        FindingField::Published => number(&|row| row.published.and_then(|published| time(published.0))),
        FindingField::Category => match test {
            None => Whole::Always,
            Some(test) => by_category(vulnerabilities, test),
        },
        FindingField::DiscoveryType => match test {
            Some(test) if !passes(test, Value::Text("AUTHENTICATED")) => Whole::Never,
            _ => Whole::Always,
        },
        FindingField::CvssBaseScore => number(&|row| Some(shown::score(row.cvss2))),
        FindingField::Cvss3BaseScore => number(&|row| Some(shown::score(row.cvss3))),
        FindingField::CvssAccessVector => by_vector(vulnerabilities, test),
        FindingField::ActiveAttacks => flag(&|row| row.threats.active_attacks),
        FindingField::PublicExploit => flag(&|row| row.threats.public_exploit),
        FindingField::EasyExploit => flag(&|row| row.threats.easy_exploit),
        FindingField::DenialOfService => flag(&|row| row.threats.denial_of_service),
        FindingField::Ransomware => flag(&|row| row.threats.ransomware),
        FindingField::Severity
        | FindingField::TypeDetected
        | FindingField::FirstFound
        | FindingField::LastFound
        | FindingField::PatchAvailable
        | FindingField::Risk
        | FindingField::QdsScore
        | FindingField::ZeroDay
        | FindingField::NoPatch
        | FindingField::Result
        | FindingField::ScanType
        | FindingField::LayerSha => Whole::OfGroup,
        // reported by nothing yet
        FindingField::CustomerSeverity
        | FindingField::Status
        | FindingField::Product
        | FindingField::Vendor
        | FindingField::AuthType
        | FindingField::SupportedBy
        | FindingField::CvssTemporalScore
        | FindingField::Cvss3TemporalScore
        | FindingField::ExploitKit
        | FindingField::Malware
        | FindingField::HighLateralMovement
        | FindingField::HighDataLoss
        | FindingField::MalwareNames
        | FindingField::ExploitKitNames
        | FindingField::Port
        | FindingField::IsExempted
        | FindingField::Reason
        | FindingField::Source => Whole::Never,
    }
}

fn ranges_of(test: &Test) -> &[(i64, i64)] {
    match test {
        Test::Number(test) => test.ranges(),
        Test::Date(test) => test.ranges(),
        _ => &[],
    }
}

/// There are a dozen categories, so each is asked once.
fn by_category(vulnerabilities: &Vulnerabilities, test: &Test) -> Whole {
    let mut known: Vec<(model::NamespaceFamily, bool)> = Vec::new();
    let mut rows = vulnerabilities.rows();
    let mut holds = |row: &VulnerabilityRow| match known.iter().find(|(family, _)| *family == row.family) {
        Some((_, holds)) => *holds,
        None => {
            let holds = passes(test, Value::Text(row.family.label()));
            known.push((row.family, holds));
            holds
        }
    };
    Whole::Set(Bits::from_fn(vulnerabilities.len(), |_| rows.next().is_some_and(&mut holds)))
}

fn by_vector(vulnerabilities: &Vulnerabilities, test: Option<&Test>) -> Whole {
    Whole::Set(Bits::from_fn(vulnerabilities.len(), |number| {
        let rating = vulnerabilities.get(number).and_then(|what| what.cvss2.as_ref());
        let vector = rating.map(|rating| rating.vector.as_str()).filter(|vector| !vector.is_empty());
        vector.is_some_and(|vector| test.is_none_or(|test| passes(test, Value::Text(vector))))
    }))
}
