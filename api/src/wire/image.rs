//! Image records of the bulk lists and of the details call.

use fleet::{BulkImage, HostView, ImageView};
use utoipa::ToSchema;

use super::host::Host;
use super::image_keys::{Head, ImageKeys, ImageLaterKeys, ImageLegacyKeys};
use super::rows::{self, Rows};
use super::scalar::Null;
use super::secret::Secret;
use super::software::{self, RecordSoftware, RecordSoftwareLegacy};
use super::version::{ContainerProfile, Version};
use super::vulnerability::{BulkVulnerability, BulkVulnerabilityLegacy, Context, Vulnerability};
use super::writer::ObjectWriter;
use crate::paging::Parameters;

/// How image records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageRendering {
    pub(crate) version: Version,
    /// With full vulnerabilities and all hosts, or as the bulk lists do it.
    pub(crate) details: bool,
    /// `scanDetails` asked for the malware block.
    pub(crate) malware: bool,
    /// `scanDetails` asked for the secrets block.
    pub(crate) secrets: bool,
}

/// A record of v1.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what `append` writes")]
pub(crate) struct ImageRecordLegacy<'a> {
    #[serde(flatten)]
    common: ImageKeys<'a>,
    softwares: Vec<RecordSoftwareLegacy<'a>>,
    vulnerabilities: Vec<BulkVulnerabilityLegacy<'a>>,
}

/// A record of v1.2 and v1.3.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what `append` writes")]
pub(crate) struct ImageRecord<'a> {
    #[serde(flatten)]
    common: ImageKeys<'a>,
    #[serde(flatten)]
    later: ImageLaterKeys<'a>,
    softwares: Vec<RecordSoftware<'a>>,
    vulnerabilities: Vec<BulkVulnerability<'a>>,
}

/// A record of any version.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "describes in the API document what `append` writes, and is never made"
)]
pub(crate) enum AnyImageRecord<'a> {
    /// v1.2 and v1.3.
    Later(ImageRecord<'a>),
    /// v1.1.
    Legacy(ImageRecordLegacy<'a>),
}

impl ImageRendering {
    /// Records of this version with the blocks that `scanDetails` asks for; v1.1 has no such blocks.
    pub(crate) fn of(version: Version, details: bool, parameters: &Parameters) -> Self {
        let wanted = if version.is_legacy() { Vec::new() } else { parameters.words("scanDetails") };
        let asks = |word: &str| wanted.iter().any(|wanted| wanted == word);
        Self { version, details, malware: asks("malware"), secrets: asks("secrets") }
    }

    /// Appends the record of an image.
    pub(crate) fn append(self, out: &mut Vec<u8>, view: &ImageView) {
        let mut object = ObjectWriter::new(out);
        self.append_head(&mut object, &view.into(), &view.hosts);
        object.array("softwares", Some(&view.software), |out, software| {
            if self.version.is_legacy() {
                software::append_legacy(out, software);
            } else {
                software::append_row(out, software, ContainerProfile::Full);
            }
        });
        let context = image_context(view, self.version);
        object.array("vulnerabilities", Some(&view.vulnerabilities), |out, vulnerability| {
            if self.details {
                super::append_json(out, &Vulnerability::new(&context, vulnerability));
            } else if self.version.is_legacy() {
                super::append_json(out, &BulkVulnerabilityLegacy::new(&context, vulnerability));
            } else {
                super::append_json(out, &BulkVulnerability::new(&context, vulnerability));
            }
        });
        object.finish();
    }

    /// Appends the record of an image as bulk lists have it: the same as [`Self::append`], many times faster.
    pub(crate) fn append_bulk(self, out: &mut Vec<u8>, image: &BulkImage<'_>) {
        let rows = image.rows(&rows::TEXT);
        let mut write = Rows::new(self.version, ContainerProfile::Full, Some(&image.record.document.facts));
        let mut object = ObjectWriter::new(out);
        self.append_head(&mut object, &image.into(), &[]);
        object.array("softwares", Some(rows.software()), |out, place| write.software(out, &place));
        object.array("vulnerabilities", Some(rows.found()), |out, found| write.vulnerability(out, &found));
        object.finish();
    }

    /// Appends what stands before software; `hosts` are wanted for details only.
    fn append_head(self, object: &mut ObjectWriter<'_>, head: &Head<'_>, hosts: &[HostView]) {
        object.fields(&ImageKeys::new(head, self.version));
        if self.details {
            let hosts: Vec<Host<'_>> = hosts.iter().map(Host::from).collect();
            object.field("host", &hosts);
        }
        if !self.version.is_legacy() {
            object.fields(&ImageLaterKeys::new(head));
        } else if self.details {
            object.fields(&ImageLegacyKeys::new(head));
        }
        if self.malware {
            object.field("malware", &Null);
        }
        if self.secrets {
            let document = head.document();
            let secrets: Vec<Secret<'_>> =
                document.secrets.iter().map(|secret| Secret::new(secret, &document.facts)).collect();
            // Without any, whether somebody looked for them is not known.
            object.field("secrets", &(!secrets.is_empty()).then_some(secrets));
        }
    }
}

/// How vulnerabilities of an image are written.
pub(crate) fn image_context(view: &ImageView, version: Version) -> Context<'_> {
    Context {
        version,
        software: &view.software,
        facts: Some(&view.record.document.facts),
        profile: ContainerProfile::Full,
        in_use: None,
    }
}
