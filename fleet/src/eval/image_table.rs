//! Where the fields of images are found.

use qql::fields::{FieldId, HostField, ImageField};
use qql::{Array, Condition, Test};

use super::column::{Column, flags, numbers, time, times};
use super::content::{Content, Times};
use super::elements::image_member;
use super::evaluate::Table;
use super::hosts;
use super::pass::{pass, through};
use super::tuples::TupleTest;
use crate::facts::{Images, Tenant};
use crate::table::{Bits, Chunked, Lists, NONE};

/// The words that the API has for the kinds of packages that a scan looks for.
pub(crate) const SCAN_TYPES: &[&str] = &[super::shown::OS_SCAN, super::shown::LANGUAGE_SCAN];

/// The images of one customer as a table.
#[derive(Clone, Copy)]
pub(crate) struct ImageTable<'i> {
    pub(crate) tenant: &'i Tenant,
    pub(crate) content: Content<'i>,
    /// The images that the reader may see, for fields that speak of other images.
    pub(crate) visible: &'i Bits,
}

impl<'i> ImageTable<'i> {
    fn images(&self) -> &'i Images {
        &self.tenant.images
    }

    /// The values of a field of images.
    pub(crate) fn field(&self, field: ImageField) -> Column<'i> {
        let images = self.images();
        match field {
            ImageField::Sha => Column::Digest(&images.id, &images.by_id, false),
            ImageField::ImageId => Column::Digest(&images.id, &images.by_id, true),
            ImageField::Uuid => Column::Uuid(&images.uuid, Some(&images.by_uuid)),
            ImageField::Created => times(&images.created),
            ImageField::Updated => times(&images.updated),
            ImageField::LastScanned | ImageField::LastVmScanDate => times(&images.last_scanned),
            ImageField::LastUsedDate => times(&images.last_used),
            ImageField::OperatingSystem => text(&images.operating_system),
            ImageField::Source => texts(&images.sources),
            ImageField::RegistryUuid => texts(&images.registries),
            ImageField::TagsName => texts(&images.tags),
            ImageField::Author => text(&images.author),
            ImageField::Architecture => text(&images.architecture),
            ImageField::DockerVersion => text(&images.docker_version),
            ImageField::Size => numbers(&images.size, |size| i64::try_from(size).ok()),
            ImageField::Users => texts(&images.users),
            ImageField::LayersCount => numbers(&images.layers_count, known),
            ImageField::ScanStatus => Column::Fixed(&["SUCCESS"]),
            ImageField::ScanTypes => Column::Fixed(SCAN_TYPES),
            ImageField::AssociatedContainersCount => {
                numbers(&images.associated_containers, |n| Some(i64::from(n)))
            }
            ImageField::AssociatedHostsCount => numbers(&images.associated_hosts, |n| Some(i64::from(n))),
            ImageField::LastFoundOnHostHostname => self.last_host(HostField::Hostname),
            ImageField::LastFoundOnHostIpAddress => self.last_host(HostField::IpAddress),
            ImageField::LastFoundOnHostUuid => self.last_host(HostField::Uuid),
            ImageField::LastFoundOnHostSensorUuid => self.last_host(HostField::SensorUuid),
            ImageField::HasSecrets => {
                flags(&images.secrets.tuples.numbers, |list| (list != Lists::EMPTY).then_some(true))
            }
            ImageField::RiskScore | ImageField::MaxQdsScore | ImageField::QdsSeverity | ImageField::IsEol => {
                self.content.of_inventory(&images.inventory, field)
            }
            // answered by `special`, or reported by nothing yet
            ImageField::ImagesInUse
            | ImageField::BaseImage
            | ImageField::LastAssessed
            | ImageField::IsContinuouslyAssessed
            | ImageField::IsDockerHubOfficial
            | ImageField::IsInstrumented
            | ImageField::ScanErrorCode
            | ImageField::ScanType
            | ImageField::Criticality
            | ImageField::ComplianceFailCount
            | ImageField::CompliancePassCount
            | ImageField::ComplianceErrorCount
            | ImageField::HasMalware
            | ImageField::Exceptions
            | ImageField::LastComplianceScanned
            | ImageField::ChildImagesCount => Column::Missing,
        }
    }

    fn last_host(&self, field: HostField) -> Column<'i> {
        let containers = &self.tenant.containers;
        let of_host = hosts::column(&self.tenant.hosts, field);
        let of_container = Column::Through(&containers.host, self.tenant.hosts.len(), Box::new(of_host));
        Column::Through(&self.images().last_container, containers.live.len(), Box::new(of_container))
    }

    fn in_use(&self, test: &Test, candidates: &Bits) -> Bits {
        let mut live = candidates.clone();
        live.and(&self.images().in_use);
        match test {
            Test::Bool(true) => live,
            Test::Bool(false) => without(candidates, &live),
            Test::Date(dates) => {
                let mut found = times(&self.images().last_used).find(test, candidates);
                if dates.now() {
                    found.or(&live);
                }
                found
            }
            _ => Bits::none(candidates.len()),
        }
    }

    /// Whether an image has a value of `baseImage` that passes. This depends on what the reader may see and is asked for each
    /// candidate by its layers.
    fn on_base(&self, candidates: &Bits, accept: &dyn Fn(&str) -> bool) -> Bits {
        let mut found = candidates.clone();
        found.retain(|position| {
            super::shown::base_image(self.tenant, position, self.visible)
                .is_some_and(|sha| accept(&sha.to_hex()))
        });
        found
    }

    /// The first `window` images by the digest of their base.
    pub(crate) fn first_by_base(&self, images: &Bits, descending: bool, window: usize) -> Vec<u32> {
        let base = |position| super::shown::base_image(self.tenant, position, self.visible);
        let mut all: Vec<_> = images.iter().map(|position| (base(position), position)).collect();
        let uuid = |position: u32| self.images().uuid(position);
        all.sort_by(|(a, at_a), (b, at_b)| {
            let by_base = (a.is_none(), a).cmp(&(b.is_none(), b));
            let by_base = if descending { by_base.reverse() } else { by_base };
            by_base.then_with(|| uuid(*at_a).cmp(&uuid(*at_b)))
        });
        all.into_iter().take(window).map(|(_, position)| position).collect()
    }
}

/// The candidates with a list of tuples of which one counts and passes.
pub(crate) fn with_tuple(
    numbers: &Chunked<u32>,
    lists: &Lists,
    width: usize,
    test: &TupleTest,
    counts: impl Fn(&[u32]) -> bool + Sync,
    candidates: &Bits,
) -> Bits {
    if test.is_never() {
        return Bits::none(candidates.len());
    }
    let passing = lists.search(width, test.need(), |tuple| counts(tuple) && test.holds(tuple));
    through(numbers, candidates, &passing)
}

impl Table for ImageTable<'_> {
    fn column(&self, field: FieldId) -> Column<'_> {
        match field {
            FieldId::Image(field) => self.field(field),
            _ => Column::Missing,
        }
    }

    fn special(&self, condition: &Condition, candidates: &Bits) -> Option<Bits> {
        match condition {
            Condition::Test { field: FieldId::Image(ImageField::ImagesInUse), test } => {
                Some(self.in_use(test, candidates))
            }
            Condition::IsNull(FieldId::Image(ImageField::ImagesInUse)) => {
                let mut rest = without(candidates, &self.images().in_use);
                rest.subtract(&pass(&self.images().last_used, candidates, |last| time(last).is_some()));
                Some(rest)
            }
            Condition::Test { field: FieldId::Image(ImageField::BaseImage), test: Test::Keyword(test) } => {
                Some(self.on_base(candidates, &|sha| test.matches(sha)))
            }
            Condition::IsNull(FieldId::Image(ImageField::BaseImage)) => {
                Some(without(candidates, &self.on_base(candidates, &|_| true)))
            }
            _ => None,
        }
    }

    fn with_element(&self, array: Array, inner: &Condition, candidates: &Bits) -> Bits {
        let images = self.images();
        let test = || TupleTest::of(inner, &|field| image_member(self.tenant, field));
        match array {
            Array::Softwares | Array::Vulnerabilities => {
                let times = Times { first_stored: &images.first_stored, last_scanned: &images.last_scanned };
                self.content.images_with(self.tenant, array, inner, &times, candidates)
            }
            Array::Hosts => hosts::images_with(self.tenant, inner, candidates),
            Array::Repo => {
                let names = &images.references.tuples;
                let is_tagged = |tuple: &[u32]| tuple[2] != NONE;
                with_tuple(&names.numbers, &names.lists, 4, &test(), is_tagged, candidates)
            }
            Array::RepoDigests => {
                let names = &images.references.tuples;
                let has_digest = |tuple: &[u32]| tuple[3] != NONE;
                with_tuple(&names.numbers, &names.lists, 4, &test(), has_digest, candidates)
            }
            Array::Label => {
                let labels = &images.labels.tuples;
                with_tuple(&labels.numbers, &labels.lists, 2, &test(), |_| true, candidates)
            }
            Array::Layers => self.with_layers(&images.layers, &test(), candidates),
            Array::Secrets => {
                let secrets = &images.secrets.tuples;
                with_tuple(&secrets.numbers, &secrets.lists, 6, &test(), |_| true, candidates)
            }
            _ => Bits::none(candidates.len()),
        }
    }
}

impl ImageTable<'_> {
    /// An entry of the history without a layer is an element too, one without any value.
    fn with_layers(
        &self,
        layers: &crate::facts::TuplesColumn<1>,
        test: &TupleTest,
        candidates: &Bits,
    ) -> Bits {
        let mut found = with_tuple(&layers.numbers, &layers.lists, 1, test, |_| true, candidates);
        if test.holds(&[NONE]) {
            let mut rest = without(candidates, &found);
            rest.retain(|position| super::shown::has_empty_layer(self.tenant, position));
            found.or(&rest);
        }
        found
    }
}

pub(crate) fn text(column: &crate::facts::TextColumn) -> Column<'_> {
    Column::Text(&column.codes, &column.texts)
}

pub(crate) fn texts(column: &crate::facts::TextsColumn) -> Column<'_> {
    Column::Texts(&column.numbers, &column.lists, &column.texts)
}

/// A number that may be missing.
pub(crate) fn known(number: u32) -> Option<i64> {
    (number != NONE).then_some(i64::from(number))
}

/// What is in the first set and not in the second.
pub(crate) fn without(all: &Bits, some: &Bits) -> Bits {
    let mut rest = all.clone();
    rest.subtract(some);
    rest
}
