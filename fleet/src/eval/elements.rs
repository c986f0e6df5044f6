//! One image or container with everything that it shows, to be asked value by value: where no whole column is wanted, as
//! in the rows of a result.

use std::cell::OnceCell;

use qql::Array;
use qql::fields::{
    ControllerField, FieldId, LabelField, LayerField, PodLabelField, PortField, RepoDigestField, RepoField,
    SecretField,
};

use super::PlainRecord;
use super::column::shown as hex;
use super::hosts;
use super::row::{Row, Value};
use super::search::Search;
use super::tuples::Member;
use crate::facts::{LabelsColumn, Tenant};
use crate::table::NONE;

/// How a field of the elements of an image's small arrays is held.
pub(super) fn image_member(tenant: &Tenant, field: FieldId) -> Member<'_> {
    let images = &tenant.images;
    let (names, secrets, digests) = (&images.references, &images.secrets, &tenant.digests);
    match field {
        FieldId::Repo(RepoField::Registry) | FieldId::RepoDigest(RepoDigestField::Registry) => {
            Member::Text(0, &names.registries)
        }
        FieldId::Repo(RepoField::Repository) | FieldId::RepoDigest(RepoDigestField::Repository) => {
            Member::Text(1, &names.repositories)
        }
        FieldId::Repo(RepoField::Tag) => Member::Text(2, &names.tags),
        FieldId::RepoDigest(RepoDigestField::Digest) => Member::Digest(3, digests),
        FieldId::Label(field) => label_member(&images.labels, field),
        FieldId::Layer(LayerField::Sha) => Member::Digest(0, digests),
        FieldId::Secret(SecretField::Type) => Member::Text(0, &secrets.rules),
        FieldId::Secret(SecretField::Category) => Member::Fixed("SECRET"),
        FieldId::Secret(SecretField::Title) => Member::Text(1, &secrets.titles),
        FieldId::Secret(SecretField::FilePath) => Member::Text(2, &secrets.paths),
        FieldId::Secret(SecretField::StartLine | SecretField::EndLine) => Member::Number(3),
        FieldId::Secret(SecretField::Severity) => Member::Word(4, super::shown::secret_severity),
        FieldId::Secret(SecretField::LayerSha) => Member::Digest(5, digests),
        _ => Member::Missing,
    }
}

/// How a field of the elements of a container's small arrays is held.
pub(super) fn container_member(tenant: &Tenant, field: FieldId) -> Member<'_> {
    let (ports, details) = (&tenant.containers.ports, &tenant.containers.details);
    match field {
        FieldId::Label(field) => label_member(&tenant.containers.labels, field),
        FieldId::PodLabel(PodLabelField::Key) => label_member(&details.pod_labels, LabelField::Key),
        FieldId::PodLabel(PodLabelField::Value) => label_member(&details.pod_labels, LabelField::Value),
        FieldId::Controller(ControllerField::Name) => Member::Text(0, &details.controllers.names),
        FieldId::Controller(ControllerField::Type) => Member::Text(1, &details.controllers.kinds),
        FieldId::Controller(ControllerField::Uuid) => Member::Text(2, &details.controllers.uuids),
        FieldId::Port(PortField::Port) => Member::Number(0),
        FieldId::Port(PortField::HostPort) => Member::Number(1),
        FieldId::Port(PortField::Protocol) => Member::Text(2, &ports.protocols),
        FieldId::Port(PortField::HostIp) => Member::Text(3, &ports.host_ips),
        _ => Member::Missing,
    }
}

fn label_member(labels: &LabelsColumn, field: LabelField) -> Member<'_> {
    match field {
        LabelField::Key => Member::Text(0, &labels.keys),
        LabelField::Value => Member::Text(1, &labels.values),
    }
}

/// An image.
pub(crate) struct ImageRow<'r> {
    search: &'r Search<'r>,
    position: u32,
    inside: OnceCell<PlainRecord<'r>>,
}

/// A container.
pub(crate) struct ContainerRow<'r> {
    search: &'r Search<'r>,
    position: u32,
    inside: OnceCell<Option<PlainRecord<'r>>>,
}

impl<'r> ImageRow<'r> {
    pub(crate) fn new(search: &'r Search<'r>, position: u32) -> Self {
        Self { search, position, inside: OnceCell::new() }
    }
}

impl<'r> ContainerRow<'r> {
    pub(crate) fn new(search: &'r Search<'r>, position: u32) -> Self {
        Self { search, position, inside: OnceCell::new() }
    }
}

impl Row for ImageRow<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let FieldId::Image(field) = field else { return false };
        if field == qql::fields::ImageField::BaseImage {
            let visible = &self.search.visible.images;
            let base = super::shown::base_image(self.search.tenant, self.position, visible);
            return base.is_some_and(|base| see(Value::Text(hex(&base, false, &mut [0; 64]))));
        }
        self.search.image_table().field(field).any_value(self.position, see)
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        let (tenant, at) = (self.search.tenant, self.position);
        let images = &tenant.images;
        let mut each = |tuple: &[u32]| see(&Element { tuple, tenant, member: image_member });
        match array {
            Array::Softwares | Array::Vulnerabilities => {
                self.inside.get_or_init(|| self.search.plain_image(at)).any_element(array, see)
            }
            Array::Repo => {
                images.references.tuples.get(at).filter(|[_, _, tag, _]| *tag != NONE).any(|of| each(&of))
            }
            Array::RepoDigests => images
                .references
                .tuples
                .get(at)
                .filter(|[_, _, _, digest]| *digest != NONE)
                .any(|of| each(&of)),
            Array::Label => images.labels.tuples.get(at).any(|of| each(&of)),
            Array::Layers => images.layers.get(at).any(|of| each(&of)),
            Array::Secrets => images.secrets.tuples.get(at).any(|of| each(&of)),
            Array::Hosts => {
                tenant.hosts_of(at).into_iter().any(|of| see(&Host { tenant, description: of.host }))
            }
            _ => false,
        }
    }
}

impl Row for ContainerRow<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let FieldId::Container(field) = field else { return false };
        self.search.container_table().field(field).any_value(self.position, see)
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        let (tenant, at) = (self.search.tenant, self.position);
        let containers = &tenant.containers;
        let mut each = |tuple: &[u32]| see(&Element { tuple, tenant, member: container_member });
        match array {
            Array::Softwares | Array::Vulnerabilities => {
                let inside = self.inside.get_or_init(|| self.search.plain_container(at));
                inside.as_ref().is_some_and(|inside| inside.any_element(array, see))
            }
            Array::Label => containers.labels.tuples.get(at).any(|of| each(&of)),
            Array::PortMapping => containers.ports.tuples.get(at).any(|of| each(&of)),
            Array::PodLabel => {
                let slot = containers.details.of(at);
                slot.is_some_and(|slot| containers.details.pod_labels.tuples.get(slot).any(|of| each(&of)))
            }
            Array::PodController => {
                let slot = containers.details.of(at);
                slot.is_some_and(|slot| containers.details.controllers.tuples.get(slot).any(|of| each(&of)))
            }
            _ => false,
        }
    }
}

/// An element of a small array.
struct Element<'e> {
    tuple: &'e [u32],
    tenant: &'e Tenant,
    member: fn(&Tenant, FieldId) -> Member<'_>,
}

impl Row for Element<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let number = |at: usize| self.tuple.get(at).copied().unwrap_or(NONE);
        match (self.member)(self.tenant, field) {
            Member::Missing => false,
            Member::Fixed(word) => see(Value::Text(word)),
            Member::Text(at, texts) => texts.get(number(at)).is_some_and(|text| see(Value::Text(text))),
            Member::Digest(at, digests) => {
                digests.get(number(at)).is_some_and(|of| see(Value::Text(hex(of, false, &mut [0; 64]))))
            }
            Member::Number(at) => number(at) != NONE && see(Value::Number(i64::from(number(at)))),
            Member::Word(at, word) => see(Value::Text(word(number(at)))),
        }
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        false
    }
}

/// A host of an image, as it was described last.
struct Host<'h> {
    tenant: &'h Tenant,
    description: u32,
}

impl Row for Host<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let FieldId::Host(field) = field else { return false };
        hosts::column(&self.tenant.hosts, field).any_value(self.description, see)
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        false
    }
}
