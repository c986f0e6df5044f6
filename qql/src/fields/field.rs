//! One row of a table of tokens, and the words that rows are written with.

use super::{ContainerField, FindingField, ImageField, SoftwareField};
use super::{ControlField, ControllerField, HostField, LabelField, LayerField, MalwareField, PodLabelField};
use super::{PortField, RepoDigestField, RepoField, SecretField, ServiceField};
use super::{RegistryField, RepositoryField, ScheduleField, SensorField};
use super::{container, finding, image, listed, small, software};

/// The type of a token's values; decides how they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Ids and enums: the whole value.
    Keyword,
    /// Names and titles: full text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers with up to three places behind the point, held in thousandths.
    Decimal,
    /// Points in time, in milliseconds.
    Date,
    /// `true` or `false`.
    Bool,
    /// IP addresses.
    Ip,
}

impl FieldType {
    /// The type in one word, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Bool => "boolean",
            Self::Ip => "ip",
        }
    }
}

/// How the values of a keyword are made alike before they are compared; see [`crate::KeywordTest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Letter by letter: versions, names of protocols.
    Exact,
    /// Without regard to upper and lower case in ASCII: enums, CVE ids, MAC addresses.
    Folded,
    /// A digest: lower case, without `sha256:` in front.
    Digest,
    /// The first twelve hexadecimal digits of a digest; a whole digest is cut to them.
    ShortId,
    /// A UUID: lower case, with its dashes. The only keywords that have an order.
    Uuid,
}

/// What is known of a field besides its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The type of its values.
    pub kind: FieldType,
    /// How keywords are compared; [`Form::Exact`] for other types.
    pub form: Form,
    /// A record may have several values: a test holds if it holds for one of them.
    pub many: bool,
    /// Values to expect; empty if there is no list.
    pub values: &'static [&'static str],
    /// No value but those of `values` exists, so another one in a query is a mistake.
    pub closed: bool,
}

impl Spec {
    const fn of(kind: FieldType, form: Form) -> Self {
        Self { kind, form, many: false, values: &[], closed: false }
    }

    /// A record may have several values.
    pub(super) const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// These values exist and no others.
    pub(super) const fn only(self, values: &'static [&'static str]) -> Self {
        Self { values, closed: true, ..self }
    }

    /// These values are usual.
    pub(super) const fn such_as(self, values: &'static [&'static str]) -> Self {
        Self { values, closed: false, ..self }
    }
}

pub(super) const fn keyword(form: Form) -> Spec {
    Spec::of(FieldType::Keyword, form)
}

pub(super) const fn text() -> Spec {
    Spec::of(FieldType::Text, Form::Exact)
}

pub(super) const fn integer() -> Spec {
    Spec::of(FieldType::Integer, Form::Exact)
}

pub(super) const fn decimal() -> Spec {
    Spec::of(FieldType::Decimal, Form::Exact)
}

pub(super) const fn date() -> Spec {
    Spec::of(FieldType::Date, Form::Exact)
}

pub(super) const fn boolean() -> Spec {
    Spec::of(FieldType::Bool, Form::Exact)
}

pub(super) const fn ip() -> Spec {
    Spec::of(FieldType::Ip, Form::Exact)
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it stands for.
    pub id: FieldId,
    /// Its name within its level, such as `cvssInfo.baseScore`.
    pub name: &'static str,
    /// The type of its values.
    pub kind: FieldType,
    /// All that is known of its values.
    pub spec: Spec,
    /// What it means, in one sentence.
    pub about: &'static str,
}

/// A field of a record or of an element of one of its arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldId {
    /// Of an image.
    Image(ImageField),
    /// Of a container.
    Container(ContainerField),
    /// Of a vulnerability found.
    Finding(FindingField),
    /// Of a piece of software: an element of `softwares`, or of `vulnerabilities.software`.
    Software(SoftwareField),
    /// Of a place where an image is tagged.
    Repo(RepoField),
    /// Of a digest under which a repository holds an image.
    RepoDigest(RepoDigestField),
    /// Of a label of an image or a container.
    Label(LabelField),
    /// Of a layer.
    Layer(LayerField),
    /// Of a host on which an image was found.
    Host(HostField),
    /// Of a mapped port.
    Port(PortField),
    /// Of a service.
    Service(ServiceField),
    /// Of a secret found.
    Secret(SecretField),
    /// Of malware found.
    Malware(MalwareField),
    /// Of a label of a pod.
    PodLabel(PodLabelField),
    /// Of a controller of a pod.
    Controller(ControllerField),
    /// Of an evaluated control.
    Control(ControlField),
    /// Of a sensor.
    Sensor(SensorField),
    /// Of a registry.
    Registry(RegistryField),
    /// Of a repository of a registry.
    Repository(RepositoryField),
    /// Of a schedule of a registry.
    Schedule(ScheduleField),
}

impl FieldId {
    /// Its row.
    pub fn field(self) -> &'static Field {
        match self {
            Self::Image(field) => &image::FIELDS[field as usize],
            Self::Container(field) => &container::FIELDS[field as usize],
            Self::Finding(field) => &finding::FIELDS[field as usize],
            Self::Software(field) => &software::FIELDS[field as usize],
            Self::Repo(field) => &small::repo::FIELDS[field as usize],
            Self::RepoDigest(field) => &small::repo_digest::FIELDS[field as usize],
            Self::Label(field) => &small::label::FIELDS[field as usize],
            Self::Layer(field) => &small::layer::FIELDS[field as usize],
            Self::Host(field) => &small::host::FIELDS[field as usize],
            Self::Port(field) => &small::port::FIELDS[field as usize],
            Self::Service(field) => &small::service::FIELDS[field as usize],
            Self::Secret(field) => &small::secret::FIELDS[field as usize],
            Self::Malware(field) => &small::malware::FIELDS[field as usize],
            Self::PodLabel(field) => &small::pod_label::FIELDS[field as usize],
            Self::Controller(field) => &small::controller::FIELDS[field as usize],
            Self::Control(field) => &small::control::FIELDS[field as usize],
            Self::Sensor(field) => &listed::sensor::FIELDS[field as usize],
            Self::Registry(field) => &listed::registry::FIELDS[field as usize],
            Self::Repository(field) => &listed::repository::FIELDS[field as usize],
            Self::Schedule(field) => &listed::schedule::FIELDS[field as usize],
        }
    }
}

/// Writes the enum of a level's fields and its table from one list, so that neither can miss what the other has.
macro_rules! fields {
    (
        $(#[$attribute:meta])* $name:ident in $level:ident;
        $($(#[doc = $about:literal])+ $variant:ident $path:literal $spec:expr;)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $about])+ $variant,)+
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        pub(in crate::fields) static FIELDS: &[crate::fields::Field] = &[$(
            crate::fields::Field {
                id: crate::fields::FieldId::$level($name::$variant),
                name: $path,
                kind: $spec.kind,
                spec: $spec,
                about: concat!($($about),+),
            }
        ),+];
    };
}
pub(super) use fields;
