//! The messages of containerd's API that are used, with the fields that are (containerd `api/services/*/v1`, `api/types`,
//! `api/events`). Numbers are those of its `.proto` files.

use model::Timestamp;

use crate::runtime::grpc::{Field, Malformed, Message};

/// An answer whose only field, number 1, is a message.
#[derive(Debug, Default)]
pub(crate) struct First<T>(pub(crate) T);

impl<T: Message> Message for First<T> {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 {
            self.0 = field.message()?;
        }
        Ok(())
    }
}

/// An answer whose only field, number 1, is a list of messages.
#[derive(Debug, Default)]
pub(crate) struct All<T>(pub(crate) Vec<T>);

impl<T: Message> Message for All<T> {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 { field.push(&mut self.0) } else { Ok(()) }
    }
}

/// A message of which only the text in field 1 matters: a namespace, an event about one thing.
#[derive(Debug, Default)]
pub(crate) struct Name(pub(crate) String);

impl Message for Name {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 1 {
            self.0 = field.text()?;
        }
        Ok(())
    }
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time {
    seconds: i64,
    nanoseconds: i64,
}

impl Time {
    /// In milliseconds; `None` for the zero that Go writes for "never" (year 1), and for what is no time.
    pub(crate) fn stamp(self) -> Option<Timestamp> {
        if self.seconds <= 0 || !(0..1_000_000_000).contains(&self.nanoseconds) {
            return None;
        }
        let milliseconds = self.seconds.checked_mul(1000)?.checked_add(self.nanoseconds / 1_000_000)?;
        Some(Timestamp(milliseconds))
    }
}

impl Message for Time {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.seconds = field.signed()?,
            2 => self.nanoseconds = field.signed()?,
            _ => {}
        }
        Ok(())
    }
}

/// `google.protobuf.Any`, without the name of its type.
#[derive(Debug, Default)]
pub(crate) struct Any(pub(crate) Vec<u8>);

impl Message for Any {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.0 = field.bytes()?.to_vec();
        }
        Ok(())
    }
}

/// `containerd.services.containers.v1.Container`.
#[derive(Debug, Default)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) image: String,
    pub(crate) spec: Any,
    pub(crate) snapshotter: String,
    pub(crate) snapshot: String,
    pub(crate) created: Time,
}

impl Message for Container {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => field.push_pair(&mut self.labels)?,
            3 => self.image = field.text()?,
            5 => self.spec = field.message()?,
            6 => self.snapshotter = field.text()?,
            7 => self.snapshot = field.text()?,
            8 => self.created = field.message()?,
            _ => {}
        }
        Ok(())
    }
}

/// A container in a listing: without its spec, which is most of it.
#[derive(Debug, Default)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) labels: Vec<(String, String)>,
}

impl Message for Brief {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => field.push_pair(&mut self.labels)?,
            _ => {}
        }
        Ok(())
    }
}

/// `containerd.v1.types.Process`: the first process of a container.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// The container's id. Some versions write it here, some into a field of its own.
    id: String,
    container: String,
    pub(crate) pid: u32,
    pub(crate) status: u64,
    pub(crate) ended: Time,
}

impl Process {
    /// Whose process it is.
    pub(crate) fn container(&self) -> &str {
        if self.container.is_empty() { &self.id } else { &self.container }
    }
}

impl Message for Process {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.container = field.text()?,
            2 => self.id = field.text()?,
            3 => self.pid = u32::try_from(field.unsigned()?).unwrap_or_default(),
            4 => self.status = field.unsigned()?,
            10 => self.ended = field.message()?,
            _ => {}
        }
        Ok(())
    }
}

/// `containerd.services.images.v1.Image`.
#[derive(Debug, Default)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) target: Descriptor,
}

impl Message for Image {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.name = field.text()?,
            3 => self.target = field.message()?,
            _ => {}
        }
        Ok(())
    }
}

/// `containerd.types.Descriptor`.
#[derive(Debug, Default)]
pub(crate) struct Descriptor {
    pub(crate) digest: String,
}

impl Message for Descriptor {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.digest = field.text()?;
        }
        Ok(())
    }
}

/// `containerd.types.Mount`.
#[derive(Debug, Default)]
pub(crate) struct SnapshotMount {
    pub(crate) kind: String,
    pub(crate) source: String,
    pub(crate) options: Vec<String>,
}

impl Message for SnapshotMount {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.kind = field.text()?,
            2 => self.source = field.text()?,
            4 => field.push_text(&mut self.options)?,
            _ => {}
        }
        Ok(())
    }
}

/// `containerd.services.snapshots.v1.Info`: the name of the snapshot below.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) parent: String,
}

impl Message for Snapshot {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.parent = field.text()?;
        }
        Ok(())
    }
}

/// `containerd.services.content.v1.ReadContentResponse`.
#[derive(Debug, Default)]
pub(crate) struct Piece(pub(crate) Vec<u8>);

impl Message for Piece {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 2 {
            self.0 = field.bytes()?.to_vec();
        }
        Ok(())
    }
}

/// `containerd.services.introspection.v1.Plugin`.
#[derive(Debug, Default)]
pub(crate) struct Plugin {
    pub(crate) exports: Vec<(String, String)>,
}

impl Message for Plugin {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        if field.number == 5 { field.push_pair(&mut self.exports) } else { Ok(()) }
    }
}

/// `containerd.services.events.v1.Envelope`.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) at: Time,
    pub(crate) namespace: String,
    pub(crate) topic: String,
    pub(crate) event: Any,
}

impl Message for Envelope {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.at = field.message()?,
            2 => self.namespace = field.text()?,
            3 => self.topic = field.text()?,
            4 => self.event = field.message()?,
            _ => {}
        }
        Ok(())
    }
}

/// The end of a process: the container in field 1, the process in field 2.
#[derive(Debug, Default)]
pub(crate) struct TaskExit {
    pub(crate) container: String,
    pub(crate) process: String,
}

impl Message for TaskExit {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.container = field.text()?,
            2 => self.process = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// An ended process is cleared away: the container in field 1, the process in field 5.
#[derive(Debug, Default)]
pub(crate) struct TaskDelete {
    pub(crate) container: String,
    pub(crate) process: String,
}

impl Message for TaskDelete {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.container = field.text()?,
            5 => self.process = field.text()?,
            _ => {}
        }
        Ok(())
    }
}

/// A container is made: its id and its image.
#[derive(Debug, Default)]
pub(crate) struct ContainerCreate {
    pub(crate) id: String,
    pub(crate) image: String,
}

impl Message for ContainerCreate {
    fn take(&mut self, field: Field<'_>) -> Result<(), Malformed> {
        match field.number {
            1 => self.id = field.text()?,
            2 => self.image = field.text()?,
            _ => {}
        }
        Ok(())
    }
}
