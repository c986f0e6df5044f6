//! Which fields and arrays lie where: a query starts at its entity and goes down through arrays of objects.

use super::{Field, container, finding, image, listed, small, software};

/// What a query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// Images.
    Image,
    /// Containers.
    Container,
    /// The vulnerabilities found in one image or container.
    Vulnerability,
    /// The software of one image or container.
    Software,
}

impl Entity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Image, Self::Container, Self::Vulnerability, Self::Software];

    /// Where its tokens begin.
    pub const fn level(self) -> Level {
        match self {
            Self::Image => Level::Image,
            Self::Container => Level::Container,
            Self::Vulnerability => Level::Finding,
            Self::Software => Level::Software,
        }
    }

    /// The names that may stand, with a dot, in front of any of its tokens.
    pub(crate) const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Image => &["image", "images"],
            Self::Container => &["container", "containers"],
            Self::Vulnerability => &["vulnerabilities", "vulnerability"],
            Self::Software => &["softwares", "software"],
        }
    }

    /// In the plural, for people.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Image => "images",
            Self::Container => "containers",
            Self::Vulnerability => "vulnerabilities",
            Self::Software => "software",
        }
    }
}

/// What a query is about that stands in the database alone: lists that are short enough to be gone through one by one, see
/// [`crate::holds`]. Apart from [`Entity`], so that nobody asks an index for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SmallEntity {
    /// Sensors.
    Sensor,
    /// Registries.
    Registry,
    /// Repositories of one registry.
    Repository,
    /// Schedules of one registry.
    Schedule,
}

impl SmallEntity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sensor, Self::Registry, Self::Repository, Self::Schedule];

    /// Where its tokens begin.
    pub const fn level(self) -> Level {
        match self {
            Self::Sensor => Level::Sensor,
            Self::Registry => Level::Registry,
            Self::Repository => Level::Repository,
            Self::Schedule => Level::Schedule,
        }
    }

    /// The names that may stand, with a dot, in front of any of its tokens.
    pub(crate) const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Sensor => &["sensor", "sensors"],
            Self::Registry => &["registry", "registries"],
            Self::Repository => &["repository", "repositories"],
            Self::Schedule => &["schedule", "schedules"],
        }
    }
}

/// An array of objects. A test on its elements is [`crate::Condition::Any`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Array {
    /// `vulnerabilities` of an image, a container, or of one piece of software.
    Vulnerabilities,
    /// `softwares` of an image or a container.
    Softwares,
    /// `software` of a vulnerability found: the packages that it affects, [`super::SoftwareField`] each.
    AffectedSoftware,
    /// `repo` of an image.
    Repo,
    /// `repoDigests` of an image.
    RepoDigests,
    /// `label` of an image, a container or a sensor.
    Label,
    /// `layers` of an image.
    Layers,
    /// `host` of an image; of a container, `host` is no array.
    Hosts,
    /// `portMapping` of a container.
    PortMapping,
    /// `services` of a container.
    Services,
    /// `secrets` of an image.
    Secrets,
    /// `malware` of an image.
    Malware,
    /// `cluster.k8s.pod.label` of a container.
    PodLabel,
    /// `cluster.k8s.pod.controller` of a container.
    PodController,
    /// `controls` of an image or a container.
    Controls,
}

impl Array {
    /// What its elements have.
    pub const fn level(self) -> Level {
        match self {
            Self::Vulnerabilities => Level::Finding,
            Self::Softwares => Level::Software,
            Self::AffectedSoftware => Level::Affected,
            Self::Repo => Level::Repo,
            Self::RepoDigests => Level::RepoDigest,
            Self::Label => Level::Label,
            Self::Layers => Level::Layer,
            Self::Hosts => Level::Host,
            Self::PortMapping => Level::Port,
            Self::Services => Level::Service,
            Self::Secrets => Level::Secret,
            Self::Malware => Level::Malware,
            Self::PodLabel => Level::PodLabel,
            Self::PodController => Level::Controller,
            Self::Controls => Level::Control,
        }
    }
}

/// A table of tokens: those of an entity, or of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Images.
    Image,
    /// Containers.
    Container,
    /// Vulnerabilities found.
    Finding,
    /// Software of an image or a container.
    Software,
    /// Software that a vulnerability affects: the fields of software, without vulnerabilities in turn.
    Affected,
    /// Places where an image is tagged.
    Repo,
    /// Digests under which repositories hold an image.
    RepoDigest,
    /// Labels.
    Label,
    /// Layers.
    Layer,
    /// Hosts of an image.
    Host,
    /// Mapped ports.
    Port,
    /// Services.
    Service,
    /// Secrets.
    Secret,
    /// Malware.
    Malware,
    /// Labels of a pod.
    PodLabel,
    /// Controllers of a pod.
    Controller,
    /// Controls.
    Control,
    /// Sensors.
    Sensor,
    /// Registries.
    Registry,
    /// Repositories of a registry.
    Repository,
    /// Schedules of a registry.
    Schedule,
}

/// An array within a level: its name and a second one that is understood, or the first again.
pub type ArrayName = (&'static str, &'static str, Array);

const FINDINGS: ArrayName = ("vulnerabilities", "vulnerability", Array::Vulnerabilities);
const SOFTWARES: ArrayName = ("softwares", "software", Array::Softwares);
const LABEL: ArrayName = ("label", "labels", Array::Label);
const CONTROLS: ArrayName = ("controls", "controls", Array::Controls);

impl Level {
    /// Its fields, in the order of the documentation.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Image => image::FIELDS,
            Self::Container => container::FIELDS,
            Self::Finding => finding::FIELDS,
            Self::Software | Self::Affected => software::FIELDS,
            Self::Repo => small::repo::FIELDS,
            Self::RepoDigest => small::repo_digest::FIELDS,
            Self::Label => small::label::FIELDS,
            Self::Layer => small::layer::FIELDS,
            Self::Host => small::host::FIELDS,
            Self::Port => small::port::FIELDS,
            Self::Service => small::service::FIELDS,
            Self::Secret => small::secret::FIELDS,
            Self::Malware => small::malware::FIELDS,
            Self::PodLabel => small::pod_label::FIELDS,
            Self::Controller => small::controller::FIELDS,
            Self::Control => small::control::FIELDS,
            Self::Sensor => listed::sensor::FIELDS,
            Self::Registry => listed::registry::FIELDS,
            Self::Repository => listed::repository::FIELDS,
            Self::Schedule => listed::schedule::FIELDS,
        }
    }

    /// The arrays of objects in it.
    pub const fn arrays(self) -> &'static [ArrayName] {
        match self {
            Self::Image => &[
                ("repo", "repo", Array::Repo),
                ("repoDigests", "repoDigests", Array::RepoDigests),
                LABEL,
                ("layers", "layers", Array::Layers),
                ("host", "hosts", Array::Hosts),
                CONTROLS,
                ("secrets", "secrets", Array::Secrets),
                ("malware", "malware", Array::Malware),
                SOFTWARES,
                FINDINGS,
            ],
            Self::Container => &[
                ("portMapping", "portMapping", Array::PortMapping),
                ("services", "services", Array::Services),
                LABEL,
                ("cluster.k8s.pod.label", "cluster.k8s.pod.label", Array::PodLabel),
                ("cluster.k8s.pod.controller", "cluster.k8s.pod.controller", Array::PodController),
                CONTROLS,
                SOFTWARES,
                FINDINGS,
            ],
            Self::Finding => &[("software", "softwares", Array::AffectedSoftware)],
            Self::Software => &[FINDINGS],
            Self::Sensor => &[LABEL],
            _ => &[],
        }
    }

    /// Second names of fields, with the first ones.
    pub(crate) const fn aliases(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Software | Self::Affected => &[
                ("lifecycle.eolDate", "lifecycle.eol"),
                ("lifecycle.eosDate", "lifecycle.eos"),
                ("lifecycle.gaDate", "lifecycle.ga"),
            ],
            _ => &[],
        }
    }
}
