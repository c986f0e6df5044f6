//! A runtime that does what a test wants, right and wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use model::{ContainerReport, ContainerState, Digest, Timestamp};
use tokio::sync::{Notify, mpsc};

use crate::runtime::{
    Answer, Event, Inspected, Listed, LocalImage, Runtime, RuntimeError, Told, What, WritableLayer,
};
use crate::spool::test_report;

/// What the runtime holds, and what is wrong with it.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) containers: BTreeMap<String, ContainerReport>,
    pub(crate) layers: BTreeMap<String, WritableLayer>,
    pub(crate) images: Vec<LocalImage>,
    /// All events, for whoever asks for those of before.
    history: Vec<Event>,
    listener: Option<mpsc::Sender<Event>>,
    /// It does not answer at all.
    pub(crate) hangs: bool,
    /// It is not there.
    pub(crate) is_away: bool,
    /// It lists containers and cannot describe any.
    pub(crate) is_blind: bool,
    /// Ids that are listed beside the right ones.
    pub(crate) nonsense: Vec<String>,
    pub(crate) inspections: usize,
    pub(crate) follows: usize,
    clock: i64,
}

#[derive(Default)]
pub(crate) struct Fake {
    world: Mutex<World>,
    broken: Notify,
}

pub(crate) fn id_of(number: u32) -> String {
    Digest::of(&number.to_le_bytes()).to_hex()
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Ends the stream of events with an error.
    pub(crate) fn break_stream(&self) {
        self.world().listener = None;
        self.broken.notify_waiters();
    }

    /// Puts a container into a state and tells it, unless the event is lost.
    pub(crate) async fn set(&self, number: u32, state: ContainerState, is_told: bool) {
        let at = self.world().tick();
        let id = id_of(number);
        let name = format!("c{number}");
        let told = Told {
            id: id.clone(),
            name: Some(name.clone()),
            image: Some("alpine:3.18".to_owned()),
            ..Told::default()
        };
        let what = if state == ContainerState::Deleted {
            self.world().containers.remove(&id);
            What::ContainerGone(told)
        } else {
            let mut world = self.world();
            let created = world.containers.get(&id).map_or(at, |known| known.created);
            let mut report = test_report(0, 0, state);
            report.id = Digest::from_hex(&id).unwrap();
            report.name = name;
            (report.created, report.state_changed, report.observed_at) = (created, at, at);
            world.containers.insert(id, report);
            What::Container(Told { state: Some(state), ..told })
        };
        if is_told {
            self.tell(Event { at, what }).await;
        }
    }

    /// Tells that something happened to a container.
    pub(crate) async fn set_event(&self, number: u32) {
        let at = self.world().tick();
        let told = Told { id: id_of(number), ..Told::default() };
        self.tell(Event { at, what: What::Container(told) }).await;
    }

    pub(crate) async fn tell(&self, event: Event) {
        let listener = {
            let mut world = self.world();
            world.history.push(event.clone());
            world.listener.clone()
        };
        if let Some(listener) = listener {
            let _ = listener.send(event).await;
        }
    }

    fn check(&self) -> Result<(), RuntimeError> {
        match self.world().is_away {
            true => Err(RuntimeError::Away {
                runtime: "docker",
                socket: PathBuf::from("/s"),
                cause: "gone".to_owned(),
            }),
            false => Ok(()),
        }
    }

    async fn answer<T>(&self, answer: impl FnOnce(&mut World) -> T) -> Result<T, RuntimeError> {
        self.check()?;
        if self.world().hangs {
            std::future::pending::<()>().await;
        }
        Ok(answer(&mut self.world()))
    }
}

impl World {
    /// A later time than any before, and none of the future.
    pub(crate) fn tick(&mut self) -> Timestamp {
        self.clock = Timestamp::now().0.max(self.clock + 1);
        Timestamp(self.clock)
    }
}

impl Runtime for Fake {
    fn describe(&self) -> Answer<'_, String> {
        Box::pin(self.answer(|_| "docker 0.0".to_owned()))
    }

    fn containers(&self) -> Answer<'_, Vec<Listed>> {
        Box::pin(self.answer(|world| {
            let right =
                world.containers.iter().map(|(id, report)| Listed { id: id.clone(), state: report.state });
            let nonsense =
                world.nonsense.iter().map(|id| Listed { id: id.clone(), state: ContainerState::Running });
            right.chain(nonsense).collect()
        }))
    }

    fn inspect<'a>(&'a self, id: &'a str) -> Answer<'a, Option<Inspected>> {
        if self.world().is_blind {
            let refusal = RuntimeError::Refused {
                runtime: "docker",
                request: "inspect".to_owned(),
                message: "boom".to_owned(),
            };
            return Box::pin(std::future::ready(Err(refusal)));
        }
        Box::pin(self.answer(move |world| {
            world.inspections += 1;
            let mut report = world.containers.get(id)?.clone();
            report.observed_at = world.tick();
            let image = world.images.iter().find(|image| Some(image.id) == report.image_id);
            Some(Inspected {
                layer: world.layers.get(id).cloned(),
                process: None,
                image: image.map(|image| image.source.clone()),
                report,
            })
        }))
    }

    fn images(&self) -> Answer<'_, Vec<LocalImage>> {
        Box::pin(self.answer(|world| world.images.clone()))
    }

    fn follow(&self, since: Option<Timestamp>, events: mpsc::Sender<Event>) -> Answer<'_, ()> {
        Box::pin(async move {
            self.check()?;
            let broken = self.broken.notified();
            let before: Vec<Event> = {
                let mut world = self.world();
                world.follows += 1;
                world.listener = Some(events.clone());
                let since = since.unwrap_or(Timestamp(i64::MAX));
                world.history.iter().filter(|event| event.at >= since).cloned().collect()
            };
            for event in before {
                let _ = events.send(event).await;
            }
            drop(events);
            broken.await;
            Err(RuntimeError::Garbled {
                runtime: "docker",
                request: "events".to_owned(),
                reason: "half an event".to_owned(),
            })
        })
    }
}
