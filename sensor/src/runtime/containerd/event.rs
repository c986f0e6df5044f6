//! Events of containerd (`api/events`, `Envelope`).
//!
//! The topic says what happened, the rest is read by the layout that belongs to it. Whoever may speak to containerd may publish
//! events, true or not; that is no harm, since an event only says where to look.

use model::{ContainerState, Timestamp};

use super::message::{ContainerCreate, Envelope, Name, TaskDelete, TaskExit};
use crate::runtime::grpc::{Malformed, read};

/// What is subscribed to: events of containers, their processes and images, of all namespaces.
pub(super) const FILTER: &str = r#"topic~="^/(containers|tasks|images)/""#;

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) at: Timestamp,
    pub(super) namespace: String,
    pub(super) what: Happened,
}

/// What happened to what; ids are containerd's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// A container was made, of this image.
    Made { id: String, image: String },
    /// Its record was changed.
    Changed { id: String },
    /// Its first process is in another state.
    State { id: String, state: ContainerState },
    /// The container is gone.
    Gone { id: String },
    /// Another process was started in it, or has ended.
    Exec { id: String },
    /// An image came or is another.
    Image { name: String },
    /// A name of an image is gone.
    ImageGone { name: String },
}

/// Reads an event. `None` for one that tells nothing of interest.
pub(super) fn said(envelope: &Envelope) -> Result<Option<Said>, Malformed> {
    let event = envelope.event.0.as_slice();
    let name = || read::<Name>(event).map(|Name(name)| name);
    let state = |state| name().map(|id| Happened::State { id, state });
    let what = match envelope.topic.as_str() {
        "/containers/create" => {
            let ContainerCreate { id, image } = read(event)?;
            Happened::Made { id, image }
        }
        "/containers/update" => Happened::Changed { id: name()? },
        "/containers/delete" => Happened::Gone { id: name()? },
        "/tasks/create" => state(ContainerState::Created)?,
        "/tasks/start" | "/tasks/resumed" => state(ContainerState::Running)?,
        "/tasks/paused" => state(ContainerState::Paused)?,
        "/tasks/exec-started" => Happened::Exec { id: name()? },
        "/tasks/exit" => {
            let TaskExit { container: id, process } = read(event)?;
            // the end of another process than the first
            match process != id && !process.is_empty() {
                true => Happened::Exec { id },
                false => Happened::State { id, state: ContainerState::Stopped },
            }
        }
        "/tasks/delete" => {
            let TaskDelete { container: id, process } = read(event)?;
            if process != id && !process.is_empty() {
                return Ok(None);
            }
            Happened::State { id, state: ContainerState::Stopped }
        }
        "/images/create" | "/images/update" => Happened::Image { name: name()? },
        "/images/delete" => Happened::ImageGone { name: name()? },
        _ => return Ok(None),
    };
    let at = envelope.at.stamp().unwrap_or_else(Timestamp::now);
    Ok(Some(Said { at, namespace: envelope.namespace.clone(), what }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::grpc::Writer;

    fn envelope(topic: &str, event: &[u8]) -> Vec<u8> {
        let time = Writer::default().number(1, 1_700_000_000).number(2, 5_000_000).finish();
        let any = Writer::default().text(1, "containerd.events.Any").bytes(2, event).finish();
        Writer::default().bytes(1, &time).text(2, "default").text(3, topic).bytes(4, &any).finish()
    }

    fn happened(topic: &str, event: &[u8]) -> Option<Happened> {
        let envelope: Envelope = read(&envelope(topic, event)).unwrap();
        let said = said(&envelope).unwrap()?;
        assert_eq!((said.at, said.namespace.as_str()), (Timestamp(1_700_000_000_005), "default"));
        Some(said.what)
    }

    #[test]
    fn every_event_of_a_container_says_which_and_in_what_state() {
        let id = || "web".to_owned();
        let event = Writer::default().text(1, "web").text(2, "web").text(5, "web").finish();
        let states = [
            ("/tasks/create", ContainerState::Created),
            ("/tasks/start", ContainerState::Running),
            ("/tasks/paused", ContainerState::Paused),
            ("/tasks/resumed", ContainerState::Running),
            ("/tasks/exit", ContainerState::Stopped),
            ("/tasks/delete", ContainerState::Stopped),
        ];
        for (topic, state) in states {
            assert_eq!(happened(topic, &event), Some(Happened::State { id: id(), state }), "{topic}");
        }
        let made = Happened::Made { id: id(), image: id() };
        assert_eq!(happened("/containers/create", &event), Some(made));
        assert_eq!(happened("/containers/update", &event), Some(Happened::Changed { id: id() }));
        assert_eq!(happened("/containers/delete", &event), Some(Happened::Gone { id: id() }));
        assert_eq!(happened("/tasks/exec-started", &event), Some(Happened::Exec { id: id() }));
    }

    #[test]
    fn the_end_of_an_exec_is_not_the_end_of_its_container() {
        let exit = Writer::default().text(1, "web").text(2, "shell").finish();
        assert_eq!(happened("/tasks/exit", &exit), Some(Happened::Exec { id: "web".to_owned() }));
        let delete = Writer::default().text(1, "web").text(5, "shell").finish();
        assert_eq!(happened("/tasks/delete", &delete), None);
    }

    #[test]
    fn images_come_and_go_by_name() {
        let event = Writer::default().text(1, "docker.io/library/web:1").finish();
        let name = || "docker.io/library/web:1".to_owned();
        assert_eq!(happened("/images/update", &event), Some(Happened::Image { name: name() }));
        assert_eq!(happened("/images/delete", &event), Some(Happened::ImageGone { name: name() }));
        assert_eq!(happened("/snapshot/prepare", &event), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            topic in "/(containers|tasks|images)/(create|update|exit|delete|start)",
            event in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let envelope: Envelope = read(&envelope(&topic, &event)).unwrap();
            let _ = said(&envelope);
            let _ = read::<Envelope>(&event);
        }
    }
}
