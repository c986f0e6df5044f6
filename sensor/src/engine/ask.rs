//! Asking the server which images are to be read, because most of a host's images lie on other hosts, too.
//!
//! The decision a reader may doubt: an image is opened before the question, though not read. Its storage has names that the
//! runtime did not list, and the server is to know the same names whether an image is sent or not.

use std::collections::HashSet;
use std::sync::Arc;

use image::OpenOptions;
use model::ImageId;
use model::sensor::{ImagesAnswer, ImagesQuestion, SeenImage};
use tokio::time::{Duration, Instant};

use super::deliver::enrol;
use super::images::print_of;
use super::read::add_names;
use super::shared::Shared;
use super::worker::apart;
use crate::client::{CallError, PROGRAM};
use crate::limits::Throttle;
use crate::runtime::LocalImage;

/// Images of one question.
const BATCH: usize = 200;
/// Names of one question: with a hundred bytes each far below what the server takes.
const NAMES: usize = 8_000;
/// After a server that does not know the call, or does not answer, images are read without a question for so long.
const SILENCE: Duration = Duration::from_secs(60);
const UNKNOWN: Duration = Duration::from_secs(3_600);
/// Images of which is remembered that the server wants them.
const WANTED: usize = 20_000;

/// What the server has said.
#[derive(Default)]
pub(super) struct Asked {
    wanted: HashSet<ImageId>,
    silent_until: Option<Instant>,
}

impl Asked {
    /// Whether the server has all that a report of the image would say. The question is about those that wait behind it, too.
    pub(super) async fn is_known(&mut self, shared: &Arc<Shared>, image: &LocalImage) -> bool {
        let is_silent = self.silent_until.is_some_and(|until| Instant::now() < until);
        // an account is no sensor, and what the server has said once it need not say again
        if is_silent || !shared.client.is_sensor() || self.wanted.remove(&image.id) {
            return false;
        }
        let mut batch = vec![image.clone()];
        let others = shared.images.ahead(BATCH - 1).into_iter();
        batch.extend(others.filter(|one| one.id != image.id && !self.wanted.contains(&one.id)));
        batch.retain(|one| shared.wants_image(&one.names));
        let Some((batch, question)) = look_up(shared, batch).await else { return false };
        match ask(shared, &question).await {
            Ok(wanted) => self.take(shared, &batch, wanted, image),
            Err(error) => {
                let is_unknown = matches!(error, CallError::Odd(_) | CallError::Rejected { .. });
                self.silent_until = Some(Instant::now() + if is_unknown { UNKNOWN } else { SILENCE });
                tracing::debug!(%error, "the server does not say which images it wants: {error}");
                false
            }
        }
    }

    fn take(
        &mut self,
        shared: &Shared,
        batch: &[LocalImage],
        wanted: Vec<ImageId>,
        first: &LocalImage,
    ) -> bool {
        let wanted: HashSet<ImageId> = wanted.into_iter().collect();
        let known: Vec<&LocalImage> = batch.iter().filter(|one| !wanted.contains(&one.id)).collect();
        for one in &known {
            shared.spool.image_known(&one.id, catalog::fingerprint(), print_of(&one.names));
            shared.images.forget(one);
        }
        if !known.is_empty() {
            tracing::info!(
                images = known.len(),
                "{} images need not be read: the server has them",
                known.len()
            );
            let ids: Vec<ImageId> = known.iter().map(|one| one.id).collect();
            shared.look_into_containers_of(&ids);
        }
        if self.wanted.len() > WANTED {
            self.wanted.clear();
        }
        self.wanted.extend(wanted.iter().filter(|id| **id != first.id));
        known.iter().any(|one| one.id == first.id)
    }
}

/// Opens images for their names; those that cannot be opened are left for whoever reads them to tell. `None` if nothing is left.
async fn look_up(shared: &Arc<Shared>, batch: Vec<LocalImage>) -> Option<(Vec<LocalImage>, ImagesQuestion)> {
    let throttle = Throttle::new(shared.limits.cpu, 1);
    let opened = apart("open images", move || {
        let (mut asked, mut images, mut names) = (Vec::new(), Vec::new(), 0);
        for one in batch {
            let Ok(opened) = image::open(&one.source, &OpenOptions::default()) else { continue };
            if opened.facts.id != one.id {
                continue;
            }
            let mut references = opened.facts.references.clone();
            add_names(&mut references, &one.names);
            names += references.len();
            if names > NAMES && !images.is_empty() {
                break;
            }
            images.push(SeenImage { id: one.id, references });
            asked.push(one);
            throttle.pause();
        }
        (asked, images)
    });
    let (asked, images) = opened.await?;
    let question = ImagesQuestion { scanner: PROGRAM.to_owned(), images };
    (!asked.is_empty()).then_some((asked, question))
}

async fn ask(shared: &Shared, question: &ImagesQuestion) -> Result<Vec<ImageId>, CallError> {
    enrol(shared).await?;
    let answer: ImagesAnswer = shared.client.post("api/v1/sensors/images", question).await?;
    Ok(answer.wanted)
}
