//! Getting what is in the spool to the server: containers before images, one call at a time, again and again until it has them.

use std::sync::Arc;
use std::time::Duration;

use super::clock::by_the_server;
use super::shared::Shared;
use crate::client::{Backoff, CallError};
use crate::spool::{WaitingContainer, WaitingImage, pack};

/// Containers of one call.
const BATCH: usize = 500;
/// Without news the spool is looked at so often.
const IDLE: Duration = Duration::from_secs(30);
/// A call that makes the server fail is not repeated for ever: after so many times what it carried is left out.
const FAILURES: u32 = 5;
/// The same for what something before the server refuses, an hour: until then somebody may have set that up rightly.
const FOREIGN_REFUSALS: u32 = 40;
/// How bodies of containers are compressed.
const LEVEL: i32 = 3;

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Something was delivered.
    Delivered,
    /// Nothing waits.
    Nothing,
}

/// Delivers.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    /// What made the server fail last, by its number, and how often.
    failing: (u64, u32),
}

/// Delivers until the sensor is stopped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut delivery = Delivery::new(Arc::clone(&shared));
    let mut backoff = Backoff::default();
    while !shared.is_stopping() {
        // a call that is under way when the sensor is stopped is done again by the last flush
        let step = tokio::select! {
            step = delivery.step() => step,
            () = shared.stopped() => return,
        };
        match step {
            Ok(Step::Delivered) => backoff.reset(),
            Ok(Step::Nothing) => {
                backoff.reset();
                tokio::select! {
                    () = shared.spooled.notified() => {}
                    () = tokio::time::sleep(IDLE) => {}
                    () = shared.stopped() => return,
                }
            }
            Err(error) => {
                let wait = backoff.after(&error);
                shared.troubles.set("server", &error);
                tracing::debug!(seconds = wait.as_secs(), "trying the server again in {} s", wait.as_secs());
                if !shared.pause(wait).await {
                    return;
                }
            }
        }
    }
}

impl Delivery {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, failing: (0, 0) }
    }

    /// Delivers all that waits; an error ends it.
    pub(crate) async fn flush(&mut self) -> Result<(), CallError> {
        while self.step().await? == Step::Delivered {}
        Ok(())
    }

    async fn step(&mut self) -> Result<Step, CallError> {
        let waiting = self.shared.spool.waiting_containers(BATCH, self.shared.memory.body());
        let image = if waiting.is_empty() { self.shared.spool.waiting_image() } else { None };
        if waiting.is_empty() && image.is_none() {
            self.shared.troubles.clear("server");
            return Ok(Step::Nothing);
        }
        enrol(&self.shared).await?;
        match image {
            Some((image, body)) => self.send_image(image, body).await?,
            None => self.send_containers(waiting).await?,
        }
        self.shared.troubles.clear("server");
        Ok(Step::Delivered)
    }

    /// Sends containers in one call; if the server does not take them, in halves, until those are found that it does not take.
    async fn send_containers(&mut self, mut waiting: Vec<WaitingContainer>) -> Result<(), CallError> {
        by_the_server(&mut waiting, self.shared.client.skew());
        let mut parts = vec![waiting];
        while let Some(mut part) = parts.pop() {
            let Some(first) = part.first() else { continue };
            let number = first.number;
            let body =
                pack::pack(&array_of(&part), LEVEL).map_err(|error| CallError::Own(error.to_string()))?;
            let outcome = self.shared.client.deliver("api/v1/containers", body).await;
            match self.judge(number, outcome) {
                Ok(answer) => {
                    self.shared.spool.containers_sent(&part);
                    self.tell_of_the_future(&answer);
                }
                Err(error) if error.is_about_content() && part.len() > 1 => {
                    let half = part.split_off(part.len() / 2);
                    parts.extend([half, part]);
                }
                Err(error) if error.is_about_content() => {
                    let words = format!("container {}: {error}", first.id.to_hex());
                    self.shared.troubles.happened("refused container", words);
                    // this version of it will never be taken; the next one may
                    self.shared.spool.containers_sent(&part);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn tell_of_the_future(&self, answer: &[u8]) {
        let Taken { held_back } = serde_json::from_slice(answer).unwrap_or_default();
        if held_back > 0 {
            let words =
                format!("{held_back} containers had times of the future, which the server took as of now");
            self.shared.troubles.happened("times of the future", words);
        }
    }

    async fn send_image(&mut self, image: WaitingImage, body: Vec<u8>) -> Result<(), CallError> {
        let outcome = self.shared.client.deliver("api/v1/reports", body).await;
        match self.judge(image.number, outcome) {
            Ok(_) => {
                self.shared.spool.image_sent(&image, catalog::fingerprint());
                // what its containers hold beyond it can be told now
                self.shared.look_into_containers_of(&[image.image]);
            }
            Err(error) if error.is_about_content() => {
                self.shared.troubles.happened("refused image", format!("image {}: {error}", image.image));
                self.shared.spool.drop_image(image.number, catalog::fingerprint());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes a server that fails at the same thing again and again for one that does not take it.
    fn judge(&mut self, number: u64, outcome: Result<Vec<u8>, CallError>) -> Result<Vec<u8>, CallError> {
        match outcome {
            Ok(answer) => Ok(answer),
            Err(CallError::Busy {
                status: status @ (400..=407 | 409..=424 | 426..=428 | 430..=500),
                words,
                after,
            }) => {
                let times = if self.failing.0 == number { self.failing.1 + 1 } else { 1 };
                self.failing = (number, times);
                match times >= if status == 500 { FAILURES } else { FOREIGN_REFUSALS } {
                    true => Err(CallError::Rejected { status, words }),
                    false => Err(CallError::Busy { status, words, after }),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// Enrols if that is still to be done.
pub(crate) async fn enrol(shared: &Shared) -> Result<(), CallError> {
    if let Some(profile) = shared.client.enrol(&shared.host()).await? {
        shared.set_profile(profile);
        // it may be another server than the one that was told so far, or know what it has as another sensor's
        shared.tell_anew();
    }
    Ok(())
}

/// What the answer to containers may say beside that they were taken.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Taken {
    held_back: u64,
}

/// The JSON array of reports.
fn array_of(waiting: &[WaitingContainer]) -> Vec<u8> {
    let length = waiting.iter().map(|one| one.json.len() + 1).sum::<usize>() + 2;
    let mut array = Vec::with_capacity(length);
    array.push(b'[');
    for (number, one) in waiting.iter().enumerate() {
        if number > 0 {
            array.push(b',');
        }
        array.extend_from_slice(&one.json);
    }
    array.push(b']');
    array
}
