//! Images that a sensor has before it: which of them it shall read, and names that are new.
//!
//! What another sensor of the same customer has read with the same program need not be read again; only its names may differ
//! from host to host. They are taken in just as a whole report would bring them.
//!
//! The decision a reader may doubt: what a build or a person sent does not count as read, nor what somewhere could not be read
//! to its end. The first may come from a bill of materials or leave out credentials, the second may be whole on another host.

use std::collections::HashSet;

use model::sensor::{ImagesQuestion, READ_BY_SENSORS, SeenImage};
use model::{ImageId, Timestamp};
use uuid::Uuid;

use crate::codec::Codec;
use crate::driver::Connection;
use crate::error::Result;
use crate::image::{self, ROW, StoredImage};
use crate::prepare::unique;
use crate::record::image_uuid;
use crate::store::Store;
use crate::validate;
use crate::work::Work;

/// What became of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenImages {
    /// The images that are to be read and reported, in the order of the question.
    pub wanted: Vec<ImageId>,
    /// The latest clock value of those that got names; `None` if nothing changed.
    pub updated: Option<Timestamp>,
}

impl Store {
    /// Says which of the images of a question are not known from a whole report of the same scanner that a sensor of this customer made,
    /// and adds to the others the names that are new and `source` to who reported them. Durable when this returns; the
    /// same question again changes nothing.
    pub async fn see_images(
        &self,
        customer: Uuid,
        source: &str,
        question: ImagesQuestion,
    ) -> Result<SeenImages> {
        validate::seen_images(source, &question)?;
        let ImagesQuestion { scanner, images } = question;
        let images = each_once(images);
        let order: Vec<ImageId> = images.iter().map(|image| image.id).collect();
        let asked = source.to_owned();
        let (known, news) = self
            .read(move |connection, codec| sort_out(connection, codec, customer, (&asked, &scanner), images))
            .await?;
        let mut seen = SeenImages::default();
        let mut lost = HashSet::new();
        if !news.is_empty() {
            let size = news.iter().map(|image| 256 + image.references.len() * 128).sum();
            let source = source.to_owned();
            let taken = self.write(size, move |work| take_all(work, customer, &source, &news)).await?;
            (seen.updated, lost) = taken;
        }
        seen.wanted = order.into_iter().filter(|id| !known.contains(id) || lost.contains(id)).collect();
        Ok(seen)
    }
}

/// Each image once, with all names that it was told with.
fn each_once(images: Vec<SeenImage>) -> Vec<SeenImage> {
    let mut kept: Vec<SeenImage> = Vec::with_capacity(images.len());
    for image in images {
        match kept.iter_mut().find(|known| known.id == image.id) {
            Some(known) => known.references.extend(image.references),
            None => kept.push(image),
        }
    }
    for image in &mut kept {
        image.references = unique(std::mem::take(&mut image.references));
    }
    kept
}

/// The images that are known, and those of them of which the question tells something new.
fn sort_out(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    customer: Uuid,
    (source, scanner): (&str, &str),
    images: Vec<SeenImage>,
) -> Result<(HashSet<ImageId>, Vec<SeenImage>)> {
    let mut known = HashSet::new();
    let mut news = Vec::new();
    for seen in images {
        let uuid = image_uuid(customer, &seen.id);
        let rows = connection.query(ROW, &[customer.into(), uuid.into()])?;
        let Some(row) = rows.into_iter().next() else { continue };
        let mut image = image::read(codec, row)?;
        if !is_whole(&image, scanner) {
            continue;
        }
        known.insert(seen.id);
        if add(&mut image, source, &seen) != Added::default() {
            news.push(seen);
        }
    }
    Ok((known, news))
}

/// Whether a sensor has read all of an image with this program.
fn is_whole(image: &StoredImage, scanner: &str) -> bool {
    let read_by_sensor = image.sources.iter().any(|source| READ_BY_SENSORS.contains(&source.as_str()));
    read_by_sensor && image.document.scanner == scanner && image.document.unreadable == 0
}

/// What was new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Added {
    source: bool,
    names: bool,
}

fn add(image: &mut StoredImage, source: &str, seen: &SeenImage) -> Added {
    let is_new = !image.sources.iter().any(|known| known == source);
    if is_new {
        image.sources.push(source.to_owned());
    }
    Added { source: is_new, names: image::add_names(image, &seen.references) }
}

/// Takes in what is new of images; gives the latest clock value, and those that are gone meanwhile.
fn take_all(
    work: &mut Work<'_>,
    customer: Uuid,
    source: &str,
    news: &[SeenImage],
) -> Result<(Option<Timestamp>, HashSet<ImageId>)> {
    let (mut updated, mut lost) = (None, HashSet::new());
    for seen in news {
        let uuid = image_uuid(customer, &seen.id);
        let rows = work.connection.query(ROW, &[customer.into(), uuid.into()])?;
        let Some(row) = rows.into_iter().next() else {
            lost.insert(seen.id);
            continue;
        };
        let mut image = image::read(&mut work.memory.codec, row)?;
        let added = add(&mut image, source, seen);
        if added != Added::default() {
            image::write_added(work, &mut image, added.names)?;
        }
        updated = updated.max(Some(image.updated));
    }
    Ok((updated, lost))
}
