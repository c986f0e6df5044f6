//! Where the fields of containers are found. What a container has from its image is looked up there.

use qql::fields::{ContainerField, FieldId, HostField, ImageField};
use qql::{Array, Condition};

use super::column::{Column, flags, times, words};
use super::content::Times;
use super::elements::container_member;
use super::evaluate::Table;
use super::hosts;
use super::image_table::{ImageTable, text, texts, with_tuple};
use super::tuples::TupleTest;
use crate::facts::{Containers, state_of};
use crate::table::{Bits, NONE};

/// The containers of one customer as a table.
#[derive(Clone, Copy)]
pub(crate) struct ContainerTable<'i> {
    /// Their images, all of them: a container shows what it has from its image also to those who may not see that.
    pub(crate) images: ImageTable<'i>,
}

impl<'i> ContainerTable<'i> {
    fn containers(&self) -> &'i Containers {
        &self.images.tenant.containers
    }

    fn of_image(&self, field: ImageField) -> Column<'i> {
        self.through_image(self.images.field(field))
    }

    fn through_image(&self, column: Column<'i>) -> Column<'i> {
        Column::Through(&self.containers().image, self.images.tenant.images.live.len(), Box::new(column))
    }

    fn host(&self, field: HostField) -> Column<'i> {
        let hosts = &self.images.tenant.hosts;
        Column::Through(&self.containers().host, hosts.len(), Box::new(hosts::column(hosts, field)))
    }

    fn named(&self, column: Column<'i>) -> Column<'i> {
        let containers = self.containers();
        Column::Through(&containers.named_image, containers.named.ids.len(), Box::new(column))
    }

    /// The values of a field of containers.
    pub(crate) fn field(&self, field: ContainerField) -> Column<'i> {
        let containers = self.containers();
        let tenant = self.images.tenant;
        match field {
            ContainerField::State => words(&containers.state, Some, |number| Some(state_of(number).as_str())),
            ContainerField::ImageSha => {
                Column::Digests(&containers.named_image, &containers.named.ids, false)
            }
            ContainerField::ImageId => Column::Digests(&containers.named_image, &containers.named.ids, true),
            ContainerField::ImageUuid => self.named(Column::Uuid(&containers.named.uuids, None)),
            ContainerField::ImageDigest => Column::Digests(&containers.image_digest, &tenant.digests, false),
            ContainerField::Sha => Column::Digest(&containers.id, &containers.by_id, false),
            ContainerField::ContainerId => Column::Digest(&containers.id, &containers.by_id, true),
            ContainerField::Uuid => Column::Uuid(&containers.uuid, Some(&containers.by_uuid)),
            ContainerField::IsRoot => flags(&containers.flags, |flags| flags.root()),
            ContainerField::Privileged => flags(&containers.flags, |flags| flags.privileged()),
            ContainerField::Created => times(&containers.created),
            ContainerField::Updated => times(&containers.updated),
            ContainerField::StateChanged => times(&containers.state_changed),
            ContainerField::LastScanned
            | ContainerField::LastVmScanDate
            | ContainerField::VulnPropagationDate => self.of_image(ImageField::LastScanned),
            ContainerField::Name => text(&containers.name),
            ContainerField::Path => text(&containers.path),
            ContainerField::Command => text(&containers.command),
            ContainerField::Arguments => texts(&containers.arguments),
            ContainerField::Environment => texts(&containers.environment),
            ContainerField::HostHostname => self.host(HostField::Hostname),
            ContainerField::HostIpAddress => self.host(HostField::IpAddress),
            ContainerField::HostUuid => self.host(HostField::Uuid),
            ContainerField::HostArchitecture => {
                let hosts = &tenant.hosts;
                let of_host = Column::Text(&hosts.architecture, &hosts.architectures);
                Column::Through(&containers.host, hosts.len(), Box::new(of_host))
            }
            ContainerField::Ipv4 => text(&containers.ipv4),
            ContainerField::Ipv6 => text(&containers.ipv6),
            ContainerField::MacAddress => text(&containers.mac_address),
            ContainerField::Users => self.of_image(ImageField::Users),
            ContainerField::OperatingSystem => self.of_image(ImageField::OperatingSystem),
            ContainerField::Source | ContainerField::Sources => text(&containers.source),
            ContainerField::IsVulnPropagated => flags(&containers.image, |image| Some(image != NONE)),
            ContainerField::RiskScore => self.of_image(ImageField::RiskScore),
            ContainerField::MaxQdsScore => self.of_image(ImageField::MaxQdsScore),
            ContainerField::QdsSeverity => self.of_image(ImageField::QdsSeverity),
            ContainerField::ScanTypes => self.of_image(ImageField::ScanTypes),
            ContainerField::TagsName => texts(&containers.tags),
            // reported by nothing yet
            ContainerField::IsDrift
            | ContainerField::DriftCategory
            | ContainerField::DriftReason
            | ContainerField::LastComplianceScanned
            | ContainerField::HostSensorUuid
            | ContainerField::SensorUuid
            | ContainerField::CloudProvider
            | ContainerField::ClusterType
            | ContainerField::ClusterName
            | ContainerField::ClusterUid
            | ContainerField::ClusterVersion
            | ContainerField::K8sProject
            | ContainerField::PodName
            | ContainerField::PodNamespace
            | ContainerField::PodUuid
            | ContainerField::NodeName
            | ContainerField::NodeIsMaster
            | ContainerField::AccountQlp
            | ContainerField::ClusterQlp
            | ContainerField::NamespaceQlp
            | ContainerField::PodQlp
            | ContainerField::IsExposedToWorld
            | ContainerField::Criticality
            | ContainerField::ComplianceFailCount
            | ContainerField::CompliancePassCount
            | ContainerField::ComplianceErrorCount
            | ContainerField::Exceptions
            | ContainerField::IsInstrumented => Column::Missing,
        }
    }
}

impl Table for ContainerTable<'_> {
    fn column(&self, field: FieldId) -> Column<'_> {
        match field {
            FieldId::Container(field) => self.field(field),
            _ => Column::Missing,
        }
    }

    fn special(&self, _: &Condition, _: &Bits) -> Option<Bits> {
        None
    }

    fn with_element(&self, array: Array, inner: &Condition, candidates: &Bits) -> Bits {
        let containers = self.containers();
        let test = || TupleTest::of(inner, &|field| container_member(self.images.tenant, field));
        match array {
            Array::Softwares | Array::Vulnerabilities => {
                let ImageTable { tenant, content, .. } = self.images;
                let times = Times {
                    first_stored: &containers.first_stored,
                    last_scanned: &tenant.images.last_scanned,
                };
                content.containers_with(tenant, array, inner, &times, candidates)
            }
            Array::Label => {
                let labels = &containers.labels.tuples;
                with_tuple(&labels.numbers, &labels.lists, 2, &test(), |_| true, candidates)
            }
            Array::PortMapping => {
                let ports = &containers.ports.tuples;
                with_tuple(&ports.numbers, &ports.lists, 4, &test(), |_| true, candidates)
            }
            _ => Bits::none(candidates.len()),
        }
    }
}
