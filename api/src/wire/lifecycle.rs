//! Lifecycle of a product release, under two sets of key names.

use fleet::PackageEntry;
use model::{Confidence, Lifecycle, LifecycleStage, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::Millis;
use super::text;

/// "No date": 1950-01-01T00:00:00Z.
const NO_DATE: Millis = Millis(-631_152_000_000);

/// The form of the software list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SoftwareLifecycle {
    stage: &'static str,
    life_cycle_confidence: &'static str,
    eol: Millis,
    eos: Millis,
    ga: Millis,
}

/// The form of the software rows inside image records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordLifecycle {
    stage: &'static str,
    ga_date: Millis,
    eol_date: Millis,
    eos_date: Millis,
}

impl SoftwareLifecycle {
    /// The lifecycle of a package, at the stage where it stood when it was judged.
    pub(crate) fn of(entry: &PackageEntry) -> Option<Self> {
        let lifecycle = entry.lifecycle.as_ref()?;
        Some(Self::new(lifecycle, entry.stage?))
    }

    fn new(lifecycle: &Lifecycle, at: LifecycleStage) -> Self {
        Self {
            stage: stage(at),
            life_cycle_confidence: confidence(lifecycle.confidence),
            eol: date(lifecycle.eol),
            eos: date(lifecycle.eos),
            ga: date(lifecycle.ga),
        }
    }
}

impl RecordLifecycle {
    /// As [`SoftwareLifecycle::of`].
    pub(crate) fn of(entry: &PackageEntry) -> Option<Self> {
        let lifecycle = entry.lifecycle.as_ref()?;
        Some(Self::new(lifecycle, entry.stage?))
    }

    fn new(lifecycle: &Lifecycle, at: LifecycleStage) -> Self {
        Self {
            stage: stage(at),
            ga_date: date(lifecycle.ga),
            eol_date: date(lifecycle.eol),
            eos_date: date(lifecycle.eos),
        }
    }
}

/// Appends what [`RecordLifecycle`] says of a package.
pub(super) fn append_record(out: &mut Vec<u8>, entry: &PackageEntry) {
    let Some((lifecycle, at)) = entry.lifecycle.as_ref().zip(entry.stage) else {
        return out.extend_from_slice(b"null");
    };
    out.extend_from_slice(b"{\"stage\":\"");
    out.extend_from_slice(stage(at).as_bytes());
    for (key, time) in [
        (&b"\",\"gaDate\":"[..], lifecycle.ga),
        (&b",\"eolDate\":"[..], lifecycle.eol),
        (&b",\"eosDate\":"[..], lifecycle.eos),
    ] {
        out.extend_from_slice(key);
        text::millis(out, Timestamp(date(time).0));
    }
    out.push(b'}');
}

fn date(time: Option<Timestamp>) -> Millis {
    time.map_or(NO_DATE, Millis::from)
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "Exact",
        Confidence::Potential => "Approximate",
    }
}

/// Clients know no stage between GA and EOL; what still gets its security fixes is not ended.
fn stage(stage: LifecycleStage) -> &'static str {
    match stage {
        LifecycleStage::Ga | LifecycleStage::SecuritySupport => "GA",
        LifecycleStage::Eol => "EOL",
        LifecycleStage::Eos => "EOS",
        LifecycleStage::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_dates_are_the_sentinel_under_both_sets_of_names() {
        let lifecycle = Lifecycle { ga: Some(Timestamp(5)), ..Lifecycle::default() };
        let list = serde_json::to_value(SoftwareLifecycle::new(&lifecycle, LifecycleStage::Ga)).unwrap();
        let expected = serde_json::json!({
            "stage": "GA", "lifeCycleConfidence": "Exact",
            "eol": "-631152000000", "eos": "-631152000000", "ga": "5"
        });
        assert_eq!(list, expected);
        assert_eq!(stage(LifecycleStage::SecuritySupport), "GA");
        let guess = Lifecycle { confidence: Confidence::Potential, ..lifecycle.clone() };
        assert_eq!(SoftwareLifecycle::new(&guess, LifecycleStage::Eos).life_cycle_confidence, "Approximate");
        let record = serde_json::to_value(RecordLifecycle::new(&lifecycle, LifecycleStage::Ga)).unwrap();
        let expected = serde_json::json!({
            "stage": "GA", "gaDate": "5", "eolDate": "-631152000000", "eosDate": "-631152000000"
        });
        assert_eq!(record, expected);
    }
}
