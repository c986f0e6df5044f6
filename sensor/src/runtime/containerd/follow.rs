//! Following containerd's events.

use std::time::Duration;

use model::{ContainerState, Timestamp};
use tokio::sync::mpsc;

use super::event::{self, FILTER, Happened, Said};
use super::message::Envelope;
use super::{Containerd, report};
use crate::runtime::grpc::{Call, CallError, Writer};
use crate::runtime::kubernetes::sorted;
use crate::runtime::{Event, RuntimeError, Told, What};

/// How long a runtime is given to have taken notice that somebody listens: it says nothing of that before it has something to say. What
/// happens in between is found by the listing that follows.
pub(crate) const SETTLE: Duration = Duration::from_millis(200);

impl Containerd {
    /// Hands on events until nobody receives any more. containerd remembers none, so the first thing told is that some may have been
    /// missed: by then later ones are on their way.
    pub(crate) async fn follow_events(&self, events: &mpsc::Sender<Event>) -> Result<(), CallError> {
        let question = Writer::default().text(1, FILTER).finish();
        let call = Call::new("/containerd.services.events.v1.Events/Subscribe").with(question);
        let mut envelopes = self.channel.follow(call).await?;
        tokio::time::sleep(SETTLE).await;
        let missed = Event { at: Timestamp::now(), what: What::Missed };
        if events.send(missed).await.is_err() {
            return Ok(());
        }
        loop {
            let envelope = tokio::select! {
                envelope = envelopes.next::<Envelope>() => envelope?,
                () = events.closed() => return Ok(()),
            };
            let Some(envelope) = envelope else {
                return Err(self.channel.garbled("events", "the stream has an end".to_owned()).into());
            };
            let said = event::said(&envelope).map_err(|error| self.odd(&envelope.topic, &error))?;
            let Some(said) = said.filter(|said| self.namespaces.holds(&said.namespace)) else { continue };
            let Some(event) = self.event(said).await? else { continue };
            if events.send(event).await.is_err() {
                return Ok(());
            }
        }
    }

    fn odd(&self, topic: &str, error: &dyn std::error::Error) -> RuntimeError {
        self.channel.garbled("events", format!("an event `{}`: {error}", topic.escape_debug()))
    }

    /// The event in the words of all runtimes; `None` for one about a sandbox.
    async fn event(&self, said: Said) -> Result<Option<Event>, CallError> {
        let Said { at, namespace, what } = said;
        let what = match what {
            Happened::Made { id, image } => {
                let digest = self.names().learn(&namespace, &id);
                self.names().made(digest);
                let told = Told { image: Some(image).filter(|image| !image.is_empty()), ..Told::default() };
                self.told(namespace, id, Some(ContainerState::Created), told).await?.map(What::Container)
            }
            Happened::Changed { id } => {
                self.told(namespace, id, None, Told::default()).await?.map(What::Container)
            }
            Happened::State { id, state } => {
                let digest = self.names().learn(&namespace, &id);
                if state != ContainerState::Created {
                    self.names().started(&digest);
                }
                self.told(namespace, id, Some(state), Told::default()).await?.map(What::Container)
            }
            Happened::Gone { id } => {
                let digest = super::names::report_id(&namespace, &id);
                let was_sandbox = self.names().forget(&digest);
                let told =
                    Told { id: digest.to_hex(), state: Some(ContainerState::Deleted), ..Told::default() };
                (!was_sandbox).then_some(What::ContainerGone(told))
            }
            Happened::Exec { id } => {
                let digest = self.names().learn(&namespace, &id);
                let is_sandbox = self.names().is_sandbox(&digest);
                (!is_sandbox).then(|| What::Exec { id: digest.to_hex() })
            }
            Happened::Image { name } => Some(What::Image { id: name }),
            Happened::ImageGone { name } => Some(What::ImageGone { id: name }),
        };
        Ok(what.map(|what| Event { at, what }))
    }

    /// What is to be told of a container; `None` of a sandbox. Its record is looked up at once, since a short-lived container is gone by
    /// the time that anybody inspects it.
    async fn told(
        &self,
        namespace: String,
        id: String,
        state: Option<ContainerState>,
        told: Told,
    ) -> Result<Option<Told>, CallError> {
        let digest = self.names().learn(&namespace, &id);
        if self.names().is_sandbox(&digest) {
            return Ok(None);
        }
        let told = Told { id: digest.to_hex(), name: Some(id.clone()), state, ..told };
        let Some(record) = self.record(&namespace, &id).await? else {
            return Ok(Some(told));
        };
        if report::is_sandbox(&record.labels) {
            self.names().sandbox(digest);
            return Ok(None);
        }
        let labels = sorted(record.labels);
        let name = Some(report::name(&id, &labels));
        let image = Some(record.image).filter(|image| !image.is_empty()).or(told.image);
        Ok(Some(Told { name, image, labels, ..told }))
    }
}
