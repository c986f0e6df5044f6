//! Following what happens: by containerd's events, by those of the interface, or by looking every second.

use std::time::Duration;

use model::{ContainerState, Timestamp};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::message::{ContainerEvent, stamp};
use super::{Cri, poll};
use crate::runtime::containerd::follow::SETTLE;
use crate::runtime::grpc::{Call, CallError};
use crate::runtime::kubernetes::sorted;
use crate::runtime::{Event, Told, What};

/// How often a runtime without events is looked at. A listing of a hundred containers takes it some milliseconds.
const INTERVAL: Duration = Duration::from_secs(1);

impl Cri {
    /// Hands on events until nobody receives any more. No runtime remembers any, so the first thing told is that some may have been
    /// missed.
    pub(super) async fn follow_events(&self, events: &mpsc::Sender<Event>) -> Result<(), CallError> {
        if self.is_containerd().await? {
            match self.containerd.follow_events(events).await {
                Err(error) if error.is_unimplemented() => {}
                ended => return ended,
            }
        }
        match self.listen(events).await {
            Ok(Heard::Nothing) => self.watch(events).await,
            Ok(Heard::Enough) => Ok(()),
            Err(error) if error.is_unimplemented() => self.watch(events).await,
            Err(error) => Err(error),
        }
    }

    /// By the interface's own events, which not every runtime has, and some have only when they are set to.
    pub(super) async fn listen(&self, events: &mpsc::Sender<Event>) -> Result<Heard, CallError> {
        let call = Call::new("/runtime.v1.RuntimeService/GetContainerEvents");
        let mut stream = self.channel.follow(call).await?;
        tokio::time::sleep(SETTLE).await;
        let missed = Event { at: Timestamp::now(), what: What::Missed };
        if events.send(missed).await.is_err() {
            return Ok(Heard::Enough);
        }
        let mut heard = false;
        loop {
            let said = tokio::select! {
                said = stream.next::<ContainerEvent>() => said?,
                () = events.closed() => return Ok(Heard::Enough),
            };
            let Some(said) = said else {
                return match heard {
                    true => Err(self.channel.garbled("events", "the stream has an end".to_owned()).into()),
                    false => Ok(Heard::Nothing),
                };
            };
            heard = true;
            let Some(event) = event(said) else { continue };
            if events.send(event).await.is_err() {
                return Ok(Heard::Enough);
            }
        }
    }

    /// By looking at intervals what is different.
    pub(super) async fn watch(&self, events: &mpsc::Sender<Event>) -> Result<(), CallError> {
        let mut before = poll::by_id(self.list(None).await?);
        let missed = Event { at: Timestamp::now(), what: What::Missed };
        if events.send(missed).await.is_err() {
            return Ok(());
        }
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = events.closed() => return Ok(()),
            }
            let after = poll::by_id(self.list(None).await?);
            for event in poll::changes(&before, &after, Timestamp::now()) {
                if events.send(event).await.is_err() {
                    return Ok(());
                }
            }
            before = after;
        }
    }
}

/// How a stream of events ended.
pub(super) enum Heard {
    /// Before it had begun: the runtime has no events.
    Nothing,
    /// Nobody listens any more.
    Enough,
}

/// An event of the interface in the words of all runtimes. `None` for one of a sandbox, and of a kind that is not known.
pub(super) fn event(said: ContainerEvent) -> Option<Event> {
    if said.id == said.sandbox.id || model::Digest::from_hex(&said.id).is_err() {
        return None;
    }
    let state = match said.kind {
        0 => ContainerState::Created,
        1 => ContainerState::Running,
        2 => ContainerState::Stopped,
        3 => ContainerState::Deleted,
        _ => return None,
    };
    let at = stamp(said.at).unwrap_or_else(Timestamp::now);
    let told = match said.containers.into_iter().find(|status| status.id == said.id) {
        Some(status) => Told {
            name: Some(status.metadata.name).filter(|name| !name.is_empty()),
            image: Some(status.image.image).filter(|image| !image.is_empty()),
            labels: sorted(status.labels),
            ..Told::default()
        },
        None => Told::default(),
    };
    let told = Told { id: said.id, state: Some(state), ..told };
    let what = if said.kind == 3 { What::ContainerGone(told) } else { What::Container(told) };
    Some(Event { at, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::grpc::{Writer, read};

    fn said(kind: u64, sandbox: &str) -> Option<Event> {
        let id = "0a".repeat(32);
        let metadata = Writer::default().text(1, "web").finish();
        let status = Writer::default().text(1, &id).bytes(2, &metadata).finish();
        let message = Writer::default()
            .text(1, &id)
            .number(2, kind)
            .number(3, 1_700_000_000_000_000_000)
            .bytes(4, &Writer::default().text(1, sandbox).finish())
            .bytes(5, &status);
        event(read(&message.finish()).unwrap())
    }

    #[test]
    fn an_event_of_the_interface_names_the_container_and_its_state() {
        let states = [ContainerState::Created, ContainerState::Running, ContainerState::Stopped];
        for (kind, state) in (0..).zip(states) {
            let Some(Event { at, what: What::Container(told) }) = said(kind, "5d") else { panic!("{kind}") };
            assert_eq!((at, told.state), (Timestamp(1_700_000_000_000), Some(state)));
            assert_eq!((told.id, told.name.as_deref()), ("0a".repeat(32), Some("web")));
        }
        let gone = said(3, "5d").unwrap();
        assert!(matches!(gone.what, What::ContainerGone(_)));
    }

    #[test]
    fn an_event_of_a_sandbox_or_of_a_kind_to_come_is_passed_over() {
        assert_eq!(said(1, &"0a".repeat(32)), None);
        assert_eq!(said(4, "5d"), None);
    }
}
