//! Reading one image: from its layers to a report in the spool.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use catalog::ScanOptions;
use image::{OpenOptions, Source};
use model::report::limits::REFERENCES;
use model::{ImageId, Reference, ScanReport, Timestamp};
use tokio::time::Instant;

use super::images::print_of;
use super::reader::{Place, Task};
use super::shared::Shared;
use super::worker::apart;
use crate::limits::Throttle;
use crate::runtime::LocalImage;
use crate::spool::{files, pack};

/// Bytes that results of layers may have on the disk.
const LAYERS: u64 = 1 << 30;
/// How hard reports are compressed: they are sent once and read seldom.
const LEVEL: i32 = 6;

/// Why an image was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadError {
    /// Something is wrong with it, or with the disk.
    #[error("{0}")]
    Failed(String),
    /// There is not enough memory for it.
    #[error("it needs more memory than --max-memory ({} MiB) leaves", .0 >> 20)]
    TooLarge(u64),
}

impl ReadError {
    pub(super) fn of(error: impl ToString) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What is to be read, and how.
#[derive(Clone, Debug)]
pub(super) struct ReadJob {
    pub(super) id: ImageId,
    pub(super) names: Vec<String>,
    pub(super) source: Source,
    /// Where results of layers are kept.
    pub(super) layers: PathBuf,
    /// Processors that may be used, and layers that may be read at a time.
    pub(super) cpu: f64,
    pub(super) threads: NonZeroUsize,
    /// Milliseconds that the server's clock is ahead.
    pub(super) ahead: i64,
}

impl ReadJob {
    pub(super) fn of(shared: &Shared, id: ImageId, names: Vec<String>, source: Source) -> Self {
        let cpu = shared.limits.cpu;
        let threads = shared.memory.threads(cpu);
        Self { id, names, source, layers: shared.layers(), cpu, threads, ahead: shared.client.skew() }
    }

    /// Reads it in this process; gives the report packed, and the number of its packages.
    pub(super) fn run(&self) -> Result<(usize, Vec<u8>), ReadError> {
        let report = self.scan()?;
        let json = serde_json::to_vec(&report).map_err(ReadError::of)?;
        Ok((report.packages.len(), pack::pack(&json, LEVEL).map_err(ReadError::of)?))
    }

    fn scan(&self) -> Result<ScanReport, ReadError> {
        let image = image::open(&self.source, &OpenOptions::default()).map_err(ReadError::of)?;
        let throttle = Throttle::new(self.cpu, self.threads.get());
        let options = ScanOptions {
            threads: self.threads.get(),
            cache: Some(self.layers.clone()),
            trusts_unpacked: true,
            source: "GENERAL".to_owned(),
            tags: Vec::new(),
            secrets: true,
            progress: &throttle,
        };
        let mut report = catalog::scan(&image, &options).map_err(ReadError::of)?;
        if report.image.id != self.id {
            let words = format!("its name now leads to another image, {}", report.image.id);
            return Err(ReadError::Failed(words));
        }
        report.scanned_at = Timestamp(report.scanned_at.0.saturating_add(self.ahead));
        add_names(&mut report.image.references, &self.names);
        Ok(report)
    }
}

/// Reads an image and puts its report into the spool.
pub(super) async fn read(shared: &Arc<Shared>, image: &LocalImage) -> bool {
    let subject = format!("image {}", image.id);
    let begun = Instant::now();
    let mut outcome = read_once(shared, image).await;
    if let Some(Err(ReadError::TooLarge(_))) = outcome {
        // once more with all the memory there is: nobody looks into containers, and nothing is kept for that
        let mut looker = shared.looker.lock().await;
        if let Some(looker) = looker.as_mut() {
            looker.forget_images();
        }
        outcome = read_once(shared, image).await;
    }
    match outcome {
        Some(Ok(packages)) => {
            let took = begun.elapsed().as_millis();
            tracing::info!(image = %image.id, packages, took, "read image {}: {packages} packages", image.id);
            shared.troubles.clear(&subject);
            shared.spooled.notify_one();
            true
        }
        Some(Err(reason)) => {
            shared.troubles.set(&subject, format!("the image {} cannot be read: {reason}", called(image)));
            false
        }
        None => {
            let words = format!("reading the image {} failed in the scanner itself", called(image));
            shared.troubles.set(&subject, words);
            false
        }
    }
}

async fn read_once(shared: &Arc<Shared>, image: &LocalImage) -> Option<Result<usize, ReadError>> {
    let (context, image) = (Arc::clone(shared), image.clone());
    let names = print_of(&image.names);
    let reading = apart("read image", move || {
        let job = ReadJob::of(&context, image.id, image.names, image.source);
        let (packages, body) = match context.reader.as_ref().zip(Place::of(&job.source)) {
            Some((reader, place)) => {
                let read =
                    reader.run(&Task::report(&job, place), context.memory, &|| context.is_stopping())?;
                context.warm(job.id);
                read
            }
            None => job.run()?,
        };
        files::prune(&context.layers(), LAYERS);
        // under the id that the runtime gave, so that its next listing finds it
        context.spool.put_image(job.id, names, &body).map_err(ReadError::of)?;
        Ok(packages)
    });
    reading.await
}

fn called(image: &LocalImage) -> String {
    image.names.first().cloned().unwrap_or_else(|| image.id.to_string())
}

/// Adds the names that the runtime has for an image to those of the storage.
pub(super) fn add_names(references: &mut Vec<Reference>, names: &[String]) {
    for name in names.iter().filter_map(|name| Reference::parse(name)) {
        let is_known = references.iter().any(|known| {
            let same_place = known.registry == name.registry && known.repository == name.repository;
            same_place && known.tag == name.tag && (name.digest.is_none() || known.digest == name.digest)
        });
        if !is_known && references.len() < REFERENCES {
            references.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtimes_names_are_added_once() {
        let names =
            ["web:1", "web:2", "docker.io/library/web:1", "", "r.example.com/web:1"].map(str::to_owned);
        let mut references = vec![Reference::parse("web:1").unwrap()];
        add_names(&mut references, &names);
        assert_eq!(references.len(), 3);
    }
}
