//! What is written comes back: the law that makes findings of a document those of its image.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::generate::report;
use crate::{cyclonedx, read, spdx};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_report_comes_back_from_both_formats_as_it_was(report in report()) {
        prop_assert_eq!(&read(&cyclonedx(&report)), &report);
        prop_assert_eq!(&read(&spdx(&report)), &report);
    }

    #[test]
    fn the_same_report_gives_the_same_bytes(report in report()) {
        prop_assert_eq!(cyclonedx(&report), cyclonedx(&report.clone()));
        prop_assert_eq!(spdx(&report), spdx(&report.clone()));
    }

    #[test]
    fn our_own_json_comes_back_with_or_without_findings_beside_it(report in report()) {
        let mut json = serde_json::to_value(&report).unwrap();
        prop_assert_eq!(&read(&json.to_string()), &report);
        json["findings"] = serde_json::json!([{"id": "CVE-2024-0001"}]);
        json["knowledge"] = serde_json::Value::Null;
        prop_assert_eq!(&read(&json.to_string()), &report);
    }
}

#[test]
fn a_version_that_is_too_long_for_cyclonedx_comes_back() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut generated = report().new_tree(&mut runner).unwrap().current();
    let package = model::Package::new(model::Ecosystem::Npm, "@a/b", "1".repeat(2_000));
    generated.packages = vec![model::PackageRecord::new(package, "x")];
    assert_eq!(read(&cyclonedx(&generated)).packages, generated.packages);
}
