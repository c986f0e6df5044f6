//! Where the fields of containers are found. What a container has from its image is looked up there.

use qql::fields::{ContainerField, FieldId, HostField, ImageField};
use qql::{Array, Condition};

use super::column::{Column, Numbers, flags, lies_in, times, words};
use super::content::Times;
use super::elements::container_member;
use super::evaluate::Table;
use super::hosts;
use super::image_table::{ImageTable, text, texts, with_tuple};
use super::tuples::TupleTest;
use crate::facts::{Containers, TuplesColumn, answer, state_of};
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
        Column::Through(&self.containers().inside, self.images.tenant.images.live.len(), Box::new(column))
    }

    fn host(&self, field: HostField) -> Column<'i> {
        let hosts = &self.images.tenant.hosts;
        Column::Through(&self.containers().host, hosts.len(), Box::new(hosts::column(hosts, field)))
    }

    /// A column by the slot of what sensors tell.
    fn told(&self, column: Column<'i>) -> Column<'i> {
        let details = &self.containers().details;
        Column::Through(&details.slot, details.len(), Box::new(column))
    }

    /// Those of `candidates` that have an element in a list by slot for which a test holds.
    fn with_told<const WIDTH: usize>(
        &self,
        tuples: &TuplesColumn<WIDTH>,
        test: &TupleTest,
        candidates: &Bits,
    ) -> Bits {
        let details = &self.containers().details;
        let slots = Bits::all(details.len());
        let passing = with_tuple(&tuples.numbers, &tuples.lists, WIDTH, test, |_| true, &slots);
        let mut found = candidates.clone();
        found.retain(|container| details.of(container).is_some_and(|slot| passing.contains(slot)));
        found
    }

    fn named(&self, column: Column<'i>) -> Column<'i> {
        let containers = self.containers();
        Column::Through(&containers.named_image, containers.named.ids.len(), Box::new(column))
    }

    /// The values of a field of containers.
    pub(crate) fn field(&self, field: ContainerField) -> Column<'i> {
        let containers = self.containers();
        let (tenant, details) = (self.images.tenant, &containers.details);
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
            ContainerField::IsVulnPropagated if details.len() == 0 => {
                flags(&containers.image, |image| Some(image != NONE))
            }
            ContainerField::IsVulnPropagated => Column::Flag(Box::new(Propagated(containers))),
            ContainerField::RiskScore => self.of_image(ImageField::RiskScore),
            ContainerField::MaxQdsScore => self.of_image(ImageField::MaxQdsScore),
            ContainerField::QdsSeverity => self.of_image(ImageField::QdsSeverity),
            ContainerField::ScanTypes => self.of_image(ImageField::ScanTypes),
            ContainerField::TagsName => texts(&containers.tags),
            ContainerField::IsDrift => self.told(flags(&details.drift, answer)),
            ContainerField::DriftCategory => self.told(texts(&details.categories)),
            ContainerField::DriftReason => self.told(texts(&details.reasons)),
            ContainerField::SensorUuid | ContainerField::HostSensorUuid => self.host(HostField::SensorUuid),
            ContainerField::ClusterType => self.told(text(&details.cluster_type)),
            ContainerField::ClusterName => self.told(text(&details.cluster_name)),
            ContainerField::ClusterUid => self.told(text(&details.cluster_uid)),
            ContainerField::ClusterVersion => self.told(text(&details.cluster_version)),
            ContainerField::PodName => self.told(text(&details.pod)),
            ContainerField::PodNamespace => self.told(text(&details.namespace)),
            ContainerField::PodUuid => self.told(text(&details.pod_uid)),
            ContainerField::NodeName => self.told(text(&details.node)),
            ContainerField::NodeIsMaster => self.told(flags(&details.master, answer)),
            // reported by nothing yet
            ContainerField::LastComplianceScanned
            | ContainerField::CloudProvider
            | ContainerField::K8sProject
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

/// Whether the findings of containers are those of their images: they are, where nobody has looked into the container.
struct Propagated<'t>(&'t Containers);

impl Numbers for Propagated<'_> {
    fn number(&self, position: u32) -> Option<i64> {
        let is_known = self.0.image.get(position).is_some_and(|image| *image != NONE);
        Some(i64::from(is_known && self.0.details.is_drift(position).is_none()))
    }

    fn within(&self, candidates: &Bits, ranges: &[(i64, i64)]) -> Bits {
        let mut found = candidates.clone();
        found.retain(|position| self.number(position).is_some_and(|number| lies_in(number, ranges)));
        found
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
            Array::PodLabel => self.with_told(&containers.details.pod_labels.tuples, &test(), candidates),
            Array::PodController => {
                self.with_told(&containers.details.controllers.tuples, &test(), candidates)
            }
            _ => Bits::none(candidates.len()),
        }
    }
}
