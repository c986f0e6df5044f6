//! Doors for the fuzz targets into checks and forms that are private otherwise; compiled under `cfg(fuzzing)` alone.

use model::{ContainerReport, ScanReport};

use crate::codec::Codec;
use crate::error::Result;
use crate::prepare::PreparedReport;
use crate::record::DEFAULT_CUSTOMER;
use crate::{inside, inventory, packed, packed_image, since, validate};

/// The check of a report before it is stored.
///
/// # Errors
/// What is wrong with it.
pub fn check_report(report: &ScanReport) -> Result<()> {
    PreparedReport::of(DEFAULT_CUSTOMER, report.clone()).map(drop)
}

/// Reads a report by its text and as a whole.
///
/// # Panics
/// If one of the two takes what the other refuses, or says otherwise why.
pub fn check_report_text(json: &str) {
    let of_text = PreparedReport::of_text(DEFAULT_CUSTOMER, json, |_| {});
    let whole = serde_json::from_str::<ScanReport>(json).ok();
    let of_whole = whole.map(|report| PreparedReport::of(DEFAULT_CUSTOMER, report));
    let said = |outcome: Option<Result<PreparedReport>>| {
        outcome.map(|outcome| outcome.map(|report| report.packages).map_err(|error| error.to_string()))
    };
    assert_eq!(said(of_text), said(of_whole), "the two forms of a report differ");
}

/// The check of the containers of one request.
///
/// # Errors
/// What is wrong with them.
pub fn check_containers(reports: &[ContainerReport]) -> Result<()> {
    validate::containers(reports)
}

/// Reads `stored` as a packed value and its content as an inventory, as a container and the inside of one, and as what says since when an
/// image has its packages; what can be read comes back from its own encoding.
///
/// # Panics
/// If it does not.
pub fn read_stored(stored: &[u8]) {
    let mut codec = Codec::new();
    if let Ok(content) = codec.unpack("value", stored) {
        read_inventory(&content);
    }
    if let Ok(inventory) = inventory::Stored::read(&mut codec, "value", stored) {
        let names = |package: u32| Some(if package % 2 > 0 { ("a-b", "1.0") } else { ("g:a/b", "") });
        let entries = inventory.entries("value", names).expect("all packages have names");
        read_inventory(&inventory::encode(entries));
    }
    if let Ok(document) = packed_image::unpack(&mut codec, "value", stored) {
        let packed = packed_image::pack(&mut codec, &document).expect("what was read can be written");
        assert_eq!(packed_image::unpack(&mut codec, "value", &packed).ok(), Some(document));
    }
    // plain JSON, written by others
    let _ = inside::read(&mut codec, "value", Some(stored));
    if let Ok(known) = since::decode("value", stored) {
        let again = since::encode(&known).and_then(|bytes| since::decode("value", &bytes).ok());
        assert_eq!(again.unwrap_or_default(), known);
    }
    if let Ok((report, tags)) = packed::unpack(&mut codec, "value", stored) {
        if let Ok(packed::Packed { shared, own }) = packed::pack(&mut codec, &report, &tags) {
            let again = packed::unpack(&mut codec, "value", &packed::join(&shared, own));
            let told = |(report, tags): (ContainerReport, Vec<String>)| (report.name, report.labels, tags);
            assert_eq!(again.ok().map(told), Some(told((report, tags))));
        }
    }
}

/// Reads `encoded` as an inventory; one that can be read comes back from its own encoding.
///
/// # Panics
/// If it does not.
pub fn read_inventory(encoded: &[u8]) {
    if let Ok(mut entries) = inventory::decode(encoded) {
        let again = inventory::decode(&inventory::encode(entries.clone()));
        entries.sort_unstable();
        entries.dedup();
        assert_eq!(again.as_ref(), Ok(&entries));
    }
}
