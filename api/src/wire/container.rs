//! Container records of the bulk lists and of the details call.
//!
//! A container that was not looked into itself shows the software and findings of its image; the API calls
//! them propagated. Without a known image nothing is known, and lists and counts are null.

use std::sync::Arc;

use fleet::{BulkContainer, ContainerView, SoftwareView, VulnerabilityView};
use utoipa::ToSchema;

use super::container_keys::{ContainerFullKeys, ContainerKeys, ContainerLegacyHead, ContainerLegacyTail};
use super::drift;
use super::rows::{self, Rows};
use super::software::{self, RecordSoftware, RecordSoftwareLegacy};
use super::version::{ContainerProfile, Version};
use super::vulnerability::{
    BulkVulnerability, BulkVulnerabilityLegacy, ContainerVulnerabilityDetails, Context, Vulnerability,
};
use super::writer::ObjectWriter;
use crate::error::ApiError;
use crate::paging::Parameters;
use crate::settings::ApiSettings;

/// How container records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContainerRendering {
    pub(crate) version: Version,
    pub(crate) profile: ContainerProfile,
    /// With full vulnerabilities, or as the bulk lists do it.
    pub(crate) details: bool,
}

/// A record of v1.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what `append` writes")]
pub(crate) struct ContainerRecordLegacy<'a> {
    #[serde(flatten)]
    head: ContainerLegacyHead<'a>,
    vulnerabilities: Option<Vec<BulkVulnerabilityLegacy<'a>>>,
    softwares: Option<Vec<RecordSoftwareLegacy<'a>>>,
    #[serde(flatten)]
    tail: ContainerLegacyTail,
}

/// A record of v1.2 and v1.3; the keys of [`ContainerFullKeys`] are there in the full profile only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what `append` writes")]
pub(crate) struct ContainerRecord<'a> {
    #[serde(flatten)]
    common: ContainerKeys<'a>,
    #[serde(flatten)]
    full: Option<ContainerFullKeys<'a>>,
    vulnerabilities: Option<Vec<BulkVulnerability<'a>>>,
    softwares: Option<Vec<RecordSoftware<'a>>>,
}

/// A record of any version.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "describes in the API document what `append` writes, and is never made"
)]
pub(crate) enum AnyContainerRecord<'a> {
    /// v1.2 and v1.3.
    Later(ContainerRecord<'a>),
    /// v1.1.
    Legacy(ContainerRecordLegacy<'a>),
}

impl ContainerRendering {
    /// Records of this request: `profile` may choose another profile than the server's.
    pub(crate) fn of(
        version: Version,
        details: bool,
        parameters: &Parameters,
        settings: &ApiSettings,
    ) -> Result<Self, ApiError> {
        let profile = match parameters.get("profile") {
            Some(word) => word.parse().map_err(|error| ApiError::bad_request(format!("profile: {error}")))?,
            None => settings.container_profile,
        };
        Ok(Self { version, profile, details })
    }

    /// Appends the record of a container.
    pub(crate) fn append(self, out: &mut Vec<u8>, view: &ContainerView) {
        let mut object = ObjectWriter::new(out);
        if self.version.is_legacy() {
            object.fields(&ContainerLegacyHead::new(view, &self.context(view)));
            self.append_content(&mut object, view);
            object.fields(&ContainerLegacyTail::new(view));
        } else {
            object.fields(&ContainerKeys::new(view, &self.context(view)));
            if self.profile == ContainerProfile::Full {
                object.fields(&ContainerFullKeys::new(view));
            }
            self.append_content(&mut object, view);
        }
        object.finish();
    }

    /// Appends the record of a container as bulk lists have it: the same as [`Self::append`], many times faster.
    pub(crate) fn append_bulk(self, out: &mut Vec<u8>, container: &BulkContainer<'_>) {
        if container.is_drifted() {
            // few are, and they are compared with their images
            return self.append(out, &container.view());
        }
        let head = ContainerView {
            record: Arc::clone(&container.record),
            updated: container.updated,
            image: container.image.clone(),
            software: Vec::new(),
            vulnerabilities: Vec::new(),
            counts: container.counts,
            risk: container.risk,
            host: container.host.clone(),
            of_image: None,
        };
        let mut object = ObjectWriter::new(out);
        if self.version.is_legacy() {
            object.fields(&ContainerLegacyHead::new(&head, &self.context(&head)));
            self.append_rows(&mut object, container);
            object.fields(&ContainerLegacyTail::new(&head));
        } else {
            object.fields(&ContainerKeys::new(&head, &self.context(&head)));
            if self.profile == ContainerProfile::Full {
                object.fields(&ContainerFullKeys::new(&head));
            }
            self.append_rows(&mut object, container);
        }
        object.finish();
    }

    fn append_rows(self, object: &mut ObjectWriter<'_>, container: &BulkContainer<'_>) {
        let facts = container.image.as_ref().map(|image| &image.document.facts);
        let rows = container.rows(&rows::TEXT);
        let mut write = Rows::new(self.version, self.profile, facts);
        let found = facts.map(|_| rows.found());
        object.array("vulnerabilities", found, |out, found| write.vulnerability(out, &found));
        let software = facts.map(|_| rows.software());
        object.array("softwares", software, |out, place| write.software(out, &place));
    }

    fn append_content(self, object: &mut ObjectWriter<'_>, view: &ContainerView) {
        let known = view.image.is_some();
        let context = self.context(view);
        let vulnerabilities = known.then_some(&view.vulnerabilities);
        object.array("vulnerabilities", vulnerabilities, |out, vulnerability| {
            if self.details {
                super::append_json(out, &Vulnerability::new(&context, vulnerability));
            } else if self.version.is_legacy() {
                super::append_json(out, &BulkVulnerabilityLegacy::new(&context, vulnerability));
            } else {
                super::append_json(out, &BulkVulnerability::new(&context, vulnerability));
            }
        });
        object.array("softwares", known.then_some(&view.software), |out, software: &SoftwareView| {
            if self.version.is_legacy() {
                software::append_legacy(out, software);
            } else {
                software::append_row(out, software, self.profile);
            }
        });
    }

    /// How vulnerabilities of a container are written.
    pub(crate) fn context(self, view: &ContainerView) -> Context<'_> {
        Context {
            version: self.version,
            software: &view.software,
            facts: view.image.as_ref().map(|image| &image.document.facts),
            profile: self.profile,
            in_use: view.in_use(),
        }
    }

    /// The vulnerabilities of a container, in full.
    pub(crate) fn vulnerabilities<'a>(
        self,
        view: &'a ContainerView,
        rows: Vec<&'a VulnerabilityView>,
    ) -> ContainerVulnerabilityDetails<'a> {
        let context = self.context(view);
        let vulns = rows.into_iter().map(|found| Vulnerability::new(&context, found)).collect();
        ContainerVulnerabilityDetails { vulns, drift_vulns: drift::vulnerabilities(&context, view) }
    }
}
