//! One reader's questions to one state of one customer's facts.

#[cfg(test)]
use qql::Condition;
use qql::Sort;
use qql::fields::{ContainerField, FieldId};

use super::content::{Own, PlainRecord};
#[cfg(test)]
use super::evaluate;
use super::{Column, ContainerTable, Content, ImageTable, Table};
use crate::facts::{Index, Tenant, Visible};
use crate::sort;
use crate::table::{Bits, NONE};

/// What a reader may see of a customer's facts, ready to be asked.
#[derive(Clone)]
pub(crate) struct Search<'i> {
    pub(crate) tenant: &'i Tenant,
    pub(crate) content: Content<'i>,
    pub(crate) visible: Visible,
}

impl<'i> Search<'i> {
    pub(crate) fn new(index: &'i Index, tenant: &'i Tenant, visible: Visible) -> Self {
        let content = Content::new(index);
        Self { tenant, content, visible }
    }

    pub(crate) fn image_table(&self) -> ImageTable<'_> {
        ImageTable { tenant: self.tenant, content: self.content, visible: &self.visible.images }
    }

    pub(crate) fn container_table(&self) -> ContainerTable<'_> {
        ContainerTable { images: self.image_table() }
    }

    /// The visible images for which a condition on images holds. Their number is the exact total of a list.
    #[cfg(test)]
    pub(crate) fn images(&self, condition: &Condition) -> Bits {
        evaluate(&self.image_table(), condition, &self.visible.images)
    }

    /// The visible containers for which a condition on containers holds.
    #[cfg(test)]
    pub(crate) fn containers(&self, condition: &Condition) -> Bits {
        evaluate(&self.container_table(), condition, &self.visible.containers)
    }

    /// The first `window` of some containers in an order.
    pub(crate) fn first_containers(&self, containers: &Bits, order: Sort, window: usize) -> Vec<u32> {
        let rows = &self.tenant.containers;
        if order.field == FieldId::Container(ContainerField::Updated)
            && let Some(found) =
                sort::first_by_log(&rows.order, &rows.updated, order.descending, containers, window)
        {
            return found;
        }
        let table = self.container_table();
        sort::first_by(&table.column(order.field), &rows.uuid, order.descending, containers, window)
    }

    /// The values of a field of images or of containers; nothing for fields of elements.
    pub(crate) fn column<'s>(&'s self, field: FieldId) -> Column<'s> {
        match field {
            FieldId::Image(field) => self.image_table().field(field),
            FieldId::Container(field) => self.container_table().field(field),
            _ => Column::Missing,
        }
    }

    /// What an image holds.
    pub(crate) fn plain_image(&self, position: u32) -> PlainRecord<'i> {
        let times = &self.tenant.images;
        let own = own(times.first_stored.get(position), times.last_scanned.get(position));
        PlainRecord::of_image(self.content, self.tenant, position, own)
    }

    /// What a container holds; `None` if its image is not known.
    pub(crate) fn plain_container(&self, position: u32) -> Option<PlainRecord<'i>> {
        let containers = &self.tenant.containers;
        let image = containers.inside.get(position).copied().filter(|image| *image != NONE)?;
        let images = &self.tenant.images;
        // a container has nothing of its image before that was known
        let first_stored = containers.first_stored.get(position).max(images.first_stored.get(image));
        let own = own(first_stored, images.last_scanned.get(image));
        Some(PlainRecord::of_image(self.content, self.tenant, image, own))
    }
}

fn own(first_stored: Option<&i64>, last_scanned: Option<&i64>) -> Own {
    let first_stored = first_stored.copied().unwrap_or(i64::MIN);
    Own { first_stored, latest: first_stored.max(last_scanned.copied().unwrap_or(i64::MIN)) }
}
